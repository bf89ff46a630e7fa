/**
 * What {@linkcode LanguageModel.faithfulness} takes and gives.
 *
 * @module
 */
import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import type { Saliency } from "../saliency/definition.ts";

/** Options of {@linkcode LanguageModel.faithfulness}. */
export interface FaithfulnessOptions extends MemoryOptions {
  /** Which explained positions are tried; by default all. */
  readonly positions?: readonly number[];
  /**
   * In how many steps the tokens are taken away, at most one for each token before the last position that is tried.
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
   * What the random orders are drawn with; those of a position depend on this and on the position only.
   *
   * @default {0}
   */
  readonly seed?: number;
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

export const FAITHFULNESS_OPTIONS: OptionTable<FaithfulnessOptions> = {
  task: "try a map",
  kinds: { positions: "an array", steps: "a number", randomOrders: "a number", seed: "a number", ...READING },
};

/**
 * Whether the tokens that a map calls important are the ones that matter: deletion and insertion curves, after Petsiuk,
 * Das, Saenko 2018 (RISE), https://arxiv.org/abs/1806.07421.
 *
 * A token is taken away by setting its embedding to zero; its position embedding stays, and so does its place among the
 * keys that others attend to. That is the baseline of integrated gradients here. The most salient token is the one
 * with the greatest score, with its sign (of two equal ones, the earlier); of a signed map of LIT's, whose scalar is a
 * loss, the one with the least.
 *
 * Of a map by groups, such as words, whole groups are taken away, and what is watched is the probability of all explained
 * tokens of a group, that of one times that of the next; the first tokens of that group itself always stay.
 *
 * At share s of n tokens, round(s·n) are gone from the deletion curve, and n − round((1 − s)·n) are back in the
 * insertion curve: the two meet the same numbers of tokens, from all to none and from none to all.
 */
export interface Faithfulness {
  /** The map that was tried. */
  readonly saliency: Saliency;
  /** The explained positions that were tried, N of them; of a map by groups, those of groups. */
  readonly positions: readonly number[];
  /** The S shares of the earlier tokens that are gone (deletion) or back (insertion), from 0 to 1. */
  readonly shares: readonly number[];
  /**
   * `[N, S]`, the probability of the explained token as the most salient tokens go first. For a map against a contrast,
   * the probability of the explained token out of the two, σ(logit − logit of the contrast).
   */
  readonly deletion: FloatTensor;
  /** `[N, S]`, the same as they come back first. */
  readonly insertion: FloatTensor;
  /** `[N, S]`, the mean of the same for tokens that go in random order. */
  readonly randomDeletion: FloatTensor;
  /**
   * `[N, S]`, the mean of the same for tokens that come back in random order: the same random sets of tokens, in the
   * opposite order, so this is `randomDeletion` read backwards.
   */
  readonly randomInsertion: FloatTensor;
  /**
   * For each position, the area (by trapezoids) under the random deletion curve less that under the deletion curve:
   * above 0 is good.
   */
  readonly deletionGain: readonly number[];
  /** For each position, the area under the insertion curve less that under the random one: above 0 is good. */
  readonly insertionGain: readonly number[];
}
