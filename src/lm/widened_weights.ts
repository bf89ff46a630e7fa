/**
 * The weights of a model in half precision, widened to single precision once, for ONNX Runtime to map into memory.
 *
 * @module
 */
import { type ByteSource, openFile } from "../checkpoint/byte_source.ts";
import { readSafetensors, type TensorEntry } from "../checkpoint/safetensors.ts";
import { widened } from "../checkpoint/widened.ts";
import { safetensorsHeader } from "../checkpoint/write_safetensors.ts";
import { joinPath } from "../hub/paths.ts";
import { identityOf, type MadeWeightsOptions, mayMake, writeWhole } from "./made_weights.ts";

/** Changes when a file of an older version must not be read. */
const VERSION = 1;

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
  { folder, onMake, signal }: MadeWeightsOptions,
): Promise<ReadonlyMap<string, TensorEntry> | undefined> {
  try {
    const path = joinPath(folder, `${await identityOf(stored, ["F32", VERSION])}.safetensors`);
    const made = await openMade(path);
    if (made) return made;
    if (!mayMake(folder)) return undefined;
    onMake?.();
    await writeWhole(path, chunksOf(stored, signal));
    return await openMade(path);
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

/** The tensors of a file; undefined when there is no such file, or it is damaged. */
async function openMade(path: string): Promise<ReadonlyMap<string, TensorEntry> | undefined> {
  let source: ByteSource | undefined;
  try {
    source = await openFile(path);
    return await readSafetensors(source);
  } catch {
    source?.close();
    return undefined;
  }
}

/** The bytes of the file: the header, then the tensors in its order. */
async function* chunksOf(
  stored: ReadonlyMap<string, TensorEntry>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const entries = [...widened(stored)];
  yield safetensorsHeader(entries.map(([name, { shape, start, end }]) => {
    return [name, { dtype: "F32", shape, bytes: end - start }];
  }));
  const scratch = new Uint8Array(CHUNK_BYTES);
  for (const [, { source, start, end }] of entries) {
    for (let from = start; from < end; from += CHUNK_BYTES) {
      signal?.throwIfAborted();
      const chunk = scratch.subarray(0, Math.min(CHUNK_BYTES, end - from));
      source.readInto(from, chunk);
      yield chunk;
    }
  }
}
