/**
 * What factorisations of neurons take and give.
 *
 * @module
 */
import { LONG_WORK, type OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import type { Sequence } from "../../model/sequence.ts";

/** A neuron and how strongly it belongs to something. */
export interface WeightedNeuron {
  /** The 0-based index of the layer. */
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
  /** The layers whose neurons take part, in rising order; all neurons of the first come first among the M. */
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

/** Where a factorisation starts: from singular vectors, whose zeros may be filled with the mean, or from random draws. */
export type FactorsStart = "nndsvda" | "nndsvd" | "random";

/** What the factorisations of {@linkcode neuronFactors} and {@linkcode errorCurve} have in common. */
export interface FactorisationOptions {
  /**
   * The layers whose neurons take part.
   *
   * @default All recorded ones
   */
  readonly layers?: readonly number[];
  /**
   * What random starts are drawn with; the others need none.
   *
   * @default {0}
   */
  readonly seed?: number;
  /**
   * The most iterations.
   *
   * @default {200}
   */
  readonly maxIterations?: number;
  /**
   * How small the projected gradient must be at the end, as a part of that of the first iteration.
   *
   * @default {1e-4}
   */
  readonly tolerance?: number;
  /** Called as the work goes on. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops the work; so does the Stop button of a notebook. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode neuronFactors}. */
export interface FactorsOptions extends FactorisationOptions {
  /**
   * How many factors.
   *
   * @default 10, or the number of tokens when that is smaller
   */
  readonly factors?: number;
  /**
   * Where to start; factors that are given, such as those of another run, are improved.
   *
   * @default {"nndsvda"}
   */
  readonly init?: FactorsStart | Pick<Factors, "activity" | "neurons">;
  /**
   * How many neurons and tokens to list for each factor.
   *
   * @default {10}
   */
  readonly top?: number;
}

/** Options of {@linkcode errorCurve}. */
export interface ErrorCurveOptions extends FactorisationOptions {
  /**
   * The numbers of factors.
   *
   * @default 1, 2, 4, 8, 16 and 32, as far as there are so many tokens
   */
  readonly factors?: readonly number[];
  /**
   * Where to start.
   *
   * @default {"nndsvda"}
   */
  readonly init?: FactorsStart;
}

const FACTORISATION = {
  layers: "an array",
  init: "anything",
  seed: "a number",
  maxIterations: "a number",
  tolerance: "a number",
  ...LONG_WORK,
} as const;

export const NEURON_FACTORS: OptionTable<FactorsOptions> = {
  task: "factor activations",
  kinds: { factors: "a number", top: "a number", ...FACTORISATION },
};

export const ERROR_CURVE: OptionTable<ErrorCurveOptions> = {
  task: "draw an error curve",
  kinds: { factors: "an array", ...FACTORISATION },
};
