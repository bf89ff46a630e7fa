/**
 * What each record of this package must look like: all of its fields, each by its type, range and enumeration. What a
 * tensor holds is not looked at beyond its type and its shape.
 *
 * @module
 */
import type { Faithfulness } from "../../ask/faithfulness/types.ts";
import type { LayerPrediction, LayerPredictions } from "../../ask/lens/layer_predictions.ts";
import type { Lens } from "../../ask/lens/lens.ts";
import type { Rankings } from "../../ask/lens/rankings.ts";
import type { LensNorm } from "../../ask/lens/reading.ts";
import type {
  Grouping,
  Saliency,
  SaliencyDefinition,
  SaliencyMethod,
  SaliencyPreset,
  TokenGroup,
} from "../../ask/saliency/definition.ts";
import type { Surprise } from "../../ask/surprise.ts";
import type { Trace } from "../../ask/trace/trace.ts";
import type { Branch, DecodingTree } from "../../ask/write/tree_types.ts";
import type { ModelFile, ModelIdentity, StatedChange, StatedNumbers } from "../../model/identity.ts";
import { LARGEST } from "../../models/config.ts";
import type { Backend } from "../../runtime/backend.ts";
import type { AttentionRollout, HeadScoreName, HeadScores } from "../attention.ts";
import type { NeuronClusters } from "../clusters/clusters.ts";
import type { ActiveToken, ErrorCurve, Factors, WeightedNeuron } from "../factors/types.ts";
import type { GroupedSaliency } from "../groups.ts";
import type { LayerSimilarity } from "../similarity.ts";
import {
  and,
  type Check,
  choice,
  flag,
  floats,
  indexIn,
  integer,
  ints,
  list,
  number,
  numberFrom,
  own,
  record,
  rising,
  text,
  textLike,
  whole,
  wholeFrom,
} from "./checks.ts";
import { id, logProb, nats, predictions, ROUNDING, sequence, steps, token, word } from "./text_records.ts";

/** The most steps of integrated gradients. */
const MOST_STEPS = 10_000;

const layer = wholeFrom(0, LARGEST.nLayer - 1);
const layers = rising(list(layer));
const norm = choice<LensNorm>({ final: true, none: true });

/** The inside of the model. */
export const trace: Check<Trace> = and(
  and(
    record<Trace>({ sequence }, {
      layers: rising(list(layer, "K")),
      attention: floats("K", "H", "T", "T"),
      activations: floats("K", "T", "*"),
      hiddenStates: floats("D", "T", "*"),
      logits: floats("T", "*"),
      crossAttention: floats("K", "H", "T", "E"),
      sourceAttention: floats("*", "*", "E", "E"),
      queries: floats("K", "*", "T", "*"),
      keys: floats("K", "*", "T", "*"),
      values: floats("K", "*", "T", "*"),
      attentionScales: list(number, "K"),
      headSums: floats("K", "T", "*"),
      attentionOutputs: floats("K", "T", "*"),
      mlpOutputs: floats("K", "T", "*"),
    }),
    depths("hiddenStates"),
  ),
  (value, path) => {
    const { sequence, crossAttention, sourceAttention } = value as Trace;
    if (sequence.source || !(crossAttention ?? sourceAttention)) return undefined;
    return `${path} has attention to a source, and ${path}.sequence has none`;
  },
);

/** The states of a text are those of the embeddings and of each layer. */
function depths(field: string): Check {
  return (_, path, { sizes }) => {
    const [depths, blocks] = [sizes.get("D"), sizes.get("K")];
    if (depths === undefined || blocks === undefined || depths === blocks + 1) return undefined;
    return `${path}.${field} has ${depths} layers, not ${blocks + 1}`;
  };
}

const group = and(record<TokenGroup>({ start: indexIn("T"), end: indexIn("T", 1), text }), (value, path) => {
  const { start, end } = value as TokenGroup;
  return end > start ? undefined : `${path}.end is ${end} and its start is ${start}`;
});

const grouping = own(record<Grouping>({
  sequence,
  positions: list(indexIn("T")),
  groups: list(group),
}));

const definition = record<SaliencyDefinition>({
  preset: choice<SaliencyPreset>({ ecco: true, inseq: true, captum: true, lit: true }),
  method: choice<SaliencyMethod>({ gradientXInput: true, gradient: true, integratedGradients: true }),
  of: choice<SaliencyDefinition["of"]>({ probability: true, logProb: true, logit: true }),
  reduce: choice<SaliencyDefinition["reduce"]>({ l2: true, sum: true }),
  normalize: flag,
  together: flag,
}, {
  by: choice<NonNullable<SaliencyDefinition["by"]>>({ word: true, sentence: true, group: true }),
  contrast: word,
  steps: wholeFrom(1, MOST_STEPS),
  baseline: choice<"zero">({ zero: true }),
  precision: choice<"int8">({ int8: true }),
});

/** Which earlier tokens made each explained token. */
export const saliency: Check<Saliency> = and(
  record<Saliency>({
    sequence,
    positions: list(indexIn("T"), "N"),
    scores: floats("R", "T"),
    options: definition,
  }, { convergenceGaps: list(number, "R"), grouping }),
  (value, path, { sizes }) => {
    const expected = (value as Saliency).options.together ? 1 : sizes.get("N")!;
    if (sizes.get("R") !== expected) return `${path}.scores has ${sizes.get("R")} rows, not ${expected}`;
  },
);

const layerPrediction = record<LayerPrediction>({
  layer,
  after: choice<LayerPrediction["after"]>({ attention: true, block: true }),
  predictions,
  entropy: nats,
  divergence: nats,
});

/** What each layer would predict. */
export const layerPredictions: Check<LayerPredictions> = record<LayerPredictions>({
  sequence,
  position: indexIn("T", 1),
  norm,
  layers: list(layerPrediction),
});

/** What each layer would predict at each position. */
export const lens: Check<Lens> = record<Lens>({
  sequence,
  positions: list(indexIn("T", 1), "N"),
  tokenIds: list(id, "N"),
  best: ints("L", "N"),
  bestProbabilities: floats("L", "N"),
  tokens: list(token),
  ranks: ints("L", "N"),
  logProbs: floats("L", "N"),
  entropies: floats("L", "N"),
  divergences: floats("L", "N"),
  norm,
});

/** How tokens rank in what each layer would predict. */
export const rankings: Check<Rankings> = record<Rankings>({
  sequence,
  positions: list(indexIn("T", 1), "N"),
  tokenIds: list(id, "N"),
  ranks: ints("L", "N"),
  probabilities: floats("L", "N"),
  entropies: floats("L", "N"),
  divergences: floats("L", "N"),
  norm,
}, { words: list(word, "N") });

/** How much each token surprised the model. */
export const surprise: Check<Surprise> = record<Surprise>({
  sequence,
  positions: list(indexIn("T"), "N"),
  logProbs: floats("N"),
  entropies: floats("N"),
  ranks: ints("N"),
  alternatives: list(predictions, "N"),
  perplexity: numberFrom(1, Infinity, ROUNDING),
});

const branch = own(
  record<Branch>({ id: whole, start: whole, sequence, steps, logProb }, { parent: whole, score: number }),
);

/** The branches of a decoding. */
export const decodingTree: Check<DecodingTree> = and(
  record<DecodingTree>({ prompt: sequence, branches: list(branch) }),
  (value, path) => {
    const { branches } = value as DecodingTree;
    const wrong = branches.findIndex(({ id, parent = -1 }, i) => id !== i || parent >= i);
    if (wrong < 0) return undefined;
    const { id, parent } = branches[wrong]!;
    return `${path}.branches.${wrong} has id ${id} and parent ${parent}; ids count up, and a parent comes before`;
  },
);

/** Whether a map is right. */
export const faithfulness: Check<Faithfulness> = record<Faithfulness>({
  saliency: own(saliency),
  positions: list(whole, "N"),
  shares: rising(list(numberFrom(0, 1), "S")),
  deletion: floats("N", "S"),
  insertion: floats("N", "S"),
  randomDeletion: floats("N", "S"),
  randomInsertion: floats("N", "S"),
  deletionGain: list(number, "N"),
  insertionGain: list(number, "N"),
});

/** How many tokens a mean of each score of heads is over. */
export const counts = record<Readonly<Record<HeadScoreName, number>>>({
  previousToken: whole,
  firstToken: whole,
  duplicateToken: whole,
  induction: whole,
});

/** What attention heads look at. */
export const headScores: Check<HeadScores> = record<HeadScores>({
  sequence,
  previousToken: floats("L", "H"),
  firstToken: floats("L", "H"),
  duplicateToken: floats("L", "H"),
  induction: floats("L", "H"),
}, { counts, layers: rising(list(layer, "L")) });

/** Attention rollout. */
export const attentionRollout: Check<AttentionRollout> = record<AttentionRollout>({
  sequence,
  rollout: floats("L", "T", "T"),
});

const weightedNeuron = record<WeightedNeuron>({ layer, neuron: indexIn("M"), weight: number });
const activeToken = record<ActiveToken>({ text: whole, position: whole, activity: number });

/** Factors of neuron activations. */
export const factors: Check<Factors> = and(
  record<Factors>({
    sequences: list(own(sequence)),
    layers,
    activity: floats("K", "N"),
    neurons: floats("K", "M"),
    topNeurons: list(list(weightedNeuron), "K"),
    topTokens: list(list(activeToken), "K"),
    error: numberFrom(0),
    relativeError: numberFrom(0),
    iterations: whole,
    converged: flag,
    seed: integer,
  }),
  (value, path, { sizes }) => {
    const { sequences, layers, topNeurons, topTokens } = value as Factors;
    const total = sequences.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
    if (total !== sizes.get("N")) return `${path}.activity is of ${sizes.get("N")} tokens, and the texts have ${total}`;
    const strange = topNeurons.flat().find(({ layer }) => !layers.includes(layer));
    if (strange) return `${path}.topNeurons are of layer ${strange.layer}, which is not one of [${layers}]`;
    const lost = topTokens.flat().find(({ text, position }) => !(position < (sequences[text]?.tokenIds.length ?? 0)));
    if (lost) return `${path}.topTokens has position ${lost.position} of text ${lost.text}, which is not there`;
  },
);

/** How the error of factors falls. */
export const errorCurve: Check<ErrorCurve> = record<ErrorCurve>({
  factors: list(wholeFrom(1), "F"),
  relativeErrors: list(numberFrom(0), "F"),
});

/** Clusters of neurons. */
export const neuronClusters: Check<NeuronClusters> = record<NeuronClusters>({
  sequence,
  layer,
  clusterOf: ints("M"),
  centroids: floats("K", "T"),
  sizes: list(whole, "K"),
  silhouette: numberFrom(-1, 1, ROUNDING),
  inertia: numberFrom(0),
  seed: integer,
});

/** How alike layers are. */
export const layerSimilarity: Check<LayerSimilarity> = and(
  record<LayerSimilarity>({ sequence, similarity: floats("D", "D") }, { layers: rising(list(layer, "K")) }),
  depths("similarity"),
);

const sha256 = textLike(/^[0-9a-f]{64}$/, "a SHA-256 of 64 hexadecimal digits");
const file = record<ModelFile>({
  name: text,
  bytes: whole,
  sha256,
});

const statedNumbers = record<StatedNumbers>({ count: whole, sha256 });
const statedChange = record<StatedChange>({ site: text }, {
  heads: list(whole),
  neurons: list(whole),
  tokens: list(whole),
  positions: list(whole),
  scale: number,
  add: statedNumbers,
  set: statedNumbers,
});

/** Which model made results. */
export const modelIdentity: Check<ModelIdentity> = record<ModelIdentity>({
  id: text,
  files: list(file),
  package: text,
  backend: choice<Backend>({ wasm: true, native: true, webgpu: true }),
}, { revision: text, changes: list(statedChange) });

/** Saliency by groups. */
export const groupedSaliency: Check<GroupedSaliency> = record<GroupedSaliency>({
  sequence,
  positions: list(indexIn("T"), "N"),
  groups: list(group, "G"),
  scores: floats("*", "G"),
});
