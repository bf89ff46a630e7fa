/**
 * Text to token ids and back, with the bytes and the place in the text of every token.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { showing } from "../show/showing.ts";
import { type AddedToken, addedTokenSplitter } from "./added_tokens.ts";
import { byteCharacter, pieceBytes } from "./byte_level.ts";
import { gpt2TokenizerJson, readDefinition, type TokenizerDefinition } from "./definition.ts";
import { type ChatMessage, type ChatOptions, readChatTemplate, renderChat } from "./chat_template.ts";
import { createEncoder, type Encoder } from "./encoder.ts";
import type { Json } from "./json_parts.ts";
import { around, fill, type FramedText, type Template } from "./post_processor.ts";
import type { Token } from "./token.ts";
import { SpelledStream, type TokenStream } from "./token_stream.ts";
import { decodeUtf8, displayBytes, placeCharacters } from "./utf8.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** A text as the tokenizer reads it. */
export interface TokenizedText {
  /** The token ids, in reading order. */
  readonly tokenIds: readonly number[];
  /** The tokens, one for each id. */
  readonly tokens: readonly Token[];
  /** The text that the offsets of the tokens point into: the one given, or what the tokenizer made of it. */
  readonly text: string;
}

/**
 * A byte-level BPE tokenizer, the kind that GPT-2 has, and Llama 3, SmolLM2, Qwen2, GPT-NeoX, OPT and RoBERTa. Encoding
 * equals Hugging Face's `tokenizer(text, add_special_tokens=False).input_ids`: no special token is added, and
 * `<|endoftext|>` in a text is the special token. A lone surrogate is read as U+FFFD, as no UTF-8 stands for it.
 *
 * @example
 * ```ts
 * import { Tokenizer } from "./tokenizer.ts";
 *
 * const vocab = { a: 0, b: 1, "Ġ": 2, ab: 3, "Ġab": 4 };
 * const tokenizer = Tokenizer.fromVocab(vocab, "#version: 0.2\na b\nĠ ab");
 * tokenizer.encode("ab ab"); // [3, 4]
 * tokenizer.tokens([3, 4])[1]; // { id: 4, piece: "Ġab", start: 2, end: 5, text: " ab", bytes: ... }
 * ```
 */
export class Tokenizer {
  /** How many tokens there are, added tokens included: one more than the highest id. */
  readonly vocabSize: number;
  /**
   * The special tokens that the model expects before each text, as `tokenizer(text)` of Hugging Face has them: those of
   * a template in tokenizer.json. GPT-2 has none. Models put them before a text that is given as one, unless it begins
   * with them.
   */
  readonly startIds: readonly number[];
  /** The special tokens that the model expects after each text, such as `[SEP]`. Models that write have none. */
  readonly endIds: readonly number[];

  /** How the model writes a conversation, in Jinja, as tokenizer_config.json has it. Models that do not talk have none. */
  readonly chatTemplate: string | undefined;

  readonly #settings: Json;
  readonly #template: Template;
  readonly #encoder: Encoder;
  readonly #vocab: Vocabulary;
  /** The ids of added tokens by their contents, and the contents by the ids. */
  readonly #addedIds: ReadonlyMap<string, number>;
  readonly #addedPieces: ReadonlyMap<number, string>;
  readonly #missingBytes: ReadonlySet<number>;
  readonly #splitRaw: ReturnType<typeof addedTokenSplitter>;
  readonly #splitNormalized: ReturnType<typeof addedTokenSplitter>;

  private constructor(definition: TokenizerDefinition) {
    const { vocab, addedTokens, unknownToken } = definition;
    this.#encoder = createEncoder(definition);
    this.#template = definition.template;
    this.#settings = definition.settings;
    this.chatTemplate = readChatTemplate(this.#settings);
    [this.startIds, this.endIds] = around(this.#template);
    this.#vocab = vocab;
    this.#addedIds = new Map(addedTokens.map(({ content, id }) => [content, id]));
    this.#addedPieces = new Map(addedTokens.map(({ content, id }) => [id, content]));
    this.vocabSize = 1 + addedTokens.reduce((highest, { id }) => Math.max(highest, id), vocab.highestId);
    const bytes = Array.from({ length: 256 }, (_, byte) => byte);
    this.#missingBytes = new Set(
      unknownToken === undefined ? bytes.filter((byte) => vocab.idOf(byteCharacter(byte)) === undefined) : [],
    );
    const [raw, normalized] = [false, true].map((kind) => addedTokens.filter((token) => token.normalized === kind));
    const normalize = (token: AddedToken) => this.#encoder.normalize(token.content);
    this.#splitRaw = addedTokenSplitter(new Map(raw?.map((token) => [token.content, token])));
    this.#splitNormalized = addedTokenSplitter(new Map(normalized?.map((token) => [normalize(token), token])));
  }

  /**
   * Reads the tokenizer of a model from tokenizer.json.
   *
   * @param tokenizerJson The file, parsed or as text.
   * @param tokenizerConfig tokenizer_config.json, parsed or as text; its `add_prefix_space` and
   * `added_tokens_decoder` count.
   * @returns The tokenizer.
   * @throws {SyntaxError} If a text is not JSON.
   * @throws {TypeError} If a part is missing or of the wrong type.
   * @throws {RangeError} If an id or a merge does not fit the vocabulary.
   * @throws {Error} If the tokenizer is of another kind than byte-level BPE, or has a part that is not known.
   *
   * @example
   * ```ts
   * import { Tokenizer } from "./tokenizer.ts";
   *
   * const tokenizer = Tokenizer.fromJson({
   *   model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] },
   *   pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
   *   decoder: { type: "ByteLevel" },
   * });
   * tokenizer.encode("abba"); // [2, 1, 0]
   * ```
   */
  static fromJson(tokenizerJson: unknown, tokenizerConfig?: unknown): Tokenizer {
    return new Tokenizer(readDefinition(tokenizerJson, tokenizerConfig));
  }

  /**
   * Reads the tokenizer of a model from the files that GPT-2 came with.
   *
   * @param vocabJson vocab.json, parsed or as text.
   * @param mergesTxt merges.txt.
   * @param addedTokens The added tokens; by default `<|endoftext|>` when it is in the vocabulary.
   * @returns The tokenizer.
   * @throws {SyntaxError} If the vocabulary is not JSON.
   * @throws {TypeError} If the vocabulary is not an object, or a merge is not two pieces.
   * @throws {RangeError} If an id or a merge does not fit the vocabulary.
   *
   * @example
   * ```ts
   * import { Tokenizer } from "./tokenizer.ts";
   *
   * const tokenizer = Tokenizer.fromVocab({ a: 0, b: 1, "<|endoftext|>": 2 }, "#version: 0.2\n");
   * tokenizer.encode("a<|endoftext|>b"); // [0, 2, 1]
   * ```
   */
  static fromVocab(vocabJson: unknown, mergesTxt: string, addedTokens?: readonly AddedToken[]): Tokenizer {
    return new Tokenizer(readDefinition(gpt2TokenizerJson(vocabJson, mergesTxt, addedTokens)));
  }

  /**
   * Turns a text into token ids.
   *
   * @param text The text; an empty one has no tokens.
   * @returns The ids.
   * @throws {TypeError} If the text is not a string.
   * @throws {RangeError} If the vocabulary has no token for a byte of the text.
   */
  encode(text: string): number[] {
    if (typeof text !== "string") throw new TypeError(`Cannot encode ${shown(text)} as text: it is no string`);
    return this.#splitRaw(text.toWellFormed()).flatMap((part) => {
      if (typeof part !== "string") return [part.id];
      return this.#splitNormalized(this.#encoder.normalize(part)).flatMap((section) =>
        typeof section === "string" ? this.#encodeSection(section) : [section.id]
      );
    });
  }

  /**
   * Puts the special tokens around one text, or around two, as `tokenizer(first, second)` of Hugging Face does.
   *
   * @param first The ids of a text.
   * @param second The ids of a second text, if there is one.
   * @returns All ids, with the type of each: for BERT 0 up to the first `[SEP]`, 1 for what follows it.
   * @throws {Error} If there are two texts, and tokenizer.json does not say how they are put together.
   */
  frame(first: readonly number[], second?: readonly number[]): FramedText {
    return fill(this.#template, first, second);
  }

  /**
   * Writes a conversation as one text, as the model has learnt to read it. It is Hugging Face's
   * `apply_chat_template(messages, tokenize=False)`; `encode` of the text gives the ids that it gives with
   * `tokenize=True`. The text is a prompt as any other: a model puts nothing before a text that begins with
   * {@linkcode Tokenizer.startIds} already. Where a template leaves them out, pass the ids of `encode` instead.
   *
   * @param messages What was said, the first first.
   * @param options Whether the text ends where the model's answer begins.
   * @returns The text, with all special tokens that the template writes.
   * @throws {TypeError} If a message has no role or no content, or an option is of the wrong type.
   * @throws {RangeError} If the template is longer than 64 KiB, or makes too much.
   * @throws {SyntaxError} If the template is no Jinja.
   * @throws {Error} If there is no template, or it refuses the conversation.
   *
   * @example
   * ```ts
   * import { Tokenizer } from "./tokenizer.ts";
   *
   * const template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}" +
   *   "{% if add_generation_prompt %}assistant: {% endif %}";
   * const files = { model: { type: "BPE", vocab: { a: 0 }, merges: [] }, decoder: { type: "ByteLevel" } };
   * const tokenizer = Tokenizer.fromJson(
   *   { ...files, "pre_tokenizer": { type: "ByteLevel" } },
   *   { "chat_template": template },
   * );
   * const messages = [{ role: "user", content: "Hello" }];
   * tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true }); // "user: Hello\nassistant: "
   * ```
   */
  applyChatTemplate(messages: readonly ChatMessage[], options?: ChatOptions): string {
    if (this.chatTemplate === undefined) {
      throw new Error("Cannot write a conversation as this tokenizer has no chat_template; write the text yourself");
    }
    return renderChat(this.chatTemplate, this.#settings, messages, options);
  }

  /**
   * Turns token ids into the text that they stand for. Bytes that are no whole character become U+FFFD; special tokens
   * are written out, and no space is changed.
   *
   * @param ids The ids; none give an empty text.
   * @returns The text.
   * @throws {TypeError} If the ids are no list.
   * @throws {RangeError} If an id is not in the vocabulary.
   */
  decode(ids: Iterable<number>): string {
    return decodeUtf8(concatenate(this.#idList(ids).map((id) => this.#bytesOf(id))));
  }

  /**
   * The id of a vocabulary entry.
   *
   * @param piece The entry as the tokenizer stores it, such as `Ġkeys`.
   * @returns The id, or undefined when there is no such entry.
   */
  tokenToId(piece: string): number | undefined {
    return this.#addedIds.get(piece) ?? this.#vocab.idOf(piece);
  }

  /**
   * Whether there is a token with an id.
   *
   * @param id The id.
   * @returns False also within `vocabSize` where the vocabulary has a hole.
   */
  has(id: number): boolean {
    return this.#pieceOf(id) !== undefined;
  }

  /**
   * Describes tokens: their bytes, their place in the text, and what they look like.
   *
   * Offsets count UTF-16 code units of `text`, the space before a word included. A few tokenizers change the text that
   * they encode, by a normalizer (GPT-NeoX and Qwen2 read `e` and an accent as `é`), a space in front, or an added token
   * that takes white space along; GPT-2 and Llama do not. Offsets then count those of `decode(ids)`;
   * {@linkcode Tokenizer.read} returns the text that the offsets fit.
   *
   * @param ids The ids.
   * @param text The text that the ids encode; by default what they decode to.
   * @returns A token for each id.
   * @throws {TypeError} If the ids are no list.
   * @throws {RangeError} If an id is not in the vocabulary, or the ids encode another text.
   */
  tokens(ids: Iterable<number>, text?: string): Token[] {
    const list = this.#idList(ids);
    const parts = list.map((id) => this.#bytesOf(id));
    const bytes = concatenate(parts);
    if (text !== undefined) this.#checkText(text, bytes);
    const { starts, ends, length } = placeCharacters(bytes);
    let offset = 0;
    const tokens = parts.map((part, i): Token => {
      const first = offset;
      offset += part.length;
      return {
        id: list[i]!,
        piece: this.#pieceOf(list[i]!)!,
        bytes: part,
        start: starts[first] ?? length,
        end: part.length === 0 ? starts[first] ?? length : ends[offset - 1]!,
        text: displayBytes(part),
      };
    });
    return showing("Tokens", tokens);
  }

  /**
   * Describes tokens one after another, as they are written, each as the last one of the text so far.
   *
   * @returns A stream at the beginning of a text.
   */
  stream(): TokenStream {
    return new SpelledStream((id) => ({ bytes: this.#bytesOf(id), piece: this.#pieceOf(id)! }));
  }

  /**
   * Encodes a text and describes its tokens.
   *
   * @param text The text.
   * @returns The ids, the tokens, and the text that their offsets point into. That is the given text, unless the
   * tokenizer changes what it encodes.
   * @throws {TypeError} If the text is not a string.
   * @throws {RangeError} If the vocabulary has no token for a byte of the text.
   *
   * @example
   * ```ts
   * import { Tokenizer } from "./tokenizer.ts";
   *
   * const tokenizer = Tokenizer.fromVocab({ a: 0, b: 1, ab: 2 }, "a b");
   * const { text, tokens } = tokenizer.read("aab");
   * tokens.map(({ start, end }) => text.slice(start, end)); // ["a", "ab"]
   * ```
   */
  read(text: string): TokenizedText {
    const tokenIds = this.encode(text);
    const decoded = this.decode(tokenIds);
    return showing("TokenizedText", {
      tokenIds,
      tokens: this.tokens(tokenIds),
      text: text.toWellFormed() === decoded ? text : decoded,
    });
  }

  #encodeSection(text: string): number[] {
    if (this.#missingBytes.size > 0) {
      const missing = new TextEncoder().encode(text).find((byte) => this.#missingBytes.has(byte));
      if (missing !== undefined) {
        const byte = `0x${missing.toString(16).toUpperCase().padStart(2, "0")}`;
        throw new RangeError(`Cannot encode ${shown(text)} as the vocabulary has no token for byte ${byte}`);
      }
    }
    return this.#encoder.encode(text);
  }

  #checkText(text: string, bytes: Uint8Array): void {
    const decoded = decodeUtf8(bytes);
    if (text.toWellFormed() === decoded || this.decode(this.encode(text)) === decoded) return;
    throw new RangeError(`Cannot place the tokens of ${shown(decoded)} in another text: ${shown(text)}`);
  }

  #idList(ids: Iterable<number>): number[] {
    if (typeof ids !== "object" || ids === null || !(Symbol.iterator in ids)) {
      throw new TypeError(`Cannot decode ${shown(ids)} as token ids: it is no list`);
    }
    return Array.from(ids);
  }

  #pieceOf(id: number): string | undefined {
    return this.#addedPieces.get(id) ?? this.#vocab.pieceOf(id);
  }

  #bytesOf(id: number): Uint8Array<ArrayBuffer> {
    const piece = this.#pieceOf(id);
    if (piece === undefined) {
      const found = Number.isInteger(id) && id >= 0 && id < this.vocabSize
        ? "has none with that id"
        : `holds ${this.vocabSize} tokens`;
      throw new RangeError(`Cannot decode token id ${shown(id)} as the vocabulary ${found}`);
    }
    return this.#addedPieces.has(id) ? new TextEncoder().encode(piece) : pieceBytes(piece);
  }
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/**
 * Refuses a tokenizer that ends each text, for a model that goes on with texts.
 *
 * @throws {Error} If it puts tokens after a text.
 */
export function expectOpenEnd(tokenizer: Tokenizer): void {
  if (tokenizer.endIds.length === 0) return;
  const what = shown(tokenizer.decode(tokenizer.endIds));
  throw new Error(`Cannot continue texts of this tokenizer as its post_processor puts ${what} after each`);
}
