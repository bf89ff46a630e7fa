/**
 * Matrices in 8 bits: blocks of numbers that share a scale, `(code - 128) * scale`, symmetric about zero.
 *
 * The format is that of ONNX Runtime's `MatMulNBits` with 8 bits and no zero points,
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#commicrosoftmatmulnbits
 *
 * @module
 */

/** How many numbers of a row share a scale. */
export const BLOCK_SIZE = 32;

/** The code of zero, also of what fills the last block of a row. */
const ZERO = 128;

/** Below it a float32 loses digits, so that codes would overflow: such numbers become zero. */
const LEAST_SCALE = 2 ** -126;

/** A matrix in 8 bits. */
export interface QuantizedRows {
  /** `[rows, blocks, BLOCK_SIZE]`. */
  readonly codes: Uint8Array<ArrayBuffer>;
  /** `[rows, blocks]`. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/**
 * Quantises a matrix, or the transpose of one, block by block: the scale of a block is its greatest magnitude over 127,
 * and each number becomes the nearest code.
 *
 * @param numbers A matrix in row-major order.
 * @param shape Its rows and columns.
 * @param transpose Whether the rows of the result are the columns of the matrix.
 * @returns The codes and the scales.
 * @throws {RangeError} When a number is not finite.
 *
 * @example
 * ```ts
 * import { quantize } from "./quantize.ts";
 *
 * const { codes, scales } = quantize(Float32Array.of(1, -0.5), [1, 2], false);
 * console.log(codes[0], codes[1], scales[0]); // 255, 65 (-63 / 127 is the nearest to -0.5) and 1 / 127
 * ```
 */
export function quantize(
  numbers: Float32Array,
  [height, width]: readonly [number, number],
  transpose: boolean,
): QuantizedRows {
  const [rows, columns] = transpose ? [width, height] : [height, width];
  const [rowStride, stride] = transpose ? [1, width] : [width, 1];
  const blocks = Math.ceil(columns / BLOCK_SIZE);
  const codes = new Uint8Array(rows * blocks * BLOCK_SIZE).fill(ZERO);
  const scales = new Float32Array(rows * blocks);
  // Rows innermost: a column of blocks is read in the order of memory, whichever way it lies.
  for (let block = 0; block < blocks; ++block) {
    const first = block * BLOCK_SIZE;
    const count = Math.min(BLOCK_SIZE, columns - first);
    for (let row = 0; row < rows; ++row) {
      const from = row * rowStride + first * stride;
      const to = row * blocks + block;
      const scale = scales[to] = blockScale(numbers, from, stride, count);
      if (scale === 0) continue;
      for (let i = 0; i < count; ++i) {
        codes[to * BLOCK_SIZE + i] = ZERO + Math.round(numbers[from + i * stride]! / scale);
      }
    }
  }
  return { codes, scales };
}

function blockScale(numbers: Float32Array, from: number, stride: number, count: number): number {
  let greatest = 0;
  for (let i = 0; i < count; ++i) greatest = Math.max(greatest, Math.abs(numbers[from + i * stride]!)); // NaN stays
  if (!Number.isFinite(greatest)) throw new RangeError("Cannot quantise numbers that are NaN or infinite");
  const scale = Math.fround(greatest / 127);
  return scale < LEAST_SCALE ? 0 : scale;
}
