/**
 * Non-negative matrix factorisation X = W H by cyclic coordinate descent: scikit-learn's default solver,
 * `_fit_coordinate_descent` of `sklearn/decomposition/_nmf.py` and `_cdnmf_fast.pyx` without regularisation, after
 * Cichocki and Phan 2009 (https://doi.org/10.1587/transfun.E92.A.708). All sums are in double precision.
 *
 * @module
 */
import type { Pace } from "../pace.ts";
import type { ClippedActivations } from "./clipped.ts";
import { ROWS_AT_A_TIME } from "./descent_code.ts";
import type { DescentKernel } from "./descent_kernel.ts";

/** How many operations an entry costs, about. */
const OPERATIONS = 4;

/** When to stop. */
export interface DescentOptions {
  /** The most iterations. */
  readonly maxIterations: number;
  /** The part of the first iteration's projected gradient at which an iteration is the last. */
  readonly tolerance: number;
  /** Called after each iteration. */
  readonly onIteration?: (iteration: number) => void;
  /** Lets the event loop have its turns. */
  readonly pace: Pace;
}

/** Improves factors in place until their projected gradient is small. */
export async function descend(
  x: ClippedActivations,
  kernel: DescentKernel,
  { maxIterations, tolerance, onIteration, pace }: DescentOptions,
): Promise<{ readonly iterations: number; readonly converged: boolean }> {
  let first = 0;
  kernel.clear();
  await sweep(x, pace, (from, to) => kernel.addNeurons(from, to));
  for (let iteration = 1; iteration <= maxIterations; ++iteration) {
    let violation = kernel.improveTokens();
    kernel.takeTokens();
    await sweep(x, pace, (from, to) => {
      violation += kernel.improveNeurons(from, to);
      kernel.addNeurons(from, to);
    });
    if (iteration === 1) first = violation;
    onIteration?.(iteration);
    if (violation <= tolerance * first) return { iterations: iteration, converged: true };
    await pace.turn();
  }
  return { iterations: maxIterations, converged: false };
}

/** Goes through all neurons, some at a time, so that what is known of them is near for all that is done with them. */
async function sweep(
  { neurons, starts }: ClippedActivations,
  pace: Pace,
  work: (from: number, to: number) => void,
): Promise<void> {
  for (let from = 0; from < neurons; from += ROWS_AT_A_TIME) {
    const to = Math.min(from + ROWS_AT_A_TIME, neurons);
    work(from, to);
    if (pace.isDue(OPERATIONS * (starts[to]! - starts[from]!))) await pace.turn();
  }
}

/** ‖X - W H‖ and ‖X‖, both Frobenius; summed entry by entry, as differences of large sums would lose digits. */
export async function errorOf(x: ClippedActivations, { stride, activity, neurons }: DescentKernel, pace: Pace) {
  let [left, all] = [0, 0];
  const rest = new Float64Array(x.tokens);
  for (let neuron = 0; neuron < x.neurons; ++neuron) {
    rest.fill(0);
    for (let entry = x.starts[neuron]!; entry < x.starts[neuron + 1]!; ++entry) {
      rest[x.token[entry]!] = x.value[entry]!;
      all += x.value[entry]! ** 2;
    }
    for (let token = 0; token < x.tokens; ++token) {
      let difference = rest[token]!;
      for (let k = 0; k < stride; ++k) difference -= activity[token * stride + k]! * neurons[neuron * stride + k]!;
      left += difference * difference;
    }
    if (pace.isDue(x.tokens * stride)) await pace.turn();
  }
  return { error: Math.sqrt(left), norm: Math.sqrt(all) };
}
