import type { OptionTable } from "../base/options.ts";
import { shown } from "../base/words.ts";
import type { BartConfig } from "../models/bart.ts";
import type { ModelConfig } from "../models/config.ts";
import { familyOf } from "../models/families.ts";
import { readsWhole } from "../models/family.ts";
import type { Token } from "../tokenizer/token.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { Prompt, Sequence, Word } from "./sequence.ts";
import { expectSource, expectTokenIds, expectTypes } from "./token_checks.ts";

/** What tokenizers call the token that stands for what is to be predicted: BERT's, and RoBERTa's. */
const MASKS: readonly string[] = ["[MASK]", "<mask>"];

/** Options of {@linkcode LanguageModel.sequence}. */
export interface SequenceOptions {
  /**
   * How many of the tokens count as given.
   *
   * @default {1}
   */
  readonly promptLength?: number;
  /** Of which type each token is, for encoders such as BERT; by default as the tokenizer says, or all of type 0. */
  readonly tokenTypes?: readonly number[];
  /** The source that the text was written after, or its ids, for models with an encoder, which need one. */
  readonly source?: string | readonly number[];
}

export const SEQUENCE: OptionTable<SequenceOptions> = {
  task: "make a sequence",
  kinds: { promptLength: "a number", tokenTypes: "an array", source: "anything" },
};

/** A text as the model reads it. */
export interface ReadText {
  /** The ids, checked, with those that the model expects around a text. */
  readonly tokenIds: readonly number[];
  /** What they spell. */
  readonly text: string;
  /** Of which type each is, where there are two texts. */
  readonly tokenTypes?: readonly number[];
}

/**
 * A text that is read as a whole: as it is written, its token ids, two texts that an encoder reads together, or a
 * sequence.
 */
export type WholeText = string | readonly number[] | readonly [string, string] | Sequence;

/** Turns texts and ids into tokens, and checks them against the model. */
export class Reader {
  readonly #tokenizer: Tokenizer;
  readonly #config: ModelConfig;

  /** Reads for a model of the given configuration. */
  constructor(tokenizer: Tokenizer, config: ModelConfig) {
    this.#tokenizer = tokenizer;
    this.#config = config;
  }

  /**
   * The ids of a text, or ids themselves, checked, and the text that they spell; an empty prompt is the token that
   * starts a text. Text begins with what its tokenizer puts before each, once: a text that has it already is given no
   * more. What an encoder reads ends with what belongs after it too, as in `[CLS] a text [SEP]`.
   *
   * @throws {TypeError} When it is neither a string nor an array.
   * @throws {RangeError} When an id is not in the vocabulary, or there are more tokens than the context holds.
   */
  read(input: string | readonly number[]): ReadText {
    if (typeof input !== "string" && !Array.isArray(input)) {
      throw new TypeError(
        `Cannot read ${input === null ? "null" : typeof input} as a text; pass a string or an array of token ids`,
      );
    }
    const whole = readsWhole(familyOf(this.#config));
    if (whole && typeof input === "string") return this.#framed(input);
    if (!whole && input.length === 0) return this.read([this.#config.bosTokenId]);
    if (typeof input !== "string") {
      expectTokenIds(this.#config, input);
      return { tokenIds: [...input], text: this.spell(input) };
    }
    const { startIds } = this.#tokenizer;
    const { tokenIds, text } = this.#tokenizer.read(input);
    // What a chat template wrote, or a text that was read before, begins with them already.
    const missing = startIds.every((id, i) => tokenIds[i] === id) ? [] : startIds;
    const all = [...missing, ...tokenIds];
    expectTokenIds(this.#config, all);
    return { tokenIds: all, text: this.spell(missing) + text };
  }

  /** A text, or two, with what the model expects around them. */
  #framed(first: string, second?: string): ReadText {
    const [a, b] = [this.#tokenizer.read(first), second === undefined ? undefined : this.#tokenizer.read(second)];
    const { tokenIds, typeIds } = this.#tokenizer.frame(a.tokenIds, b?.tokenIds);
    expectTokenIds(this.#config, tokenIds);
    const frame = this.#tokenizer.frame([-1], b && [-2]).tokenIds; // no token has such an id
    const [start, end] = [frame.indexOf(-1), b ? frame.indexOf(-2) : frame.length];
    const text = this.spell(frame.slice(0, start)) + a.text + this.spell(frame.slice(start + 1, end)) +
      (b?.text ?? "") + this.spell(frame.slice(end + 1));
    const typed = typeIds.some((type) => type > 0) && familyOf(this.#config).tokenTypes?.(this.#config);
    return { tokenIds, text, ...typed && { tokenTypes: typeIds } };
  }

  /**
   * Checks a sequence that the caller may have made.
   *
   * @throws {TypeError} When it is none.
   * @throws {RangeError} When its ids do not fit the model.
   */
  expectSequence(sequence: Sequence): void {
    if (!Array.isArray((sequence as Partial<Sequence> | undefined)?.tokenIds)) {
      const found = sequence instanceof Promise ? "a promise" : sequence === null ? "null" : typeof sequence;
      throw new TypeError(`Cannot use ${found} as a sequence; pass what sequence() or await generate() returned`);
    }
    expectSource(this.#config, sequence.source);
    expectTokenIds(this.#config, sequence.tokenIds);
    if (sequence.tokenTypes) expectTypes(this.#config, sequence.tokenIds, sequence.tokenTypes);
  }

  /**
   * The same, of a text that another was made to compare with: ids alone do not say whose they are.
   *
   * @throws {TypeError | RangeError} As {@linkcode Reader.expectSequence} does.
   * @throws {RangeError} When its tokens are those of another model.
   */
  expectOwnSequence(sequence: Sequence): void {
    this.expectSequence(sequence);
    const { tokenIds, tokens = [] } = sequence as Partial<Sequence> & Pick<Sequence, "tokenIds">;
    const own = this.tokens(tokenIds, this.spell(tokenIds));
    const other = own.findIndex(({ piece }, t) => tokens[t] !== undefined && tokens[t].piece !== piece);
    if (other < 0) return;
    const [there, here] = [tokens[other]!.piece, own[other]!.piece].map(shown);
    throw new RangeError(
      `Cannot read a text of another model, whose token ${other} with the id ${
        tokenIds[other]
      } is ${there} where this ` +
        `model has ${here}; make it with sequence() of this model`,
    );
  }

  /** The sequence of checked ids that spell `text`. */
  sequence(tokenIds: readonly number[], promptLength: number, text: string): Sequence {
    return { tokenIds, tokens: this.tokens(tokenIds, text), promptLength, text };
  }

  /**
   * A text that is read and not continued, its ids, or a sequence that the caller may have made.
   *
   * @throws {TypeError | RangeError} When it is none, or does not fit the model.
   */
  whole(input: WholeText): Sequence {
    if (!isText(input)) {
      this.expectSequence(input);
      return input;
    }
    const { tokenIds, text, tokenTypes } = isPair(input) ? this.#pair(input) : this.read(input);
    return { ...this.sequence(tokenIds, 1, text), ...tokenTypes && { tokenTypes } };
  }

  #pair([first, second]: readonly [string, string]): ReadText {
    const { mask, name } = familyOf(this.#config);
    if (mask === "full") return this.#framed(first, second);
    throw new TypeError(`Cannot read two texts together with ${name} as it reads one; pass one text`);
  }

  /** The sequence of a prompt and what was written after it. */
  continuation({ tokenIds: prompt, text, source }: Prompt, written: readonly number[]): Sequence {
    const all = [...prompt, ...written];
    // A prompt of ids may end inside a character; a text with lone surrogates, or with spaces that no token has, is not
    // what its ids spell. What follows is spelled behind them, as words have a space before them there.
    const [before, spelled] = [this.spell(prompt), this.spell(all)];
    const after = spelled.startsWith(before) ? spelled.slice(before.length) : this.spell(written);
    const whole = text === before ? spelled : text + after;
    return { ...this.sequence(all, prompt.length, whole), ...source && { source } };
  }

  /**
   * What is given before a text is written. A model with an encoder reads it as the source, and the text begins with the
   * token that its decoder starts with.
   *
   * @throws {TypeError | RangeError} As {@linkcode Reader.read} does.
   */
  prompt(input: string | readonly number[]): Prompt {
    const start = this.#decoderStart();
    return start === undefined
      ? this.read(input)
      : { tokenIds: [start], text: this.spell([start]), source: this.source(input) };
  }

  /** A text that was written after a source, or its ids: a text begins with the token that the decoder starts with. */
  written(input: string | readonly number[], source: Sequence): Sequence {
    const read = this.read(input);
    const start = typeof input === "string" ? this.#decoderStart() : undefined;
    const before = start === undefined ? [] : [start];
    const tokenIds = [...before, ...read.tokenIds];
    return { ...this.sequence(tokenIds, 1, this.spell(before) + read.text), source };
  }

  /** A source, all of which is given. */
  source(input: string | readonly number[]): Sequence {
    const { tokenIds, text } = this.read(input);
    return this.sequence(tokenIds, tokenIds.length, text);
  }

  /** The token that a decoder starts with, where there is an encoder. */
  #decoderStart(): number | undefined {
    return (this.#config as Partial<BartConfig>).decoderStartTokenId;
  }

  /** The text that ids spell; ids that the tokenizer lacks, as padded vocabularies have them, spell nothing. */
  spell(tokenIds: readonly number[]): string {
    return this.#tokenizer.decode(tokenIds.filter((id) => this.#tokenizer.has(id)));
  }

  /** The tokens of ids that spell `text`. */
  tokens(tokenIds: readonly number[], text: string): Token[] {
    const known = this.#tokenizer.tokens(tokenIds.filter((id) => this.#tokenizer.has(id)), text).values();
    let end = 0;
    return tokenIds.map((id) => {
      const token = this.#tokenizer.has(id) ? known.next().value! : unusedToken(id, end);
      end = token.end;
      return token;
    });
  }

  /**
   * Describes tokens that are written after checked ids, one after another, each as {@linkcode Reader.continuation}
   * would describe it as the last one; but each is spelled once.
   */
  writing(tokenIds: readonly number[]): (id: number) => Token {
    const stream = this.#tokenizer.stream();
    const next = (id: number) => this.#tokenizer.has(id) ? stream.next(id) : unusedToken(id, stream.length);
    tokenIds.forEach(next);
    return next;
  }

  /** One token by itself: its offsets are those of its own text. */
  token(id: number): Token {
    return this.tokens([id], this.spell([id]))[0]!;
  }

  /**
   * A word by its text, as it stands, or by a token id.
   *
   * @throws {RangeError} When it is empty, or the vocabulary has no such token.
   */
  word(input: string | number): Word {
    if (input === "") {
      throw new RangeError('Cannot ask about an empty word; pass a text such as " keys", or a token id');
    }
    // A word stands inside of a text, so that what begins texts does not go before it.
    const { tokenIds, text } = typeof input === "string"
      ? this.#tokenizer.read(input)
      : this.read(typeof input === "number" ? [input] : input);
    expectTokenIds(this.#config, tokenIds);
    return { text, tokenIds, tokens: this.tokens(tokenIds, text) };
  }

  /**
   * The id of a word that must be one token: "Cannot (verb) (word) (role) as it is 2 tokens".
   *
   * @throws {RangeError} When it is several tokens, empty, or not in the vocabulary.
   */
  single(input: string | number, verb: string, role = ""): number {
    const { tokenIds, tokens } = this.word(input);
    if (tokenIds.length === 1) return tokenIds[0]!;
    const parts = tokens.map(({ id, text }) => `${JSON.stringify(text)} (${id})`).join(", ");
    const what = [verb, JSON.stringify(input), role].filter((part) => part).join(" ");
    throw new RangeError(`Cannot ${what} as it is ${tokens.length} tokens, ${parts}; pass one`);
  }

  /**
   * The id of the token that stands for what is to be predicted.
   *
   * @throws {TypeError} When the tokenizer has none.
   */
  maskId(): number {
    const id = MASKS.map((piece) => this.#tokenizer.tokenToId(piece)).find((id) => id !== undefined);
    if (id !== undefined) return id;
    throw new TypeError(
      `Cannot mask a token as the tokenizer has none of ${MASKS.join(", ")}; load a model that has one`,
    );
  }
}

function isText(input: WholeText): input is Exclude<WholeText, Sequence> {
  return typeof input !== "object" || input === null || Array.isArray(input);
}

function isPair(input: string | readonly number[] | readonly [string, string]): input is readonly [string, string] {
  return Array.isArray(input) && input.length === 2 && input.every((text) => typeof text === "string");
}

function unusedToken(id: number, end: number): Token {
  return { id, piece: "", bytes: new Uint8Array(0), start: end, end, text: `[unused ${id}]` };
}
