/**
 * The matrices that the way back of a gradient is multiplied by in 8 bits, in a file that is made once for each checkpoint
 * and mapped into memory afterwards.
 *
 * @module
 */
import { quantizeColumns } from "../../checkpoint/quantize.ts";
import type { TensorEntry } from "../../checkpoint/safetensors.ts";
import { readFloat32 } from "../../checkpoint/values.ts";
import type { TensorPart } from "../../checkpoint/write_safetensors.ts";
import type { ModelConfig } from "../../models/config.ts";
import { backNames, backWeights, isQuantized, type ProductWeight } from "../../models/weights.ts";
import { expectFiniteWeights } from "../finite_weights.ts";
import { type Form, type MadeWeightsOptions, type Making, openOrMake } from "./made_weights.ts";

const VERSION = 1;

/**
 * The tensors of {@linkcode backNames} for the weights `stored` of a model that runs with `weights`: from a file in a
 * folder, or in memory where none can be made. The files of `stored` are left open.
 *
 * @throws {RangeError} When a weight is NaN or infinite.
 */
export async function openBack(
  config: ModelConfig,
  stored: ReadonlyMap<string, TensorEntry>,
  weights: ReadonlyMap<string, TensorEntry>,
  options: MadeWeightsOptions,
): Promise<ReadonlyMap<string, TensorEntry>> {
  const form: Form = { name: `I8 columns${isQuantized(weights) ? " beside Q8" : ""}`, version: VERSION };
  return await openOrMake(stored, form, new BackMaking(backWeights(config, weights), stored), options);
}

/** Makes the bytes of the file, one matrix after another. */
class BackMaking implements Making {
  readonly #products: readonly ProductWeight[];
  readonly #stored: ReadonlyMap<string, TensorEntry>;

  constructor(products: readonly ProductWeight[], stored: ReadonlyMap<string, TensorEntry>) {
    this.#products = products;
    this.#stored = stored;
  }

  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (const { name, transposed } of this.#products) {
      const entry = this.#stored.get(name)!;
      await expectFiniteWeights([entry]);
      const shape = entry.shape as [number, number];
      const { codes, scales } = quantizeColumns(await readFloat32(entry), shape, !transposed);
      yield new Uint8Array(codes.buffer);
      yield new Uint8Array(scales.buffer);
    }
  }

  parts(): ReadonlyMap<string, TensorPart> {
    return new Map(this.#products.flatMap(({ name, transposed }): [string, TensorPart][] => {
      const { shape } = this.#stored.get(name)!;
      const [rows, columns] = (transposed ? shape : shape.toReversed()) as [number, number];
      const names = backNames(name);
      return [
        [names.codes, { dtype: "I8", shape: [rows, columns], bytes: rows * columns }],
        [names.scales, { dtype: "F32", shape: [columns], bytes: 4 * columns }],
      ];
    }));
  }
}
