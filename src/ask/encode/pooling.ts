/**
 * One vector for a whole text, from the residual stream that leaves the last block, and the way back.
 *
 * @module
 */

/** What stands for a text: the mean of its tokens' states, or the state of the first one, which is `[CLS]` for BERT. */
export type Pooling = "mean" | "cls";

/** Every pooling. */
export const POOLINGS: readonly Pooling[] = ["mean", "cls"];

/** How texts become vectors. */
export interface PoolingOptions {
  /**
   * What stands for a text: the mean of all of its tokens' last hidden states, those of special tokens included, or the
   * first one's.
   *
   * @default {"mean"}
   */
  readonly pooling?: Pooling;
  /**
   * Whether vectors are divided by their length, so that a product of two is their cosine.
   *
   * @default {true}
   */
  readonly normalize?: boolean;
}

/** As PyTorch's `normalize` has it. */
const LEAST_LENGTH = 1e-12;

/** The vector of a text of T tokens, `[C]`, from their states, `[T, C]`; sums are in double precision. */
export function pooled(states: Float32Array, T: number, pooling: Pooling): Float64Array {
  const C = states.length / T;
  const vector = new Float64Array(C);
  const rows = pooling === "mean" ? T : 1;
  for (let i = 0; i < rows * C; ++i) vector[i % C]! += states[i]! / rows;
  return vector;
}

/** The length of a vector. */
function lengthOf(vector: Float64Array): number {
  return Math.max(Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0)), LEAST_LENGTH);
}

/** The vector divided by its length. */
export function unit(vector: Float64Array): Float64Array {
  const length = lengthOf(vector);
  return vector.map((x) => x / length);
}

/** The cotangent of a vector, from that of what {@linkcode unit} makes of it: what points along it changes nothing. */
export function unitCotangent(vector: Float64Array, cotangent: Float64Array): Float64Array {
  const length = lengthOf(vector);
  const along = vector.reduce((sum, x, i) => sum + x * cotangent[i]!, 0) / length;
  return cotangent.map((dx, i) => (dx - along * vector[i]! / length) / length);
}

/** The rows that a vector is made of, and their cotangents, `[R, C]`. */
export function rowCotangents(
  cotangent: Float64Array,
  T: number,
  pooling: Pooling,
): { readonly rows: readonly number[]; readonly given: Float32Array } {
  const R = pooling === "mean" ? T : 1;
  const C = cotangent.length;
  return { rows: [...Array(R).keys()], given: Float32Array.from({ length: R * C }, (_, i) => cotangent[i % C]! / R) };
}
