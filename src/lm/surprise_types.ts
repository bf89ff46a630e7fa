/**
 * What {@linkcode LanguageModel.surprise} takes and gives.
 *
 * @module
 */
import type { MemoryOptions } from "./cost_types.ts";
import type { FloatTensor, Prediction, Progress, Sequence, Tensor } from "./types.ts";

/** Options of {@linkcode LanguageModel.surprise}. */
export interface SurpriseOptions extends MemoryOptions {
  /** The positions that are looked at; by default every one but the first, of the prompt too. */
  readonly positions?: readonly number[];
  /**
   * How many alternatives are listed for each position.
   *
   * @default {5}
   */
  readonly topK?: number;
  /** Called after each part. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two runs. */
  readonly signal?: AbortSignal;
}

/** How much each token of a text surprised the model. */
export interface Surprise {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** The positions looked at, N of them. */
  readonly positions: readonly number[];
  /** `[N]`, ln p of the token that stands there; the surprise is its negative, in nats. */
  readonly logProbs: FloatTensor;
  /** `[N]`, the entropy of what the model expected there, in nats. */
  readonly entropies: FloatTensor;
  /** Int32 `[N]`, 1 + the number of tokens with a strictly greater logit. */
  readonly ranks: Tensor;
  /** For each position the likeliest tokens, best first. */
  readonly alternatives: readonly (readonly Prediction[])[];
  /** exp of the mean surprise of the positions. */
  readonly perplexity: number;
}
