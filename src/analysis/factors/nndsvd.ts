/**
 * Where a factorisation starts.
 *
 * @module
 */
import { createRandom } from "../../base/random.ts";
import type { Pace } from "../pace.ts";
import type { ClippedActivations } from "./clipped.ts";
import type { DescentKernel } from "./descent_kernel.ts";
import { symmetricEigen } from "./eigen.ts";

/** Below this, scikit-learn takes a number of the start for 0. */
const LEAST = 1e-6;

/** The left singular vectors of the activations and their singular values, greatest first. */
export interface LeftSingular {
  /** The number `[n, k]` of the vectors as columns. */
  readonly vector: (n: number, k: number) => number;
  /** The singular values, N of them. */
  readonly values: readonly number[];
}

/** The singular vectors on the side of the tokens, from the N x N products of tokens: N is small, M is not. */
export async function leftSingular(
  { tokens: N }: ClippedActivations,
  kernel: DescentKernel,
  pace: Pace,
): Promise<LeftSingular> {
  const gram = await kernel.tokenProducts();
  for (let i = 0; i < N; ++i) for (let j = 0; j < i; ++j) gram[j * N + i] = gram[i * N + j]!;
  const { vectors, values } = await symmetricEigen(gram, pace);
  const order = [...values.keys()].sort((a, b) => values[b]! - values[a]!);
  const noise = values[order[0]!]! * N * Number.EPSILON;
  return {
    vector: (n, k) => vectors[order[k]! * N + n]!,
    values: order.map((k) => values[k]! > noise ? Math.sqrt(values[k]!) : 0),
  };
}

/**
 * NNDSVD (Boutsidis and Gallopoulos 2008, https://doi.org/10.1016/j.patcog.2007.09.010) as scikit-learn computes it, but
 * from exact singular vectors, where scikit-learn takes those of a random projection. Signs do not matter: of each pair
 * of vectors the larger of the positive and the negative part is taken, and the first pair has one sign.
 *
 * @param filled Whether zeros become the mean activation: scikit-learn's "nndsvda".
 */
export async function nndsvd(
  x: ClippedActivations,
  kernel: DescentKernel,
  singular: LeftSingular,
  factors: number,
  filled: boolean,
  pace: Pace,
): Promise<void> {
  const { stride, activity, neurons } = kernel;
  for (let n = 0; n < x.tokens; ++n) {
    for (let k = 0; k < factors; ++k) activity[n * stride + k] = singular.vector(n, k);
  }
  await kernel.project();
  for (let k = 0; k < factors; ++k) scaleColumn(kernel, k, singular.values[k]!);
  const mean = filled ? await meanOf(x, pace) : 0;
  for (const rows of [activity, neurons]) {
    for (let i = 0; i < rows.length; ++i) if (rows[i]! < LEAST && i % stride < factors) rows[i] = mean;
  }
}

/** Turns a left singular vector u and s v, the activations times u, into one factor. */
function scaleColumn({ stride, activity, neurons }: DescentKernel, k: number, value: number): void {
  if (k === 0) { // of one sign
    for (const rows of [activity, neurons]) for (let i = 0; i < rows.length; i += stride) rows[i] = Math.abs(rows[i]!);
  }
  const [u, sv] = [partNorms(activity, k, stride), partNorms(neurons, k, stride)];
  const positive = k === 0 || u.positive * sv.positive > u.negative * sv.negative;
  const [uNorm, svNorm] = positive ? [u.positive, sv.positive] : [u.negative, sv.negative];
  const scale = (positive ? 1 : -1) * Math.sqrt(uNorm * svNorm); // sqrt(s x |u| x |v|) = sqrt(|u| x |s v|)
  for (const [rows, norm] of [[activity, uNorm], [neurons, svNorm]] as const) {
    const factor = value > 0 && norm > 0 ? scale / norm : 0;
    for (let i = k; i < rows.length; i += stride) rows[i] = Math.max(0, rows[i]! * factor);
  }
}

/** The norms of the positive and of the negative part of a column. */
function partNorms(rows: Float64Array, k: number, stride: number) {
  let [positive, negative] = [0, 0];
  for (let i = k; i < rows.length; i += stride) {
    if (rows[i]! > 0) positive += rows[i]! ** 2;
    else negative += rows[i]! ** 2;
  }
  return { positive: Math.sqrt(positive), negative: Math.sqrt(negative) };
}

/** Sizes of normal draws times sqrt(mean activation / K): scikit-learn's "random", with draws of our own. */
export async function randomStart(
  x: ClippedActivations,
  kernel: DescentKernel,
  factors: number,
  seed: number,
  pace: Pace,
): Promise<void> {
  const mean = await meanOf(x, pace);
  const scale = Math.sqrt(mean / factors);
  const random = createRandom(seed);
  for (const rows of [kernel.neurons, kernel.activity]) {
    for (let i = 0; i < rows.length; ++i) {
      if (i % kernel.stride >= factors) continue;
      const radius = Math.sqrt(-2 * Math.log(1 - random())); // Box and Muller
      rows[i] = scale * radius * Math.abs(Math.cos(2 * Math.PI * random()));
    }
  }
}

/** The mean activation, zeros included. */
async function meanOf({ value, starts, tokens, neurons }: ClippedActivations, pace: Pace): Promise<number> {
  let sum = 0;
  for (let neuron = 0; neuron < neurons; ++neuron) {
    for (let entry = starts[neuron]!; entry < starts[neuron + 1]!; ++entry) sum += value[entry]!;
    if (pace.isDue(tokens)) await pace.turn();
  }
  return sum / (tokens * neurons);
}
