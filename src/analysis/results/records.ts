/**
 * What each record of this package must look like.
 *
 * @module
 */
import type { Branch, DecodingTree } from "../../lm/tree_types.ts";
import type { Faithfulness } from "../../lm/faithfulness_types.ts";
import type { ModelFile, ModelIdentity } from "../../lm/identity_types.ts";
import type { LayerPrediction, LayerPredictions, Rankings } from "../../lm/lens_types.ts";
import type { Grouping, Saliency, SaliencyDefinition, TokenGroup } from "../../lm/saliency_types.ts";
import type { Surprise } from "../../lm/surprise_types.ts";
import type { Trace } from "../../lm/trace_types.ts";
import type { Decoding, Prediction, ProcessedScores, Sequence, Step, Word } from "../../lm/types.ts";
import type { Token } from "../../tokenizer/token.ts";
import type { AttentionRollout, HeadScores } from "../attention.ts";
import type { NeuronClusters } from "../clusters.ts";
import type { ActiveToken, ErrorCurve, Factors, WeightedNeuron } from "../factors.ts";
import type { GroupedSaliency } from "../groups.ts";
import type { LayerSimilarity } from "../similarity.ts";
import { and, bytes, type Check, either, flag, floatArray, floats, indexIn, integer, ints } from "./checks.ts";
import { list, number, own, pair, placeIn, record, text, whole } from "./checks.ts";

const token = record<Token>({ id: whole, piece: text, bytes, start: whole, end: whole, text });

const decoding = record<Decoding>({
  temperature: number,
  seed: integer,
  maxNewTokens: whole,
  stop: list(either(text, whole)),
}, {
  ...{ topH: number, topK: whole, topP: number, minP: number, typicalP: number },
  ...{ epsilonCutoff: number, etaCutoff: number, minLength: whole, minNewTokens: whole },
  ...{ encoderRepetitionPenalty: number, repetitionPenalty: number },
  ...{ noRepeatNgramSize: whole, encoderNoRepeatNgramSize: whole },
  sequenceBias: list(pair(list(whole), number)),
  badWords: list(list(whole)),
  forcedBosTokenId: whole,
  forcedEosTokenId: either(whole, list(whole)),
  exponentialDecayLengthPenalty: pair(integer, number),
  ...{ suppressTokens: list(whole), beginSuppressTokens: list(whole) },
  ...{ beams: whole, lengthPenalty: number, earlyStopping: either(flag, text) },
  ...{ removeInvalidValues: flag, renormalizeLogits: flag },
});

const tokens: Check = and(
  record<Pick<Sequence, "tokenIds" | "tokens">>({ tokenIds: list(whole, "T"), tokens: list(token, "T") }),
  (value, path) => {
    const { tokenIds, tokens } = value as Sequence;
    const wrong = tokens.findIndex(({ id }, i) => id !== tokenIds[i]);
    if (wrong >= 0) return `${path}.tokens.${wrong}.id is ${tokens[wrong]!.id}, not ${tokenIds[wrong]}`;
  },
);

/** A text. */
export const sequence: Check = and(
  and(tokens, record<Omit<Sequence, "tokenIds" | "tokens">>({ promptLength: whole, text }, { decoding })),
  (value, path, sizes) => {
    const { promptLength } = value as Sequence;
    return promptLength <= sizes.get("T")! ? undefined : indexIn("T")(promptLength, `${path}.promptLength`, sizes);
  },
);

const word = own(record<Word>({ text, tokenIds: list(whole, "W"), tokens: list(token, "W") }));
const prediction = record<Prediction>({ tokenId: whole, token, probability: number, logit: number, rank: whole });

const step = record<Step>({
  position: whole,
  tokenId: whole,
  token,
  logProb: number,
  candidates: list(prediction),
  logits: floatArray,
}, {
  processed: record<ProcessedScores>({ possible: whole, logProb: number, candidates: list(prediction) }),
});

/** One decoded token after another. */
export const steps: Check = list(step);

/** The inside of the model. */
export const trace: Check = record<Trace>({ sequence }, {
  hiddenStates: floats("*", "T", "*"),
  attention: floats("*", "*", "T", "T"),
  activations: floats("*", "T", "*"),
  logits: floats("T", "*"),
});

const group = record<TokenGroup>({ start: whole, end: whole, text });

const grouping = own(record<Grouping>({ sequence, positions: list(indexIn("T")), groups: list(group) }));

const definition = record<SaliencyDefinition>({
  preset: text,
  method: text,
  of: text,
  reduce: text,
  normalize: flag,
  together: flag,
}, { contrast: word, steps: whole, baseline: text });

/** Which earlier tokens made each explained token. */
export const saliency: Check = and(
  record<Saliency>({
    sequence,
    positions: list(indexIn("T"), "N"),
    scores: floats("R", "T"),
    options: definition,
  }, { convergenceGaps: list(number, "R"), grouping }),
  (value, path, sizes) => {
    const expected = (value as Saliency).options.together ? 1 : sizes.get("N")!;
    if (sizes.get("R") !== expected) return `${path}.scores has ${sizes.get("R")} rows, not ${expected}`;
  },
);

const layerPrediction = record<LayerPrediction>({
  layer: whole,
  after: text,
  predictions: list(prediction),
  entropy: number,
  divergence: number,
});

/** What each block would predict. */
export const layerPredictions: Check = record<LayerPredictions>({
  sequence,
  position: placeIn("T"),
  norm: text,
  layers: list(layerPrediction),
});

/** How tokens rank in what each block would predict. */
export const rankings: Check = record<Rankings>({
  sequence,
  positions: list(placeIn("T"), "N"),
  tokenIds: list(whole, "N"),
  ranks: ints("L", "N"),
  probabilities: floats("L", "N"),
  entropies: floats("L", "N"),
  divergences: floats("L", "N"),
  norm: text,
}, { words: list(word, "N") });

/** How much each token surprised the model. */
export const surprise: Check = record<Surprise>({
  sequence,
  positions: list(indexIn("T"), "N"),
  logProbs: floats("N"),
  entropies: floats("N"),
  ranks: ints("N"),
  alternatives: list(list(prediction), "N"),
  perplexity: number,
});

const branch = own(
  record<Branch>({ id: whole, start: whole, sequence, steps, logProb: number }, { parent: whole, score: number }),
);

/** The branches of a decoding. */
export const decodingTree: Check = record<DecodingTree>({ prompt: sequence, branches: list(branch) });

/** Whether a map is right. */
export const faithfulness: Check = record<Faithfulness>({
  saliency: own(saliency),
  positions: list(whole, "N"),
  shares: list(number, "S"),
  deletion: floats("N", "S"),
  insertion: floats("N", "S"),
  randomDeletion: floats("N", "S"),
  randomInsertion: floats("N", "S"),
  deletionGain: list(number, "N"),
  insertionGain: list(number, "N"),
});

/** What attention heads look at. */
export const headScores: Check = record<HeadScores>({
  sequence,
  previousToken: floats("L", "H"),
  firstToken: floats("L", "H"),
  duplicateToken: floats("L", "H"),
  induction: floats("L", "H"),
});

/** Attention rollout. */
export const attentionRollout: Check = record<AttentionRollout>({ sequence, rollout: floats("L", "T", "T") });

const weightedNeuron = record<WeightedNeuron>({ layer: whole, neuron: whole, weight: number });
const activeToken = record<ActiveToken>({ text: whole, position: whole, activity: number });

/** Factors of neuron activations. */
export const factors: Check = record<Factors>({
  sequences: list(own(sequence)),
  layers: list(whole),
  activity: floats("K", "N"),
  neurons: floats("K", "M"),
  topNeurons: list(list(weightedNeuron), "K"),
  topTokens: list(list(activeToken), "K"),
  error: number,
  relativeError: number,
  iterations: whole,
  converged: flag,
  seed: integer,
});

/** How the error of factors falls. */
export const errorCurve: Check = record<ErrorCurve>({ factors: list(whole, "F"), relativeErrors: list(number, "F") });

/** Clusters of neurons. */
export const neuronClusters: Check = record<NeuronClusters>({
  sequence,
  layer: whole,
  clusterOf: ints("M"),
  centroids: floats("K", "T"),
  sizes: list(whole, "K"),
  silhouette: number,
  inertia: number,
  seed: integer,
});

/** How alike layers are. */
export const layerSimilarity: Check = record<LayerSimilarity>({ sequence, similarity: floats("D", "D") });

/** Which model made results. */
export const modelIdentity: Check = record<ModelIdentity>({
  id: text,
  files: list(record<ModelFile>({ name: text, bytes: whole, sha256: text })),
  package: text,
  backend: text,
}, { revision: text });

/** Saliency by groups. */
export const groupedSaliency: Check = record<GroupedSaliency>({
  sequence,
  positions: list(indexIn("T"), "N"),
  groups: list(group, "G"),
  scores: floats("*", "G"),
});
