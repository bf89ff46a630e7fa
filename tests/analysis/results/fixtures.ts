/** One small result of each kind, its numbers easy to tell apart. */
import type { ResultKind, ResultKinds } from "../../../mod.ts";
import type { Prediction } from "../../../src/ask/prediction.ts";
import type { Step } from "../../../src/ask/write/step.ts";
import type { FloatTensor, Tensor } from "../../../src/base/tensor.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import { random } from "../../checkpoint/random.ts";
import { neuronOf, summaryOf } from "../../widgets/corpus/fixtures.ts";
import { circuitOf, writesOf } from "../../widgets/logit_attribution/circuit_fixtures.ts";
import { CAPTUM, ECCO, saliencyOf, sequenceOf } from "../../widgets/fixtures.ts";

const next = random(11);

export function floats(...shape: readonly number[]): FloatTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { data: Float32Array.from({ length: count }, () => Math.round(next() * 1024) / 1024 - 0.5), shape };
}

export function ints(...shape: readonly number[]): Tensor {
  const { data } = floats(...shape);
  return { data: Int32Array.from(data, (value) => Math.round(value * 100) + 51), shape };
}

/** A prompt of an emoji cut in two, Chinese and a line break, and two written tokens. */
export const SEQUENCE: Sequence = {
  ...sequenceOf([[0xF0, 0x9F], [0x98, 0x80], "键", "\n", " are", ' "x"'], 4),
  text: '😀键\n are "x"',
  decoding: { temperature: 0.7, topP: 0.9, seed: 3, maxNewTokens: 2, stop: ["\n", 50256] },
};

function prediction(id: number): Prediction {
  const token = { id, piece: `Ġ${id}`, bytes: Uint8Array.of(0x20, id), start: 0, end: 2, text: ` ${id}` };
  return { tokenId: id, token, probability: 1 / (id + 3), logit: -id / 7, rank: id + 1 };
}

function step(position: number): Step {
  const token = SEQUENCE.tokens[position]!;
  const candidates = [prediction(1), prediction(2)];
  return { position, tokenId: token.id, token, logProb: -Math.LN2 / position, candidates, logits: floats(5).data };
}

export const SALIENCY = saliencyOf(SEQUENCE, ECCO);

const T = SEQUENCE.tokens.length;
const neurons = [[{ layer: 1, neuron: 7, weight: 0.3 }], []];
const tokens = [[{ text: 0, position: 2, activity: 1.5 }, { text: 1, position: 0, activity: 0.1 }], []];

/** The kinds which came after the committed file of version 1. */
type LaterKind =
  | "embeddings"
  | "classifier"
  | "classification"
  | "classSaliency"
  | "filledMasks"
  | "maskedSaliency"
  | "patching"
  | "headEdges"
  | "importance"
  | "logitAttribution"
  | "headCircuit"
  | "neuronWrites"
  | "lens"
  | "corpusNeuron"
  | "corpusSummary";

/** One result of each kind that the committed file of version 1 holds. */
export const FIRST_RESULTS: Omit<ResultKinds, LaterKind> = {
  sequence: SEQUENCE,
  steps: [step(4), step(5)],
  decodingTree: {
    prompt: SEQUENCE,
    branches: [
      { id: 0, start: 4, sequence: SEQUENCE, steps: [step(4), step(5)], logProb: -1.25 },
      { id: 1, parent: 0, start: 5, sequence: sequenceOf(["a", "b"], 1), steps: [], logProb: -Infinity },
    ],
  },
  trace: {
    sequence: SEQUENCE,
    hiddenStates: floats(3, T, 4),
    attention: floats(2, 2, T, T),
    activations: floats(2, T, 8),
    logits: { data: Float32Array.from({ length: T * 3 }, (_, i) => [NaN, -Infinity, -0][i % 3]!), shape: [T, 3] },
  },
  saliency: {
    ...saliencyOf(SEQUENCE, {
      ...CAPTUM,
      method: "integratedGradients",
      steps: 20,
      baseline: "zero",
      contrast: { text: " is", tokenIds: [318], tokens: [prediction(3).token] },
    }),
    convergenceGaps: [1e-300, -0],
  },
  groupedSaliency: {
    sequence: SEQUENCE,
    positions: [4],
    groups: [{ start: 0, end: 4, text: "😀键\n" }, { start: 4, end: 6, text: ' are "x"' }],
    scores: floats(1, 2),
  },
  faithfulness: {
    saliency: SALIENCY,
    positions: [5],
    shares: [0, 0.5, 1],
    deletion: floats(1, 3),
    insertion: floats(1, 3),
    randomDeletion: floats(1, 3),
    randomInsertion: floats(1, 3),
    deletionGain: [0.1],
    insertionGain: [NaN],
  },
  layerPredictions: {
    sequence: SEQUENCE,
    position: 5,
    norm: "final",
    layers: [
      { layer: 0, after: "block", predictions: [prediction(4)], entropy: 2.5, divergence: 0.1 },
      { layer: 1, after: "attention", predictions: [prediction(4), prediction(5)], entropy: 2, divergence: 0 },
    ],
  },
  rankings: {
    sequence: SEQUENCE,
    positions: [4, 5],
    tokenIds: [1, 2],
    ranks: ints(3, 2),
    probabilities: floats(3, 2),
    entropies: floats(3, 2),
    divergences: floats(3, 2),
    norm: "none",
    words: [
      { text: " a", tokenIds: [1], tokens: [prediction(1).token] },
      { text: " b c", tokenIds: [2, 3], tokens: [prediction(2).token, prediction(3).token] },
    ],
  },
  surprise: {
    sequence: SEQUENCE,
    positions: [1, 5],
    logProbs: floats(2),
    entropies: floats(2),
    ranks: ints(2),
    alternatives: [[prediction(1)], []],
    perplexity: 12.345678901234567,
  },
  headScores: {
    sequence: SEQUENCE,
    previousToken: floats(2, 3),
    firstToken: floats(2, 3),
    duplicateToken: floats(2, 3),
    induction: floats(2, 3),
  },
  attentionRollout: { sequence: SEQUENCE, rollout: floats(2, T, T) },
  factors: {
    sequences: [SEQUENCE, sequenceOf(["a"], 1)],
    layers: [0, 1],
    activity: floats(2, T + 1),
    neurons: floats(2, 8),
    topNeurons: neurons,
    topTokens: tokens,
    error: 0.1,
    relativeError: 0.01,
    iterations: 12,
    converged: false,
    seed: -1,
  },
  errorCurve: { factors: [1, 2], relativeErrors: [0.5, 0.25] },
  neuronClusters: {
    sequence: SEQUENCE,
    layer: 1,
    clusterOf: ints(8),
    centroids: floats(2, T),
    sizes: [5, 3],
    silhouette: -0.25,
    inertia: 1e21,
    seed: 0,
  },
  layerSimilarity: { sequence: SEQUENCE, similarity: floats(3, 3) },
  tensor: floats(0, 4),
  data: {
    "$key": [null, true, "\uD83D\u0000", { "__proto__x": -1e-7 }],
    matrix: new Float64Array([0.1, -0]),
    "a.b": {},
  },
};

/** One result of each kind. */
export const RESULTS: ResultKinds = {
  ...FIRST_RESULTS,
  embeddings: { sequences: [SEQUENCE, sequenceOf(["a"], 1)], vectors: floats(2, 4), pooling: "mean", normalize: true },
  classifier: {
    classes: ["complaint", "praise", "question"],
    weights: floats(3, 4),
    bias: floats(3),
    pooling: "cls",
    normalize: false,
    inverseStrength: 0.5,
    loss: 1.25,
    iterations: 9,
    converged: true,
  },
  classification: {
    classes: ["complaint", "praise"],
    probabilities: floats(3, 2),
    predicted: ["praise", "praise", "complaint"],
    labels: ["praise", "complaint", "complaint"],
    accuracy: 2 / 3,
    confusion: ints(2, 2),
  },
  classSaliency: {
    sequence: { ...SEQUENCE, tokenTypes: [0, 0, 0, 1, 1, 1] },
    classes: ["complaint", "praise"],
    probabilities: floats(2),
    scores: floats(2, T),
    options: { method: "gradientXInput", of: "logProb", reduce: "sum", normalize: false },
    pooling: "mean",
  },
  filledMasks: { sequence: SEQUENCE, masks: [{ position: 2, predictions: [prediction(0), prediction(1)] }] },
  maskedSaliency: {
    sequence: SEQUENCE,
    positions: [0, 5],
    targets: [prediction(2), prediction(3)],
    scores: floats(2, T),
    options: { method: "gradient", of: "probability", reduce: "l2", normalize: true },
  },
  patching: {
    clean: SEQUENCE,
    corrupted: sequenceOf(["a", " b", " c", "\n", " are", "!"], 4),
    position: 6,
    at: "resid",
    layers: [0, 2],
    columns: "positions",
    indices: [1, 4, 5],
    metric: {
      name: "logitDifference",
      target: { text: " a", tokenIds: [1], tokens: [prediction(1).token] },
      contrast: { text: " b c", tokenIds: [2, 3], tokens: [prediction(2).token, prediction(3).token] },
    },
    cleanValue: 2.75,
    corruptedValue: -1e-7,
    values: floats(2, 3),
    estimate: floats(2, 3),
  },
  headEdges: {
    clean: SEQUENCE,
    corrupted: sequenceOf(["a", " b", " c", "\n", " are", "!"], 4),
    position: 5,
    metric: { name: "logit", target: { text: " a", tokenIds: [1], tokens: [prediction(1).token] } },
    cleanValue: 1.5,
    corruptedValue: -0.25,
    query: floats(2, 4, 2, 4),
    key: floats(2, 4, 2, 2),
    value: floats(2, 4, 2, 2),
  },
  importance: {
    sequence: SEQUENCE,
    position: 4,
    at: "z",
    layers: [0, 2],
    columns: "heads",
    metric: { name: "logProb", target: { text: " a", tokenIds: [1], tokens: [prediction(1).token] } },
    value: -2.25,
    scores: floats(2, 3),
  },
  logitAttribution: {
    sequence: SEQUENCE,
    position: 4,
    target: prediction(0),
    contrast: prediction(1),
    logit: 1.0000000000000002,
    embedding: -0,
    positionEmbedding: 0.1,
    heads: floats(2, 3),
    attentionBiases: floats(2),
    mlps: floats(2),
    neurons: floats(2, 8),
    tokens: floats(2, 3, 4),
    added: [{ site: "resid.2", value: 0.25 }],
    bias: 1e-300,
  },
  lens: {
    sequence: SEQUENCE,
    positions: [4, 6],
    tokenIds: [1, 2],
    best: ints(3, 2),
    bestProbabilities: floats(3, 2),
    tokens: [prediction(1).token, prediction(2).token],
    ranks: ints(3, 2),
    logProbs: floats(3, 2),
    entropies: floats(3, 2),
    divergences: floats(3, 2),
    norm: "final",
  },
  headCircuit: circuitOf(),
  neuronWrites: writesOf(),
  corpusNeuron: neuronOf(),
  corpusSummary: summaryOf(),
};

/** The names of all kinds. */
export const KINDS = Object.keys(RESULTS) as ResultKind[];
