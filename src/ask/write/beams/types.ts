/**
 * What is searched for with beams, and what is found: what {@linkcode LanguageModel.beams} takes and gives.
 *
 * @module
 */
import type { OptionTable } from "../../../base/options.ts";
import { type DecodeOptions, DECODING } from "../options.ts";
import type { Branch, DecodingTree } from "../tree_types.ts";

/** Options of {@linkcode LanguageModel.beams}. */
export interface BeamSearchOptions extends DecodeOptions {
  /**
   * How many texts are continued at a time.
   *
   * @default {4}
   */
  readonly beams?: number;
  /** How many of the texts that are found are returned, at most as many as there are beams; by default, all. */
  readonly best?: number;
}

export const BEAM_OPTIONS: OptionTable<BeamSearchOptions> = {
  task: "search with beams",
  kinds: { ...DECODING, best: "a number" },
};

/** A text that was found by beam search. */
export interface FoundText extends Branch {
  /**
   * What it was found by, `sequences_scores` in Hugging Face: the sum of the log-probabilities of what was written, as
   * the settings have changed them, divided by the number of written tokens to the power of `lengthPenalty`.
   */
  readonly score: number;
}

/**
 * What beam search has found, best first. It is a {@linkcode DecodingTree} too: each text is a branch that leaves the
 * earlier one with which it has the longest beginning in common.
 */
export interface BeamSearch extends DecodingTree {
  /** The texts, best first; fewer than asked for where there are not as many. */
  readonly branches: readonly FoundText[];
}
