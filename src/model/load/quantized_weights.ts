/**
 * The weights of a model with its matrices in 8 bits, in a file that is made once for each checkpoint and mapped into
 * memory afterwards.
 *
 * @module
 */
import { BLOCK_SIZE, quantize } from "../../checkpoint/quantize.ts";
import type { TensorEntry } from "../../checkpoint/safetensors.ts";
import { readFloat32 } from "../../checkpoint/values.ts";
import type { TensorPart } from "../../checkpoint/write_safetensors.ts";
import type { ModelConfig } from "../../models/config.ts";
import { productWeights, quantizedNames } from "../../models/weights.ts";
import { expectFiniteWeights } from "../finite_weights.ts";
import type { Form } from "./made_file.ts";
import { areMade, type MadeWeightsOptions, type Making, openOrMake } from "./made_weights.ts";

const FORM: Form = { name: `Q8 in blocks of ${BLOCK_SIZE}`, version: 2 };

/**
 * The tensors of a model with 8-bit codes and scales for its matrices, named by `quantizedNames`; all others are F32.
 * They are read from a file in `folder` that is made when there is none, or it is damaged; where it cannot be made, as
 * writing is not permitted or there is no room, they are held in memory. The files of `stored` are left open.
 *
 * @throws {RangeError} When a weight is NaN or infinite.
 */
export async function openQuantized(
  config: ModelConfig,
  stored: ReadonlyMap<string, TensorEntry>,
  options: MadeWeightsOptions,
): Promise<ReadonlyMap<string, TensorEntry>> {
  return await openOrMake(stored, FORM, new Quantizer(config, stored, options.signal), options);
}

/** Whether weights are those of `stored` in 8 bits; `heard` is told how many bytes were read, and may throw. */
export async function isQuantized(
  config: ModelConfig,
  stored: ReadonlyMap<string, TensorEntry>,
  made: ReadonlyMap<string, TensorEntry>,
  heard: (bytes: number) => void,
): Promise<boolean> {
  return await areMade(made, new Quantizer(config, stored, undefined), heard);
}

/** Makes the bytes of the file, one tensor after another. */
class Quantizer implements Making {
  readonly #config: ModelConfig;
  readonly #stored: ReadonlyMap<string, TensorEntry>;
  readonly #signal: AbortSignal | undefined;

  constructor(config: ModelConfig, stored: ReadonlyMap<string, TensorEntry>, signal: AbortSignal | undefined) {
    this.#config = config;
    this.#stored = stored;
    this.#signal = signal;
  }

  /** The bytes of the tensors. */
  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const products = new Map(productWeights(this.#config).map((product) => [product.name, product]));
    for (const [name, entry] of this.#stored) {
      this.#signal?.throwIfAborted();
      const numbers = await readFloat32(entry);
      const product = products.get(name);
      if (!product?.only) yield bytesIn(numbers);
      if (!product) continue;
      await expectFiniteWeights([entry]);
      const { codes, scales } = quantize(numbers, entry.shape as [number, number], !product.transposed);
      yield codes;
      yield bytesIn(scales);
    }
  }

  /** The tensors by name, in the order of their bytes. */
  parts(): ReadonlyMap<string, TensorPart> {
    const products = new Map(productWeights(this.#config).map((product) => [product.name, product]));
    const parts = new Map<string, TensorPart>();
    for (const [name, { shape }] of this.#stored) {
      const product = products.get(name);
      if (!product?.only) parts.set(name, partOf("F32", shape));
      if (!product) continue;
      const [rows, columns] = (product.transposed ? shape : shape.toReversed()) as [number, number];
      const blocks = Math.ceil(columns / BLOCK_SIZE);
      const { codes, scales } = quantizedNames(name);
      parts.set(codes, partOf("U8", [rows, blocks, BLOCK_SIZE]));
      parts.set(scales, partOf("F32", [rows * blocks]));
    }
    return parts;
  }
}

function partOf(dtype: "F32" | "U8", shape: readonly number[]): TensorPart {
  return { dtype, shape, bytes: shape.reduce((count, size) => count * size, dtype === "F32" ? 4 : 1) };
}

function bytesIn({ buffer, byteOffset, byteLength }: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
