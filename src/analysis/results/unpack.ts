import { shown } from "../../base/words.ts";
import type { TensorEntry } from "../../checkpoint/safetensors.ts";
import type { StorableArray } from "../../checkpoint/write_safetensors.ts";
import { isRecord, isSize, MAX_DEPTH, MAX_VALUES, type PlainRecord, weightOf } from "./plain.ts";

const NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["-0", -0],
]);

/** What was saved, and as many steps from one shared object to the next. */
const MOST_LEVELS = 2 * MAX_DEPTH + 2;
/** An entry of `shared` that is being unpacked. */
const OPEN = Symbol("open");

/** Turns the JSON of a file back into what was packed. */
export class Unpacker {
  readonly #shared: readonly unknown[];
  readonly #tensors: ReadonlyMap<string, TensorEntry>;
  readonly #fail: (problem: string) => Error;
  readonly #done = new Map<number, { readonly value: unknown; readonly weight: number } | typeof OPEN>();
  readonly #used = new Set<string>();
  #weight = 0;

  /** Unpacks with the shared objects and the tensors of a file; `fail` makes the errors. */
  constructor(
    shared: readonly unknown[],
    tensors: ReadonlyMap<string, TensorEntry>,
    fail: (problem: string) => Error,
  ) {
    this.#shared = shared;
    this.#tensors = tensors;
    this.#fail = fail;
  }

  /** Unpacks a value. */
  unpack(json: unknown, path: string, depth = 0): unknown {
    if (depth > MOST_LEVELS) throw this.#fail(`${path.slice(0, 40)}… is nested deeper than ${MOST_LEVELS} levels`);
    this.#count(typeof json === "string" ? weightOf(json) : 1);
    if (Array.isArray(json)) return json.map((item, i) => this.unpack(item, `${path}.${i}`, depth + 1));
    if (!isRecord(json)) return json;
    const mark = Object.keys(json).find((key) => /^\$(?!\$)/.test(key));
    if (mark !== undefined) return this.#unmark(json, mark, path, depth);
    return Object.fromEntries(
      Object.entries(json).map(([key, field]) => {
        const name = key.startsWith("$") ? key.slice(1) : key;
        return [name, this.unpack(field, `${path}.${name}`, depth + 1)];
      }),
    );
  }

  /** Every tensor must have had its place. */
  finish(): void {
    const spare = [...this.#tensors.keys()].find((name) => !this.#used.has(name));
    if (spare !== undefined) throw this.#fail(`tensor ${shown(spare)} belongs to no result`);
    if (this.#done.size < this.#shared.length) throw this.#fail("a shared object belongs to no result");
  }

  /** Counts what is unpacked, with what is shared wherever it stands, as whoever walks through it meets it there. */
  #count(weight: number): void {
    this.#weight += weight;
    if (this.#weight > MAX_VALUES) {
      throw this.#fail(`it holds more than ${MAX_VALUES} values, those that are shared counted wherever they stand`);
    }
  }

  #unmark(json: PlainRecord, mark: string, path: string, depth: number): unknown {
    const value = json[mark];
    switch (mark) {
      case "$number":
        if (NUMBERS.has(value)) return NUMBERS.get(value);
        break;
      case "$bytes":
        if (typeof value === "string" && /^([0-9a-f]{2})*$/.test(value)) {
          this.#count(weightOf(value));
          return Uint8Array.fromHex(value);
        }
        break;
      case "$shared":
        if (isSize(value) && value < this.#shared.length) return this.#unshare(value, path, depth);
        break;
      case "$array":
        if (isSize(json.length)) return this.#numbers(value, json.dtype, [json.length], path);
        break;
      case "$tensor": {
        const { dtype, shape } = json;
        if (!Array.isArray(shape) || !shape.every(isSize)) break;
        return { data: this.#numbers(value, dtype, shape, path), shape };
      }
    }
    throw this.#fail(`${path} is ${shown(json)}, which has no meaning`);
  }

  #unshare(index: number, path: string, depth: number): unknown {
    const done = this.#done.get(index);
    if (done === OPEN) throw this.#fail(`${path} contains itself`);
    if (done) {
      this.#count(done.weight);
      return done.value;
    }
    this.#done.set(index, OPEN);
    const before = this.#weight;
    const value = this.unpack(this.#shared[index], path, depth + 1);
    this.#done.set(index, { value, weight: this.#weight - before });
    return value;
  }

  #numbers(name: unknown, dtype: unknown, shape: readonly number[], path: string): StorableArray {
    const entry = typeof name === "string" ? this.#tensors.get(name) : undefined;
    if (entry === undefined) throw this.#fail(`${path} is tensor ${shown(name)}, which is not in the file`);
    if (this.#used.has(entry.name)) throw this.#fail(`tensor ${shown(name)} is used twice`);
    this.#used.add(entry.name);
    if (entry.dtype !== dtype || String(entry.shape) !== String(shape)) {
      const found = `${entry.dtype} of shape [${entry.shape}]`;
      throw this.#fail(`${path} should be ${shown(dtype)} of shape [${shape}], and tensor ${shown(name)} is ${found}`);
    }
    const bytes = this.#bytes(entry);
    if (dtype === "F32") return new Float32Array(bytes.buffer);
    if (dtype === "I32") return new Int32Array(bytes.buffer);
    if (dtype === "F64") return new Float64Array(bytes.buffer);
    throw this.#fail(`tensor ${shown(name)} is ${entry.dtype}; results are F32, F64 or I32`);
  }

  #bytes({ name, start, end, source }: TensorEntry): Uint8Array<ArrayBuffer> {
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = new Uint8Array(end - start);
    } catch {
      const size = `takes ${Math.ceil((end - start) / 2 ** 20)} MiB`;
      throw new RangeError(`Cannot read ${name} of ${source.name} as it ${size}, more than can be allocated`);
    }
    source.readInto(start, bytes);
    return bytes;
  }
}
