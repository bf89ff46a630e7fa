import type { FloatTensor } from "../../base/tensor.ts";
import type { Sequence, Word } from "../../model/sequence.ts";

/** What a patch replaces in any block: the stream before it or between its parts, what they add, or the sum of a head. */
export type BlockPart = "resid" | "resid_mid" | "attn_out" | "mlp_out" | "z";

/**
 * What a patch replaces: the residual stream before a block, or between attention and MLP; what its attention or its MLP
 * adds to the stream; or the sum of one head before the output projection. Where there is an encoder these are of the
 * decoder, `resid_cross`, `cross_out` and `cross_z` of its attention to the source, and `source_` stands before those of
 * the encoder.
 */
export type PatchSite = BlockPart | `source_${BlockPart}` | "resid_cross" | "cross_out" | "cross_z";

/**
 * What is measured of the prediction of the next token: the logit of a token less that of another, a logit, a
 * log-probability, a probability, or the Kullback-Leibler divergence from what the clean text predicts, KL(clean || now).
 */
export type MetricName = "logitDifference" | "logit" | "logProb" | "probability" | "kl";

/** A metric, and the words that it is about. */
export interface Metric {
  /** What is measured. */
  readonly name: MetricName;
  /** The word whose first token is asked about; none for `kl`. */
  readonly target?: Word;
  /** The word that it is compared with, for `logitDifference`. */
  readonly contrast?: Word;
}

/**
 * What replacing parts of one run by those of another does to a prediction. A column is a position, or a head where heads
 * are replaced at all positions.
 */
export interface Patching {
  /** The text whose activations are put in, T tokens. */
  readonly clean: Sequence;
  /** The text that is run with them, T tokens. */
  readonly corrupted: Sequence;
  /** The position of the token whose prediction is measured; T is the next one. What stands from there on is not read. */
  readonly position: number;
  /** What is replaced. */
  readonly at: PatchSite;
  /** The K layers, by their 0-based indices in rising order. */
  readonly layers: readonly number[];
  /** What the columns are; positions are of the source where `at` is in the encoder. */
  readonly columns: "positions" | "heads";
  /** The positions or the heads of the columns, N of them, in rising order. */
  readonly indices: readonly number[];
  /** What is measured of the prediction. */
  readonly metric: Metric;
  /** The metric of the clean text as it is. */
  readonly cleanValue: number;
  /** The metric of the corrupted text as it is. */
  readonly corruptedValue: number;
  /** `[K, N]`, the metric of the corrupted text with one part of the clean one; none where only the estimate was asked for. */
  readonly values?: FloatTensor;
  /**
   * `[K, N]`, the first-order estimate of the same: the metric of the corrupted text plus (clean - corrupted activation)
   * times its gradient in the corrupted run (attribution patching); none for `kl`, which is not differentiated.
   */
  readonly estimate?: FloatTensor;
}

/** What can be judged by its gradient: what can be patched, and neurons. */
export type ImportanceSite = PatchSite | "neurons" | "source_neurons";

/**
 * How much each part of a model matters to a prediction, to first order: the sum of its activations times their gradients,
 * over all positions of a head or a neuron, or over the width of a position. It estimates what turning the part off would
 * take from the metric (Michel et al. 2019, https://arxiv.org/abs/1905.10650, who take the absolute value).
 */
export interface Importance {
  /** The text that was read, T tokens. */
  readonly sequence: Sequence;
  /** The position of the token whose prediction is measured; T is the next one. What stands from there on is not read. */
  readonly position: number;
  /** What is judged. */
  readonly at: ImportanceSite;
  /** The K layers, by their 0-based indices in rising order. */
  readonly layers: readonly number[];
  /** What the columns are: all heads or neurons of a layer, or the positions of what was read, or of the source. */
  readonly columns: "heads" | "neurons" | "positions";
  /** What is measured of the prediction. */
  readonly metric: Metric;
  /** The metric. */
  readonly value: number;
  /** `[K, N]`, signed: what is above 0 speaks for the target. */
  readonly scores: FloatTensor;
}

/**
 * How much what one head writes matters to a prediction by way of what a head of a later layer reads, to first order: the
 * edges of attribution patching (Syed et al. 2023, https://arxiv.org/abs/2310.10348). What a head writes is its sum
 * projected by its part of the output matrix; a later head reads by its queries, its keys or its values. An edge is the
 * sum over all positions of (clean - corrupted) of what is written times the gradient of the metric, in the corrupted run,
 * with respect to the residual stream before that head's norm, by way of these queries (or keys, or values) alone.
 */
export interface HeadEdges {
  /** The text whose activations are put in, T tokens. */
  readonly clean: Sequence;
  /** The text that is run, T tokens. */
  readonly corrupted: Sequence;
  /** The position of the token whose prediction is measured; T is the next one. What stands from there on is not read. */
  readonly position: number;
  /** What is measured of the prediction. */
  readonly metric: Metric;
  /** The metric of the clean text as it is. */
  readonly cleanValue: number;
  /** The metric of the corrupted text as it is. */
  readonly corruptedValue: number;
  /**
   * `[L, H, L, H]`, by how much the metric of the corrupted text rises: from the head of the first two indices to the
   * queries of the head of the last two. 0 where the one that reads is in no later layer.
   */
  readonly query: FloatTensor;
  /** `[L, H, L, K]`, likewise to the keys, of K heads; where heads of queries share keys, their edges are added up. */
  readonly key: FloatTensor;
  /** `[L, H, L, K]`, likewise to the values. */
  readonly value: FloatTensor;
}
