/**
 * The matrices that the way back of a gradient is multiplied by in 8 bits, in a file that is made once for each checkpoint
 * and mapped into memory afterwards.
 *
 * @module
 */
import { bestTurn, quantizeColumns } from "../../checkpoint/quantize.ts";
import type { TensorEntry } from "../../checkpoint/safetensors.ts";
import { readFloat32 } from "../../checkpoint/values.ts";
import type { TensorPart } from "../../checkpoint/write_safetensors.ts";
import type { ModelConfig } from "../../models/config.ts";
import { unembeddingName } from "../../models/family.ts";
import { familyOf } from "../../models/families.ts";
import { backNames, backWeights, isQuantized, type ProductWeight } from "../../models/weights.ts";
import { expectFiniteWeights } from "../finite_weights.ts";
import type { Form } from "./made_file.ts";
import { type MadeWeights, type MadeWeightsOptions, type Making, openOrMake } from "./made_weights.ts";

const VERSION = 2;

/**
 * The tensors of {@linkcode backNames} for the weights `stored` of a model that runs with `weights`: from a file in a folder, or in
 * memory where none can be made. The files of `stored`, and that one, are left open.
 *
 * @throws {RangeError} When a weight is NaN or infinite.
 */
export async function openBack(
  config: ModelConfig,
  stored: ReadonlyMap<string, TensorEntry>,
  weights: ReadonlyMap<string, TensorEntry>,
  options: MadeWeightsOptions,
): Promise<MadeWeights> {
  const form: Form = { name: `I8 columns${isQuantized(weights) ? " beside Q8" : ""}`, version: VERSION };
  return await openOrMake(stored, form, new BackMaking(config, stored, weights), options);
}

/** Makes the bytes of the file, one matrix after another. */
class BackMaking implements Making {
  readonly #products: readonly ProductWeight[];
  readonly #stored: ReadonlyMap<string, TensorEntry>;
  /** Whose rows are looked up too, so that they stay as they are. */
  readonly #unembedding: string | undefined;
  #found: Promise<ReadonlyMap<string, number | undefined>> | undefined;

  constructor(
    config: ModelConfig,
    stored: ReadonlyMap<string, TensorEntry>,
    weights: ReadonlyMap<string, TensorEntry>,
  ) {
    this.#products = backWeights(config, weights);
    this.#stored = stored;
    this.#unembedding = unembeddingName(familyOf(config), config);
  }

  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const turns = await this.#turns();
    for (const { name, transposed } of this.#products) {
      const { numbers, shape } = await this.#matrix(name);
      const { codes, scales } = quantizeColumns(numbers, shape, !transposed, turns.get(name));
      yield new Uint8Array(codes.buffer);
      yield new Uint8Array(scales.buffer);
    }
  }

  async parts(found?: ReadonlyMap<string, TensorEntry>): Promise<ReadonlyMap<string, TensorPart>> {
    const turns = found ? this.#turnsIn(found) : await this.#turns();
    return new Map(this.#products.flatMap(({ name, transposed }): [string, TensorPart][] => {
      const { shape } = this.#stored.get(name)!;
      const [rows, columns] = (transposed ? shape : shape.toReversed()) as [number, number];
      const names = backNames(name);
      const turned = turns.get(name);
      const codes = turned === undefined ? [rows, columns] : [rows / turned, turned, columns];
      return [
        [names.codes, { dtype: "I8", shape: codes, bytes: rows * columns }],
        [names.scales, { dtype: "F32", shape: [columns], bytes: 4 * columns }],
      ];
    }));
  }

  /** What is turned of each matrix by a file. */
  #turnsIn(found: ReadonlyMap<string, TensorEntry>): ReadonlyMap<string, number | undefined> {
    return new Map(this.#products.map(({ name }) => {
      const { shape = [] } = found.get(backNames(name).codes) ?? {};
      return [name, shape.length === 3 ? shape[1] : undefined];
    }));
  }

  /** What is turned of each matrix. */
  #turns(): Promise<ReadonlyMap<string, number | undefined>> {
    return this.#found ??= this.#findTurns();
  }

  async #findTurns(): Promise<ReadonlyMap<string, number | undefined>> {
    const turns = new Map<string, number | undefined>();
    for (const { name, transposed } of this.#products) {
      if (name === this.#unembedding) continue;
      const { numbers, shape } = await this.#matrix(name);
      turns.set(name, bestTurn(numbers, shape, !transposed));
    }
    return turns;
  }

  async #matrix(name: string): Promise<{ readonly numbers: Float32Array; readonly shape: readonly [number, number] }> {
    const entry = this.#stored.get(name)!;
    await expectFiniteWeights([entry]);
    return { numbers: await readFloat32(entry), shape: entry.shape as [number, number] };
  }
}
