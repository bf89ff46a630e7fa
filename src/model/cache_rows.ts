import { free } from "../base/numbers.ts";

/** Rows in memory: `[P, width]` in each of some buffers that grow. */
export class HostRows implements Disposable {
  readonly #width: number;
  readonly #buffers: Float32Array[];

  constructor(tensors: number, width: number) {
    this.#width = width;
    this.#buffers = Array.from({ length: tensors }, () => new Float32Array(0));
  }

  /** The first `length` rows of the buffers from `first` to before `end`: views that are valid until the next append. */
  views(first: number, end: number, length: number): Float32Array[] {
    return this.#buffers.slice(first, end).map((buffer) => buffer.subarray(0, length * this.#width));
  }

  /** Copies of them. */
  // deno-lint-ignore require-await -- rows may be elsewhere, where this takes time
  async read(first: number, end: number, length: number): Promise<Float32Array[]> {
    return this.views(first, end, length).map((rows) => rows.slice());
  }

  /** Writes rows to each buffer, behind the first `at`. */
  append(rows: readonly Float32Array[], at: number): void {
    rows.forEach((own, i) => this.#buffers[i] = written(this.#buffers[i]!, own, at * this.#width));
  }

  /** Moves the rows `kept`, in ascending order, to the beginning; the others are forgotten. */
  keep(kept: readonly number[]): void {
    for (const buffer of this.#buffers) moveRows(buffer, kept, this.#width);
  }

  /** Writes copies of those rows of another cache that are from `start` to before `end` behind the first `at`. */
  copyFrom(other: HostRows, start: number, end: number, at: number): void {
    const cut = (buffer: Float32Array) => buffer.subarray(start * this.#width, end * this.#width);
    this.append(other.#buffers.map(cut), at);
  }

  /** Frees the memory. */
  [Symbol.dispose](): void {
    free(...this.#buffers.splice(0));
  }
}

/** Moves those rows of a buffer that are at `kept`, in ascending order, to its beginning. */
function moveRows(buffer: Float32Array, kept: readonly number[], width: number): void {
  kept.forEach((row, to) => {
    if (row !== to) buffer.copyWithin(to * width, row * width, (row + 1) * width);
  });
}

/** `buffer` with `rows` at `start`: the same one, or a copy of twice the size. */
function written(buffer: Float32Array, rows: Float32Array, start: number): Float32Array {
  const end = start + rows.length;
  let target = buffer;
  if (end > buffer.length) {
    target = new Float32Array(Math.max(end, 2 * buffer.length));
    target.set(buffer.subarray(0, start));
    free(buffer);
  }
  target.set(rows, start);
  return target;
}
