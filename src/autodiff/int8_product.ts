import { turnMatrix } from "../checkpoint/turn.ts";
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
  const own = matrix.turned === undefined ? rows : turnedRows(g, rows, matrix.turned); // [M, in]
  const greatest = g.max(g.greatest(g.abs(own), -1), g.floats([LEAST], [])); // [M, 1]
  return g.mul(g.scaledProduct(g.div(own, greatest), matrix), greatest);
}

/** Rows `[M, in]` with each `size` of their numbers turned as those of the columns of a matrix are. */
function turnedRows(g: Graph, rows: Value, size: number): Value {
  const [M, inner] = rows.shape as [Value["shape"][0], number];
  const turn = g.once(`turn of ${size}`, () => g.floats(turnMatrix(size), [size, size]));
  return g.reshape(g.matmul(g.reshape(rows, [M!, inner / size, size]), turn), [M!, inner]);
}
