/**
 * Non-negative matrix factorisation X = W H by cyclic coordinate descent: scikit-learn's default solver,
 * `_fit_coordinate_descent` of `sklearn/decomposition/_nmf.py` and `_cdnmf_fast.pyx` without regularisation, after
 * Cichocki and Phan 2009 (https://doi.org/10.1587/transfun.E92.A.708). All sums are in double precision.
 *
 * @module
 */
import type { Pace } from "../pace.ts";
import type { ClippedActivations } from "./clipped.ts";
import type { DescentKernel } from "./descent_kernel.ts";
import { ROWS_AT_A_TIME } from "./descent_layout.ts";

/** After how many iterations the event loop has its turn and somebody is told, however small the work. */
export const ITERATIONS_PER_TURN = 10;

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
  const operations = kernel.stride / 2; // of an entry, about
  await sweep(x, operations, pace, (from, to) => kernel.addNeurons(from, to));
  for (let iteration = 1; iteration <= maxIterations; ++iteration) {
    let violation = kernel.improveTokens();
    kernel.takeTokens();
    await sweep(x, operations, pace, (from, to) => {
      violation += kernel.improveNeurons(from, to);
      kernel.addNeurons(from, to);
    });
    if (iteration === 1) first = violation;
    onIteration?.(iteration);
    if (violation <= tolerance * first) return { iterations: iteration, converged: true };
    if (iteration % ITERATIONS_PER_TURN === 0) await pace.turn();
  }
  return { iterations: maxIterations, converged: false };
}

/** Goes through all neurons, some at a time, so that what is known of them is near for all that is done with them. */
async function sweep(
  { neurons, starts }: ClippedActivations,
  operations: number,
  pace: Pace,
  work: (from: number, to: number) => void,
): Promise<void> {
  for (let from = 0; from < neurons; from += ROWS_AT_A_TIME) {
    const to = Math.min(from + ROWS_AT_A_TIME, neurons);
    work(from, to);
    if (pace.isDue(operations * (starts[to]! - starts[from]!))) await pace.turn();
  }
}

/** ‖X - W H‖ and ‖X‖, both Frobenius; summed entry by entry, as differences of large sums would lose digits. */
export async function errorOf(x: ClippedActivations, { stride, activity, neurons }: DescentKernel, pace: Pace) {
  let [left, all] = [0, 0];
  const rest = new Float64Array(x.tokens);
  for (let neuron = 0; neuron < x.neurons; ++neuron) {
    rest.fill(0);
    for (let entry = x.starts[neuron]!; entry < x.starts[neuron + 1]!; ++entry) {
      const value = x.value[entry]!;
      rest[x.token[entry]!] = value;
      all += value * value;
    }
    const own = neuron * stride;
    for (let token = 0; token < x.tokens; ++token) {
      const row = token * stride;
      let [even, odd] = [rest[token]!, 0]; // two sums, as each addition waits for the one before
      for (let k = 0; k < stride; k += 2) {
        even -= activity[row + k]! * neurons[own + k]!;
        odd += activity[row + k + 1]! * neurons[own + k + 1]!;
      }
      left += (even - odd) * (even - odd);
    }
    if (pace.isDue(x.tokens * stride)) await pace.turn();
  }
  return { error: Math.sqrt(left), norm: Math.sqrt(all) };
}
