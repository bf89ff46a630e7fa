/**
 * Non-negative matrix factorisation X = W H by cyclic coordinate descent: scikit-learn's default solver,
 * `_fit_coordinate_descent` of `sklearn/decomposition/_nmf.py` and `_cdnmf_fast.pyx` without regularisation, after
 * Cichocki and Phan 2009 (https://doi.org/10.1587/transfun.E92.A.708). All sums are in double precision.
 *
 * @module
 */
import type { Pace } from "../pace.ts";
import type { DescentKernel } from "./descent_kernel.ts";

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
  kernel: DescentKernel,
  { maxIterations, tolerance, onIteration, pace }: DescentOptions,
): Promise<{ readonly iterations: number; readonly converged: boolean }> {
  let first = 0;
  await kernel.addNeurons();
  for (let iteration = 1; iteration <= maxIterations; ++iteration) {
    const ofTokens = kernel.improveTokens();
    kernel.takeTokens();
    const violation = ofTokens + await kernel.improveNeurons();
    if (iteration === 1) first = violation;
    onIteration?.(iteration);
    if (violation <= tolerance * first) return { iterations: iteration, converged: true };
    if (iteration % ITERATIONS_PER_TURN === 0) await pace.turn();
  }
  return { iterations: maxIterations, converged: false };
}
