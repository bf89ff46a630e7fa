import type { Graph, ScaledMatrix, Value } from "../onnx/mod.ts";

/** What a row of zeros is divided by. */
const LEAST = 1e-37;

/**
 * `rows W` in 8 bits, each row scaled to its own greatest magnitude before and back after. Cotangents of a text differ by
 * many powers of ten from row to row, and by one scale for all of them small rows would be rounded to nothing.
 *
 * @param rows `[M, in]`.
 * @param matrix W, `[in, out]`.
 * @returns `[M, out]`.
 */
export function productInInt8(g: Graph, rows: Value, matrix: ScaledMatrix): Value {
  const greatest = g.max(g.greatest(g.abs(rows), -1), g.floats([LEAST], [])); // [M, 1]
  return g.mul(g.scaledProduct(g.div(rows, greatest), matrix), greatest);
}
