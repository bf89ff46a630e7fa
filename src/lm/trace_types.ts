/**
 * What {@linkcode LanguageModel.trace} takes and gives.
 *
 * @module
 */
import type { MemoryOptions } from "./cost_types.ts";
import type { FloatTensor, Progress, Sequence } from "./types.ts";

/** What {@linkcode LanguageModel.trace} can record. */
export type Capture = "hiddenStates" | "attention" | "activations" | "logits";

/** Options of {@linkcode LanguageModel.trace}. */
export interface TraceOptions extends MemoryOptions {
  /**
   * What to record.
   *
   * @default {["hiddenStates"]}
   */
  readonly capture?: readonly Capture[];
  /** The layers that are recorded, by their 0-based indices; all by default. The result has them in numeric order. */
  readonly layers?: readonly number[];
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

/** The inside of the model while it read a sequence of T tokens. */
export interface Trace {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** The K layers that were recorded, by their 0-based indices in rising order: `[0, 1, ..., L-1]` by default. */
  readonly layers?: readonly number[];
  /**
   * `[K+1, T, C]`, the residual stream before `ln_f`: 0 is the embeddings, with positions, that enter the first layer,
   * and `i + 1` is what leaves layer `layers[i]`.
   */
  readonly hiddenStates?: FloatTensor;
  /**
   * `[K, H, T, T]`, the attention probabilities: layer, head, from (query), to (key). Each row sums to 1, which is
   * checked as they are recorded, and sees nothing after its own token.
   */
  readonly attention?: FloatTensor;
  /** `[K, T, 4C]`, the neurons of each MLP after the activation function. */
  readonly activations?: FloatTensor;
  /** `[T, V]`, the scores of the next token at each position. */
  readonly logits?: FloatTensor;
}
