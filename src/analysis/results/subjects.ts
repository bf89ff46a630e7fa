import type { Metric } from "../../ask/patching/types.ts";
import type { Sequence } from "../../model/sequence.ts";
import type { ResultKind, ResultKinds } from "./kinds.ts";

/** What a result is about, by the word for it. Only results about the same things can be compared. */
export type Subject = Readonly<Record<string, unknown>>;

const SUBJECTS: { readonly [Kind in ResultKind]?: (result: ResultKinds[Kind]) => Subject } = {
  decodingTree: ({ prompt }) => ({ prompts: textOf(prompt) }),
  trace: ({ sequence }) => ({ texts: textOf(sequence) }),
  saliency: ({ sequence, positions }) => ({ texts: textOf(sequence), positions }),
  groupedSaliency: ({ sequence, positions, groups }) => ({ texts: textOf(sequence), positions, groups }),
  faithfulness: ({ saliency, positions, shares }) => ({ texts: textOf(saliency.sequence), positions, shares }),
  layerPredictions: ({ sequence, position }) => ({ texts: textOf(sequence), positions: position }),
  lens: ({ sequence, positions, tokenIds }) => ({ texts: textOf(sequence), positions, tokens: tokenIds }),
  rankings: ({ sequence, positions, tokenIds }) => ({ texts: textOf(sequence), positions, tokens: tokenIds }),
  logitAttribution: ({ sequence, position, target, contrast }) => ({
    texts: textOf(sequence),
    positions: position,
    tokens: [target, ...contrast ? [contrast] : []].map(({ tokenId }) => tokenId),
  }),
  headCircuit: ({ layer, head, from, to }) => ({ layers: layer, heads: head, tokens: [from.id, to.id] }),
  neuronWrites: ({ layer, neuron }) => ({ layers: layer, neurons: neuron }),
  surprise: ({ sequence, positions }) => ({ texts: textOf(sequence), positions }),
  embeddings: ({ sequences }) => ({ texts: sequences.map(textOf) }),
  classifier: ({ classes }) => ({ classes }),
  classification: ({ classes }) => ({ classes }),
  classSaliency: ({ sequence, classes }) => ({ texts: textOf(sequence), classes }),
  filledMasks: ({ sequence }) => ({ texts: textOf(sequence) }),
  maskedSaliency: ({ sequence, positions }) => ({ texts: textOf(sequence), positions }),
  patching: ({ clean, corrupted, position, at, layers, columns, indices, metric }) => ({
    texts: [clean, corrupted].map(textOf),
    positions: position,
    sites: at,
    layers,
    columns: { [columns]: indices },
    metrics: metricOf(metric),
  }),
  importance: ({ sequence, position, at, layers, metric }) => ({
    texts: textOf(sequence),
    positions: position,
    sites: at,
    layers,
    metrics: metricOf(metric),
  }),
  headEdges: ({ clean, corrupted, position, metric }) => ({
    texts: [clean, corrupted].map(textOf),
    positions: position,
    metrics: metricOf(metric),
  }),
  headScores: ({ sequence }) => ({ texts: textOf(sequence) }),
  attentionRollout: ({ sequence }) => ({ texts: textOf(sequence) }),
  factors: ({ sequences, layers }) => ({ texts: sequences.map(textOf), layers }),
  errorCurve: ({ factors }) => ({ "numbers of factors": factors }),
  neuronClusters: ({ sequence, layer }) => ({ texts: textOf(sequence), layers: layer }),
  corpusNeuron: ({ layer, neuron }) => ({ layers: layer, neurons: neuron }),
  corpusSummary: ({ source }) => ({ sources: source }),
  layerSimilarity: ({ sequence }) => ({ texts: textOf(sequence) }),
};

/** What a result of a kind is about; nothing for what is compared as it is, such as two texts. */
export function subjectOf<Kind extends ResultKind>(kind: Kind, result: ResultKinds[Kind]): Subject {
  return SUBJECTS[kind]?.(result) ?? {};
}

/** A text, for human eyes first. */
function textOf({ text, tokenIds, source }: Sequence): Subject {
  return { text, tokenIds, ...source && { source: textOf(source) } };
}

function metricOf({ name, target, contrast }: Metric): Subject {
  return { name, target: target?.tokenIds, contrast: contrast?.tokenIds };
}
