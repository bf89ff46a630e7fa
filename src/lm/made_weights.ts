/**
 * Weights in another form than a checkpoint has them, in a file that is made once and mapped into memory afterwards.
 * Such a file may be deleted at any time.
 *
 * @module
 */
import type { TensorEntry } from "../checkpoint/safetensors.ts";
import { writeNew } from "../checkpoint/write_new.ts";
import { exists } from "../hub/paths.ts";

/** Where the file is kept, and what stops its making. */
export interface MadeWeightsOptions {
  /** The folder of such files. */
  readonly folder: string;
  /** Called before the file is made, which takes a second for 100 million weights. */
  readonly onMake?: () => void;
  /** Stops between two tensors. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What tells one checkpoint from another, as a hexadecimal number: for files, their places, sizes and times; for bytes
 * in memory, their hash.
 *
 * @param form What is made of it, and by which version.
 */
export async function identityOf(stored: ReadonlyMap<string, TensorEntry>, form: readonly unknown[]): Promise<string> {
  const sources = new Set([...stored.values()].map(({ source }) => source));
  const parts = await Promise.all([...sources].map(async (source) => {
    if (source.path === undefined) return [await sha256(await source.read(0, source.size))];
    const { size, mtime } = await Deno.stat(source.path);
    return [source.path, size, mtime?.getTime()];
  }));
  return await sha256(new TextEncoder().encode(JSON.stringify([...form, parts])));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Whether files may be made in a folder. Asks nobody: in a terminal Deno would stop and wait for an answer. */
export function mayMake(folder: string): boolean {
  return Deno.permissions.querySync({ name: "write", path: folder }).state === "granted";
}

/**
 * Writes a file that is there as a whole or not at all; when two processes write it, either may win. Chunks
 * may share memory.
 */
export async function writeWhole(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  await Deno.mkdir(path.replace(/[\\/][^\\/]*$/, ""), { recursive: true });
  const partial = `${path}.${crypto.randomUUID()}.incomplete`;
  try {
    await writeNew(partial, chunks);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
  try {
    await Deno.rename(partial, path);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    if (await exists(path)) return; // where a file in use cannot be replaced, another process was first
    throw error;
  }
}
