/**
 * The weights of a model with its matrices in 8 bits, in a file that is made once for each checkpoint and mapped into
 * memory afterwards.
 *
 * @module
 */
import { openBytes, openFile } from "../checkpoint/byte_source.ts";
import { BLOCK_SIZE, quantize } from "../checkpoint/quantize.ts";
import { readSafetensors, type TensorEntry } from "../checkpoint/safetensors.ts";
import { readFloat32 } from "../checkpoint/values.ts";
import { safetensorsHeader } from "../checkpoint/write_safetensors.ts";
import type { GPT2Config } from "../gpt2/config.ts";
import { productWeights, quantizedNames } from "../gpt2/weights.ts";
import { exists, joinPath } from "../hub/paths.ts";
import { identityOf, type MadeWeightsOptions, mayMake, writeWhole } from "./made_weights.ts";
import { expectFiniteWeights } from "./model_runner.ts";

/** Changes when a file of an older version must not be read. */
const VERSION = 1;

/** A tensor of the file. */
interface Part {
  readonly dtype: "F32" | "U8";
  readonly shape: readonly number[];
}

/**
 * The tensors of a model with 8-bit codes and scales for its matrices, named by `quantizedNames`; all others are F32.
 * They are read from a file in `folder` that is made when there is none; where writing is not permitted, they are held
 * in memory. The files of `stored` are left open.
 *
 * @throws {RangeError} When a weight is NaN or infinite.
 */
export async function openQuantized(
  config: GPT2Config,
  stored: ReadonlyMap<string, TensorEntry>,
  { folder, onMake, signal }: MadeWeightsOptions,
): Promise<ReadonlyMap<string, TensorEntry>> {
  const path = joinPath(folder, `${await identityOf(stored, [VERSION, BLOCK_SIZE])}.safetensors`);
  if (!await exists(path)) {
    onMake?.();
    const made = new Quantizer(config, stored, signal);
    if (!mayMake(folder)) {
      return await readSafetensors(openBytes(path, await inMemory(made)));
    }
    await writeWhole(path, made.chunks());
  }
  const source = await openFile(path);
  return await readSafetensors(source).catch((error) => {
    source.close();
    throw new Error(`Cannot read the 8-bit weights in ${path}; delete it, and it is made anew: ${error.message}`);
  });
}

/** Makes the bytes of the file, one tensor after another. */
class Quantizer {
  readonly #config: GPT2Config;
  readonly #stored: ReadonlyMap<string, TensorEntry>;
  readonly #signal: AbortSignal | undefined;

  constructor(config: GPT2Config, stored: ReadonlyMap<string, TensorEntry>, signal: AbortSignal | undefined) {
    this.#config = config;
    this.#stored = stored;
    this.#signal = signal;
  }

  /** How many bytes there are. */
  get size(): number {
    return this.#header().length + this.#parts().values().reduce((sum, part) => sum + bytesOf(part), 0);
  }

  /** The header, then the tensors in its order. */
  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield this.#header();
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

  #parts(): ReadonlyMap<string, Part> {
    const products = new Map(productWeights(this.#config).map((product) => [product.name, product]));
    const parts = new Map<string, Part>();
    for (const [name, { shape }] of this.#stored) {
      const product = products.get(name);
      if (!product?.only) parts.set(name, { dtype: "F32", shape });
      if (!product) continue;
      const [rows, columns] = (product.transposed ? shape : shape.toReversed()) as [number, number];
      const blocks = Math.ceil(columns / BLOCK_SIZE);
      const { codes, scales } = quantizedNames(name);
      parts.set(codes, { dtype: "U8", shape: [rows, blocks, BLOCK_SIZE] });
      parts.set(scales, { dtype: "F32", shape: [rows * blocks] });
    }
    return parts;
  }

  #header(): Uint8Array<ArrayBuffer> {
    return safetensorsHeader(this.#parts().entries().map(([name, part]) => [name, { ...part, bytes: bytesOf(part) }]));
  }
}

function bytesOf({ dtype, shape }: Part): number {
  return shape.reduce((count, size) => count * size, dtype === "F32" ? 4 : 1);
}

function bytesIn({ buffer, byteOffset, byteLength }: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function inMemory(made: Quantizer): Promise<Uint8Array> {
  const bytes = new Uint8Array(made.size);
  let start = 0;
  for await (const chunk of made.chunks()) {
    bytes.set(chunk, start);
    start += chunk.length;
  }
  return bytes;
}
