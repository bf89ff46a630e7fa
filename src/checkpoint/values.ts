/**
 * The numbers of a checkpoint: conversion to single precision, and the search for numbers that are none.
 *
 * @module
 */
import type { CheckpointDType, TensorEntry } from "./safetensors.ts";

const CHUNK_BYTES = 1 << 22;
const BYTES_PER_VALUE = { F64: 8, F32: 4, F16: 2, BF16: 2 } satisfies Record<CheckpointDType, number>;
const EXPONENT = { F32: 0x7f80_0000, F16: 0x7c00, BF16: 0x7f80 } satisfies Record<
  Exclude<CheckpointDType, "F64">,
  number
>;
/** The formats of weights, for human eyes. */
export const CHECKPOINT_DTYPES = "F64, F32, F16 or BF16";

/**
 * Tells whether a number format is one that weights can have.
 *
 * @param dtype The format as safetensors spells it.
 * @returns Whether it is `F64`, `F32`, `F16` or `BF16`.
 *
 * @example
 * ```ts
 * import { isCheckpointDType } from "./values.ts";
 *
 * isCheckpointDType("BF16"); // true
 * isCheckpointDType("BOOL"); // false
 * ```
 */
export function isCheckpointDType(dtype: string): dtype is CheckpointDType {
  return Object.hasOwn(BYTES_PER_VALUE, dtype);
}

/**
 * Reads a tensor in single precision. Half precision and bfloat16 are widened, which is exact; double precision is rounded
 * to the nearest, as PyTorch does.
 *
 * @param entry The tensor.
 * @returns Its numbers, in row-major order.
 * @throws {TypeError} If the tensor is not `F64`, `F32`, `F16` or `BF16`.
 *
 * @example
 * ```ts
 * import { openBytes } from "./byte_source.ts";
 * import { readFloat32 } from "./values.ts";
 *
 * const source = openBytes("one and a half", Uint8Array.of(0xc0, 0x3f));
 * const entry = { name: "x", dtype: "BF16", shape: [1], start: 0, end: 2, source };
 * await readFloat32(entry); // Float32Array [1.5]
 * ```
 */
export async function readFloat32(entry: TensorEntry): Promise<Float32Array<ArrayBuffer>> {
  const dtype = weightDType(entry);
  if (dtype === "F32") return new Float32Array((await entry.source.read(entry.start, entry.end)).buffer);
  const size = BYTES_PER_VALUE[dtype];
  const values = new Float32Array((entry.end - entry.start) / size);
  for (let start = entry.start; start < entry.end; start += CHUNK_BYTES) {
    const bytes = await entry.source.read(start, Math.min(start + CHUNK_BYTES, entry.end));
    const index = (start - entry.start) / size;
    widenFloat32(bytes, dtype, values.subarray(index, index + bytes.length / size));
  }
  return values;
}

/**
 * Writes the numbers that bytes stand for as single precision.
 *
 * @param bytes The bytes, little-endian; they need not be aligned.
 * @param dtype The number format of the bytes.
 * @param target Where the numbers go; it must be as long as they are many.
 * @throws {RangeError} If `target` has another length than the bytes have numbers.
 *
 * @example
 * ```ts
 * import { widenFloat32 } from "./values.ts";
 *
 * const target = new Float32Array(1);
 * widenFloat32(Uint8Array.of(0x00, 0x3e), "F16", target);
 * target; // Float32Array [1.5]
 * ```
 */
export function widenFloat32(bytes: Uint8Array, dtype: CheckpointDType, target: Float32Array): void {
  const size = BYTES_PER_VALUE[dtype];
  if (target.length * size !== bytes.length) {
    throw new RangeError(`Cannot write ${bytes.length} bytes of ${dtype} as ${target.length} numbers`);
  }
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  if (dtype === "F32") target.set(new Float32Array(buffer, byteOffset, target.length));
  else if (dtype === "F64") target.set(new Float64Array(buffer, byteOffset, target.length));
  else if (dtype === "F16") target.set(new Float16Array(buffer, byteOffset, target.length));
  else widenBfloat16(new Uint16Array(buffer, byteOffset, target.length), target);
}

/**
 * Finds the first number of a tensor that is infinite or not a number in single precision. The tensor is read in chunks of 4 MiB.
 *
 * @param entry The tensor.
 * @returns The row-major index of the number, or undefined when all are finite.
 * @throws {TypeError} If the tensor is not `F64`, `F32`, `F16` or `BF16`.
 *
 * @example
 * ```ts
 * import { openBytes } from "./byte_source.ts";
 * import { firstNonFinite } from "./values.ts";
 *
 * const source = openBytes("weights", new Uint8Array(Float32Array.of(1, NaN).buffer));
 * await firstNonFinite({ name: "x", dtype: "F32", shape: [2], start: 0, end: 8, source }); // 1
 * ```
 */
export async function firstNonFinite(entry: TensorEntry): Promise<number | undefined> {
  const dtype = weightDType(entry);
  const size = BYTES_PER_VALUE[dtype];
  for (let start = entry.start; start < entry.end; start += CHUNK_BYTES) {
    const { buffer } = await entry.source.read(start, Math.min(start + CHUNK_BYTES, entry.end));
    const index = dtype === "F64"
      ? new Float64Array(buffer).findIndex((value) => !Number.isFinite(Math.fround(value)))
      : firstFullExponent(size === 4 ? new Uint32Array(buffer) : new Uint16Array(buffer), EXPONENT[dtype]);
    if (index >= 0) return (start - entry.start) / size + index;
  }
  return undefined;
}

/**
 * Whether two tensors hold the same numbers in single precision, whatever they are stored in. Both are read in chunks, up
 * to the first difference.
 *
 * @param a A tensor.
 * @param b Another one.
 * @returns Whether there are as many numbers in both, and each equals the other; NaN equals nothing.
 * @throws {TypeError} If one is not `F64`, `F32`, `F16` or `BF16`.
 *
 * @example
 * ```ts
 * import { openBytes } from "./byte_source.ts";
 * import { holdSameNumbers } from "./values.ts";
 *
 * const source = openBytes("1.5 twice", Uint8Array.of(0xc0, 0x3f, 0x00, 0x3e));
 * const a = { name: "a", dtype: "BF16", shape: [1], start: 0, end: 2, source };
 * const b = { name: "b", dtype: "F16", shape: [1], start: 2, end: 4, source };
 * await holdSameNumbers(a, b); // true
 * ```
 */
export async function holdSameNumbers(a: TensorEntry, b: TensorEntry): Promise<boolean> {
  const [sizeA, sizeB] = [BYTES_PER_VALUE[weightDType(a)], BYTES_PER_VALUE[weightDType(b)]];
  const count = (a.end - a.start) / sizeA;
  if ((b.end - b.start) / sizeB !== count) return false;
  const step = CHUNK_BYTES / Math.max(sizeA, sizeB);
  for (let from = 0; from < count; from += step) {
    const [x, y] = await Promise.all([a, b].map((entry, i) => {
      const [size, to] = [[sizeA, sizeB][i]!, Math.min(from + step, count)];
      return readFloat32({ ...entry, start: entry.start + from * size, end: entry.start + to * size });
    })) as [Float32Array, Float32Array];
    for (let i = 0; i < x.length; ++i) if (x[i] !== y[i]) return false;
  }
  return true;
}

/** An exponent of ones, whatever the sign and the fraction, is an infinity or a NaN (IEEE 754). */
function firstFullExponent(bits: Uint32Array | Uint16Array, exponent: number): number {
  for (let i = 0; i < bits.length; ++i) {
    if ((bits[i]! & exponent) === exponent) return i;
  }
  return -1;
}

/** The upper half of a float32 is a bfloat16. */
function widenBfloat16(halves: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < halves.length; ++i) bits[i] = halves[i]! << 16;
}

function weightDType({ name, dtype, source }: TensorEntry): CheckpointDType {
  if (isCheckpointDType(dtype)) return dtype;
  throw new TypeError(
    `Cannot read tensor ${name} of ${source.name} as weights: its dtype is ${dtype}, not ${CHECKPOINT_DTYPES}`,
  );
}
