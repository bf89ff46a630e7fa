import type { FloatTensor } from "../base/tensor.ts";
import { shown } from "../base/words.ts";
import type { TensorEntry } from "../checkpoint/safetensors.ts";
import { readFloat32 } from "../checkpoint/values.ts";
import type { ModelConfig } from "../models/config.ts";
import { familyOf } from "../models/families.ts";
import { ownName } from "../models/family.ts";
import { expectFiniteWeights } from "./finite_weights.ts";

/** The weights of a model in their files. */
export class StoredWeights {
  readonly #config: ModelConfig;
  readonly #entries: ReadonlyMap<string, TensorEntry>;
  readonly #isFloat: boolean;

  /** The `entries` of a model, whose products are computed in single precision or, unless `isFloat`, in 8 bits. */
  constructor(config: ModelConfig, entries: ReadonlyMap<string, TensorEntry>, isFloat: boolean) {
    this.#config = config;
    this.#entries = entries;
    this.#isFloat = isFloat;
  }

  /** The names of those that can be read, as the checkpoint has them. */
  get names(): readonly string[] {
    return [...this.#all.keys().filter((name) => this.#entries.has(name))];
  }

  /**
   * Reads one in single precision.
   *
   * @throws {RangeError} When there is none of that name.
   */
  async read(name: string): Promise<FloatTensor> {
    const entry = this.#entryOf(name);
    return { data: await readFloat32(entry), shape: [...entry.shape] };
  }

  /** Reads the rows of a matrix from `row` to before `end`, by default one, and leaves the others where they are. */
  async readRows(name: string, row: number, end = row + 1): Promise<Float32Array> {
    const entry = this.#entryOf(name);
    const bytes = (entry.end - entry.start) / entry.shape[0]!;
    return await readFloat32({ ...entry, start: entry.start + row * bytes, end: entry.start + end * bytes });
  }

  /**
   * Looks for numbers that are none.
   *
   * @throws {RangeError} When a weight has one; the message names it.
   */
  expectFinite(): Promise<void> {
    return expectFiniteWeights(this.#entries.values().filter(({ dtype }) => dtype !== "U8"));
  }

  /** Closes the files. */
  close(): void {
    for (const { source } of this.#entries.values()) source.close();
  }

  #entryOf(name: string): TensorEntry {
    if (typeof name !== "string") throw new TypeError(`Cannot read ${shown(name)} as a weight; pass its name`);
    const own = ownName(familyOf(this.#config).names, name);
    const entry = this.#all.has(own) ? this.#entries.get(own) : undefined;
    if (entry) return entry;
    if (!this.#isFloat) {
      throw new RangeError(`Cannot read "${name}" as the weights are in 8 bits; load without dtype "q8"`);
    }
    const { names } = this;
    const some = names.filter((known) => known.endsWith(name) || name.endsWith(known)).slice(0, 3);
    const found = (some.length > 0 ? some : [names[0], names[2], names.at(-1)]).join('", "');
    throw new RangeError(`Cannot find a weight called "${name}"; names are such as "${found}", see model.weightNames`);
  }

  get #all() {
    return familyOf(this.#config).weights(this.#config);
  }
}
