/**
 * Matrices in panels: 16 columns side by side, one row of them after another, as the processor multiplies by them. It is
 * the order in which ONNX Runtime itself stores a matrix before a product with it.
 *
 * @module
 */

/** How many columns a panel has. */
export const PANEL_WIDTH = 16;

/** The shape of a matrix in panels: how many there are, its rows, and the width of a panel. */
export function panelShape([rows, columns]: readonly [number, number]): readonly [number, number, number] {
  return [Math.ceil(columns / PANEL_WIDTH), rows, PANEL_WIDTH];
}

/**
 * A matrix, or the transpose of one, in panels; columns of zeros fill the last.
 *
 * @param numbers A matrix in row-major order.
 * @param shape Its rows and columns.
 * @param transpose Whether the columns of the result are the rows of the matrix.
 * @returns `[panels, rows, PANEL_WIDTH]`.
 *
 * @example
 * ```ts
 * import { toPanels } from "./panels.ts";
 *
 * const panels = toPanels(Float32Array.of(1, 2, 3, 4), [2, 2], false);
 * console.log(panels.slice(0, 2), panels.slice(16, 18)); // 1, 2 and 3, 4
 * ```
 */
export function toPanels(
  numbers: Float32Array,
  [height, width]: readonly [number, number],
  transpose: boolean,
): Float32Array<ArrayBuffer> {
  const [rows, columns] = transpose ? [width, height] : [height, width];
  const [rowStride, stride] = transpose ? [1, width] : [width, 1];
  const [panels] = panelShape([rows, columns]);
  const result = new Float32Array(panels * rows * PANEL_WIDTH);
  const [from, to] = [bitsOf(numbers), bitsOf(result)];
  for (let first = 0; first < rows; first += TILE) {
    const end = Math.min(rows, first + TILE);
    for (let panel = 0; panel < panels; ++panel) {
      const start = panel * PANEL_WIDTH;
      const place = { from: start * stride, to: panel * rows * PANEL_WIDTH, rowStride, stride };
      copyTile(from, to, place, [first, end], Math.min(PANEL_WIDTH, columns - start));
    }
  }
  return result;
}

/** How many rows are copied at a time, so that what lies far apart in memory stays in the cache. */
const TILE = 32;

/** As whole numbers, which are copied faster. */
const bitsOf = ({ buffer, byteOffset, length }: Float32Array) => new Int32Array(buffer, byteOffset, length);

/** Where a panel begins in a matrix and in the result, and how far rows and columns of the matrix lie apart. */
interface Place {
  readonly from: number;
  readonly to: number;
  readonly rowStride: number;
  readonly stride: number;
}

/** Copies some rows of a panel in the order of the matrix. */
function copyTile(
  from: Int32Array,
  to: Int32Array,
  place: Place,
  [first, end]: readonly [number, number],
  columns: number,
): void {
  const { rowStride, stride } = place;
  if (stride === 1) {
    for (let row = first; row < end; ++row) {
      const [source, target] = [place.from + row * rowStride, place.to + row * PANEL_WIDTH];
      for (let i = 0; i < columns; ++i) to[target + i] = from[source + i]!;
    }
    return;
  }
  for (let i = 0; i < columns; ++i) {
    const [source, target] = [place.from + i * stride, place.to + i];
    for (let row = first; row < end; ++row) to[target + row * PANEL_WIDTH] = from[source + row * rowStride]!;
  }
}
