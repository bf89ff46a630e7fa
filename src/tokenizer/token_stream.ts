import type { Token } from "./token.ts";
import { displayBytes, placeCharacters } from "./utf8.ts";

/** What is known of a token without what stands around it. */
export type Spelling = Pick<Token, "piece" | "bytes">;

/**
 * Describes tokens one after another, each when it is the last one so far: the same as the last entry of
 * {@linkcode Tokenizer.tokens} of all up to it, but each token is looked at once. A token's place depends on those
 * before it only by where they end and by the character that they leave unfinished, three bytes at most.
 */
export class TokenStream {
  readonly #spell: (id: number) => Spelling;
  /** The bytes at the end that are no whole character yet. */
  #rest: Uint8Array = new Uint8Array(0);
  /** Where those begin in the text. */
  #start = 0;

  /** Describes tokens that `spell` knows. */
  constructor(spell: (id: number) => Spelling) {
    this.#spell = spell;
  }

  /** How many UTF-16 code units the text has so far. */
  get length(): number {
    return this.#start + placeCharacters(this.#rest).length;
  }

  /**
   * Describes the next token.
   *
   * @throws {RangeError} If the id is not in the vocabulary.
   */
  next(id: number): Token {
    const { piece, bytes } = this.#spell(id);
    const before = this.#rest.length;
    const joined = new Uint8Array(before + bytes.length);
    joined.set(this.#rest);
    joined.set(bytes, before);
    const { starts, length, unfinished } = placeCharacters(joined);
    const start = this.#start + (starts[before] ?? length);
    const end = this.#start + length;
    const rest = joined.length - unfinished;
    this.#start += starts[rest] ?? length;
    this.#rest = joined.subarray(rest);
    return { id, piece, bytes, start, end, text: displayBytes(bytes) };
  }
}
