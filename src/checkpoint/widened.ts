/**
 * Half-precision tensors as if they were stored in single precision, for readers that know no other.
 *
 * @module
 */
import type { ByteSource } from "./byte_source.ts";
import type { TensorEntry } from "./safetensors.ts";
import { widenFloat32 } from "./values.ts";

/** How many bytes in half precision are read at a time. */
const CHUNK_BYTES = 2 ** 20;

/** A file in which each number of `dtype` takes four bytes: what stands at byte b is found at 2b. */
class WidenedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #source: ByteSource;
  readonly #dtype: "F16" | "BF16";
  #scratch: Uint8Array | undefined;

  constructor(source: ByteSource, dtype: "F16" | "BF16") {
    this.name = `${source.name} (${dtype} as F32)`;
    this.size = 2 * source.size;
    this.#source = source;
    this.#dtype = dtype;
  }

  // deno-lint-ignore require-await -- a wrong range must reject, not throw
  async read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(end - start);
    this.readInto(start, bytes);
    return bytes;
  }

  readInto(start: number, target: Uint8Array): void {
    // One buffer for all tensors: what is left to the garbage collector stays resident for long.
    const scratch = this.#scratch ??= new Uint8Array(CHUNK_BYTES);
    const numbers = new Float32Array(target.buffer, target.byteOffset, target.length / 4);
    for (let done = 0; done < numbers.length; done += CHUNK_BYTES / 2) {
      const some = numbers.subarray(done, done + CHUNK_BYTES / 2);
      const halves = scratch.subarray(0, 2 * some.length);
      this.#source.readInto(start / 2 + 2 * done, halves);
      widenFloat32(halves, this.#dtype, some);
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
 * The same tensors, all `F32`: those in half precision are widened when they are read, which is exact. Nothing is read
 * now.
 *
 * @param entries Tensors of type `F32`, `F16` or `BF16`.
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
    if (dtype !== "F16" && dtype !== "BF16") return [name, entry];
    const key = `${dtype} ${source.name}`;
    const wide = sources.get(key) ?? new WidenedSource(source, dtype);
    sources.set(key, wide);
    return [name, { ...entry, dtype: "F32", start: 2 * start, end: 2 * end, source: wide }];
  }));
}
