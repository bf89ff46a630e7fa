/**
 * The records that a {@linkcode LanguageModel} takes and gives: plain data, no methods, nothing that holds memory
 * outside JavaScript.
 *
 * @module
 */
import type { Token } from "../tokenizer/token.ts";
import type { Penalties, WarperOptions } from "./scores/settings.ts";

/** An array of numbers with a shape, in row-major order. */
export interface Tensor {
  /** The numbers. */
  readonly data: Float32Array | Int32Array;
  /** The size of each axis; their product is `data.length`. */
  readonly shape: readonly number[];
}

/** A tensor of real numbers. */
export interface FloatTensor extends Tensor {
  /** The numbers. */
  readonly data: Float32Array;
}

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

/** How likely one token is as the next one. */
export interface Prediction {
  /** The predicted token id. */
  readonly tokenId: number;
  /** The predicted token. */
  readonly token: Token;
  /** The model's own probability, before all settings. */
  readonly probability: number;
  /** The unnormalised score. */
  readonly logit: number;
  /** 1 + the number of tokens with a strictly greater logit. */
  readonly rank: number;
}

/** One decoded token, with what stood beside it. */
export interface Step {
  /** The 0-based index of the new token in the sequence. */
  readonly position: number;
  /** The chosen token id. */
  readonly tokenId: number;
  /** The chosen token. */
  readonly token: Token;
  /** The natural logarithm of the model's own probability of the chosen token. */
  readonly logProb: number;
  /** The most likely tokens, best first, by the model's own distribution. */
  readonly candidates: readonly Prediction[];
  /** The model's own scores of the whole vocabulary. Shape `[V]`. */
  readonly logits: Float32Array;
  /**
   * What the settings made of the model's own distribution, and the token was chosen by; none where they change nothing,
   * as when decoding is greedy and nothing else is set, and for a token that was chosen by hand.
   */
  readonly processed?: ProcessedScores;
}

/** What settings made of the scores of one step. */
export interface ProcessedScores {
  /** How many tokens could still be chosen. */
  readonly possible: number;
  /** The natural logarithm of the chosen token's probability among them. */
  readonly logProb: number;
  /**
   * The most likely of them, best first, as many as {@linkcode Step.candidates} at most: `logit` is the score that the
   * settings made, `probability` and `rank` are among those that could still be chosen.
   */
  readonly candidates: readonly Prediction[];
}

/** What a long call has done so far. */
export interface Progress {
  /** What is being done. */
  readonly task:
    | "download"
    | "load"
    | "identity"
    | "decode"
    | "trace"
    | "saliency"
    | "faithfulness"
    | "rankings"
    | "surprise"
    | "factors"
    | "clusters"
    | "rollout"
    | "headScores"
    | "similarity"
    | "agreement"
    | "save";
  /** How many units are done; bytes, for a download, an identity and what is saved. */
  readonly completed: number;
  /** How many units there are; for `"decode"`, at most. */
  readonly total: number;
  /** A sentence for human eyes. */
  readonly message: string;
  /** The speed of a download, once it is known. */
  readonly bytesPerSecond?: number;
  /** How long a download will still take at this speed, once it is known. */
  readonly secondsLeft?: number;
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
