/**
 * The eigenvalues and eigenvectors of a symmetric matrix: Householder's reduction to three diagonals and implicit QL, as
 * EISPACK's tred2 and tql2 and JAMA have them (public domain). Vectors are rows, so that all inner loops read memory in
 * order. Of 1,024 tokens it takes seconds, during which the event loop has its turns.
 *
 * @module
 */
import type { Pace } from "../pace.ts";

/** Eigenvectors as rows, and their eigenvalues in the same order. */
export interface Eigen {
  /** `[n, n]`, a unit vector in each row. */
  readonly vectors: Float64Array;
  /** One for each row, in no order. */
  readonly values: Float64Array;
}

/** A matrix on the way to its eigenvectors, its diagonal, and the one beside it. */
interface Work {
  readonly n: number;
  readonly v: Float64Array;
  readonly d: Float64Array;
  readonly e: Float64Array;
}

/**
 * Decomposes a symmetric matrix, which is overwritten.
 *
 * @param matrix `[n, n]`.
 * @throws The signal's reason, when it is aborted.
 */
export async function symmetricEigen(matrix: Float64Array, pace: Pace): Promise<Eigen> {
  const n = Math.sqrt(matrix.length);
  const work = { n, v: matrix, d: matrix.slice((n - 1) * n), e: new Float64Array(n) };
  for (let i = n - 1; i > 0; --i) {
    reflect(work, i);
    if (pace.isDue(2 * i * i)) await pace.turn();
  }
  for (let i = 0; i < n - 1; ++i) {
    accumulate(work, i);
    if (pace.isDue(4 * i * i)) await pace.turn();
  }
  const { v, d, e } = work;
  for (let j = 0; j < n; ++j) {
    d[j] = v[j * n + n - 1]!;
    v[j * n + n - 1] = 0;
  }
  v[n * n - 1] = 1;
  e.copyWithin(0, 1);
  e[n - 1] = 0;
  await diagonalise(work, pace);
  return { vectors: v, values: d };
}

/** One reflection, which clears a row beyond the diagonal beside the main one. */
function reflect({ n, v, d, e }: Work, i: number): void {
  let [scale, h] = [0, 0];
  for (let k = 0; k < i; ++k) scale += Math.abs(d[k]!);
  if (scale === 0) {
    e[i] = d[i - 1]!;
    for (let j = 0; j < i; ++j) {
      d[j] = v[j * n + i - 1]!;
      v[j * n + i] = v[i * n + j] = 0;
    }
    d[i] = 0;
    return;
  }
  for (let k = 0; k < i; ++k) h += (d[k]! /= scale) ** 2;
  const last = d[i - 1]!;
  const root = last > 0 ? -Math.sqrt(h) : Math.sqrt(h);
  e[i] = scale * root;
  h -= last * root;
  d[i - 1] = last - root;
  similarity({ n, v, d, e }, i, h);
  d[i] = h;
}

/** Applies a reflection from both sides to what is left of the matrix. */
function similarity({ n, v, d, e }: Work, i: number, h: number): void {
  e.fill(0, 0, i);
  for (let j = 0; j < i; ++j) {
    const f = d[j]!;
    v[i * n + j] = f;
    let g = e[j]! + v[j * n + j]! * f;
    for (let k = j + 1; k < i; ++k) {
      const own = v[j * n + k]!;
      g += own * d[k]!;
      e[k]! += own * f;
    }
    e[j] = g;
  }
  let f = 0;
  for (let j = 0; j < i; ++j) f += (e[j]! /= h) * d[j]!;
  const half = f / (h + h);
  for (let j = 0; j < i; ++j) e[j]! -= half * d[j]!;
  for (let j = 0; j < i; ++j) {
    const [f, g] = [d[j]!, e[j]!];
    for (let k = j; k < i; ++k) v[j * n + k]! -= f * e[k]! + g * d[k]!;
    d[j] = v[j * n + i - 1]!;
    v[j * n + i] = 0;
  }
}

/** Multiplies one reflection into the vectors. */
function accumulate({ n, v, d }: Work, i: number): void {
  v[i * n + n - 1] = v[i * n + i]!;
  v[i * n + i] = 1;
  const h = d[i + 1]!;
  const row = v.subarray((i + 1) * n, (i + 2) * n);
  if (h !== 0) {
    for (let k = 0; k <= i; ++k) d[k] = row[k]! / h;
    for (let j = 0; j <= i; ++j) {
      const own = v.subarray(j * n, (j + 1) * n);
      let g = 0;
      for (let k = 0; k <= i; ++k) g += row[k]! * own[k]!;
      for (let k = 0; k <= i; ++k) own[k]! -= g * d[k]!;
    }
  }
  row.fill(0, 0, i + 1);
}

/** Implicit QL: rotates neighbours until nothing is left beside the diagonal. */
async function diagonalise({ n, v, d, e }: Work, pace: Pace): Promise<void> {
  let [shift, greatest] = [0, 0];
  for (let l = 0; l < n; ++l) {
    greatest = Math.max(greatest, Math.abs(d[l]!) + Math.abs(e[l]!));
    const least = Number.EPSILON * greatest;
    let m = l;
    while (m < n - 1 && Math.abs(e[m]!) > least) ++m;
    if (m > l) {
      do {
        shift += shiftBy({ n, v, d, e }, l);
        sweep({ n, v, d, e }, l, m);
        if (pace.isDue(4 * n * (m - l))) await pace.turn();
      } while (Math.abs(e[l]!) > least);
    }
    d[l]! += shift;
    e[l] = 0;
  }
}

/** Takes an eigenvalue of the first two by two block off the diagonal. Returns it. */
function shiftBy({ n, d, e }: Work, l: number): number {
  const g = d[l]!;
  const p = (d[l + 1]! - g) / (2 * e[l]!);
  const r = p < 0 ? -Math.hypot(p, 1) : Math.hypot(p, 1);
  d[l] = e[l]! / (p + r);
  d[l + 1] = e[l]! * (p + r);
  const h = g - d[l]!;
  for (let i = l + 2; i < n; ++i) d[i]! -= h;
  return h;
}

/** One QL step from m up to l. */
function sweep({ n, v, d, e }: Work, l: number, m: number): void {
  const [next, below] = [d[l + 1]!, e[l + 1]!];
  let p = d[m]!;
  let [c, c2, c3, s, s2] = [1, 1, 1, 0, 0];
  for (let i = m - 1; i >= l; --i) {
    [c3, c2, s2] = [c2, c, s];
    const [g, h] = [c * e[i]!, c * p];
    const r = Math.hypot(p, e[i]!);
    e[i + 1] = s * r;
    s = e[i]! / r;
    c = p / r;
    p = c * d[i]! - s * g;
    d[i + 1] = h + s * (c * g + s * d[i]!);
    rotate(v, i * n, n, c, s);
  }
  p = -s * s2 * c3 * below * e[l]! / next;
  e[l] = s * p;
  d[l] = c * p;
}

/** Rotates a row of the vectors, which begins at `at`, and the one after it. */
function rotate(v: Float64Array, at: number, n: number, c: number, s: number): void {
  for (let k = at; k < at + n; ++k) {
    const h = v[k + n]!;
    v[k + n] = s * v[k]! + c * h;
    v[k] = c * v[k]! - s * h;
  }
}
