/**
 * The settings that change the scores of a model before a token is chosen, with the names and the meaning that they have
 * in Hugging Face's `generate`, version 5.23, written in camelCase.
 * https://github.com/huggingface/transformers/blob/main/src/transformers/generation/configuration_utils.py
 *
 * @module
 */

/** A word: a text as it stands, `" keys"` and `"keys"` are two, or its token ids. */
export type Words = string | readonly number[];

/** What changes scores however a token is chosen, greedily too. They are listed in the order in which they are applied. */
export interface PenaltyOptions {
  /**
   * Pairs of a word and a number that is added to the score of its last token where the text ends with its other tokens:
   * above 0 the word becomes likelier, below 0 less so. It is finite, or `-Infinity`.
   */
  readonly sequenceBias?: readonly (readonly [word: Words, bias: number])[];
  /** Makes tokens of the prompt, or of the source where there is one, likelier: divides their scores by 1 / p, or multiplies them where they are below 0. */
  readonly encoderRepetitionPenalty?: number;
  /**
   * Makes tokens that stand in the text, the prompt too, less likely: divides their scores by p, or multiplies them where
   * they are below 0. Below 1 it makes them likelier.
   *
   * @default {1}
   */
  readonly repetitionPenalty?: number;
  /** No run of so many tokens is written that stands in the text already; 0 is no limit. */
  readonly noRepeatNgramSize?: number;
  /** No run of so many tokens is written that stands in the prompt, or in the source where there is one; 0 is no limit. */
  readonly encoderNoRepeatNgramSize?: number;
  /** Words that are not written. A word of several tokens is kept from being completed. An end of a text stays possible. */
  readonly badWords?: readonly Words[];
  /** How many tokens the text has, with its prompt, before it may end; `minNewTokens` goes before it. */
  readonly minLength?: number;
  /** How many tokens are written before the text may end. */
  readonly minNewTokens?: number;
  /** The first token after a prompt of one token. */
  readonly forcedBosTokenId?: number;
  /** The last token that may be written; one of them, where there are several. */
  readonly forcedEosTokenId?: number | readonly number[];
  /** Makes NaN 0, and what is infinite the greatest finite number. */
  readonly removeInvalidValues?: boolean;
  /**
   * Makes the end of the text ever likelier: after `start` written tokens, |score| · (factorⁿ - 1) is added to its score,
   * with n the tokens since then.
   */
  readonly exponentialDecayLengthPenalty?: readonly [start: number, factor: number];
  /** Tokens that are not written, by id, or by a text that is one token. */
  readonly suppressTokens?: readonly (number | string)[];
  /** Tokens that are not written first. */
  readonly beginSuppressTokens?: readonly (number | string)[];
  /** Makes the scores logarithms of probabilities in the end, after all other settings. */
  readonly renormalizeLogits?: boolean;
}

/** What narrows the tokens among which is drawn. They are applied after the penalties, in this order. */
export interface WarperOptions {
  /**
   * Divides the scores: below 1 the likely tokens become likelier; 0 is greedy, and then none of the following counts.
   * Without it, decoding is greedy unless one of the following is given, and then it is 1.
   */
  readonly temperature?: number;
  /** Draws among the likeliest tokens whose share of the entropy of the 100 likeliest sums to at most h, 0 < h <= 1. */
  readonly topH?: number;
  /** Draws among the k likeliest tokens only, and those that are as likely as the last of them. */
  readonly topK?: number;
  /**
   * Draws among the fewest likeliest tokens whose probabilities sum to at least p, 0 <= p <= 1; one at least. Of tokens
   * that are equally likely, those with greater ids are taken first, as a stable sort in Hugging Face's order has them.
   */
  readonly topP?: number;
  /** Draws among the tokens that are at least p times as likely as the likeliest, 0 <= p <= 1. */
  readonly minP?: number;
  /**
   * Draws among the fewest tokens whose probabilities sum to at least p, 0 < p <= 1, those first whose surprise is
   * closest to the entropy; 1 is no limit. https://arxiv.org/abs/2202.00666
   */
  readonly typicalP?: number;
  /** Draws among the tokens that are at least so likely, 0 <= ε < 1, and the likeliest; 0 is no limit. */
  readonly epsilonCutoff?: number;
  /**
   * Draws among the tokens that are at least min(ε, √ε · e^-entropy) likely, 0 <= ε < 1, and the likeliest; 0 is no
   * limit. https://arxiv.org/abs/2210.15191
   */
  readonly etaCutoff?: number;
}

/** Penalties whose words are token ids. */
export interface Penalties
  extends Omit<PenaltyOptions, "sequenceBias" | "badWords" | "suppressTokens" | "beginSuppressTokens"> {
  /** See {@linkcode PenaltyOptions.sequenceBias}; each word by its token ids. */
  readonly sequenceBias?: readonly (readonly [word: readonly number[], bias: number])[];
  /** See {@linkcode PenaltyOptions.badWords}; each word by its token ids. */
  readonly badWords?: readonly (readonly number[])[];
  /** See {@linkcode PenaltyOptions.suppressTokens}; token ids. */
  readonly suppressTokens?: readonly number[];
  /** See {@linkcode PenaltyOptions.beginSuppressTokens}; token ids. */
  readonly beginSuppressTokens?: readonly number[];
}

/** All that changes scores, ready to be applied. */
export interface ScoreSettings extends Penalties, WarperOptions {}

/** Where the settings are applied. */
export interface ScoreContext {
  /** What stands before the first token that is chosen. Settings that count what is written begin after it. */
  readonly prompt: readonly number[];
  /** What an encoder read, which settings about the encoder are about; by default that is the prompt. */
  readonly source?: readonly number[] | undefined;
  /** How many tokens the text has at most, with its prompt. */
  readonly end: number;
  /** The tokens that end a text. */
  readonly eosTokenIds: readonly number[];
  /** How many tokens there are. */
  readonly vocabSize: number;
  /** How many tokens are left at least by what narrows them; 1 by default. */
  readonly leastKept?: number;
}

/** Changes the scores of what may follow `tokenIds`, the prompt and all that was written after it, where they stand. */
export type Processor = (tokenIds: readonly number[], scores: Float32Array) => void;

/** The names of {@linkcode WarperOptions}; each but the temperature makes decoding draw where it is given. */
export const WARPER_NAMES = [
  "temperature",
  "topH",
  "topK",
  "topP",
  "minP",
  "typicalP",
  "epsilonCutoff",
  "etaCutoff",
] as const satisfies readonly (keyof WarperOptions)[];

/** The temperature that options mean; 0 is greedy. */
export function temperatureOf(options: WarperOptions): number {
  if (options.temperature !== undefined) return options.temperature;
  return WARPER_NAMES.some((name) => options[name] !== undefined) ? 1 : 0;
}
