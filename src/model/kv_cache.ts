import { free } from "../base/numbers.ts";

/** The texts that a token belongs to: from the first to the last. */
export type TextRange = readonly [first: number, last: number];

/**
 * The keys and values of the tokens that a model has read, `[P, C]` for each layer, in buffers that grow. The tokens may
 * be of several texts, in any order but that of each text; texts that begin alike may have their beginning in common.
 */
export class KVCache implements Disposable {
  /** What was read of the sources of the texts, where an encoder reads them. */
  readonly source?: KVCache;
  /** Another object when rows have been forgotten; while it is the same, rows were added and none has changed. */
  lineage: object = {};
  readonly #width: number;
  #texts: number[] = [];
  #lastTexts: number[] = [];
  readonly #keys: Float32Array[];
  readonly #values: Float32Array[];

  /** An empty cache for `layers` layers of width `width`, with one for sources where `hasSource` says so. */
  constructor(layers: number, width: number, { hasSource = false }: { readonly hasSource?: boolean | undefined } = {}) {
    this.#width = width;
    if (hasSource) this.source = new KVCache(layers, width);
    this.#keys = Array.from({ length: layers }, () => new Float32Array(0));
    this.#values = Array.from({ length: layers }, () => new Float32Array(0));
  }

  /** P, the number of tokens. */
  get length(): number {
    return this.#texts.length;
  }

  /** Which text each token belongs to, `[P]`; of several the first. */
  get texts(): readonly number[] {
    return this.#texts;
  }

  /** The last of the texts that each token belongs to, `[P]`. */
  get lastTexts(): readonly number[] {
    return this.#lastTexts;
  }

  /** Where the next tokens will stand in their texts, when they belong to `texts`. */
  nextPositions(texts: readonly number[]): number[] {
    const lengths = new Map<number, number>();
    return texts.map((text) => {
      const next = lengths.get(text) ?? this.#lengthOf(text);
      lengths.set(text, next + 1);
      return next;
    });
  }

  /** The keys of each layer, `[P, C]`: views that are valid until the next append. */
  get keys(): Float32Array[] {
    return this.#keys.map((buffer) => buffer.subarray(0, this.length * this.#width));
  }

  /** The values of each layer, `[P, C]`: views that are valid until the next append. */
  get values(): Float32Array[] {
    return this.#values.map((buffer) => buffer.subarray(0, this.length * this.#width));
  }

  /** Forgets all tokens but the first `length`. */
  rewind(length: number): void {
    if (length >= this.length) return;
    this.#texts.length = length;
    this.#lastTexts.length = length;
    this.lineage = {};
  }

  /** Forgets the tokens of all texts but some, and of their sources. */
  keep(texts: ReadonlySet<number>): void {
    this.source?.keep(texts);
    this.assign(this.#texts.map((text, row) => texts.has(text) ? [text, this.#lastTexts[row]!] : undefined));
  }

  /** Says anew which texts each token belongs to, and forgets those that belong to none. */
  assign(owners: readonly (TextRange | undefined)[]): void {
    const kept = owners.flatMap((range, row) => range ? [row] : []);
    this.#texts = kept.map((row) => owners[row]![0]);
    this.#lastTexts = kept.map((row) => owners[row]![1]);
    if (kept.length === owners.length) return;
    for (const buffer of [...this.#keys, ...this.#values]) moveRows(buffer, kept, this.#width);
    this.lineage = {};
  }

  /** Adds the keys and values of the next tokens, `[T, C]` for each layer; `texts` by default says that all are of one. */
  append(keys: readonly Float32Array[], values: readonly Float32Array[], texts?: readonly number[]): void {
    const start = this.length * this.#width;
    keys.forEach((rows, layer) => this.#keys[layer] = written(this.#keys[layer]!, rows, start));
    values.forEach((rows, layer) => this.#values[layer] = written(this.#values[layer]!, rows, start));
    this.#push(texts ?? Array<number>(keys[0]!.length / this.#width).fill(0));
  }

  /** Frees the memory. */
  [Symbol.dispose](): void {
    this.source?.[Symbol.dispose]();
    this.#texts = [];
    this.#lastTexts = [];
    free(...this.#keys.splice(0), ...this.#values.splice(0));
  }

  /** Adds copies of those rows of another cache that are from `start` to before `end`; from its beginning, sources too. */
  appendFrom(other: KVCache, start: number, end: number): void {
    if (start === 0 && other.source) this.source?.appendFrom(other.source, 0, other.source.length);
    const cut = (buffers: Float32Array[]) =>
      buffers.map((rows) => rows.subarray(start * this.#width, end * this.#width));
    const length = this.length;
    this.append(cut(other.keys), cut(other.values), other.texts.slice(start, end));
    this.#lastTexts.splice(length, Infinity, ...other.lastTexts.slice(start, end));
  }

  #push(texts: readonly number[]): void {
    this.#texts.push(...texts);
    this.#lastTexts.push(...texts);
  }

  #lengthOf(text: number): number {
    let length = 0;
    for (let row = 0; row < this.length; ++row) {
      if (this.#texts[row]! <= text && text <= this.#lastTexts[row]!) ++length;
    }
    return length;
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
