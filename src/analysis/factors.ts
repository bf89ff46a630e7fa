import type { FloatTensor, Sequence } from "../lm/types.ts";

/** A neuron and how strongly it belongs to something. */
export interface WeightedNeuron {
  /** The 0-based index of the block. */
  readonly layer: number;
  /** The 0-based index in the MLP, below 4C. */
  readonly neuron: number;
  /** How strongly. */
  readonly weight: number;
}

/** A token of one of several texts, and how active something is there. */
export interface ActiveToken {
  /** The index of the text. */
  readonly text: number;
  /** The 0-based index of the token in it. */
  readonly position: number;
  /** How active. */
  readonly activity: number;
}

/** Neuron activations, N tokens x M neurons, negative ones clipped to 0, as a product of K factors. */
export interface Factors {
  /** The texts that were factored together; their tokens one after the other are the N tokens. */
  readonly sequences: readonly Sequence[];
  /** The blocks whose neurons take part, in rising order; all neurons of the first come first among the M. */
  readonly layers: readonly number[];
  /** `[K, N]`, how active each factor is at each token: the transpose of scikit-learn's W. */
  readonly activity: FloatTensor;
  /** `[K, M]`, how strongly each neuron belongs to each factor: scikit-learn's H, its `components_`. */
  readonly neurons: FloatTensor;
  /** For each factor its strongest neurons, strongest first. */
  readonly topNeurons: readonly (readonly WeightedNeuron[])[];
  /** For each factor the tokens where it is most active, most active first. */
  readonly topTokens: readonly (readonly ActiveToken[])[];
  /** The Frobenius norm of what the factors leave unexplained. */
  readonly error: number;
  /** The same, divided by the norm of the activations. */
  readonly relativeError: number;
  /** How many iterations it took. */
  readonly iterations: number;
  /** Whether the error had stopped falling when the iterations ended. */
  readonly converged: boolean;
  /** What the start was drawn with. */
  readonly seed: number;
}

/** How the error falls with the number of factors. */
export interface ErrorCurve {
  /** The numbers of factors. */
  readonly factors: readonly number[];
  /** The relative error with each. */
  readonly relativeErrors: readonly number[];
}
