/**
 * Files of weights in another form than a checkpoint has them: where they are, and how they are written, whole or not at
 * all. Such a file may be deleted at any time. When one is made, those whose checkpoint has changed or is gone are
 * removed.
 *
 * @module
 */
import { RunQueue } from "../../base/run_queue.ts";
import { messageOf } from "../../base/words.ts";
import { writeNew } from "../../base/write_new.ts";
import { type ByteSource, openFile } from "../../checkpoint/byte_source.ts";
import { readSafetensors, readSafetensorsFile, type TensorEntry } from "../../checkpoint/safetensors.ts";
import { safetensorsHeader, type TensorPart } from "../../checkpoint/write_safetensors.ts";
import { freeBytes } from "../../hub/free_space.ts";
import { exists, joinPath } from "../../hub/paths.ts";
import { UNEMBEDDINGS } from "../../models/families.ts";

/** What is made of weights. A file of an older version is not read. */
export interface Form {
  /** What tells it from others. */
  readonly name: string;
  /** Counts up when the same weights are written in another way. */
  readonly version: number;
}

/** A file of weights, made or not yet. */
export interface MadeFile {
  /** Where it is. */
  readonly path: string;
  /** What is written into its header: what it was made of. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a file was made of: a path, its size and its time; of bytes in memory, their hash. */
type Origin = readonly [path: string, bytes: number, time: number] | readonly [sha256: string];

const MADE_OF = "made_of";
const VERSION = "version";
const NAME = /^[0-9a-f]{64}\.safetensors$/;
const PART = /^[0-9a-f]{64}\.safetensors\.[0-9a-f-]{36}\.incomplete$/;

/** A part of a file that has not grown for a day was left by a process that was killed. */
const LEFT_MS = 24 * 60 * 60 * 1000;

/**
 * The place of a form of stored weights. Its name is a hash of what it is made of, so a change is another place.
 *
 * @throws {Error} When another file has taken the place of one of the weights', or it was deleted.
 */
export async function madeFile(
  stored: ReadonlyMap<string, TensorEntry>,
  folder: string,
  { name, version }: Form,
): Promise<MadeFile> {
  const sources = new Set([...stored.values()].map(({ source }) => source));
  const origins = await Promise.all([...sources].map(async (source): Promise<Origin> => {
    if (source.path === undefined) return [await sha256(await source.read(0, source.size))];
    return await originOfOpen(source, source.path);
  }));
  // The same file may be read with its own head or without it.
  const head = UNEMBEDDINGS.some((name) => stored.has(name)) ? ["with a head"] : [];
  const hash = await sha256(new TextEncoder().encode(JSON.stringify([name, version, origins, ...head])));
  const metadata = { [MADE_OF]: JSON.stringify(origins), [VERSION]: String(version) };
  return { path: joinPath(folder, `${hash}.safetensors`), metadata };
}

/**
 * What an open file is. What is made of it is made of what is open: where another file has taken its place since, it would
 * be found as made of that one.
 */
async function originOfOpen(source: ByteSource, path: string): Promise<Origin> {
  const origin = await originOf(path).catch(() => undefined);
  await source.expectInPlace?.();
  return origin ?? await originOf(path);
}

async function originOf(path: string): Promise<Origin> {
  const { size, mtime } = await Deno.stat(path);
  return [path, size, mtime?.getTime() ?? 0];
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** The tensors of a file; undefined when there is no such file, or it is damaged. */
export async function openMade({ path }: MadeFile): Promise<ReadonlyMap<string, TensorEntry> | undefined> {
  let source: ByteSource | undefined;
  try {
    source = await openFile(path);
    return await readSafetensors(source);
  } catch {
    source?.close();
    return undefined;
  }
}

/**
 * Expects that files may be looked for or made in a folder. Asks nobody: in a terminal Deno would stop and wait for an
 * answer.
 *
 * @throws {Error} When Deno was not given the permission.
 */
export function expectMay(name: "read" | "write", folder: string): void {
  if (Deno.permissions.querySync({ name, path: folder }).state === "granted") return;
  throw new Error(`Deno was not given --allow-${name} for it`);
}

/**
 * Makes a file that is there as a whole or not at all; when two processes make it, either may win. Files that no
 * checkpoint belongs to any more are removed before.
 *
 * @param file Where.
 * @param tensors The tensors by name, in the order of `chunks`.
 * @param chunks The bytes of the tensors; they may share memory.
 * @throws {RangeError} When the disk has no room for it; nothing is written then.
 */
export async function writeMade(
  { path, metadata }: MadeFile,
  tensors: Iterable<readonly [string, TensorPart]>,
  chunks: () => AsyncIterable<Uint8Array>,
): Promise<void> {
  const parts = [...tensors];
  const folder = folderOf(path);
  await Deno.mkdir(folder, { recursive: true });
  await removeStale(folder, Number(metadata[VERSION]));
  const header = safetensorsHeader(parts, metadata);
  await expectSpace(folder, parts.reduce((sum, [, { bytes }]) => sum + bytes, header.length));
  await writeWhole(path, async function* () {
    yield header;
    yield* chunks();
  });
}

/** How much of a file is copied at a time. */
const COPIED_BYTES = 2 ** 22;

/**
 * Makes a file anew that was deleted while it is in use, of what is open of it, for those who open it by its path.
 *
 * @throws {Error} When that is not permitted, or there is no room.
 */
export async function putBack(source: ByteSource): Promise<void> {
  await puttingBack.run(() => putBackNow(source));
}

/** One at a time, as two programs that start at once would replace each other's. */
const puttingBack = new RunQueue();

async function putBackNow(source: ByteSource): Promise<void> {
  const { name, path, size } = source;
  if (path === undefined || await exists(path)) return;
  const folder = folderOf(path);
  try {
    expectMay("write", folder);
    await Deno.mkdir(folder, { recursive: true });
    await expectSpace(folder, size);
    await writeWhole(path, async function* () {
      for (let at = 0; at < size; at += COPIED_BYTES) yield await source.read(at, Math.min(at + COPIED_BYTES, size));
    });
    await source.reopen?.();
  } catch (error) {
    throw new Error(`Cannot use ${name} as it was deleted and cannot be made anew: ${messageOf(error)}; load it again`);
  }
}

function folderOf(path: string): string {
  return path.replace(/[\\/][^\\/]*$/, "");
}

/** Writes a file that is there as a whole or not at all; when two processes write it, either may win. */
async function writeWhole(path: string, chunks: () => AsyncIterable<Uint8Array>): Promise<void> {
  const partial = `${path}.${crypto.randomUUID()}.incomplete`;
  try {
    await writeNew(partial, chunks());
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

async function expectSpace(folder: string, bytes: number): Promise<void> {
  const free = await freeBytes(folder);
  if (free === undefined || bytes <= free) return;
  throw new RangeError(`Cannot make a file of ${bytes} bytes in ${folder} as ${free} bytes are free`);
}

/** Removes what can be removed of the files that nobody can use any more. */
async function removeStale(folder: string, version: number): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const path = joinPath(folder, name);
    const check = NAME.test(name) ? isOutdated(path, version) : PART.test(name) ? isLeft(path) : false;
    if (await check) await Deno.remove(path).catch(() => {});
  }
}

/** Whether a file was made of something that has changed or is gone, or by an older version of this package. */
async function isOutdated(path: string, version: number): Promise<boolean> {
  const metadata = await metadataOf(path);
  if (metadata === undefined) return false;
  const madeOf = metadata.get(MADE_OF);
  if (madeOf === undefined || Number(metadata.get(VERSION)) < version) return true;
  const changed = await Promise.all((JSON.parse(madeOf) as readonly Origin[]).map(hasChanged));
  return changed.includes(true);
}

/** The texts in a header; none of a file that cannot be read. */
async function metadataOf(path: string): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const source = await openFile(path);
    try {
      return (await readSafetensorsFile(source)).metadata;
    } finally {
      source.close();
    }
  } catch (error) {
    return error instanceof SyntaxError || error instanceof RangeError ? new Map() : undefined;
  }
}

async function hasChanged(origin: Origin): Promise<boolean> {
  const [path] = origin;
  if (origin.length === 1) return false; // bytes in memory leave no trace
  try {
    return JSON.stringify(await originOf(path)) !== JSON.stringify(origin);
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

async function isLeft(path: string): Promise<boolean> {
  const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null }));
  return mtime !== null && Date.now() - mtime.getTime() > LEFT_MS;
}
