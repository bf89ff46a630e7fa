import type { Trace } from "../../ask/trace/trace.ts";
import { topK } from "../../base/numbers.ts";
import { expectOptions } from "../../base/options.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import type { Sequence } from "../../model/sequence.ts";
import { watched } from "../../model/watch.ts";
import { showing } from "../../show/showing.ts";
import type { ClippedActivations } from "./clipped.ts";
import type { DescentKernel } from "./descent_kernel.ts";
import { descend, ITERATIONS_PER_TURN } from "./nmf.ts";
import type { LeftSingular } from "./nndsvd.ts";
import { expectFactors, expectStart, expectWhole, planOf, startOf } from "./plan.ts";
import {
  type ActiveToken,
  ERROR_CURVE,
  type ErrorCurve,
  type ErrorCurveOptions,
  type Factors,
  type FactorsOptions,
  NEURON_FACTORS,
  type WeightedNeuron,
} from "./types.ts";

/**
 * Groups neurons that are active together: the activations of one or several texts, clipped at 0, as a product of K
 * factors, each of which is active at some tokens and consists of some neurons. This is scikit-learn's `NMF` with its
 * defaults (coordinate descent, Frobenius norm, "nndsvda", 200 iterations, tolerance 1e-4) in double precision, and the
 * same text always gives the same factors. Ecco's `run_nmf` starts at random with 500 iterations and confuses the layers
 * of models with more than ten; `{ init: "random", maxIterations: 500 }` is its setting.
 *
 * The sizes of a factor's activity and neurons are only fixed as a product, so compare them within a factor.
 *
 * What would take long is shared out over threads, whose number does not change a bit of the result; a page has them where
 * it is isolated.
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
  using kernel = (await startOf(init, factors, plan)).kernel;
  const onIteration = (completed: number) => {
    if (completed % ITERATIONS_PER_TURN !== 0) return;
    const message = `Factored for ${completed} of at most ${maxIterations} iterations`;
    onProgress?.({ task: "factors", completed, total: maxIterations, message });
  };
  const run = await descend(kernel, { ...plan, onIteration });
  const { iterations } = run;
  const message = `Factored in ${iterations} iterations`;
  onProgress?.({ task: "factors", completed: iterations, total: iterations, message });
  await pace.turn();
  const sequences = list.map(({ sequence }) => sequence);
  const { error, norm } = await kernel.error();
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
  let singular: LeftSingular | undefined;
  const relativeErrors: number[] = [];
  for (const count of factors) {
    const start = await startOf(init, count, plan, singular);
    using kernel = start.kernel;
    singular = start.singular;
    await descend(kernel, plan);
    const { error, norm } = await kernel.error();
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
