import type { Cost } from "../model/cost.ts";
import type { WholeText } from "../model/reader.ts";
import type { Sequence } from "../model/sequence.ts";
import { CLASS_SALIENCY, type ClassSaliencyOptions } from "./encode/class_saliency.ts";
import type { Classifier } from "./encode/classifier.ts";
import { ENCODE, type EncodeOptions } from "./encode/encode.ts";
import { FILL_MASK, type FillMaskOptions } from "./encode/fill_mask.ts";
import { MASKED_SALIENCY, type MaskedSaliencyOptions } from "./encode/masked_saliency.ts";
import { FAITHFULNESS } from "./faithfulness/faithfulness.ts";
import type { FaithfulnessOptions } from "./faithfulness/types.ts";
import { LAYER_PREDICTIONS, type LayerPredictionsOptions } from "./lens/layer_predictions.ts";
import { LENS, type LensOptions } from "./lens/lens.ts";
import { RANKINGS, RANKINGS_WATCH, type RankingsOptions, type RankingsWatchOptions } from "./lens/rankings.ts";
import {
  HEAD_CIRCUIT,
  type HeadCircuitOptions,
  type HeadPlace,
  NEURON_WRITES,
  type NeuronPlace,
  type NeuronWritesOptions,
} from "./logit_attribution/circuits.ts";
import { LOGIT_ATTRIBUTION, type LogitAttributionOptions } from "./logit_attribution/logit_attribution.ts";
import {
  IMPORTANCE,
  type ImportanceOptions,
  IMPORTANCES,
  type ImportancesOptions,
  isOfSeveral,
} from "./patching/importance.ts";
import { EDGES, type EdgesOptions } from "./patching/edges.ts";
import { PATCH } from "./patching/patching.ts";
import type { PatchOptions } from "./patching/plan.ts";
import { type AskedModel, estimate } from "./question.ts";
import { CANDIDATES } from "./reading/candidates.ts";
import type { CandidatesOptions } from "./reading/types.ts";
import type { Saliency, SaliencyOptions } from "./saliency/definition.ts";
import { SALIENCY } from "./saliency/saliency.ts";
import { SURPRISE, type SurpriseOptions } from "./surprise.ts";
import { TRACE, type TraceOptions } from "./trace/trace.ts";
import { BEAMS } from "./write/beams/beams.ts";
import type { BeamSearchOptions } from "./write/beams/types.ts";
import { GENERATE, GENERATE_BATCH } from "./write/generate.ts";
import type { DecodeOptions } from "./write/options.ts";

/**
 * Says what a call will take before it is made: each method takes what the method of {@linkcode LanguageModel} by the
 * same name takes, checks it alike, runs nothing and answers at once. When not even the smallest runs keep within
 * `maxMemory`, the answer is what those take, and the call itself would be refused.
 *
 * @example Is there room for all of the attention?
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = model.sequence("The keys to the cabinet are on the table");
 * const { runs, bytes } = model.cost.trace(sequence, { capture: ["attention"], layers: [0, 1] });
 * console.log(runs, bytes / 2 ** 20, "MiB");
 * ```
 */
export interface CostEstimator {
  /** What {@linkcode LanguageModel.generate} takes, and {@linkcode LanguageModel.steps} up to its end. */
  generate(
    prompt: string | readonly number[],
    options?: Pick<DecodeOptions, "maxNewTokens" | "maxLength" | "maxMemory" | "beams">,
  ): Cost;
  /** What {@linkcode LanguageModel.generateBatch} takes. */
  generateBatch(
    prompts: readonly (string | readonly number[])[],
    options?: Pick<DecodeOptions, "maxNewTokens" | "maxLength" | "maxMemory" | "beams">,
  ): Cost;
  /** What {@linkcode LanguageModel.beams} takes. */
  beams(
    prompt: string | readonly number[],
    options?: Pick<BeamSearchOptions, "maxNewTokens" | "maxLength" | "maxMemory" | "beams">,
  ): Cost;
  /** What {@linkcode LanguageModel.candidates} takes, and {@linkcode TextReading.candidates} at most. */
  candidates(sequence: Sequence, options?: CandidatesOptions): Cost;
  /** What {@linkcode LanguageModel.trace} takes. */
  trace(sequence: Sequence, options?: TraceOptions): Cost;
  /** What {@linkcode LanguageModel.saliency} takes. */
  saliency(sequence: Sequence, options?: SaliencyOptions): Cost;
  /** What {@linkcode LanguageModel.faithfulness} takes. */
  faithfulness(saliency: Saliency, options?: FaithfulnessOptions): Cost;
  /** What {@linkcode LanguageModel.importance} takes. */
  importance(sequence: Sequence, options?: ImportanceOptions | ImportancesOptions): Cost;
  /** What {@linkcode LanguageModel.patch} takes. */
  patch(clean: Sequence, corrupted: Sequence, options?: PatchOptions): Cost;
  /** What {@linkcode LanguageModel.edges} takes. */
  edges(clean: Sequence, corrupted: Sequence, options?: EdgesOptions): Cost;
  /** What {@linkcode LanguageModel.layerPredictions} takes. */
  layerPredictions(sequence: Sequence, options?: LayerPredictionsOptions): Cost;
  /** What {@linkcode LanguageModel.lens} takes. */
  lens(sequence: Sequence, options?: LensOptions): Cost;
  /** What {@linkcode LanguageModel.rankings} takes. */
  rankings(sequence: Sequence, options?: RankingsOptions): Cost;
  /** What {@linkcode LanguageModel.rankingsWatch} takes. */
  rankingsWatch(sequence: Sequence, options: RankingsWatchOptions): Cost;
  /** What {@linkcode LanguageModel.logitAttribution} takes. */
  logitAttribution(sequence: Sequence, options?: LogitAttributionOptions): Cost;
  /** What {@linkcode LanguageModel.headCircuit} takes. */
  headCircuit(head: HeadPlace, options: HeadCircuitOptions): Cost;
  /** What {@linkcode LanguageModel.neuronWrites} takes. */
  neuronWrites(neuron: NeuronPlace, options?: NeuronWritesOptions): Cost;
  /** What {@linkcode LanguageModel.surprise} takes. */
  surprise(sequence: Sequence, options?: SurpriseOptions): Cost;
  /** What {@linkcode LanguageModel.encode} takes. */
  encode(texts: readonly WholeText[], options?: EncodeOptions): Cost;
  /** What {@linkcode LanguageModel.fillMask} takes. */
  fillMask(text: WholeText, options?: FillMaskOptions): Cost;
  /** What {@linkcode LanguageModel.maskedSaliency} takes. */
  maskedSaliency(sequence: Sequence, options?: MaskedSaliencyOptions): Cost;
  /** What {@linkcode LanguageModel.classSaliency} takes. */
  classSaliency(sequence: Sequence, classifier: Classifier, options?: ClassSaliencyOptions): Cost;
}

/** The estimates for a model: of each question its plan. */
export function costsOf(model: AskedModel): CostEstimator {
  return {
    generate: (prompt, options) => estimate(model, GENERATE, prompt, options),
    generateBatch: (prompts, options) => estimate(model, GENERATE_BATCH, prompts, options),
    beams: (prompt, options) => estimate(model, BEAMS, prompt, options),
    candidates: (sequence, options) => estimate(model, CANDIDATES, sequence, options),
    trace: (sequence, options) => estimate(model, TRACE, sequence, options),
    saliency: (sequence, options) => estimate(model, SALIENCY, sequence, options),
    faithfulness: (saliency, options) => estimate(model, FAITHFULNESS, saliency, options),
    importance: (sequence, options) =>
      isOfSeveral(options)
        ? estimate(model, IMPORTANCES, sequence, options)
        : estimate(model, IMPORTANCE, sequence, options),
    patch: (clean, corrupted, options) => estimate(model, PATCH, { clean, corrupted }, options),
    edges: (clean, corrupted, options) => estimate(model, EDGES, { clean, corrupted }, options),
    layerPredictions: (sequence, options) => estimate(model, LAYER_PREDICTIONS, sequence, options),
    lens: (sequence, options) => estimate(model, LENS, sequence, options),
    rankings: (sequence, options) => estimate(model, RANKINGS, sequence, options),
    rankingsWatch: (sequence, options) => estimate(model, RANKINGS_WATCH, sequence, options),
    logitAttribution: (sequence, options) => estimate(model, LOGIT_ATTRIBUTION, sequence, options),
    headCircuit: (head, options) => estimate(model, HEAD_CIRCUIT, head, options),
    neuronWrites: (neuron, options) => estimate(model, NEURON_WRITES, neuron, options),
    surprise: (sequence, options) => estimate(model, SURPRISE, sequence, options),
    encode: (texts, options) => estimate(model, ENCODE, texts, options),
    fillMask: (text, options) => estimate(model, FILL_MASK, text, options),
    maskedSaliency: (sequence, options) => estimate(model, MASKED_SALIENCY, sequence, options),
    classSaliency: (sequence, classifier, options) =>
      estimate(model, CLASS_SALIENCY, { sequence, classifier }, options),
  };
}
