import type { OptionTable } from "../base/options.ts";
import type { ModelConfig } from "../models/config.ts";
import type { Token } from "../tokenizer/token.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { Sequence, Word } from "./sequence.ts";

export const SEQUENCE: OptionTable<{ readonly promptLength?: number }> = {
  task: "make a sequence",
  kinds: { promptLength: "a number" },
};

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
   * starts a text. Text begins with what its tokenizer puts before each.
   *
   * @throws {TypeError} When it is neither a string nor an array.
   * @throws {RangeError} When an id is not in the vocabulary, or there are more tokens than the context holds.
   */
  read(input: string | readonly number[]): { readonly tokenIds: readonly number[]; readonly text: string } {
    if (typeof input !== "string" && !Array.isArray(input)) {
      throw new TypeError(
        `Cannot read ${input === null ? "null" : typeof input} as a text; pass a string or an array of token ids`,
      );
    }
    if (input.length === 0) return this.read([this.#config.bosTokenId]);
    if (typeof input !== "string") {
      this.#check(input);
      return { tokenIds: [...input], text: this.spell(input) };
    }
    const { startIds } = this.#tokenizer;
    const { tokenIds, text } = this.#tokenizer.read(input);
    const all = [...startIds, ...tokenIds];
    this.#check(all);
    return { tokenIds: all, text: this.spell(startIds) + text };
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
    this.#check(sequence.tokenIds);
  }

  /** The sequence of checked ids that spell `text`. */
  sequence(tokenIds: readonly number[], promptLength: number, text: string): Sequence {
    return { tokenIds, tokens: this.tokens(tokenIds, text), promptLength, text };
  }

  /** The sequence of a prompt that spells `text` and what was written after it. */
  continuation(prompt: readonly number[], text: string, written: readonly number[]): Sequence {
    const all = [...prompt, ...written];
    // A prompt of ids may end inside a character; a text with lone surrogates is not what its ids spell.
    const whole = text === this.spell(prompt) ? this.spell(all) : text + this.spell(written);
    return this.sequence(all, prompt.length, whole);
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
    this.#check(tokenIds);
    return { text, tokenIds, tokens: this.tokens(tokenIds, text) };
  }

  #check(tokenIds: readonly number[]): void {
    if (tokenIds.length === 0) throw new RangeError("Cannot read a sequence without tokens");
    const { vocabSize, nPositions } = this.#config;
    for (const id of tokenIds) {
      if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
        throw new RangeError(`Cannot read token id ${id} as the vocabulary holds ${vocabSize} tokens`);
      }
    }
    if (tokenIds.length > nPositions) {
      throw new RangeError(
        `Cannot read ${tokenIds.length} tokens as the context holds ${nPositions}; shorten the text`,
      );
    }
  }
}

function unusedToken(id: number, end: number): Token {
  return { id, piece: "", bytes: new Uint8Array(0), start: end, end, text: `[unused ${id}]` };
}
