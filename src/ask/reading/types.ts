/**
 * What may come next, and texts that are read again and again while they are edited.
 *
 * @module
 */
import type { FloatTensor } from "../../base/tensor.ts";
import type { Sequence } from "../../model/sequence.ts";
import type { Prediction } from "../prediction.ts";

/** What a model expects after a text. */
export interface Candidates {
  /** The text. */
  readonly sequence: Sequence;
  /** The likeliest next tokens, best first. */
  readonly predictions: readonly Prediction[];
  /** `[V]`, the logits of the whole vocabulary, for temperature, top-k and top-p afterwards. */
  readonly logits: FloatTensor;
  /** The entropy of the distribution, in nats. */
  readonly entropy: number;
}

/** How a reading got what it knows. */
export interface ReadTokens {
  /** How many tokens were computed for the last answer. */
  readonly computed: number;
  /** How many were known from before: the longest beginning in common with what was read last. */
  readonly reused: number;
}
