/**
 * Text to token ids and back, with the bytes and the place in the text of every token.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { showing } from "../show/showing.ts";
import type { AddedToken } from "./added_tokens.ts";
import { BytesCodec } from "./bytes_codec.ts";
import { type ChatMessage, type ChatOptions, readChatTemplate, renderChat } from "./chat_template.ts";
import type { Codec, TokenizedText } from "./codec.ts";
import { gpt2TokenizerJson, readDefinition, type TokenizerDefinition } from "./definition.ts";
import type { Json } from "./json_parts.ts";
import { Pieces } from "./pieces.ts";
import { around, fill, type FramedText, type Template } from "./post_processor.ts";
import type { Token } from "./token.ts";
import type { TokenStream } from "./token_stream.ts";
import { UnigramCodec } from "./unigram.ts";
import { WordPieceCodec } from "./word_piece.ts";

export type { TokenizedText };

/**
 * A tokenizer: byte-level BPE, the kind that GPT-2 has, and Llama 3, SmolLM2, Qwen2, GPT-NeoX, OPT and RoBERTa; or
 * WordPiece, the kind of BERT and DistilBERT; or Unigram, the kind that SentencePiece trains. Encoding equals Hugging Face's
 * `tokenizer(text, add_special_tokens=False).input_ids`: no special token is added, and `<|endoftext|>` in a text is the
 * special token. A lone surrogate is read as U+FFFD, as no UTF-8 stands for it.
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
  /** The special tokens that the model expects after each text, such as `[SEP]`. Models without an encoder have none. */
  readonly endIds: readonly number[];

  /** How the model writes a conversation, in Jinja, as tokenizer_config.json has it. Models that do not talk have none. */
  readonly chatTemplate: string | undefined;

  readonly #settings: Json;
  readonly #template: Template;
  readonly #pieces: Pieces;
  readonly #codec: Codec;

  private constructor({ vocab, addedTokens, template, settings, kind }: TokenizerDefinition) {
    this.#pieces = new Pieces(vocab, addedTokens);
    this.vocabSize = this.#pieces.size;
    this.#template = template;
    [this.startIds, this.endIds] = around(template);
    this.#settings = settings;
    this.chatTemplate = readChatTemplate(settings);
    this.#codec = kind.name === "bytes"
      ? new BytesCodec(kind, this.#pieces, addedTokens)
      : kind.name === "words"
      ? new WordPieceCodec(kind, this.#pieces, addedTokens)
      : new UnigramCodec(kind, this.#pieces, addedTokens);
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
   * @throws {Error} If it is of another kind than byte-level BPE, WordPiece and Unigram, or has a part that is not known.
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
    return this.#codec.encode(text.toWellFormed());
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
   * are written out, and no space is changed. BERT's tokens know nothing of spaces and capitals: words are written with
   * a space between, and none before punctuation.
   *
   * @param ids The ids; none give an empty text.
   * @returns The text.
   * @throws {TypeError} If the ids are no list.
   * @throws {RangeError} If an id is not in the vocabulary.
   */
  decode(ids: Iterable<number>): string {
    return this.#codec.decode(idList(ids));
  }

  /**
   * The id of a vocabulary entry.
   *
   * @param piece The entry as the tokenizer stores it, such as `Ġkeys`.
   * @returns The id, or undefined when there is no such entry.
   */
  tokenToId(piece: string): number | undefined {
    return this.#pieces.idOf(piece);
  }

  /**
   * Whether there is a token with an id.
   *
   * @param id The id.
   * @returns False also within `vocabSize` where the vocabulary has a hole.
   */
  has(id: number): boolean {
    return this.#pieces.pieceOf(id) !== undefined;
  }

  /**
   * Describes tokens: their bytes, their place in the text, and what they look like.
   *
   * Offsets count UTF-16 code units of `text`, the space before a word included. A few tokenizers change the text that
   * they encode, by a normalizer (GPT-NeoX and Qwen2 read `e` and an accent as `é`), a space in front, or an added token
   * that takes white space along; GPT-2 and Llama do not. Offsets then count those of `decode(ids)`;
   * {@linkcode Tokenizer.read} returns the text that the offsets fit. BERT's tokens have their places in the text as it
   * was given, whatever was made of it, or else in what they decode to.
   *
   * @param ids The ids.
   * @param text The text that the ids encode; by default what they decode to.
   * @returns A token for each id.
   * @throws {TypeError} If the ids are no list.
   * @throws {RangeError} If an id is not in the vocabulary, or the ids encode another text.
   */
  tokens(ids: Iterable<number>, text?: string): Token[] {
    return showing("Tokens", this.#codec.tokens(idList(ids), text));
  }

  /**
   * Describes tokens one after another, as they are written, each as the last one of the text so far.
   *
   * @returns A stream at the beginning of a text.
   */
  stream(): TokenStream {
    return this.#codec.stream();
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
    if (typeof text !== "string") throw new TypeError(`Cannot encode ${shown(text)} as text: it is no string`);
    const source = text.toWellFormed();
    const found = this.#codec.read(source);
    return showing("TokenizedText", {
      ...found,
      tokens: showing("Tokens", [...found.tokens]),
      text: found.text === source ? text : found.text,
    });
  }
}

function idList(ids: Iterable<number>): number[] {
  if (typeof ids === "object" && ids !== null && Symbol.iterator in ids) return Array.from(ids);
  throw new TypeError(`Cannot decode ${shown(ids)} as token ids: it is no list`);
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
