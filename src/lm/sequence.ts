import type { GPT2Config } from "../gpt2/config.ts";
import type { Token } from "../tokenizer/token.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { Sequence } from "./types.ts";

/** Turns texts and ids into tokens, and checks them against the model. */
export class Reader {
  readonly #tokenizer: Tokenizer;
  readonly #config: GPT2Config;

  /** Reads for a model of the given configuration. */
  constructor(tokenizer: Tokenizer, config: GPT2Config) {
    this.#tokenizer = tokenizer;
    this.#config = config;
  }

  /**
   * The ids of a text, or the ids themselves, checked; an empty prompt is the token that starts a text.
   *
   * @throws {TypeError} When it is neither a string nor an array.
   * @throws {RangeError} When an id is not in the vocabulary, or there are more tokens than the context holds.
   */
  tokenIds(input: string | readonly number[]): readonly number[] {
    if (typeof input !== "string" && !Array.isArray(input)) {
      throw new TypeError(`Cannot read ${typeof input} as a text; pass a string or an array of token ids`);
    }
    const ids = typeof input === "string" ? this.#tokenizer.encode(input) : [...input];
    const { vocabSize, nPositions, bosTokenId } = this.#config;
    for (const id of ids) {
      if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
        throw new RangeError(`Cannot read token id ${id} as the vocabulary holds ${vocabSize} tokens`);
      }
    }
    if (ids.length > nPositions) {
      throw new RangeError(`Cannot read ${ids.length} tokens as the context holds ${nPositions}; shorten the text`);
    }
    return ids.length === 0 ? [bosTokenId] : ids;
  }

  /** The sequence of checked ids, whose text is `source` where that is known, and else what the ids spell. */
  sequence(tokenIds: readonly number[], promptLength: number, source?: string): Sequence {
    const text = source || this.spell(tokenIds);
    return { tokenIds, tokens: this.tokens(tokenIds, text), promptLength, text };
  }

  /** The text that ids spell; ids beyond the tokenizer's, which padded vocabularies have, spell nothing. */
  spell(tokenIds: readonly number[]): string {
    return this.#tokenizer.decode(tokenIds.filter((id) => id < this.#tokenizer.vocabSize));
  }

  /** The tokens of ids that spell `text`. */
  tokens(tokenIds: readonly number[], text: string): Token[] {
    const known = this.#tokenizer.tokens(tokenIds.filter((id) => id < this.#tokenizer.vocabSize), text);
    const rest = known.values();
    let end = 0;
    return tokenIds.map((id) => {
      const token = id < this.#tokenizer.vocabSize ? rest.next().value! : unusedToken(id, end);
      end = token.end;
      return token;
    });
  }

  /** One token by itself: its offsets are those of its own text. */
  token(id: number): Token {
    return this.tokens([id], this.spell([id]))[0]!;
  }
}

function unusedToken(id: number, end: number): Token {
  return { id, piece: "", bytes: new Uint8Array(0), start: end, end, text: `[unused ${id}]` };
}
