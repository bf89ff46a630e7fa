/**
 * What the records of a corpus must look like.
 *
 * @module
 */
import type {
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
} from "../corpus_results.ts";
import { and, type Check, floatArray, floats, list, number, own, record, text, textLike, whole } from "./checks.ts";
import { layer, neuronWrites } from "./part_records.ts";
import { counts } from "./records.ts";
import { id, token, withToken } from "./text_records.ts";

const range = textLike(/^[[(](-inf|-?\d[\d.e+-]*), (inf|-?\d[\d.e+-]*)[\])]$/, "a range such as [0.5, 1)");

/** A part of a document: X tokens. */
const excerpt = { document: whole, id: text, start: whole, tokens: list(token, "X") };

const example: Check<NeuronExample> = own(and(
  record<NeuronExample>({ ...excerpt, value: number, position: whole }, { activations: floatArray("X") }),
  (value, path) => {
    const { start, tokens, position } = value as NeuronExample;
    if (position >= start && position < start + tokens.length) return undefined;
    return `${path}.position is ${position}, and its tokens are ${start} to ${start + tokens.length - 1}`;
  },
));

/** What a corpus says about a neuron. */
export const corpusNeuron: Check<CorpusNeuron> = and(
  record<CorpusNeuron>({
    layer,
    neuron: whole,
    tokens: whole,
    mean: number,
    deviation: number,
    positive: whole,
    histogram: list(record<CountedRange>({ range, count: whole })),
    examples: list(example),
  }, { writes: neuronWrites }),
  (value, path) => {
    const { layer, neuron, tokens, positive, histogram, writes } = value as CorpusNeuron;
    const counted = histogram.reduce((sum, { count }) => sum + count, 0);
    if (counted !== tokens) return `${path}.histogram counts ${counted} tokens, and there are ${tokens}`;
    if (positive > tokens) return `${path}.positive is ${positive}, and there are ${tokens} tokens`;
    if (!writes || writes.layer === layer && writes.neuron === neuron) return undefined;
    return `${path}.writes is of neuron ${writes.neuron} of layer ${writes.layer}, not ${neuron} of ${layer}`;
  },
);

/** The scores of L layers of H heads. */
const heads = record<CorpusHeads>({
  previousToken: floats("L", "H"),
  firstToken: floats("L", "H"),
  duplicateToken: floats("L", "H"),
  induction: floats("L", "H"),
  counts,
});

const documentSurprise: Check<DocumentSurprise & Excerpt> = own(
  record<DocumentSurprise & Excerpt>({ ...excerpt, measured: whole, surprise: number }),
);

const surprise = record<CorpusSurprise>({
  documents: whole,
  measured: whole,
  surprise: number,
  perplexity: number,
  distribution: list(record<CorpusSurprise["distribution"][number]>({ from: number, to: number, count: whole })),
  most: list(documentSurprise),
  least: list(documentSurprise),
});

const settling = record<CorpusSettling>({
  predictions: whole,
  settled: list(whole, "L"),
  divergence: list(number, "L"),
  entropy: list(number, "L"),
});

/** The averages of a corpus. */
export const corpusSummary: Check<CorpusSummary> = record<CorpusSummary>({
  source: text,
  model: text,
  documents: whole,
  windows: whole,
  tokens: whole,
  problems: whole,
}, {
  surprise,
  heads,
  settling,
  blame: list(withToken(record<BlamedToken>({ tokenId: id, token, chances: whole, score: number }))),
});
