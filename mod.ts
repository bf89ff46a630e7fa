/**
 * See inside GPT-2 and the models around it: load one, decode it step by step, and see why it writes what it writes.
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
export { LanguageModel } from "./src/language_model.ts";
export { type CorpusReport, explainCorpus } from "./src/corpus/explain_corpus.ts";
export type { ExplainCorpusOptions } from "./src/corpus/settings.ts";
export { Corpus, type CorpusRowsOptions, type CorpusSummaryOptions, openCorpus } from "./src/corpus/open/open.ts";
export type { CorpusNeuronOptions } from "./src/corpus/open/neuron.ts";
export type {
  BlamedToken,
  CorpusCounts,
  CorpusHeads,
  CorpusNeuron,
  CorpusSettling,
  CorpusSummary,
  CorpusSurprise,
  CountedRange,
  DocumentSurprise,
  Excerpt,
  NeuronExample,
} from "./src/analysis/corpus_results.ts";
export type { CorpusRow, Where } from "./src/corpus/open/rows.ts";
export { folderStore } from "./src/corpus/store/folder.ts";
export { s3Store, type S3StoreOptions } from "./src/corpus/store/s3.ts";
export type {
  AskName,
  BadRecord,
  ColumnType,
  CorpusDocument,
  CorpusSettings,
  CorpusSource,
  CorpusStore,
  Manifest,
  ShardDone,
  SourceRecord,
  Sums,
  TableSchema,
  Total,
  WrittenFile,
} from "./src/corpus/types.ts";
export type { GivenDocument } from "./src/corpus/sources/array_source.ts";
export type { SourceFormat, SourceOptions } from "./src/corpus/sources/open.ts";
export { DATES, MUSIC } from "./src/hub/model_files.ts";
export { musicNotes, musicText } from "./src/music/events.ts";
export { readMidi, writeMidi } from "./src/music/midi.ts";
export type { MidiOptions } from "./src/music/midi.ts";
export type { Note } from "./src/music/note.ts";
export type { MidiLeftOut } from "./src/music/played.ts";
export { writeWav } from "./src/music/sound.ts";
export type { CostEstimator } from "./src/ask/cost_estimator.ts";
export type { Cost, MemoryOptions } from "./src/model/cost.ts";
export type { EarlyStopping } from "./src/ask/write/beams/search.ts";
export type { BeamOptions } from "./src/ask/write/beams/settings.ts";
export type { BeamSearch, BeamSearchOptions, FoundText } from "./src/ask/write/beams/types.ts";
export type { DecodeOptions } from "./src/ask/write/options.ts";
export type { EdgesOptions } from "./src/ask/patching/edges.ts";
export type { PatchOptions } from "./src/ask/patching/plan.ts";
export type { ImportanceOptions, ImportancesOptions } from "./src/ask/patching/importance.ts";
export type {
  BlockPart,
  HeadEdges,
  Importance,
  ImportanceSite,
  Metric,
  MetricName,
  Patching,
  PatchSite,
} from "./src/ask/patching/types.ts";
export type { StatedChange, StatedNumbers } from "./src/model/identity.ts";
export type { Change, Numbers } from "./src/model/change.ts";
export type { Faithfulness, FaithfulnessOptions } from "./src/ask/faithfulness/types.ts";
export type { ClassSaliency, ClassSaliencyOptions } from "./src/ask/encode/class_saliency.ts";
export type { Classifier } from "./src/ask/encode/classifier.ts";
export type { WholeTextDefinition, WholeTextOptions } from "./src/ask/encode/definition.ts";
export type { Embeddings, EncodeOptions } from "./src/ask/encode/encode.ts";
export type { FilledMask, FilledMasks, FillMaskOptions } from "./src/ask/encode/fill_mask.ts";
export type { MaskedSaliency, MaskedSaliencyOptions } from "./src/ask/encode/masked_saliency.ts";
export type { Pooling, PoolingOptions } from "./src/ask/encode/pooling.ts";
export type {
  Candidates,
  CandidatesOptions,
  ReadCandidates,
  ReadTokens,
  TextReading,
} from "./src/ask/reading/types.ts";
export type { SequenceOptions, WholeText } from "./src/model/reader.ts";
export type { LoadOptions } from "./src/model/load/options.ts";
export type { SamplingOptions } from "./src/ask/write/sampling.ts";
export type { Penalties, PenaltyOptions, WarperOptions, Words } from "./src/model/score_settings.ts";
export type { Lens, LensOptions } from "./src/ask/lens/lens.ts";
export type { LensNorm } from "./src/ask/lens/reading.ts";
export type { Rankings, RankingsOptions, RankingsWatchOptions } from "./src/ask/lens/rankings.ts";
export type { LayerPrediction, LayerPredictions, LayerPredictionsOptions } from "./src/ask/lens/layer_predictions.ts";
export type {
  GroupedMap,
  Grouping,
  Saliency,
  SaliencyDefinition,
  SaliencyMethod,
  SaliencyOptions,
  SaliencyPreset,
  TokenGroup,
} from "./src/ask/saliency/definition.ts";
export type {
  HeadCircuit,
  LogitChange,
  NeuronWrites,
  VocabularyChange,
} from "./src/ask/logit_attribution/circuit_types.ts";
export type {
  HeadCircuitOptions,
  HeadPlace,
  NeuronPlace,
  NeuronWritesOptions,
} from "./src/ask/logit_attribution/circuits.ts";
export type { LogitAttributionOptions } from "./src/ask/logit_attribution/logit_attribution.ts";
export type { AddedPart, LogitAttribution } from "./src/ask/logit_attribution/types.ts";
export type { Surprise, SurpriseOptions } from "./src/ask/surprise.ts";
export type { Capture } from "./src/ask/trace/recorders.ts";
export type { Trace, TraceOptions } from "./src/ask/trace/trace.ts";
export type { Decoding } from "./src/model/sequence.ts";
export type { ProcessedScores } from "./src/ask/write/step.ts";
export type { Prediction } from "./src/ask/prediction.ts";
export type { Progress } from "./src/base/progress.ts";
export type { FloatTensor } from "./src/base/tensor.ts";
export type { Sequence, Word } from "./src/model/sequence.ts";
export type { Step } from "./src/ask/write/step.ts";
export type { Tensor } from "./src/base/tensor.ts";
export type { IdentityOptions, ModelFile, ModelIdentity } from "./src/model/identity.ts";
export type { Branch, DecodingTree, ForkOptions, GrowingTree, SpreadOptions } from "./src/ask/write/tree_types.ts";
export type { ActivationFunction } from "./src/models/activation.ts";
export type { ModelConfig } from "./src/models/config.ts";
export type { ChatMessage, ChatOptions } from "./src/tokenizer/chat_template.ts";
export type { FramedText } from "./src/tokenizer/post_processor.ts";
export type { BartConfig } from "./src/models/bart.ts";
export type { BertConfig } from "./src/models/bert.ts";
export type { AnyConfig } from "./src/models/families.ts";
export type { GPT2Config } from "./src/models/gpt2.ts";
export type { LlamaConfig } from "./src/models/llama.ts";
export type { GPTNeoXConfig } from "./src/models/neox.ts";
export type { OPTConfig } from "./src/models/opt.ts";
export type { RopeScaling, RopeSettings } from "./src/models/rotary.ts";
export { type ModelSummary, modelSummary, type WeightSummary } from "./src/models/summary.ts";
export type { ModelPart } from "./src/models/weight_list.ts";
export type { Backend } from "./src/runtime/backend.ts";
export type { AddedToken } from "./src/tokenizer/added_tokens.ts";
export type { Token } from "./src/tokenizer/token.ts";
export type { Spelling, TokenStream } from "./src/tokenizer/token_stream.ts";
export { type TokenizedText, Tokenizer } from "./src/tokenizer/tokenizer.ts";
export { type Difference, diffResults, type ResultsDiff, type Tolerance } from "./src/analysis/results/diff.ts";
export { loadResults, saveResults } from "./src/analysis/results/files.ts";
export type { Identifiable, ResultsOf, SavedResults, SaveOptions } from "./src/analysis/results/format.ts";
export type { LoadResultsOptions } from "./src/analysis/results/integrity.ts";
export type { ExpectedKinds, NamedResults } from "./src/analysis/results/kinds.ts";
export type { AttentionRollout, HeadScores } from "./src/analysis/attention.ts";
export type { NeuronClusters } from "./src/analysis/clusters/clusters.ts";
export type { ActiveToken, ErrorCurve, Factors, WeightedNeuron } from "./src/analysis/factors/types.ts";
export type { LayerSimilarity } from "./src/analysis/similarity.ts";
export type { ResultKind, ResultKinds } from "./src/analysis/results/kinds.ts";
export { type Help, help, type HelpView } from "./guide/help.ts";
export { checkSetup, type Setup, type SetupCheck } from "./guide/setup.ts";
export { activationsView, type ActivationsViewOptions } from "./widgets/activations/view.ts";
export type { AttentionModel } from "./widgets/attention/data.ts";
export { attentionView, type AttentionViewOptions } from "./widgets/attention/view.ts";
export { attentionStepsView, type AttentionStepsViewOptions } from "./widgets/attention_steps/view.ts";
export { compareView, type CompareViewOptions } from "./widgets/compare_view.ts";
export { corpusView, type CorpusViewOptions } from "./widgets/corpus/corpus_view.ts";
export { neuronView, type NeuronViewOptions } from "./widgets/corpus/neuron_view.ts";
export { crossAttentionView, type CrossAttentionViewOptions } from "./widgets/cross_attention/view.ts";
export { explorerView, type ExplorerViewOptions } from "./widgets/explorer/view.ts";
export { factorsView, type FactorsViewOptions } from "./widgets/factors/view.ts";
export type { LensModel } from "./widgets/layer_predictions/live.ts";
export type { WholeLensModel } from "./widgets/lens/live.ts";
export { type LensColour, lensView, type LensViewOptions } from "./widgets/lens/view.ts";
export { layerPredictionsView, type LayerPredictionsViewOptions } from "./widgets/layer_predictions/view.ts";
export type { EdgeInput } from "./widgets/patching/edges_data.ts";
export { edgesView, type EdgesViewOptions } from "./widgets/patching/edges_view.ts";
export { type HeadEffects, headEffectsView, type HeadEffectsViewOptions } from "./widgets/patching/heads_view.ts";
export type { PatchingShown } from "./widgets/patching/data.ts";
export type { PlacedNote } from "./src/music/events.ts";
export type { NoteLook, NoteShare, PianoRoll, RollNote } from "./widgets/piano_roll/data.ts";
export { pianoRollView, type PianoRollViewOptions } from "./widgets/piano_roll/view.ts";
export { patchingView, type PatchingViewOptions } from "./widgets/patching/view.ts";
export type { InformationUnit } from "./widgets/kit/quantities.ts";
export { rankingsView, type RankingsViewOptions } from "./widgets/rankings/view.ts";
export { rankingsWatchView, type RankingsWatchViewOptions } from "./widgets/rankings/watch_view.ts";
export { layerSimilarityView, type LayerSimilarityViewOptions } from "./widgets/layer_similarity/view.ts";
export { headCircuitView, type HeadCircuitViewOptions } from "./widgets/logit_attribution/circuit_view.ts";
export { logitAttributionView, type LogitAttributionViewOptions } from "./widgets/logit_attribution/view.ts";
export { neuronWritesView, type NeuronWritesViewOptions } from "./widgets/logit_attribution/writes_view.ts";
export type { DrawnModel } from "./widgets/model/data.ts";
export { GPT2_SIZES } from "./widgets/model/gpt2_sizes.ts";
export { modelView, type ModelViewOptions } from "./widgets/model/view.ts";
export { type ModelSize, sizesView, type SizesViewOptions } from "./widgets/model/sizes_view.ts";
export { type NeuronsGiven, neuronsView, type NeuronsViewOptions } from "./widgets/neurons/view.ts";
export { nextWordView, type NextWordViewOptions } from "./widgets/next_word/view.ts";
export { rolloutView, type RolloutViewOptions } from "./widgets/attention/rollout_view.ts";
export type { SaliencyModel } from "./widgets/saliency/live.ts";
export { saliencyView, type SaliencyViewOptions } from "./widgets/saliency/view.ts";
export type { DecodedStep, DecodedSteps } from "./widgets/steps/record.ts";
export { show } from "./widgets/kit/show.ts";
export { stepsView, type StepsViewOptions } from "./widgets/steps/view.ts";
export type { Evidence } from "./widgets/evidence/rows.ts";
export { evidenceView, type EvidenceViewOptions } from "./widgets/evidence/view.ts";
export { cacheView, type CacheViewOptions } from "./widgets/cache/view.ts";
export { streamView, type StreamViewOptions } from "./widgets/stream/view.ts";
export { surpriseView, type SurpriseViewOptions } from "./widgets/surprise/view.ts";
export type { TreeModel } from "./widgets/tree/live.ts";
export { treeView, type TreeViewOptions } from "./widgets/tree/view.ts";
export { tokensView, type TokensViewOptions } from "./widgets/tokens/view.ts";
export { type Vectors, type VectorsShown, vectorsView, type VectorsViewOptions } from "./widgets/vectors/view.ts";
export type { MimeBundle, View } from "./widgets/kit/view.ts";
