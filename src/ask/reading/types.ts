/**
 * What may come next, and texts that are read again and again while they are edited.
 *
 * @module
 */
import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import type { WholeText } from "../../model/reader.ts";
import type { Sequence } from "../../model/sequence.ts";
import type { Prediction } from "../prediction.ts";

/** Options of {@linkcode LanguageModel.candidates} and {@linkcode TextReading.candidates}. */
export interface CandidatesOptions extends MemoryOptions {
  /**
   * How many tokens are listed.
   *
   * @default {10}
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
  /** Stops between two runs; within one, at once, where the model runs in a worker. */
  readonly signal?: AbortSignal;
}

export const CANDIDATES_OPTIONS: OptionTable<CandidatesOptions> = {
  task: "list candidates",
  kinds: { topK: "a number", ...READING },
};

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
  /** How many tokens were computed for this answer: at least the last one. */
  readonly computed: number;
  /** How many were known from before: the longest beginning in common with what was read last. */
  readonly reused: number;
}

/** What a model expects after a text that is being edited. */
export interface ReadCandidates extends Candidates {
  /** How many tokens had to be read for it. */
  readonly read: ReadTokens;
}

/**
 * A text that is read again and again while it is edited: what {@linkcode LanguageModel.reading} makes. It keeps the keys
 * and values of what it read last, and of another text computes only what follows their common beginning.
 *
 * Calls that overlap are answered one after another, in the order in which they were made. One that is not wanted any
 * more is given up by its `signal`, before it begins or in its middle; the reading goes on from what it had read by then.
 */
export interface TextReading extends AsyncDisposable, Disposable {
  /**
   * What the model expects after a text, its token ids, or a sequence: what {@linkcode LanguageModel.candidates} says of
   * it, up to rounding, as sums are taken in another order.
   *
   * @throws {TypeError | RangeError} When the text, or `topK`, does not fit the model, or the call takes more than
   * `maxMemory`: what {@linkcode CostEstimator.candidates} says, as most of that is keys and values.
   * @throws {Error} When the reading or the model is disposed.
   */
  candidates(text: WholeText, options?: CandidatesOptions): Promise<ReadCandidates>;
  /** How many tokens it knows: those of the text that was read last, or of its beginning where that was given up. */
  readonly length: number;
  /** Frees what is kept, which is as large as the longest text needed. Disposing twice does nothing. */
  dispose(): void;
}
