/**
 * What {@linkcode LanguageModel.faithfulness} takes and gives.
 *
 * @module
 */
import type { Saliency } from "./saliency_types.ts";
import type { FloatTensor, Progress } from "./types.ts";

/** Options of {@linkcode LanguageModel.faithfulness}. */
export interface FaithfulnessOptions {
  /** Which explained positions are tried; by default all. */
  readonly positions?: readonly number[];
  /**
   * In how many steps the tokens are taken away, at most one for each token.
   *
   * @default {10}
   */
  readonly steps?: number;
  /**
   * How many random orders are averaged to compare with.
   *
   * @default {5}
   */
  readonly randomOrders?: number;
  /**
   * What the random orders are drawn with.
   *
   * @default {0}
   */
  readonly seed?: number;
  /** Called after each part. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops between two runs. */
  readonly signal?: AbortSignal;
}

/** Whether the tokens that a map calls important are the ones that matter. */
export interface Faithfulness {
  /** The map that was tried. */
  readonly saliency: Saliency;
  /** The explained positions that were tried, N of them. */
  readonly positions: readonly number[];
  /** The S shares of the earlier tokens that are gone (deletion) or back (insertion), from 0 to 1. */
  readonly shares: readonly number[];
  /** `[N, S]`, the probability of the explained token as the most salient tokens go first. */
  readonly deletion: FloatTensor;
  /** `[N, S]`, the same as they come back first. */
  readonly insertion: FloatTensor;
  /** `[N, S]`, the mean of the same for tokens that go in random order. */
  readonly randomDeletion: FloatTensor;
  /** `[N, S]`, the mean of the same for tokens that come back in random order. */
  readonly randomInsertion: FloatTensor;
  /** For each position, the area under the random deletion curve less that under the deletion curve: above 0 is good. */
  readonly deletionGain: readonly number[];
  /** For each position, the area under the insertion curve less that under the random one: above 0 is good. */
  readonly insertionGain: readonly number[];
}
