import type { FloatTensor, Sequence } from "../lm/types.ts";

/** How alike the representations of a text are in different layers. */
export interface LayerSimilarity {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** `[L+1, L+1]`, the linear CKA of each pair of hidden states, from 0 to 1. */
  readonly similarity: FloatTensor;
}
