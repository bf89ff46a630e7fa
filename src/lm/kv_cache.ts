/** The keys and values of the tokens that a model has read, `[P, C]` for each block, in buffers that grow. */
export class KVCache {
  /** P, the number of tokens. */
  length = 0;
  /** Another object when rows have been forgotten; while it is the same, rows were added and none has changed. */
  lineage: object = {};
  readonly #width: number;
  readonly #keys: Float32Array[];
  readonly #values: Float32Array[];

  /** An empty cache for `layers` blocks of width `width`. */
  constructor(layers: number, width: number) {
    this.#width = width;
    this.#keys = Array.from({ length: layers }, () => new Float32Array(0));
    this.#values = Array.from({ length: layers }, () => new Float32Array(0));
  }

  /** The keys of each block, `[P, C]`: views that are valid until the next append. */
  get keys(): Float32Array[] {
    return this.#keys.map((buffer) => buffer.subarray(0, this.length * this.#width));
  }

  /** The values of each block, `[P, C]`: views that are valid until the next append. */
  get values(): Float32Array[] {
    return this.#values.map((buffer) => buffer.subarray(0, this.length * this.#width));
  }

  /** Forgets all tokens but the first `length`. */
  rewind(length: number): void {
    if (length >= this.length) return;
    this.length = length;
    this.lineage = {};
  }

  /** Adds the keys and values of the next tokens, `[T, C]` for each block. */
  append(keys: readonly Float32Array[], values: readonly Float32Array[]): void {
    const start = this.length * this.#width;
    keys.forEach((rows, layer) => this.#keys[layer] = written(this.#keys[layer]!, rows, start));
    values.forEach((rows, layer) => this.#values[layer] = written(this.#values[layer]!, rows, start));
    this.length += keys[0]!.length / this.#width;
  }

  /** Adds copies of those rows of another cache that are from `start` to before `end`. */
  appendFrom(other: KVCache, start: number, end: number): void {
    const cut = (buffers: Float32Array[]) =>
      buffers.map((rows) => rows.subarray(start * this.#width, end * this.#width));
    this.append(cut(other.keys), cut(other.values));
  }
}

/** `buffer` with `rows` at `start`: the same one, or a copy of twice the size. */
function written(buffer: Float32Array, rows: Float32Array, start: number): Float32Array {
  const end = start + rows.length;
  let target = buffer;
  if (end > buffer.length) {
    target = new Float32Array(Math.max(end, 2 * buffer.length));
    target.set(buffer.subarray(0, start));
  }
  target.set(rows, start);
  return target;
}
