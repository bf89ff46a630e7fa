/**
 * The weights of a model in half precision, widened to single precision once, for ONNX Runtime to map into memory.
 *
 * @module
 */
import type { TensorEntry } from "../../checkpoint/safetensors.ts";
import { widened } from "../../checkpoint/widened.ts";
import type { TensorPart } from "../../checkpoint/write_safetensors.ts";
import type { Form } from "./made_file.ts";
import { type MadeWeights, type MadeWeightsOptions, type Making, openKept } from "./made_weights.ts";

const FORM: Form = { name: "F32", version: 2 };

/** Whole numbers of every dtype. */
const CHUNK_BYTES = 2 ** 22;

/**
 * The same tensors, all F32, from a file in `folder` that is made when there is none; undefined where none can be made,
 * as writing is not permitted or there is no room. The files of `stored` are left open.
 *
 * @throws The signal's reason, when it is aborted.
 */
export async function openWidened(
  stored: ReadonlyMap<string, TensorEntry>,
  options: MadeWeightsOptions,
): Promise<MadeWeights | undefined> {
  return await openKept(stored, FORM, makingOf(stored), options);
}

function makingOf(stored: ReadonlyMap<string, TensorEntry>): Making {
  const entries = widened(stored);
  return { parts: () => new Map(partsOf(entries)), chunks: () => chunksOf(entries) };
}

function partsOf(entries: ReadonlyMap<string, TensorEntry>): (readonly [string, TensorPart])[] {
  return Array.from(entries, ([name, { shape, start, end }]) => [name, { dtype: "F32", shape, bytes: end - start }]);
}

/** The bytes of tensors. */
async function* chunksOf(entries: ReadonlyMap<string, TensorEntry>): AsyncGenerator<Uint8Array> {
  const scratch = new Uint8Array(CHUNK_BYTES);
  for (const { source, start, end } of entries.values()) {
    for (let from = start; from < end; from += CHUNK_BYTES) {
      const chunk = scratch.subarray(0, Math.min(CHUNK_BYTES, end - from));
      source.readInto(from, chunk);
      yield chunk;
    }
  }
}
