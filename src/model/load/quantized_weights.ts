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
import { type ProductWeight, productWeights, quantizedNames } from "../../models/weights.ts";
import { expectFiniteWeights } from "../finite_weights.ts";
import type { Form } from "./made_file.ts";
import { type MadeWeights, type MadeWeightsOptions, type Making, openOrMake } from "./made_weights.ts";

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
): Promise<MadeWeights> {
  return await openOrMake(stored, FORM, makingOf(config, stored), options);
}

/** The file, one tensor after another. */
function makingOf(config: ModelConfig, stored: ReadonlyMap<string, TensorEntry>): Making {
  const products = new Map(productWeights(config).map((product) => [product.name, product]));
  return { chunks: () => chunksOf(products, stored), parts: () => partsOf(products, stored) };
}

type Products = ReadonlyMap<string, ProductWeight>;

async function* chunksOf(
  products: Products,
  stored: ReadonlyMap<string, TensorEntry>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (const [name, entry] of stored) {
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

function partsOf(products: Products, stored: ReadonlyMap<string, TensorEntry>): ReadonlyMap<string, TensorPart> {
  const parts = new Map<string, TensorPart>();
  for (const [name, { shape }] of stored) {
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

function partOf(dtype: "F32" | "U8", shape: readonly number[]): TensorPart {
  return { dtype, shape, bytes: shape.reduce((count, size) => count * size, dtype === "F32" ? 4 : 1) };
}

function bytesIn({ buffer, byteOffset, byteLength }: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
