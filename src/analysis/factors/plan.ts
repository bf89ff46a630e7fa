/**
 * What a factorisation needs before it runs: options checked and filled in, and a start.
 *
 * @module
 */
import type { Trace } from "../../ask/trace/trace.ts";
import { firstNonFiniteIndex } from "../../base/numbers.ts";
import { expectSeed } from "../../base/random.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import { Pace } from "../pace.ts";
import { type ClippedActivations, clippedActivations } from "./clipped.ts";
import { DescentKernel } from "./descent_kernel.ts";
import { type LeftSingular, leftSingular, nndsvd, randomStart } from "./nndsvd.ts";
import { threadsFor } from "./threads.ts";
import type { FactorisationOptions, Factors, FactorsOptions, FactorsStart } from "./types.ts";

/** So many products of an entry and a factor are worth a thread: a third of a second of work, where a thread takes 20 ms. */
const PRODUCTS_OF_THREAD = 2 ** 29;

/** Activations, and options checked and filled in. */
export interface Plan extends Required<Omit<FactorisationOptions, "layers" | "onProgress" | "progress" | "signal">> {
  readonly x: ClippedActivations;
  /** Lets the event loop have its turns. */
  readonly pace: Pace;
}

export async function planOf(traces: readonly Trace[], options: FactorisationOptions): Promise<Plan> {
  const { seed = 0, maxIterations = 200, tolerance = 1e-4 } = options;
  expectWhole(maxIterations, "stop after");
  if (!(tolerance >= 0)) throw new RangeError(`Cannot stop at a tolerance of ${tolerance} as it must be a number >= 0`);
  expectSeed(seed);
  const pace = new Pace(options.signal);
  return { x: await clippedActivations(traces, options.layers, pace), seed, maxIterations, tolerance, pace };
}

export function expectWhole(count: number, task: string): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`Cannot ${task} ${count} as it must be a whole number >= 1`);
  }
}

export function expectFactors(factors: number, { tokens, neurons }: ClippedActivations): void {
  const most = Math.min(tokens, neurons);
  if (!Number.isInteger(factors) || factors < 1 || factors > most) {
    const found = `${tokens} tokens x ${neurons} neurons`;
    throw new RangeError(`Cannot explain ${found} by ${factors} factors; use a whole number from 1 to ${most}`);
  }
}

export function expectStart(
  init: FactorsOptions["init"],
  factors: number,
  { tokens, neurons }: ClippedActivations,
): void {
  if (typeof init === "object" && init?.activity && init.neurons) {
    expectFactor(init.activity, [factors, tokens], "activity");
    expectFactor(init.neurons, [factors, neurons], "neurons");
  } else if (init !== "nndsvda" && init !== "nndsvd" && init !== "random") {
    const names = '"nndsvda", "nndsvd", "random" or factors';
    throw new TypeError(`Cannot start a factorisation from ${JSON.stringify(init)}; use ${names}`);
  }
}

function expectFactor({ data, shape }: FloatTensor, expected: readonly [number, number], name: string): void {
  if (`${shape}` !== `${expected}` || data.length !== expected[0] * expected[1]) {
    throw new RangeError(
      `Cannot start from ${name} of shape [${shape.join(", ")}] as [${expected.join(", ")}] is needed`,
    );
  }
  if (firstNonFiniteIndex(data) >= 0 || data.some((value) => value < 0) || data.every((value) => value === 0)) {
    throw new RangeError(`Cannot start from ${name} that are negative, NaN or all 0`);
  }
}

/** What a factorisation begins with: a kernel, and singular vectors where they were needed or `known`. */
export async function startOf(
  init: FactorsStart | Pick<Factors, "activity" | "neurons">,
  factors: number,
  { x, seed, maxIterations, pace }: Plan,
  known?: LeftSingular,
): Promise<{ readonly kernel: DescentKernel; readonly singular: LeftSingular | undefined }> {
  const square = typeof init === "string" && init !== "random" && !known;
  const threads = threadsFor(x.token.length * factors * maxIterations / PRODUCTS_OF_THREAD);
  const kernel = await DescentKernel.create(x, factors, { pace, threads, square });
  try {
    const singular = square ? await leftSingular(x, kernel, pace) : known;
    if (init === "random") await randomStart(x, kernel, factors, seed, pace);
    else if (typeof init !== "string") takeFactors(kernel, factors, init);
    else await nndsvd(x, kernel, singular!, factors, init === "nndsvda", pace);
    return { kernel, singular };
  } catch (error) {
    kernel[Symbol.dispose]();
    throw error;
  }
}

function takeFactors(
  { stride, activity, neurons }: DescentKernel,
  factors: number,
  init: Pick<Factors, "activity" | "neurons">,
): void {
  for (const [rows, { data }] of [[activity, init.activity], [neurons, init.neurons]] as const) {
    const width = data.length / factors;
    data.forEach((value, i) => rows[(i % width) * stride + Math.floor(i / width)] = value);
  }
}
