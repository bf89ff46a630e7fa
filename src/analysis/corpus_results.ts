/**
 * What is read of a corpus that was explained: plain data for views.
 *
 * @module
 */
import type { NeuronWrites } from "../ask/logit_attribution/circuit_types.ts";
import type { FloatTensor } from "../base/tensor.ts";
import type { Token } from "../tokenizer/token.ts";
import type { HeadScoreName } from "./attention.ts";

/** How much was read. */
export interface CorpusCounts {
  /** Documents that were explained. */
  readonly documents: number;
  /** Pieces that they were read in. */
  readonly windows: number;
  /** Tokens of them, each counted once. */
  readonly tokens: number;
  /** Places of the source that were not: the rows of the table `problems`. */
  readonly problems: number;
}

/** A part of a document. */
export interface Excerpt {
  /** The number of the document in the source, from 0. */
  readonly document: number;
  /** What the source calls it. */
  readonly id: string;
  /** How many of its tokens stand before the first of these. */
  readonly start: number;
  /** The tokens; their places are those in the document. */
  readonly tokens: readonly Token[];
}

/** A document that excites a neuron. */
export interface NeuronExample extends Excerpt {
  /** The greatest activation in the document. */
  readonly value: number;
  /** The token with that activation: an index of the document's tokens. */
  readonly position: number;
  /** The activation at each token of the excerpt, where a model was given to compute them. */
  readonly activations?: Float32Array;
}

/** How many numbers are in a range. */
export interface CountedRange {
  /** The range, as in `[0.5, 1)`. */
  readonly range: string;
  /** How many numbers are in it. */
  readonly count: number;
}

/** What a corpus says about a neuron. */
export interface CorpusNeuron {
  /** The 0-based index of the layer. */
  readonly layer: number;
  /** The 0-based index of the neuron in its MLP. */
  readonly neuron: number;
  /** How many tokens were read. */
  readonly tokens: number;
  /** The mean of its activations, after the activation function. */
  readonly mean: number;
  /** Their standard deviation. */
  readonly deviation: number;
  /** How many of them are above 0. */
  readonly positive: number;
  /** How they are distributed, the lowest first. */
  readonly histogram: readonly CountedRange[];
  /** The documents that excite it most, the most first. */
  readonly examples: readonly NeuronExample[];
  /** What it writes to the vocabulary, where a model was given that writes. */
  readonly writes?: NeuronWrites;
}

/** Where the heads of a corpus look on average: `[L, H]` each, NaN where no token has such another one before it. */
export interface CorpusHeads extends Readonly<Record<HeadScoreName, FloatTensor>> {
  /** How many tokens each mean is over. */
  readonly counts: Readonly<Record<HeadScoreName, number>>;
}

/** How surprised the model was of a document. */
export interface DocumentSurprise {
  /** The number of the document in the source, from 0. */
  readonly document: number;
  /** What the source calls it. */
  readonly id: string;
  /** How many tokens were measured: all but the first. */
  readonly measured: number;
  /** The mean of −ln p over them, in nats. */
  readonly surprise: number;
}

/** How surprised the model was, document by document. */
export interface CorpusSurprise {
  /** How many documents were measured. */
  readonly documents: number;
  /** How many tokens were measured. */
  readonly measured: number;
  /** The mean of −ln p over all tokens, in nats. */
  readonly surprise: number;
  /** exp of that. */
  readonly perplexity: number;
  /** How the means of documents are distributed: 24 ranges of the same width, from the least to the greatest, in nats. */
  readonly distribution: readonly { readonly from: number; readonly to: number; readonly count: number }[];
  /** The documents that surprised most, and how they begin. */
  readonly most: readonly (DocumentSurprise & Excerpt)[];
  /** Those that surprised least. */
  readonly least: readonly (DocumentSurprise & Excerpt)[];
}

/** When predictions of a corpus settle: a number for each layer. */
export interface CorpusSettling {
  /** How many predictions were looked at. */
  readonly predictions: number;
  /** How many of them settle after each layer. */
  readonly settled: readonly number[];
  /** The mean of KL(final ‖ this layer), in nats. */
  readonly divergence: readonly number[];
  /** The mean entropy of what each layer would predict, in nats. */
  readonly entropy: readonly number[];
}

/** How much of the blame a token of the vocabulary gets. */
export interface BlamedToken {
  /** The id of the token. */
  readonly tokenId: number;
  /** The token as it stands in a text of the corpus, or as the model that was given has it. */
  readonly token: Token;
  /** How often it stood before an explained token. */
  readonly chances: number;
  /** The mean of its scores. */
  readonly score: number;
}

/** The averages of a corpus: what it was asked. */
export interface CorpusSummary extends CorpusCounts {
  /** What the source is called. */
  readonly source: string;
  /** The id of the model. */
  readonly model: string;
  /** Where it was asked for `surprise`. */
  readonly surprise?: CorpusSurprise;
  /** Where it was asked for `heads`. */
  readonly heads?: CorpusHeads;
  /** Where it was asked for `settling`. */
  readonly settling?: CorpusSettling;
  /** The tokens that got the most blame in all. */
  readonly blame?: readonly BlamedToken[];
}
