/**
 * The records that a {@linkcode LanguageModel} takes and gives: plain data, no methods, nothing that holds memory
 * outside JavaScript.
 *
 * @module
 */
import type { Token } from "../tokenizer/token.ts";
import type { Penalties, WarperOptions } from "./score_settings.ts";

/** A tokenized text: a prompt and what follows it. */
export interface Sequence {
  /** The token ids, in reading order. */
  readonly tokenIds: readonly number[];
  /** The tokens, one for each id. */
  readonly tokens: readonly Token[];
  /** How many of the tokens were given rather than written. */
  readonly promptLength: number;
  /** The whole text; token offsets point into it. */
  readonly text: string;
  /** What the model read with its encoder, and looked at to write this; none where it has no encoder. */
  readonly source?: Sequence;
  /** How many of the tokens are those of a source, where a source and its text stand one after the other, as in maps. */
  readonly sourceLength?: number;
  /**
   * Of which type each token is, where they are not all of type 0: for BERT, 0 in the first of two texts and 1 in the
   * second.
   */
  readonly tokenTypes?: readonly number[];
  /** How what follows the prompt was written; none where the model did not write it. */
  readonly decoding?: Decoding;
}

/**
 * How a text was written, everything decided: with the same model, prompt and decoding it is written again. Settings that
 * were not given are left out; {@linkcode DecodeOptions} says what each means.
 */
export interface Decoding extends Penalties, WarperOptions {
  /** The temperature; 0 is greedy. */
  readonly temperature: number;
  /** What draws were made with. */
  readonly seed: number;
  /** The most tokens that were to be written; a `maxLength` is said by this. */
  readonly maxNewTokens: number;
  /** The token ids and texts that would end the writing, beside the model's own end of a text. */
  readonly stop: readonly (number | string)[];
  /** How many texts were continued at a time, where there was a search. */
  readonly beams?: number;
  /** By what power of its length the score of a text was divided, where there was a search. */
  readonly lengthPenalty?: number;
  /** When the search ended, where there was one. */
  readonly earlyStopping?: boolean | "never";
}

/**
 * A text and its source as one, as maps show them: the tokens of the source, then those of the text. A text without a
 * source stays as it is.
 */
export function withSource(sequence: Sequence): Sequence {
  const { source, ...own } = sequence;
  if (!source) return sequence;
  const offset = source.text.length;
  const moved = own.tokens.map((token) => ({ ...token, start: token.start + offset, end: token.end + offset }));
  return {
    ...own,
    tokenIds: [...source.tokenIds, ...own.tokenIds],
    tokens: [...source.tokens, ...moved],
    promptLength: source.tokenIds.length + own.promptLength,
    sourceLength: source.tokenIds.length,
    text: source.text + own.text,
  };
}

/** What is given before a text is written: checked ids, the text that they spell, and the source, where there is one. */
export interface Prompt {
  readonly tokenIds: readonly number[];
  readonly text: string;
  readonly source?: Sequence;
}

/** A word that is asked about. It stands for its first token, as that is what the model would write next. */
export interface Word {
  /** The word. */
  readonly text: string;
  /** The ids of all of its tokens; the first one is asked about. */
  readonly tokenIds: readonly number[];
  /** All of its tokens. */
  readonly tokens: readonly Token[];
}
