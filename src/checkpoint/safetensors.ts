/**
 * The header of a safetensors file: which tensors it holds, and where.
 * The format: https://github.com/huggingface/safetensors#format
 *
 * @module
 */
import { shown } from "../base/words.ts";
import type { ByteSource } from "./byte_source.ts";

/** The number formats that weights can have here. */
export type CheckpointDType = "F64" | "F32" | "F16" | "BF16";

/** One tensor of a checkpoint: what it is and where its bytes are. */
export interface TensorEntry {
  /** The name, such as `h.0.attn.c_attn.weight`. */
  readonly name: string;
  /**
   * The number format as safetensors spells it. Weights are {@linkcode CheckpointDType}; buffers, such as GPT-2's
   * causal masks, can have any other.
   */
  readonly dtype: string;
  /** The size of each axis; empty for a single number. */
  readonly shape: readonly number[];
  /** The first byte, counted from the beginning of the file. */
  readonly start: number;
  /** The byte after the last one, counted from the beginning of the file. */
  readonly end: number;
  /** The file. */
  readonly source: ByteSource;
}

/** The key of the header that holds texts rather than a tensor. */
export const METADATA = "__metadata__";
/** How many bytes say how long the header is. */
export const PREFIX_BYTES = 8;
/** The longest header that can be read. */
export const MAX_HEADER_BYTES = 100_000_000; // the reference library's own limit

// bits per number of every dtype that the reference library knows
const BITS = new Map(
  Object.entries({
    4: ["F4"],
    6: ["F6_E2M3", "F6_E3M2"],
    8: ["BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"],
    16: ["I16", "U16", "F16", "BF16"],
    32: ["I32", "U32", "F32"],
    64: ["I64", "U64", "F64", "C64"],
  }).flatMap(([bits, dtypes]) => dtypes.map((dtype) => [dtype, Number(bits)] as const)),
);

/**
 * Reads and checks the header of a safetensors file. Tensors must fill the file without gaps or overlaps, as the
 * reference library demands. No weights are read.
 *
 * @param source The file.
 * @returns The tensors by name, in the order of the header.
 * @throws {SyntaxError} If the header is not what the format says.
 * @throws {RangeError} If lengths or offsets do not fit the file, such as in a download that broke off.
 *
 * @example
 * ```ts
 * import { openBytes } from "./byte_source.ts";
 * import { readSafetensors } from "./safetensors.ts";
 *
 * const header = new TextEncoder().encode('{"bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
 * const file = new Uint8Array(8 + header.length + 4);
 * new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
 * file.set(header, 8);
 * const tensors = await readSafetensors(openBytes("tiny", file));
 * tensors.get("bias")?.shape; // [1]
 * ```
 */
export async function readSafetensors(source: ByteSource): Promise<ReadonlyMap<string, TensorEntry>> {
  return (await readSafetensorsFile(source)).tensors;
}

/** What the header of a safetensors file says. */
export interface SafetensorsHeader {
  /** The tensors by name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** The texts of `__metadata__`; none when the file has no metadata. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the data of the tensors begins, in bytes from the beginning of the file. */
  readonly dataStart: number;
}

/** Reads and checks the header, as {@linkcode readSafetensors} does, and its metadata too. */
export async function readSafetensorsFile(source: ByteSource): Promise<SafetensorsHeader> {
  const header = await readHeader(source);
  const entries: TensorEntry[] = [];
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, fields] of Object.entries(header.fields)) {
    if (name === METADATA) metadata = readMetadata(source, fields);
    else entries.push(readEntry(source, name, fields, header.end));
  }
  checkRanges(source, entries, header.end);
  return { tensors: new Map(entries.map((entry) => [entry.name, entry])), metadata, dataStart: header.end };
}

async function readHeader(source: ByteSource): Promise<{ fields: Record<string, unknown>; end: number }> {
  if (source.size < PREFIX_BYTES) {
    throw new RangeError(`Cannot read ${source.name} as safetensors: it has ${source.size} bytes, fewer than 8`);
  }
  const prefix = await source.read(0, PREFIX_BYTES);
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    const limit = `more than ${MAX_HEADER_BYTES}`;
    throw new RangeError(
      `Cannot read ${source.name} as safetensors: it says that its header has ${length} bytes, ${limit}`,
    );
  }
  const end = PREFIX_BYTES + Number(length);
  if (length === 0n || end > source.size) {
    throw new RangeError(
      `Cannot read ${source.name} as safetensors: it says that its header has ${length} bytes, the file has ${source.size}`,
    );
  }
  return { fields: parseHeader(source, await source.read(PREFIX_BYTES, end)), end };
}

function parseHeader(source: ByteSource, bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SyntaxError(`Cannot read ${source.name} as safetensors: its header is not UTF-8`);
  }
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    throw new SyntaxError(`Cannot read ${source.name} as safetensors: its header is not JSON: ${shown(text)}`);
  }
  if (!isRecord(fields)) {
    throw new SyntaxError(`Cannot read ${source.name} as safetensors: its header is not an object: ${shown(fields)}`);
  }
  return fields;
}

function readMetadata(source: ByteSource, metadata: unknown): ReadonlyMap<string, string> {
  if (metadata === null) return new Map(); // the reference library reads null as none
  if (!isTexts(metadata)) {
    throw new SyntaxError(
      `Cannot read ${source.name} as safetensors: its __metadata__ is not an object of strings: ${shown(metadata)}`,
    );
  }
  return new Map(Object.entries(metadata));
}

function readEntry(source: ByteSource, name: string, fields: unknown, dataStart: number): TensorEntry {
  const fail = (problem: string) =>
    new SyntaxError(`Cannot read tensor ${shown(name)} of ${source.name} as safetensors: ${problem}`);
  if (!isRecord(fields)) throw fail(`its entry is not an object: ${shown(fields)}`);
  const { dtype, shape, data_offsets: offsets } = fields;
  if (typeof dtype !== "string") throw fail(`its dtype is not a string: ${shown(dtype)}`);
  const bits = BITS.get(dtype);
  if (bits === undefined) throw fail(`its dtype ${shown(dtype)} is unknown`);
  if (!isSizes(shape)) throw fail(`its shape is not an array of sizes: ${shown(shape)}`);
  if (!isSizes(offsets) || offsets.length !== 2) throw fail(`its data_offsets are not two offsets: ${shown(offsets)}`);
  const [start = 0, end = 0] = offsets;
  if (end < start) throw fail(`its data_offsets are reversed: ${shown(offsets)}`);
  const expected = shape.reduce((product, size) => product * size, 1) * bits / 8;
  if (end - start !== expected) {
    throw fail(`shape ${shown(shape)} of ${dtype} needs ${expected} bytes, its data_offsets hold ${end - start}`);
  }
  if (!Number.isSafeInteger(dataStart + end)) throw fail(`its data_offsets are too large: ${shown(offsets)}`);
  return { name, dtype, shape, start: dataStart + start, end: dataStart + end, source };
}

function checkRanges(source: ByteSource, entries: readonly TensorEntry[], dataStart: number): void {
  const sorted = entries.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let end = dataStart;
  for (const entry of sorted) {
    if (entry.start !== end) {
      const found = entry.start < end ? "overlaps the tensor before it" : `follows a gap of ${entry.start - end} bytes`;
      throw new RangeError(
        `Cannot read tensor ${shown(entry.name)} of ${source.name} as safetensors: it ${found}`,
      );
    }
    end = entry.end;
  }
  if (end > source.size) {
    throw new RangeError(
      `Cannot read ${source.name} as safetensors: ${
        end - source.size
      } of ${end} bytes are missing at its end; download it again`,
    );
  }
  if (end < source.size) {
    throw new RangeError(
      `Cannot read ${source.name} as safetensors: ${source.size - end} bytes at its end belong to no tensor`,
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === "string");
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
