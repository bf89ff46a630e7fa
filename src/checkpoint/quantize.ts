/**
 * Matrices in 8 bits, symmetric about zero, in two formats of ONNX Runtime's,
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
 *
 * For `MatMulNBits` with 8 bits and no zero points, blocks of numbers share a scale, `(code - 128) * scale`. For
 * `DynamicQuantizeMatMul`, columns do, `code * scale`.
 *
 * @module
 */

import { turnColumns, turnSize } from "./turn.ts";

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

/** A matrix in 8 bits whose columns have a scale each. */
export interface ScaledColumns {
  /** `[rows, columns]`, from -64 to 64. */
  readonly codes: Int8Array<ArrayBuffer>;
  /** `[columns]`. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/**
 * The greatest code. Processors with AVX2 but without VNNI add two products of a row's code, at most 255, and a matrix'
 * code in 16 bits, which overflow beyond 64: with it, all processors give the same sums.
 */
const MOST_CODE = 64;

/** The greatest sum that products of codes may have. */
const MOST_SUM = 2 ** 31 - 1;

/** How many columns are written at a time, so that what lies far apart in memory stays in the cache. */
const TILE = 64;

/**
 * Quantises a matrix, or the transpose of one, column by column: the scale of a column is its greatest magnitude over 64,
 * or over less where so many rows could overflow a sum in 32 bits, and each number becomes the nearest code.
 *
 * @param numbers A matrix in row-major order.
 * @param shape Its rows and columns.
 * @param transpose Whether the rows of the result are the columns of the matrix.
 * @param turned How many numbers of a column are turned together before; none by default.
 * @returns The codes and the scales.
 * @throws {RangeError} When a number is not finite.
 *
 * @example
 * ```ts
 * import { quantizeColumns } from "./quantize.ts";
 *
 * const { codes, scales } = quantizeColumns(Float32Array.of(1, -0.5), [2, 1], false);
 * console.log(codes, scales); // 64, -32 and 1 / 64
 * ```
 */
export function quantizeColumns(
  numbers: Float32Array,
  [height, width]: readonly [number, number],
  transpose: boolean,
  turned?: number,
): ScaledColumns {
  const [rows, columns] = transpose ? [width, height] : [height, width];
  const [rowStride, stride] = transpose ? [1, width] : [width, 1];
  if (turned !== undefined) {
    numbers = numbers.slice();
    turnColumns(numbers, [rows, columns], [rowStride, stride], turned);
  }
  const most = Math.min(MOST_CODE, Math.floor(MOST_SUM / (255 * rows)));
  const codes = new Int8Array(rows * columns);
  const scales = greatestOfColumns(numbers, [rows, columns], [rowStride, stride]).map((greatest) => {
    if (!Number.isFinite(greatest)) throw new RangeError("Cannot quantise numbers that are NaN or infinite");
    const scale = Math.fround(greatest / most);
    return scale < LEAST_SCALE ? 0 : scale;
  });
  for (let start = 0; start < columns; start += TILE) {
    const end = Math.min(columns, start + TILE);
    for (let row = 0; row < rows; ++row) {
      for (let column = start; column < end; ++column) {
        const scale = scales[column]!;
        if (scale !== 0) {
          codes[row * columns + column] = Math.round(numbers[row * rowStride + column * stride]! / scale);
        }
      }
    }
  }
  return { codes, scales };
}

/** The greatest magnitude in each column; NaN stays. */
function greatestOfColumns(
  numbers: Float32Array,
  [rows, columns]: readonly [number, number],
  [rowStride, stride]: readonly [number, number],
): Float32Array<ArrayBuffer> {
  const greatest = new Float32Array(columns);
  for (let start = 0; start < columns; start += TILE) {
    const end = Math.min(columns, start + TILE);
    for (let row = 0; row < rows; ++row) {
      for (let column = start; column < end; ++column) {
        greatest[column] = Math.max(greatest[column]!, Math.abs(numbers[row * rowStride + column * stride]!));
      }
    }
  }
  return greatest;
}

/** How many columns of a matrix are looked at. */
const SAMPLE = 64;

/** What is worth a turn of the rows too: an error so much smaller. */
const WORTH = 0.97;

/**
 * How many numbers of each column of a matrix, or of the transpose of one, are best turned together before they are
 * quantised; undefined where that makes the error no smaller by 3 %, as of numbers drawn at random. A part of the columns
 * is looked at.
 *
 * @throws {RangeError} When a number is not finite.
 */
export function bestTurn(
  numbers: Float32Array,
  [height, width]: readonly [number, number],
  transpose: boolean,
): number | undefined {
  const [rows, columns] = transpose ? [width, height] : [height, width];
  const turned = turnSize(rows);
  if (turned === undefined) return undefined;
  const [rowStride, stride] = transpose ? [1, width] : [width, 1];
  const count = Math.min(SAMPLE, columns);
  const chosen = Array.from({ length: count }, (_, i) => Math.floor(i * columns / count) * stride);
  const sample = new Float32Array(rows * count);
  for (let row = 0; row < rows; ++row) {
    chosen.forEach((start, i) => sample[row * count + i] = numbers[row * rowStride + start]!);
  }
  const shape = [rows, count] as const;
  const plain = roundingError(sample, quantizeColumns(sample, shape, false));
  turnColumns(sample, shape, [count, 1], turned);
  return roundingError(sample, quantizeColumns(sample, shape, false)) < WORTH * plain ? turned : undefined;
}

/** How far codes are from numbers, as a length. */
function roundingError(numbers: Float32Array, { codes, scales }: ScaledColumns): number {
  const columns = scales.length;
  return Math.sqrt(numbers.reduce((sum, x, i) => sum + (x - codes[i]! * scales[i % columns]!) ** 2, 0));
}
