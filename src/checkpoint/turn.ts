/**
 * Turns of rows of numbers that spread a few large numbers over many small ones, so that rounding to steps of the greatest
 * loses less: each part of a row is multiplied by a Hadamard matrix. Rows and a matrix that are turned alike have the same
 * product (Ashkboos et al. 2024, https://arxiv.org/abs/2404.00456).
 *
 * @module
 */

/** The most numbers of a part, which are turned together. */
const MOST = 64;

/** The least that are worth it. */
const LEAST = 16;

/** How many columns are turned at a time, so that what lies far apart in memory stays in the cache. */
const TILE = 64;

/** How many numbers of a row of `count` are turned together: a power of two that divides them; none where it is small. */
export function turnSize(count: number): number | undefined {
  let size = MOST;
  while (count % size !== 0) size /= 2;
  return size < LEAST ? undefined : size;
}

/** The symmetric orthogonal matrix that a part of a row is multiplied by, `[size, size]` in row-major order. */
export function turnMatrix(size: number): number[] {
  const sign = (bits: number): number => bits === 0 ? 1 : -sign(bits & (bits - 1));
  return Array.from({ length: size * size }, (_, i) => sign(Math.floor(i / size) & i % size) / Math.sqrt(size));
}

/**
 * Turns the columns of a matrix in place, part by part.
 *
 * @param numbers The matrix, in which the numbers of a column are `rowStride` apart, and those of a row `stride`.
 * @param shape Its rows and columns; `size` divides the rows.
 */
export function turnColumns(
  numbers: Float32Array,
  [rows, columns]: readonly [number, number],
  [rowStride, stride]: readonly [number, number],
  size: number,
): void {
  const factor = 1 / Math.sqrt(size);
  for (let start = 0; start < columns; start += TILE) {
    const end = Math.min(columns, start + TILE);
    for (let first = 0; first < rows; first += size) {
      for (let half = 1; half < size; half *= 2) {
        const scale = half === 1 ? factor : 1;
        for (let i = 0; i < size; ++i) {
          if ((i & half) !== 0) continue;
          for (let column = start; column < end; ++column) {
            const a = (first + i) * rowStride + column * stride;
            const b = a + half * rowStride;
            const [x, y] = [scale * numbers[a]!, scale * numbers[b]!];
            numbers[a] = x + y;
            numbers[b] = x - y;
          }
        }
      }
    }
  }
}
