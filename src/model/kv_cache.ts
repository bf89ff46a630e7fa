import type { Past } from "../models/forward_inputs.ts";
import type { Growth, ResidentRows } from "../runtime/resident_rows.ts";
import { HostRows } from "./cache_rows.ts";

/** The texts that a token belongs to: from the first to the last. */
export type TextRange = readonly [first: number, last: number];

/** What makes the rows of a cache that stay on the device of a session, if that is not the CPU. */
export type MakeResident = (tensors: number, width: number) => ResidentRows | undefined;

/**
 * The keys and values of the tokens that a model has read, `[P, C]` for each layer, in buffers that grow. The tokens may
 * be of several texts, in any order but that of each text; texts that begin alike may have their beginning in common.
 * On a GPU the buffers are there, and what is here says only which rows there are.
 */
export class KVCache implements Disposable, Past {
  /** What was read of the sources of the texts, where an encoder reads them. */
  readonly source?: KVCache;
  /** Another object when rows have been forgotten; while it is the same, rows were added and none has changed. */
  lineage: object = {};
  readonly #layers: number;
  readonly #width: number;
  #texts: number[] = [];
  #lastTexts: number[] = [];
  /** The keys of each layer, then the values of each. */
  readonly #rows: HostRows | ResidentRows;

  /**
   * An empty cache for `layers` layers of width `width`, with one for sources where `hasSource` says so. It stands in
   * memory, unless `makeResident` has another place for it.
   */
  constructor(
    layers: number,
    width: number,
    { hasSource = false, makeResident }: {
      readonly hasSource?: boolean | undefined;
      readonly makeResident?: MakeResident | undefined;
    } = {},
  ) {
    this.#layers = layers;
    this.#width = width;
    if (hasSource) this.source = new KVCache(layers, width, { makeResident });
    this.#rows = makeResident?.(2 * layers, width) ?? new HostRows(2 * layers, width);
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

  /** The keys of each layer, `[P, C]`, in memory: views that are valid until the next append. */
  get keys(): Float32Array[] {
    return this.#inMemory().views(0, this.#layers, this.length);
  }

  /** The values of each layer, `[P, C]`, in memory: views that are valid until the next append. */
  get values(): Float32Array[] {
    return this.#inMemory().views(this.#layers, 2 * this.#layers, this.length);
  }

  /** Copies of the values of each layer, `[P, C]`, wherever they stand. */
  readValues(): Promise<Float32Array[]> {
    return this.#rows.read(this.#layers, 2 * this.#layers, this.length);
  }

  /** Where keys and values stand when it is not in memory. */
  get resident(): Past["resident"] {
    if (this.#rows instanceof HostRows) return undefined;
    const { tensors } = this.#rows;
    return { keys: tensors.slice(0, this.#layers), values: tensors.slice(this.#layers) };
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
    this.#rows.keep(kept);
    this.lineage = {};
  }

  /** Adds the keys and values of the next tokens, `[T, C]` for each layer; `texts` by default says that all are of one. */
  append(keys: readonly Float32Array[], values: readonly Float32Array[], texts?: readonly number[]): void {
    this.#inMemory().append([...keys, ...values], this.length);
    this.#push(texts ?? Array<number>(keys[0]!.length / this.#width).fill(0));
  }

  /**
   * What a run is told so that the device adds those of the next `count` tokens, which are its outputs `names`: of keys,
   * then of values. Nothing when they are in memory, or nothing is kept of tokens.
   */
  growth(names: readonly string[], count: number): Growth | undefined {
    const kept = names.length > 0 && !(this.#rows instanceof HostRows);
    return kept ? this.#rows.growth(names, this.length, count) : undefined;
  }

  /** Counts the tokens of `texts`, which a run has added on the device. */
  grown(texts: readonly number[]): void {
    this.#push(texts);
  }

  /** Frees the memory. */
  [Symbol.dispose](): void {
    this.source?.[Symbol.dispose]();
    this.#texts = [];
    this.#lastTexts = [];
    this.#rows[Symbol.dispose]();
  }

  /** Adds copies of those rows of another cache that are from `start` to before `end`; from its beginning, sources too. */
  appendFrom(other: KVCache, start: number, end: number): void {
    if (start === 0 && other.source) this.source?.appendFrom(other.source, 0, other.source.length);
    const length = this.length;
    this.#copyRows(other, start, Math.min(end, other.length));
    this.#push(other.texts.slice(start, end));
    this.#lastTexts.splice(length, Infinity, ...other.lastTexts.slice(start, end));
  }

  #copyRows(other: KVCache, start: number, end: number): void {
    const [to, from] = [this.#rows, other.#rows];
    if (to instanceof HostRows && from instanceof HostRows) to.copyFrom(from, start, end, this.length);
    else if (!(to instanceof HostRows) && !(from instanceof HostRows)) to.copyFrom(from, start, end, this.length);
    else throw new TypeError("Cannot copy keys and values between memory and a GPU; read the text again");
  }

  #inMemory(): HostRows {
    if (this.#rows instanceof HostRows) return this.#rows;
    throw new TypeError("Cannot look at keys and values that are on a GPU; call readValues()");
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
