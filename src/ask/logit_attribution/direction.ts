/**
 * Which direction of the residual stream a logit is read in, and how that reaches back through a linear layer. All sums
 * are in double precision.
 *
 * @module
 */
import { dot, sumOf } from "../../base/numbers.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import type { ModelRunner } from "../../model/runner.ts";
import { unembeddingName, type Writers } from "../../models/family.ts";
import type { WeightSpec } from "../../models/weight_list.ts";

/** What reads a logit. */
export interface Reading {
  /** What the residual stream is multiplied by, `[C]`: the scale of the final norm is in it. */
  readonly direction: Float64Array;
  /** What the bias of the final norm adds. */
  readonly bias: number;
}

/**
 * How the residual stream `x` is read as the logit of a token, less that of another where there is one. The final norm is
 * y = (x − mean) / σ · γ + β (RMSNorm has neither mean nor β), so with g = γ u its y · u is x · (g − mean of g) / σ + β · u.
 */
export async function readingOf(
  runner: ModelRunner,
  { norm: { name, kind, epsilon } }: Writers,
  x: Float32Array,
  tokens: { readonly target: number; readonly contrast?: number | undefined },
): Promise<Reading> {
  const u = await tokenDirection(runner, tokens.target, tokens.contrast);
  const { data: gamma } = await runner.weights.read(`${name}.weight`);
  const g = u.map((value, c) => value * gamma[c]!);
  const centred = kind === "layerNorm";
  const sigma = Math.sqrt(spread(x, centred ? mean(x) : 0) + epsilon);
  const shift = centred ? mean(g) : 0;
  const bias = centred ? dot((await runner.weights.read(`${name}.bias`)).data, u) : 0;
  return { direction: g.map((value) => (value - shift) / sigma), bias };
}

/** The row of the unembedding that reads a token's logit, less that of another. */
async function tokenDirection(runner: ModelRunner, target: number, contrast?: number): Promise<Float64Array> {
  const name = unembeddingName(runner.family, runner.config)!;
  const own = Float64Array.from(await runner.weights.readRows(name, target));
  if (contrast === undefined) return own;
  const other = await runner.weights.readRows(name, contrast);
  return own.map((value, c) => value - other[c]!);
}

/** What a linear layer reads in a direction of what it writes: its matrix times the direction, `[in]`. */
export function backThrough(
  { data, shape }: FloatTensor,
  layout: WeightSpec["layout"],
  direction: Float64Array,
): Float64Array {
  const [rows, columns] = shape as readonly [number, number];
  if (layout === "in-out") {
    return Float64Array.from(
      { length: rows },
      (_, row) => dot(data.subarray(row * columns, (row + 1) * columns), direction),
    );
  }
  const sums = new Float64Array(columns);
  for (let row = 0; row < rows; ++row) {
    const [start, factor] = [row * columns, direction[row]!];
    for (let column = 0; column < columns; ++column) sums[column]! += data[start + column]! * factor;
  }
  return sums;
}

function mean(numbers: Float32Array | Float64Array): number {
  return sumOf(numbers) / numbers.length;
}

/** The mean square of the distance from a number. */
function spread(numbers: Float32Array, from: number): number {
  return mean(Float64Array.from(numbers, (number) => (number - from) ** 2));
}
