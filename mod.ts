/**
 * See inside GPT-2: load it, decode it step by step, and see why it writes what it writes.
 *
 * @example In a notebook cell, under the Deno kernel
 * ```ts
 * import { LanguageModel, saliencyView } from "@looking-glass/looking-glass";
 *
 * const model = await LanguageModel.fromPretrained();
 * const sequence = await model.generate("The keys to the cabinet");
 * const view = saliencyView(await model.saliency(sequence)); // shown when it is the last line of a cell
 * await model.dispose();
 * ```
 *
 * @module
 */
export { LanguageModel } from "./src/lm/language_model.ts";
export type { CostEstimator } from "./src/lm/cost.ts";
export type { Cost, MemoryOptions } from "./src/lm/cost_types.ts";
export type { EarlyStopping } from "./src/lm/beam_search.ts";
export type { BeamOptions } from "./src/lm/beam_settings.ts";
export type { BeamSearch, BeamSearchOptions, FoundText } from "./src/lm/beam_types.ts";
export type { DecodeOptions } from "./src/lm/decode.ts";
export type { Faithfulness, FaithfulnessOptions } from "./src/lm/faithfulness_types.ts";
export type { LoadOptions } from "./src/lm/load.ts";
export type { SamplingOptions } from "./src/lm/sampling.ts";
export type { Penalties, PenaltyOptions, WarperOptions, Words } from "./src/lm/scores/settings.ts";
export type {
  LayerPrediction,
  LayerPredictions,
  LayerPredictionsOptions,
  LensNorm,
  Rankings,
  RankingsOptions,
  RankingsWatchOptions,
} from "./src/lm/lens_types.ts";
export type {
  GroupedMap,
  Grouping,
  Saliency,
  SaliencyDefinition,
  SaliencyMethod,
  SaliencyOptions,
  SaliencyPreset,
  TokenGroup,
} from "./src/lm/saliency_types.ts";
export type { Surprise, SurpriseOptions } from "./src/lm/surprise_types.ts";
export type { Capture, Trace, TraceOptions } from "./src/lm/trace_types.ts";
export type { Decoding, FloatTensor, Prediction, ProcessedScores, Progress } from "./src/lm/types.ts";
export type { Sequence, Step, Tensor, Word } from "./src/lm/types.ts";
export type { IdentityOptions, ModelFile, ModelIdentity } from "./src/lm/identity_types.ts";
export type { Branch, DecodingTree, ForkOptions, GrowingTree } from "./src/lm/tree_types.ts";
export type { ActivationFunction, GPT2Config } from "./src/gpt2/config.ts";
export { type ModelPart, type ModelSummary, modelSummary, type WeightSummary } from "./src/gpt2/summary.ts";
export type { Backend } from "./src/runtime/backend.ts";
export type { AddedToken } from "./src/tokenizer/added_tokens.ts";
export type { Token } from "./src/tokenizer/token.ts";
export type { Spelling, TokenStream } from "./src/tokenizer/token_stream.ts";
export { type TokenizedText, Tokenizer } from "./src/tokenizer/tokenizer.ts";
export { type Difference, diffResults, type ResultsDiff, type Tolerance } from "./src/analysis/results/diff.ts";
export { loadResults, saveResults } from "./src/analysis/results/files.ts";
export type {
  ExpectedKinds,
  Identifiable,
  NamedResults,
  ResultsOf,
  SavedResults,
  SaveOptions,
} from "./src/analysis/results/format.ts";
export type { AttentionRollout, HeadScores } from "./src/analysis/attention.ts";
export type { NeuronClusters } from "./src/analysis/clusters.ts";
export type { ActiveToken, ErrorCurve, Factors, WeightedNeuron } from "./src/analysis/factors.ts";
export type { LayerSimilarity } from "./src/analysis/similarity.ts";
export type { ResultKind, ResultKinds } from "./src/analysis/results/kinds.ts";
export { type Help, help, type HelpView } from "./guide/help.ts";
export { checkSetup, type Setup, type SetupCheck } from "./guide/setup.ts";
export { activationsView, type ActivationsViewOptions } from "./widgets/activations_view.ts";
export { attentionView, type AttentionViewOptions } from "./widgets/attention_view.ts";
export { factorsView, type FactorsViewOptions } from "./widgets/factors_view.ts";
export { layerPredictionsView, type LayerPredictionsViewOptions } from "./widgets/layer_predictions_view.ts";
export type { InformationUnit } from "./widgets/quantities.ts";
export { rankingsView, type RankingsViewOptions } from "./widgets/rankings_view.ts";
export { rankingsWatchView, type RankingsWatchViewOptions } from "./widgets/rankings_watch_view.ts";
export { layerSimilarityView, type LayerSimilarityViewOptions } from "./widgets/layer_similarity_view.ts";
export { type DrawnModel, modelView, type ModelViewOptions } from "./widgets/model_view.ts";
export { rolloutView, type RolloutViewOptions } from "./widgets/rollout_view.ts";
export { saliencyView, type SaliencyViewOptions } from "./widgets/saliency_view.ts";
export type { DecodedStep, DecodedSteps } from "./widgets/steps_record.ts";
export { show } from "./widgets/show.ts";
export { stepsView, type StepsViewOptions } from "./widgets/steps_view.ts";
export { surpriseView, type SurpriseViewOptions } from "./widgets/surprise_view.ts";
export { treeView, type TreeViewOptions } from "./widgets/tree_view.ts";
export { tokensView, type TokensViewOptions } from "./widgets/tokens_view.ts";
export type { MimeBundle, View } from "./widgets/view.ts";
