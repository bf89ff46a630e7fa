/**
 * Views of what a model did: plain data in, a picture out that reads in a notebook, in a page and in a terminal.
 *
 * @module
 *
 * @example
 * ```ts
 * import { tokensView } from "@looking-glass/looking-glass/widgets";
 *
 * const bytes = new TextEncoder().encode("Hi");
 * const token = { id: 17250, piece: "Hi", bytes, start: 0, end: 2, text: "Hi" };
 * const view = tokensView({ tokenIds: [17250], tokens: [token], promptLength: 1, text: "Hi" });
 * console.log(view.text);
 * ```
 */
export { activationsView, type ActivationsViewOptions } from "./activations_view.ts";
export { attentionView, type AttentionViewOptions } from "./attention_view.ts";
export { factorsView, type FactorsViewOptions } from "./factors_view.ts";
export { layerPredictionsView, type LayerPredictionsViewOptions } from "./layer_predictions_view.ts";
export { layerSimilarityView, type LayerSimilarityViewOptions } from "./layer_similarity_view.ts";
export { type DrawnModel, modelView, type ModelViewOptions } from "./model_view.ts";
export type { InformationUnit } from "./quantities.ts";
export { rankingsView, type RankingsViewOptions } from "./rankings_view.ts";
export { rankingsWatchView, type RankingsWatchViewOptions } from "./rankings_watch_view.ts";
export { rolloutView, type RolloutViewOptions } from "./rollout_view.ts";
export { saliencyView, type SaliencyViewOptions } from "./saliency_view.ts";
export type { DecodedStep, DecodedSteps } from "./steps_record.ts";
export { show } from "./show.ts";
export { stepsView, type StepsViewOptions } from "./steps_view.ts";
export { surpriseView, type SurpriseViewOptions } from "./surprise_view.ts";
export { treeView, type TreeViewOptions } from "./tree_view.ts";
export { tokensView, type TokensViewOptions } from "./tokens_view.ts";
export { JUPYTER_DISPLAY, type MimeBundle, type View } from "./view.ts";
export type { AttentionRollout, HeadScores } from "../src/analysis/attention.ts";
export type { NeuronClusters } from "../src/analysis/clusters.ts";
export type { ActiveToken, ErrorCurve, Factors, WeightedNeuron } from "../src/analysis/factors.ts";
export type { LayerSimilarity } from "../src/analysis/similarity.ts";
export type { ActivationFunction, GPT2Config } from "../src/gpt2/config.ts";
export type { ModelPart, ModelSummary, WeightSummary } from "../src/gpt2/summary.ts";
export type { Saliency, SaliencyDefinition, SaliencyPreset } from "../src/lm/saliency_types.ts";
export type { LayerPrediction, LayerPredictions, LensNorm, Rankings } from "../src/lm/lens_types.ts";
export type { Surprise } from "../src/lm/surprise_types.ts";
export type { Trace } from "../src/lm/trace_types.ts";
export type { Branch, DecodingTree } from "../src/lm/tree_types.ts";
export type { FloatTensor, Prediction, Sequence, Step, Tensor, Word } from "../src/lm/types.ts";
export type { Token } from "../src/tokenizer/token.ts";
