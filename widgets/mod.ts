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
export { activationsView, type ActivationsViewOptions } from "./activations/view.ts";
export type { AttentionModel } from "./attention/data.ts";
export { attentionView, type AttentionViewOptions } from "./attention/view.ts";
export { attentionStepsView, type AttentionStepsViewOptions } from "./attention_steps/view.ts";
export { compareView, type CompareViewOptions } from "./compare_view.ts";
export { corpusView, type CorpusViewOptions } from "./corpus/corpus_view.ts";
export { neuronView, type NeuronViewOptions } from "./corpus/neuron_view.ts";
export { crossAttentionView, type CrossAttentionViewOptions } from "./cross_attention/view.ts";
export { factorsView, type FactorsViewOptions } from "./factors/view.ts";
export type { LensModel } from "./layer_predictions/live.ts";
export type { WholeLensModel } from "./lens/live.ts";
export { type LensColour, lensView, type LensViewOptions } from "./lens/view.ts";
export { layerPredictionsView, type LayerPredictionsViewOptions } from "./layer_predictions/view.ts";
export { layerSimilarityView, type LayerSimilarityViewOptions } from "./layer_similarity/view.ts";
export { headCircuitView, type HeadCircuitViewOptions } from "./logit_attribution/circuit_view.ts";
export { logitAttributionView, type LogitAttributionViewOptions } from "./logit_attribution/view.ts";
export { neuronWritesView, type NeuronWritesViewOptions } from "./logit_attribution/writes_view.ts";
export type { DrawnModel } from "./model/data.ts";
export { GPT2_SIZES } from "./model/gpt2_sizes.ts";
export { modelView, type ModelViewOptions } from "./model/view.ts";
export { type ModelSize, sizesView, type SizesViewOptions } from "./model/sizes_view.ts";
export type { EdgeInput } from "./patching/edges_data.ts";
export { edgesView, type EdgesViewOptions } from "./patching/edges_view.ts";
export { type NeuronsGiven, neuronsView, type NeuronsViewOptions } from "./neurons/view.ts";
export { nextWordView, type NextWordViewOptions } from "./next_word/view.ts";
export { type HeadEffects, headEffectsView, type HeadEffectsViewOptions } from "./patching/heads_view.ts";
export type { NoteLook, NoteShare, PianoRoll, RollNote } from "./piano_roll/data.ts";
export { pianoRollView, type PianoRollViewOptions } from "./piano_roll/view.ts";
export type { PatchingShown } from "./patching/data.ts";
export { patchingView, type PatchingViewOptions } from "./patching/view.ts";
export type { InformationUnit } from "./kit/quantities.ts";
export { rankingsView, type RankingsViewOptions } from "./rankings/view.ts";
export { rankingsWatchView, type RankingsWatchViewOptions } from "./rankings/watch_view.ts";
export { rolloutView, type RolloutViewOptions } from "./attention/rollout_view.ts";
export type { SaliencyModel } from "./saliency/live.ts";
export { saliencyView, type SaliencyViewOptions } from "./saliency/view.ts";
export type { DecodedStep, DecodedSteps } from "./steps/record.ts";
export { show } from "./kit/show.ts";
export { stepsView, type StepsViewOptions } from "./steps/view.ts";
export { evidenceView, type EvidenceViewOptions } from "./evidence/view.ts";
export { cacheView, type CacheViewOptions } from "./cache/view.ts";
export { streamView, type StreamViewOptions } from "./stream/view.ts";
export { surpriseView, type SurpriseViewOptions } from "./surprise/view.ts";
export type { TreeModel } from "./tree/live.ts";
export { treeView, type TreeViewOptions } from "./tree/view.ts";
export { tokensView, type TokensViewOptions } from "./tokens/view.ts";
export { type Vectors, type VectorsShown, vectorsView, type VectorsViewOptions } from "./vectors/view.ts";
export { JUPYTER_DISPLAY, type MimeBundle, type View } from "./kit/view.ts";
export type { AttentionRollout, HeadScores } from "../src/analysis/attention.ts";
export type { NeuronClusters } from "../src/analysis/clusters/clusters.ts";
export type { ActiveToken, ErrorCurve, Factors, WeightedNeuron } from "../src/analysis/factors/types.ts";
export type { LayerSimilarity } from "../src/analysis/similarity.ts";
export type {
  BlamedToken,
  CorpusHeads,
  CorpusNeuron,
  CorpusSettling,
  CorpusSummary,
  CorpusSurprise,
  CountedRange,
  DocumentSurprise,
  Excerpt,
  NeuronExample,
} from "../src/analysis/corpus_results.ts";
export type { Note } from "../src/music/note.ts";
export type { PlacedNote } from "../src/music/events.ts";
export type { ModelConfig } from "../src/models/config.ts";
export type { ModelSummary, WeightSummary } from "../src/models/summary.ts";
export type { ModelPart } from "../src/models/weight_list.ts";
export type { Saliency, SaliencyDefinition, SaliencyPreset } from "../src/ask/saliency/definition.ts";
export type { Lens } from "../src/ask/lens/lens.ts";
export type { LensNorm } from "../src/ask/lens/reading.ts";
export type { Candidates } from "../src/ask/reading/types.ts";
export type { Rankings } from "../src/ask/lens/rankings.ts";
export type { LayerPrediction, LayerPredictions } from "../src/ask/lens/layer_predictions.ts";
export type { LogitAttribution } from "../src/ask/logit_attribution/types.ts";
export type { BlockPart, Metric, MetricName, Patching, PatchSite } from "../src/ask/patching/types.ts";
export type { Surprise } from "../src/ask/surprise.ts";
export type { Trace } from "../src/ask/trace/trace.ts";
export type { Branch, DecodingTree } from "../src/ask/write/tree_types.ts";
export type { Sequence, Word } from "../src/model/sequence.ts";
export type { Step } from "../src/ask/write/step.ts";
export type { Prediction } from "../src/ask/prediction.ts";
export type { FloatTensor, Tensor } from "../src/base/tensor.ts";
export type { Token } from "../src/tokenizer/token.ts";
