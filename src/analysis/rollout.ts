/**
 * The arithmetic of attention rollout, a row at a time. Matrices are lower triangular, as no token sees a later one.
 *
 * @module
 */

/** The attention of one layer, `[H, T, T]`, and how its heads become one. */
export interface BlockAttention {
  readonly block: Float32Array;
  readonly H: number;
  readonly T: number;
  readonly heads: "mean" | "max";
}

/** Four rows are added at a time. */
const ROWS = 4;

/** The identity matrix, `[T, T]`, with rows of zeros after it up to a multiple of four. */
export function identity(T: number): Float64Array {
  const matrix = new Float64Array(Math.ceil(T / ROWS) * ROWS * T);
  for (let t = 0; t < T; ++t) matrix[t * T + t] = 1;
  return matrix;
}

/** Writes row t of (A/2 + I/2), divided by its sum, times the rollout before, into `next`. */
export function rolledRow(attention: BlockAttention, t: number, rollout: Float64Array, next: Float64Array): void {
  const { T } = attention;
  const factors = mixedRow(attention, t);
  const row = next.subarray(t * T, (t + 1) * T).fill(0);
  for (let k = 0; k <= t; k += ROWS) {
    const f0 = factors[k]!;
    const f1 = factors[k + 1]!;
    const f2 = factors[k + 2]!;
    const f3 = factors[k + 3]!;
    const r0 = k * T;
    const r1 = r0 + T;
    const r2 = r1 + T;
    const r3 = r2 + T;
    const end = Math.min(k + ROWS, T);
    for (let j = 0; j < end; ++j) {
      row[j]! += f0 * rollout[r0 + j]! + f1 * rollout[r1 + j]! + f2 * rollout[r2 + j]! + f3 * rollout[r3 + j]!;
    }
  }
}

/** Row t of A/2 + I/2, divided by its sum, with zeros after it. */
function mixedRow({ block, H, T, heads }: BlockAttention, t: number): Float64Array {
  const fused = new Float64Array(Math.ceil(T / ROWS) * ROWS);
  for (let head = 0; head < H; ++head) {
    const start = (head * T + t) * T;
    for (let s = 0; s <= t; ++s) {
      const value = block[start + s]!;
      fused[s] = heads === "max" ? Math.max(fused[s]!, value) : fused[s]! + value / H;
    }
  }
  let sum = 0;
  for (let s = 0; s <= t; ++s) sum += fused[s] = fused[s]! / 2 + (s === t ? 0.5 : 0);
  for (let s = 0; s <= t; ++s) fused[s]! /= sum;
  return fused;
}
