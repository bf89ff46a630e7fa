/**
 * Tensors of half or double precision as if they were stored in single precision, for readers that know no other.
 *
 * @module
 */
import type { ByteSource } from "./byte_source.ts";
import type { TensorEntry } from "./safetensors.ts";
import { widenFloat32 } from "./values.ts";

/** How many bytes of a number there are in what is not single precision. */
const BYTES = { F64: 8, F16: 2, BF16: 2 } as const;

/** How many bytes of the file are read at a time. */
const CHUNK_BYTES = 2 ** 20;

/**
 * A file in which each number of `dtype` takes four bytes. What stands at byte b of the file is found at 2b when numbers
 * have two bytes; when they have eight, at (b - base) / 2, where `base` is what all b leave when divided by eight.
 */
class WidenedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #source: ByteSource;
  readonly #dtype: keyof typeof BYTES;
  readonly #base: number;
  #scratch: Uint8Array | undefined;

  constructor(source: ByteSource, dtype: keyof typeof BYTES, base: number) {
    this.name = `${source.name} (${dtype}${base === 0 ? "" : ` from byte ${base}`} as F32)`;
    this.size = Math.floor((source.size - base) * 4 / BYTES[dtype]);
    this.#source = source;
    this.#dtype = dtype;
    this.#base = base;
  }

  async read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const target = new Uint8Array(end - start);
    for (const { some, from, to } of this.#chunks(start, target)) {
      widenFloat32(await this.#source.read(from, to), this.#dtype, some); // at once, a page could read only what is loaded
    }
    return target;
  }

  readInto(start: number, target: Uint8Array): void {
    // One buffer for all tensors: what is left to the garbage collector stays resident for long.
    const scratch = this.#scratch ??= new Uint8Array(CHUNK_BYTES);
    for (const { some, from, to } of this.#chunks(start, target)) {
      const bytes = scratch.subarray(0, to - from);
      this.#source.readInto(from, bytes);
      widenFloat32(bytes, this.#dtype, some);
    }
  }

  /** Parts of what is read, and which bytes of the file they are made of. */
  *#chunks(start: number, target: Uint8Array): Generator<{ some: Float32Array; from: number; to: number }> {
    const numbers = new Float32Array(target.buffer, target.byteOffset, target.length / 4);
    const size = BYTES[this.#dtype];
    for (let done = 0; done < numbers.length; done += CHUNK_BYTES / size) {
      const some = numbers.subarray(done, done + CHUNK_BYTES / size);
      const from = this.#base + size * (start / 4 + done);
      yield { some, from, to: from + size * some.length };
    }
  }

  async load(): Promise<void> {
    await this.#source.load?.();
  }

  unload(): void {
    this.#source.unload?.();
  }

  close(): void {
    this.#source.close();
  }
}

/**
 * The same tensors, all `F32`: those in half precision are widened when they are read, which is exact, and those in double
 * precision rounded. Nothing is read now.
 *
 * @param entries Tensors of type `F64`, `F32`, `F16` or `BF16`.
 * @returns The tensors by the same names.
 *
 * @example
 * ```ts
 * import { openBytes } from "./byte_source.ts";
 * import { readFloat32 } from "./values.ts";
 * import { widened } from "./widened.ts";
 *
 * const source = openBytes("one and a half", Uint8Array.of(0xc0, 0x3f));
 * const entry = { name: "x", dtype: "BF16", shape: [1], start: 0, end: 2, source };
 * const wide = widened(new Map([["x", entry]])).get("x")!;
 * await readFloat32(wide); // Float32Array [1.5]
 * ```
 */
export function widened(entries: ReadonlyMap<string, TensorEntry>): ReadonlyMap<string, TensorEntry> {
  const sources = new Map<string, WidenedSource>();
  return new Map([...entries].map(([name, entry]) => {
    const { dtype, source, start, end } = entry;
    if (dtype !== "F64" && dtype !== "F16" && dtype !== "BF16") return [name, entry];
    const base = dtype === "F64" ? start % BYTES.F64 : 0;
    const key = `${dtype} ${base} ${source.name}`;
    const wide = sources.get(key) ?? new WidenedSource(source, dtype, base);
    sources.set(key, wide);
    const [from, to] = [start, end].map((byte) => (byte - base) * 4 / BYTES[dtype]) as [number, number];
    return [name, { ...entry, dtype: "F32", start: from, end: to, source: wide }];
  }));
}
