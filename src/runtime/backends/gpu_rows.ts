/**
 * Rows that stay on a GPU between runs. ONNX Runtime binds whole buffers, so a run writes its new rows into buffers of
 * their own, from which the GPU copies them behind the others.
 *
 * Those buffers are handed to the run. With `preferredOutputLocation` onnxruntime-web 1.30 would make them, but it binds
 * all inputs then, and after a run that failed the next one computes with what was bound before.
 *
 * @module
 */
import type { InferenceSession, Tensor } from "npm:onnxruntime-common@1.30.0";
import type { Feed, Resident } from "../../onnx/feed.ts";
import type { DeviceRows } from "../backend.ts";
import type { Growth, RowsEdit, RowsSlice } from "../resident_rows.ts";
import type { Copy, GpuMemory, Part } from "./gpu_memory.ts";

const FLOAT = Float32Array.BYTES_PER_ELEMENT;
/** Buffers have room for so many bytes at least, so that short texts do not grow at each token. */
const LEAST_BYTES = 2 ** 14;
/** A buffer for new rows may be so many times as large as they need. */
const MOST_SPARE = 16;

/** One cache: a buffer for each tensor; none when it is empty. */
interface Store {
  readonly buffers: readonly GPUBuffer[];
  /** Why its rows are not what they should be. */
  readonly failure?: unknown;
}

/** The rows of one session. */
export class GpuRows implements DeviceRows {
  readonly #memory: GpuMemory;
  readonly #library: { readonly Tensor: typeof Tensor };
  readonly #stores = new Map<number, Store>();
  /** What runs write new rows to, by the name of the output. */
  readonly #outputs = new Map<string, GPUBuffer>();

  /** Nothing is held yet. */
  constructor(memory: GpuMemory, library: { readonly Tensor: typeof Tensor }) {
    this.#memory = memory;
    this.#library = library;
  }

  /** Runs a session whose feeds may be resident, and appends to rows what `growths` say. */
  async run(
    session: InferenceSession,
    feeds: readonly Feed[],
    fetches: readonly string[],
    growths: readonly Growth[],
  ): Promise<Float32Array[]> {
    const made = new Map<string, Part>();
    const wanted: Record<string, Tensor | null> = Object.fromEntries(fetches.map((name) => [name, null]));
    for (const growth of growths) {
      const { names, at, count, width } = growth;
      const bytes = count * width * FLOAT;
      await this.#roomFor(growth.rows, names.length, { held: at * width * FLOAT, needed: at * width * FLOAT + bytes });
      await this.#outputsFor(names, bytes);
      for (const name of names) {
        made.set(name, { buffer: this.#outputs.get(name)!, bytes });
        wanted[name] = this.#tensor(this.#outputs.get(name)!, [count, width]);
      }
    }
    const inputs = feeds.map((feed) => [feed.value.name, this.#inputOf(feed)] as const);
    const results = await session.run(Object.fromEntries(inputs), wanted);
    this.#memory.copy(growths.flatMap((growth) => this.#appended(growth)));
    const read = await this.#memory.read(fetches.flatMap((name) => made.get(name) ?? []));
    return fetches.map((name) => made.has(name) ? read.shift()! : results[name]!.data as Float32Array);
  }

  /** Changes rows between runs. A failure is kept for those who use them. */
  async edit(edit: RowsEdit): Promise<void> {
    try {
      if (edit.kind === "free") this.#free(edit.rows);
      else if (edit.kind === "keep") await this.#keep(edit.rows, edit.kept, edit.width * FLOAT);
      else await this.#copy(edit);
    } catch (failure) {
      this.#stores.set(edit.rows, { buffers: this.#stores.get(edit.rows)?.buffers ?? [], failure });
    }
  }

  /** Fetches numbers. */
  read({ rows, first, end, length }: RowsSlice): Promise<Float32Array[]> {
    const buffers = this.#buffersOf(rows).slice(first, end);
    return this.#memory.read(buffers.map((buffer) => ({ buffer, bytes: length * FLOAT })));
  }

  /** Frees all of them. */
  release(): void {
    for (const rows of [...this.#stores.keys()]) this.#free(rows);
    for (const buffer of this.#outputs.values()) buffer.destroy();
    this.#outputs.clear();
  }

  #tensor(buffer: GPUBuffer, dims: readonly number[]): Tensor {
    return this.#library.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims });
  }

  #inputOf({ value: { dtype }, data, dims, resident }: Feed): Tensor {
    // There is no buffer for no numbers.
    if (resident && dims[0]! > 0) return this.#tensor(this.#bufferOf(resident), dims);
    return new this.#library.Tensor(dtype as "float32", data as Float32Array, dims);
  }

  #bufferOf({ rows, tensor }: Resident): GPUBuffer {
    return this.#buffersOf(rows)[tensor]!;
  }

  #buffersOf(rows: number): readonly GPUBuffer[] {
    const { buffers, failure } = this.#stores.get(rows) ?? {};
    if (failure) throw failure;
    if (!buffers?.length) throw new Error("the keys and values that it needs are freed; read the text again");
    return buffers;
  }

  /** Where a run's new rows go to. */
  #appended({ rows, names, at, count, width }: Growth): Copy[] {
    const [start, bytes] = [at * width * FLOAT, count * width * FLOAT];
    return this.#buffersOf(rows).map((to, i) => ({
      from: this.#outputs.get(names[i]!)!,
      start: 0,
      to,
      at: start,
      bytes,
    }));
  }

  /** Lets each tensor have room for `needed` bytes, the first of which are `held`. */
  async #roomFor(
    rows: number,
    tensors: number,
    { held, needed }: { readonly held: number; readonly needed: number },
  ): Promise<void> {
    const { buffers = [], failure } = this.#stores.get(rows) ?? {};
    if (failure) throw failure;
    const size = buffers[0]?.size ?? 0;
    if (needed <= size) return;
    const roomier = Math.max(LEAST_BYTES, needed, Math.min(2 * size, this.#memory.mostBytes));
    const larger = await this.#memory.create(tensors, roomier);
    this.#memory.copy(
      held === 0 ? [] : buffers.map((from, i) => ({ from, start: 0, to: larger[i]!, at: 0, bytes: held })),
    );
    this.#stores.set(rows, { buffers: larger });
    for (const buffer of buffers) buffer.destroy();
  }

  /** Lets the outputs of a run have buffers, no matter whether those of the last run were for more rows. */
  async #outputsFor(names: readonly string[], bytes: number): Promise<void> {
    const most = MOST_SPARE * Math.max(bytes, LEAST_BYTES);
    const fits = (size = 0) => size >= bytes && size <= most;
    const missing = [...new Set(names)].filter((name) => !fits(this.#outputs.get(name)?.size));
    if (missing.length === 0) return;
    for (const name of missing) {
      this.#outputs.get(name)?.destroy();
      this.#outputs.delete(name);
    }
    const buffers = await this.#memory.create(missing.length, bytes);
    missing.forEach((name, i) => this.#outputs.set(name, buffers[i]!));
  }

  async #keep(rows: number, kept: readonly number[], rowBytes: number): Promise<void> {
    const { buffers = [], failure } = this.#stores.get(rows) ?? {};
    if (failure || buffers.length === 0) return;
    if (kept.length === 0) return this.#free(rows);
    const runs = runsOf(kept);
    const packed = await this.#memory.create(buffers.length, Math.max(LEAST_BYTES, kept.length * rowBytes));
    this.#memory.copy(buffers.flatMap((from, i) =>
      runs.map(({ start, at, count }) => {
        return { from, start: start * rowBytes, to: packed[i]!, at: at * rowBytes, bytes: count * rowBytes };
      })
    ));
    this.#stores.set(rows, { buffers: packed });
    for (const buffer of buffers) buffer.destroy();
  }

  async #copy({ rows, at, width, from, start, end }: Extract<RowsEdit, { kind: "copy" }>): Promise<void> {
    const source = this.#buffersOf(from);
    const [held, bytes] = [at * width * FLOAT, (end - start) * width * FLOAT];
    await this.#roomFor(rows, source.length, { held, needed: held + bytes });
    const buffers = this.#buffersOf(rows);
    this.#memory.copy(source.map((one, i) => {
      return { from: one, start: start * width * FLOAT, to: buffers[i]!, at: held, bytes };
    }));
  }

  #free(rows: number): void {
    for (const buffer of this.#stores.get(rows)?.buffers ?? []) buffer.destroy();
    this.#stores.delete(rows);
  }
}

/** Rows that stand one behind another, where they come from and where they go to. */
function runsOf(kept: readonly number[]): readonly { start: number; at: number; count: number }[] {
  const runs: { start: number; at: number; count: number }[] = [];
  kept.forEach((row, at) => {
    const last = runs.at(-1);
    if (last && last.start + last.count === row) ++last.count;
    else runs.push({ start: row, at, count: 1 });
  });
  return runs;
}
