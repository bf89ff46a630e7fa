import { topK } from "../lm/numbers.ts";
import { expectOptions } from "../lm/options.ts";
import type { Trace } from "../lm/trace_types.ts";
import type { FloatTensor, Progress, Sequence } from "../lm/types.ts";
import type { ClippedActivations } from "./clipped.ts";
import type { DescentKernel } from "./descent_kernel.ts";
import { expectFactors, expectStart, expectWhole, planOf, startOf } from "./factor_plan.ts";
import { descend, errorOf } from "./nmf.ts";
import { leftSingular } from "./nndsvd.ts";
import { ERROR_CURVE, NEURON_FACTORS } from "./option_tables.ts";
import { watched } from "../lm/watch.ts";
import { showing } from "../show/showing.ts";

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

/**
 * Groups neurons that are active together: the activations of one or several texts, clipped at 0, as a product of K
 * factors, each of which is active at some tokens and consists of some neurons. This is scikit-learn's `NMF` with its
 * defaults (coordinate descent, Frobenius norm, "nndsvda", 200 iterations, tolerance 1e-4) in double precision, and the
 * same text always gives the same factors. Ecco's `run_nmf` starts at random with 500 iterations and confuses the layers
 * of models with more than ten; `{ init: "random", maxIterations: 500 }` is its setting.
 *
 * The sizes of a factor's activity and neurons are only fixed as a product, so compare them within a factor.
 *
 * @throws {TypeError} When a trace has no activations, or `init` is none of these.
 * @throws {RangeError} When there are more factors than tokens or neurons, a layer was not recorded, the traces are of
 * different models, activations are NaN, or an option is out of its range.
 * @throws The signal's reason, when it is aborted.
 *
 * @example Which tokens each factor is active at
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { neuronFactors } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = await model.generate("The keys to the cabinet", { maxNewTokens: 5 });
 * const trace = await model.trace(sequence, { capture: ["activations"] });
 * const { topTokens, relativeError } = await neuronFactors(trace, { factors: 3 });
 * for (const tokens of topTokens) console.log(tokens.map(({ position }) => sequence.tokens[position]!.text));
 * console.log(`${(100 * relativeError).toFixed(0)} % unexplained`);
 * ```
 */
export async function neuronFactors(
  traces: Trace | readonly Trace[],
  options: FactorsOptions = {},
): Promise<Factors> {
  options = expectOptions(options, NEURON_FACTORS);
  return await watched(options, (options) => findFactors(traces, options));
}

async function findFactors(traces: Trace | readonly Trace[], options: FactorsOptions): Promise<Factors> {
  const { init = "nndsvda", top = 10, onProgress } = options;
  expectWhole(top, "list the top");
  const list = listOf(traces);
  const plan = await planOf(list, options);
  const { x, maxIterations, pace } = plan;
  const factors = options.factors ?? Math.min(10, x.tokens, x.neurons);
  expectFactors(factors, x);
  expectStart(init, factors, x);
  const kernel = await startOf(init, factors, plan);
  const onIteration = (completed: number) => {
    if (completed % 10 !== 0) return;
    const message = `Factored for ${completed} of at most ${maxIterations} iterations`;
    onProgress?.({ task: "factors", completed, total: maxIterations, message });
  };
  const run = await descend(x, kernel, { ...plan, onIteration });
  const { iterations } = run;
  const message = `Factored in ${iterations} iterations`;
  onProgress?.({ task: "factors", completed: iterations, total: iterations, message });
  await pace.turn();
  const sequences = list.map(({ sequence }) => sequence);
  const { error, norm } = await errorOf(x, kernel, pace);
  const found = described(x, kernel, factors, sequences, top);
  const errors = { error, relativeError: error / norm };
  return showing("Factors", { sequences, layers: x.layers, ...found, ...errors, ...run, seed: plan.seed });
}

/**
 * The error that is left with different numbers of factors, to choose one: see {@linkcode neuronFactors}. More factors
 * explain more; a bend in the curve is a good place.
 *
 * @throws {TypeError} When a trace has no activations, or `init` is none of these.
 * @throws {RangeError} As {@linkcode neuronFactors} does.
 * @throws The signal's reason, when it is aborted.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { errorCurve } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const trace = await model.trace(model.sequence("The keys to the cabinet"), { capture: ["activations"] });
 * const { factors, relativeErrors } = await errorCurve(trace, { factors: [1, 2, 4] });
 * factors.forEach((count, i) => console.log(count, relativeErrors[i]!.toFixed(3)));
 * ```
 */
export async function errorCurve(
  traces: Trace | readonly Trace[],
  options: ErrorCurveOptions = {},
): Promise<ErrorCurve> {
  options = expectOptions(options, ERROR_CURVE);
  return await watched(options, (options) => measureErrors(traces, options));
}

async function measureErrors(traces: Trace | readonly Trace[], options: ErrorCurveOptions): Promise<ErrorCurve> {
  const { init = "nndsvda", onProgress } = options;
  const plan = await planOf(listOf(traces), options);
  const { x, pace } = plan;
  const factors = options.factors ?? [1, 2, 4, 8, 16, 32].filter((count) => count <= Math.min(x.tokens, x.neurons));
  if (factors.length === 0) throw new RangeError("Cannot draw an error curve of no number of factors; give some");
  factors.forEach((count) => expectFactors(count, x));
  if (typeof init !== "string") throw new TypeError("Cannot draw an error curve from given factors; name a start");
  expectStart(init, 1, x);
  const singular = init === "random" ? undefined : await leftSingular(x, pace);
  const relativeErrors: number[] = [];
  for (const count of factors) {
    const kernel = await startOf(init, count, plan, singular);
    await descend(x, kernel, plan);
    const { error, norm } = await errorOf(x, kernel, pace);
    relativeErrors.push(error / norm);
    const message = `Factored with ${count} factors`;
    onProgress?.({ task: "factors", completed: relativeErrors.length, total: factors.length, message });
    await pace.turn();
  }
  return showing("ErrorCurve", { factors, relativeErrors });
}

function listOf(traces: Trace | readonly Trace[]): readonly Trace[] {
  return "sequence" in traces ? [traces] : traces;
}

/** What factors say, in records. */
function described(
  x: ClippedActivations,
  kernel: DescentKernel,
  factors: number,
  sequences: readonly Sequence[],
  top: number,
) {
  const activity = columnsOf(kernel.activity, kernel.stride, factors);
  const neurons = columnsOf(kernel.neurons, kernel.stride, factors);
  const places = sequences.flatMap(({ tokenIds }, text) => tokenIds.map((_, position) => ({ text, position })));
  return {
    activity,
    neurons,
    topNeurons: strongest(neurons, top, (index, weight): WeightedNeuron => {
      return { layer: x.layers[Math.floor(index / x.width)]!, neuron: index % x.width, weight };
    }),
    topTokens: strongest(activity, top, (index, activity): ActiveToken => ({ ...places[index]!, activity })),
  };
}

/** Rows as columns, without what fills up the stride. */
function columnsOf(rows: Float64Array, stride: number, factors: number): FloatTensor {
  const width = rows.length / stride;
  const data = new Float32Array(factors * width);
  for (let k = 0; k < factors; ++k) {
    for (let i = 0; i < width; ++i) data[k * width + i] = rows[i * stride + k]!;
  }
  return { data, shape: [factors, width] };
}

/** The greatest numbers of each row that are above 0. */
function strongest<T>({ data, shape }: FloatTensor, top: number, record: (index: number, value: number) => T): T[][] {
  const [factors, width] = shape as [number, number];
  return Array.from({ length: factors }, (_, k) => {
    const row = data.subarray(k * width, (k + 1) * width);
    return topK(row, top).filter((index) => row[index]! > 0).map((index) => record(index, row[index]!));
  });
}
