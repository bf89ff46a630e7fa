/**
 * What {@linkcode LanguageModel.trace} takes and gives.
 *
 * @module
 */
import type { FloatTensor, Progress, Sequence } from "./types.ts";

/** What {@linkcode LanguageModel.trace} can record. */
export type Capture = "hiddenStates" | "attention" | "activations" | "logits";

/** Options of {@linkcode LanguageModel.trace}. */
export interface TraceOptions {
  /**
   * What to record.
   *
   * @default {["hiddenStates"]}
   */
  readonly capture?: readonly Capture[];
  /** Called after each part. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops between two runs. */
  readonly signal?: AbortSignal;
}

/** The inside of the model while it read a sequence of T tokens. */
export interface Trace {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** `[L+1, T, C]`, the residual stream: 0 is the embeddings, i is after block i, before `ln_f`. */
  readonly hiddenStates?: FloatTensor;
  /** `[L, H, T, T]`, the attention probabilities: layer, head, from (query), to (key). */
  readonly attention?: FloatTensor;
  /** `[L, T, 4C]`, the neurons of each MLP after the activation function. */
  readonly activations?: FloatTensor;
  /** `[T, V]`, the scores of the next token at each position. */
  readonly logits?: FloatTensor;
  /** The recorded blocks, in rising order; absent when all were. */
  readonly layers?: readonly number[];
}
