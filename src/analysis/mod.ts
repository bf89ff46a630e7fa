/**
 * Questions about results: plain data in, plain data out, no model needed.
 *
 * ```ts
 * import { topK } from "@looking-glass/looking-glass/analysis";
 *
 * topK(Float32Array.of(0.1, 0.7, 0.2), 2); // [1, 2]
 * ```
 *
 * @module
 */
export { argmax, logSumExp, normalizeL1, rankOf, topK } from "../base/numbers.ts";
export { type Agreement, agreement, type AgreementOptions, spearman } from "./agreement.ts";
export {
  attentionOf,
  type AttentionOfOptions,
  type AttentionRollout,
  attentionRollout,
  type AttentionRolloutOptions,
  type HeadScoreName,
  type HeadScores,
  headScores,
  type HeadScoresOptions,
} from "./attention.ts";
export { type Classification, classify, type ClassifyOptions } from "./classifier/classify.ts";
export { trainClassifier, type TrainClassifierOptions } from "./classifier/train.ts";
export type { Classifier } from "../ask/encode/classifier.ts";
export {
  type ClusteringOptions,
  type NeuronClusters,
  neuronClusters,
  type NeuronClustersOptions,
  type SilhouetteCurve,
  silhouetteCurve,
  type SilhouetteCurveOptions,
} from "./clusters/clusters.ts";
export { errorCurve, neuronFactors } from "./factors/factors.ts";
export type {
  ActiveToken,
  ErrorCurve,
  ErrorCurveOptions,
  FactorisationOptions,
  Factors,
  FactorsOptions,
  FactorsStart,
  WeightedNeuron,
} from "./factors/types.ts";
export {
  type GroupBy,
  type GroupedSaliency,
  groupSaliency,
  groupScores,
  groupTokens,
  type OfTokens,
} from "./groups.ts";
export type { GroupedMap, Grouping, TokenGroup } from "../ask/saliency/definition.ts";
export { repeatedRandomTokens, type RepeatedRandomTokensOptions } from "./random_tokens.ts";
export { mostSalient, type SalientToken, scoresOf } from "./salient.ts";
export {
  type LayerSimilarity,
  layerSimilarity,
  type LayerSimilarityOptions,
  linearCKA,
  type LinearCKAOptions,
} from "./similarity.ts";
export { type Difference, diffResults, type ResultsDiff, type Tolerance } from "./results/diff.ts";
export { loadResults, saveResults } from "./results/files.ts";
export {
  decodeResults,
  encodeResults,
  type Identifiable,
  type ResultsOf,
  type SavedResults,
  type SaveOptions,
} from "./results/format.ts";
export type { LoadResultsOptions } from "./results/integrity.ts";
export type { ExpectedKinds, NamedResults } from "./results/kinds.ts";
export type { ResultKind, ResultKinds } from "./results/kinds.ts";
