import type { ClassSaliency } from "../../ask/encode/class_saliency.ts";
import type { Classifier } from "../../ask/encode/classifier.ts";
import type { Embeddings } from "../../ask/encode/encode.ts";
import type { FilledMasks } from "../../ask/encode/fill_mask.ts";
import type { MaskedSaliency } from "../../ask/encode/masked_saliency.ts";
import type { Faithfulness } from "../../ask/faithfulness/types.ts";
import type { LayerPredictions } from "../../ask/lens/layer_predictions.ts";
import type { Lens } from "../../ask/lens/lens.ts";
import type { Rankings } from "../../ask/lens/rankings.ts";
import type { HeadCircuit, NeuronWrites } from "../../ask/logit_attribution/circuit_types.ts";
import type { LogitAttribution } from "../../ask/logit_attribution/types.ts";
import type { HeadEdges, Importance, Patching } from "../../ask/patching/types.ts";
import type { Saliency } from "../../ask/saliency/definition.ts";
import type { Surprise } from "../../ask/surprise.ts";
import type { Trace } from "../../ask/trace/trace.ts";
import type { Step } from "../../ask/write/step.ts";
import type { DecodingTree } from "../../ask/write/tree_types.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { Sequence } from "../../model/sequence.ts";
import type { AttentionRollout, HeadScores } from "../attention.ts";
import type { Classification } from "../classifier/classify.ts";
import type { NeuronClusters } from "../clusters/clusters.ts";
import type { ErrorCurve, Factors } from "../factors/types.ts";
import type { GroupedSaliency } from "../groups.ts";
import type { LayerSimilarity } from "../similarity.ts";
import type { CorpusNeuron, CorpusSummary } from "../corpus_results.ts";
import { type Check, newScope, type Scope, tensor } from "./checks.ts";
import { corpusNeuron, corpusSummary } from "./corpus_records.ts";
import * as encoders from "./encoder_records.ts";
import { headEdges, importance, patching } from "./patching_records.ts";
import { isRecord, isTensor } from "./plain.ts";
import * as parts from "./part_records.ts";
import * as records from "./records.ts";
import { sequence, steps } from "./text_records.ts";

/** What each kind of result is. */
export interface ResultKinds {
  /** A text. */
  readonly sequence: Sequence;
  /** One decoded token after another. */
  readonly steps: readonly Step[];
  /** All branches that grew from one prompt. */
  readonly decodingTree: DecodingTree;
  /** The inside of the model. */
  readonly trace: Trace;
  /** Which earlier tokens made each explained token. */
  readonly saliency: Saliency;
  /** The same by groups of tokens. */
  readonly groupedSaliency: GroupedSaliency;
  /** Whether such a map is right. */
  readonly faithfulness: Faithfulness;
  /** What each layer would predict. */
  readonly layerPredictions: LayerPredictions;
  /** What each layer would predict at each position. */
  readonly lens: Lens;
  /** How tokens rank in that. */
  readonly rankings: Rankings;
  /** What each part of the model gave to a logit. */
  readonly logitAttribution: LogitAttribution;
  /** What a head does with two tokens by its weights. */
  readonly headCircuit: HeadCircuit;
  /** What a neuron writes to the vocabulary by its weights. */
  readonly neuronWrites: NeuronWrites;
  /** How much each token surprised the model. */
  readonly surprise: Surprise;
  /** Texts as vectors. */
  readonly embeddings: Embeddings;
  /** A linear classifier of such vectors. */
  readonly classifier: Classifier;
  /** What it says of texts. */
  readonly classification: Classification;
  /** Which tokens made each class. */
  readonly classSaliency: ClassSaliency;
  /** What may stand in the place of masks. */
  readonly filledMasks: FilledMasks;
  /** Which tokens made each masked token likely. */
  readonly maskedSaliency: MaskedSaliency;
  /** What replacing parts of one run by those of another does. */
  readonly patching: Patching;
  /** How much each part matters to a prediction. */
  readonly importance: Importance;
  /** Which head works through which. */
  readonly headEdges: HeadEdges;
  /** What attention heads look at. */
  readonly headScores: HeadScores;
  /** How much of each token reaches each other one. */
  readonly attentionRollout: AttentionRollout;
  /** Neuron activations as a product of factors. */
  readonly factors: Factors;
  /** How the error falls with the number of factors. */
  readonly errorCurve: ErrorCurve;
  /** Neurons grouped by when they are active. */
  readonly neuronClusters: NeuronClusters;
  /** How alike layers are. */
  readonly layerSimilarity: LayerSimilarity;
  /** What a corpus says about a neuron. */
  readonly corpusNeuron: CorpusNeuron;
  /** The averages of a corpus. */
  readonly corpusSummary: CorpusSummary;
  /** An array with a shape. */
  readonly tensor: Tensor;
  /** Any other plain data. */
  readonly data: unknown;
}

/** The name of a kind of result. */
export type ResultKind = keyof ResultKinds;

/** Results by the names that the caller gives them. */
export type NamedResults = Readonly<Record<string, unknown>>;

/** The kinds that results are expected to be, by name. */
export type ExpectedKinds = Readonly<Record<string, ResultKind>>;

/** How a kind is told from the others, and what it must look like. */
interface Kind<Result> {
  readonly check: Check<Result>;
  /** Fields that no other kind has together. */
  readonly marks: readonly string[];
  /** Fields of which one must be a tensor. */
  readonly tensors?: readonly string[];
}

const KINDS: { readonly [Name in Exclude<ResultKind, "steps" | "tensor" | "data">]: Kind<ResultKinds[Name]> } = {
  sequence: { check: sequence, marks: ["tokenIds", "tokens", "promptLength"] },
  decodingTree: { check: records.decodingTree, marks: ["prompt", "branches"] },
  embeddings: { check: encoders.embeddings, marks: ["sequences", "vectors", "pooling"] },
  classifier: { check: encoders.classifier, marks: ["classes", "weights", "bias"] },
  classification: { check: encoders.classification, marks: ["classes", "probabilities", "predicted"] },
  classSaliency: { check: encoders.classSaliency, marks: ["classes", "probabilities", "scores"] },
  filledMasks: { check: encoders.filledMasks, marks: ["sequence", "masks"] },
  maskedSaliency: { check: encoders.maskedSaliency, marks: ["positions", "targets", "scores"] },
  saliency: { check: records.saliency, marks: ["positions", "scores", "options"] },
  groupedSaliency: { check: records.groupedSaliency, marks: ["positions", "scores", "groups"] },
  faithfulness: { check: records.faithfulness, marks: ["saliency", "deletion", "insertion"] },
  layerPredictions: { check: records.layerPredictions, marks: ["position", "norm", "layers"] },
  lens: { check: records.lens, marks: ["positions", "best", "bestProbabilities"] },
  rankings: { check: records.rankings, marks: ["positions", "norm", "ranks"] },
  logitAttribution: { check: parts.logitAttribution, marks: ["target", "heads", "attentionBiases", "mlps"] },
  headCircuit: { check: parts.headCircuit, marks: ["layer", "head", "raised", "lowered"] },
  neuronWrites: { check: parts.neuronWrites, marks: ["layer", "neuron", "raised", "lowered"] },
  surprise: { check: records.surprise, marks: ["logProbs", "entropies", "perplexity"] },
  headEdges: { check: headEdges, marks: ["clean", "corrupted", "metric", "query", "key"] },
  patching: { check: patching, marks: ["clean", "corrupted", "metric"] },
  importance: { check: importance, marks: ["at", "metric", "scores"] },
  headScores: { check: records.headScores, marks: ["previousToken", "firstToken", "induction"] },
  attentionRollout: { check: records.attentionRollout, marks: ["sequence"], tensors: ["rollout"] },
  factors: { check: records.factors, marks: ["activity", "neurons", "relativeError"] },
  errorCurve: { check: records.errorCurve, marks: ["factors", "relativeErrors"] },
  neuronClusters: { check: records.neuronClusters, marks: ["clusterOf", "centroids", "silhouette"] },
  layerSimilarity: { check: records.layerSimilarity, marks: ["sequence"], tensors: ["similarity"] },
  corpusNeuron: { check: corpusNeuron, marks: ["histogram", "deviation", "examples"] },
  corpusSummary: { check: corpusSummary, marks: ["source", "windows", "problems"] },
  trace: {
    check: records.trace,
    marks: ["sequence"],
    tensors: [
      ...["hiddenStates", "attention", "activations", "logits", "crossAttention", "sourceAttention"],
      ...["queries", "keys", "values", "headSums", "attentionOutputs", "mlpOutputs"],
    ],
  },
};

/** Whether a text is the name of a kind. */
export function isResultKind(name: unknown): name is ResultKind {
  return typeof name === "string" && (Object.hasOwn(KINDS, name) || ["steps", "tensor", "data"].includes(name));
}

/** Which kind something is by the fields that it has; whether they are right is not looked at. */
export function kindOf(value: unknown): ResultKind {
  if (isTensor(value)) return "tensor";
  if (Array.isArray(value)) return value.length > 0 && value.every(isStep) ? "steps" : "data";
  if (!isRecord(value)) return "data";
  const found = Object.entries(KINDS).find(([, { marks, tensors }]) => {
    const marked = marks.every((mark) => value[mark] !== undefined);
    return marked && (tensors?.some((field) => isTensor(value[field])) ?? true);
  });
  return found === undefined ? "data" : found[0] as ResultKind;
}

/**
 * What keeps something from being of a kind, if anything does. In a scope that drops fields, those that the kind does not
 * know are taken off.
 */
export function problemOf(
  kind: ResultKind,
  value: unknown,
  path: string,
  scope: Scope = newScope(),
): string | undefined {
  if (kind === "data") return undefined;
  const check = kind === "steps" ? steps : kind === "tensor" ? tensor : KINDS[kind].check;
  return check(value, path, { ...scope, sizes: new Map() });
}

function isStep(value: unknown): boolean {
  return isRecord(value) && value.logProb !== undefined && value.candidates !== undefined;
}
