/**
 * Writes safetensors files, laid out as the reference library lays them out.
 * The format: https://github.com/huggingface/safetensors#format
 *
 * @module
 */
import { MAX_HEADER_BYTES, METADATA, PREFIX_BYTES } from "./safetensors.ts";

/** Numbers that a safetensors file can hold here. */
export type StorableArray = Float32Array | Float64Array | Int32Array;

/** One tensor to write. */
export interface StorableTensor {
  /** The numbers, in row-major order. */
  readonly data: StorableArray;
  /** The size of each axis; their product is `data.length`. */
  readonly shape: readonly number[];
}

/** The parts of a file, to be written one after the other. */
export interface SafetensorsParts {
  /** The length of the header and the header. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** The bytes of each tensor, in the order of the file; they are the tensors' own memory. */
  readonly data: readonly Uint8Array[];
}

/**
 * How safetensors spells the type of an array.
 *
 * @param data The array.
 * @returns `F32`, `F64` or `I32`.
 */
export function dtypeOf(data: StorableArray): "F32" | "F64" | "I32" {
  return data instanceof Float32Array ? "F32" : data instanceof Float64Array ? "F64" : "I32";
}

/**
 * Lays tensors out: those of wide numbers first, so that all are aligned, else in the order of the map.
 *
 * @param tensors The tensors by name.
 * @param describe The texts of `__metadata__`, given the tensors' bytes in the order of the file.
 * @returns The parts of the file.
 * @throws {RangeError} If the header gets longer than readers of the format accept.
 *
 * @example
 * ```ts
 * import { layOutSafetensors } from "./write_safetensors.ts";
 *
 * const tensors = new Map([["x", { data: Float32Array.of(1, 2), shape: [2] }]]);
 * const { header, data } = layOutSafetensors(tensors, () => ({ author: "me" }));
 * const file = new Blob([header, ...data.map((bytes) => bytes.slice())]);
 * ```
 */
export function layOutSafetensors(
  tensors: ReadonlyMap<string, StorableTensor>,
  describe: (data: readonly Uint8Array[]) => Readonly<Record<string, string>>,
): SafetensorsParts {
  const width = ({ data }: StorableTensor) => data.BYTES_PER_ELEMENT;
  const order = [...tensors].sort(([, a], [, b]) => width(b) - width(a)); // stable
  const data = order.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const parts = order.map(([name, { data, shape }]) => {
    return [name, { dtype: dtypeOf(data), shape, bytes: data.byteLength }] as const;
  });
  return { header: safetensorsHeader(parts, describe(data)), data };
}

/** What a header says of a tensor. */
export interface TensorPart {
  /** The number format as safetensors spells it. */
  readonly dtype: string;
  /** The size of each axis. */
  readonly shape: readonly number[];
  /** How many bytes its numbers take. */
  readonly bytes: number;
}

/**
 * The beginning of a file: the length of the header, and the header.
 *
 * @param parts The tensors by name, in the order in which their bytes follow, without gaps.
 * @param metadata The texts of `__metadata__`; none by default.
 * @returns The bytes, a multiple of eight.
 * @throws {RangeError} If the header gets longer than readers of the format accept.
 *
 * @example
 * ```ts
 * import { safetensorsHeader } from "./write_safetensors.ts";
 *
 * const header = safetensorsHeader([["x", { dtype: "F32", shape: [2], bytes: 8 }]]);
 * const file = new Blob([header, Float32Array.of(1, 2)]);
 * ```
 */
export function safetensorsHeader(
  parts: Iterable<readonly [string, TensorPart]>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  let end = 0;
  const entries = Array.from(parts, ([name, { dtype, shape, bytes }]) => {
    const start = end;
    end += bytes;
    return [name, { dtype, shape, data_offsets: [start, end] }];
  });
  const text = JSON.stringify(Object.fromEntries([...metadata ? [[METADATA, metadata]] : [], ...entries]));
  return headerOf(new TextEncoder().encode(text));
}

/** The header is padded with spaces, so that the numbers after it are aligned. */
function headerOf(json: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = Math.ceil(json.length / PREFIX_BYTES) * PREFIX_BYTES;
  if (length > MAX_HEADER_BYTES) {
    const limit = `readers accept ${MAX_HEADER_BYTES}`;
    throw new RangeError(`Cannot write a safetensors header of ${length} bytes as ${limit}; write several files`);
  }
  const header = new Uint8Array(PREFIX_BYTES + length).fill(" ".charCodeAt(0));
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, PREFIX_BYTES);
  return header;
}
