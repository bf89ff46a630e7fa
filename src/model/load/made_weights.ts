/**
 * Weights in another form than a checkpoint has them, in a file that is made once and mapped into memory afterwards.
 * Such a file may be deleted at any time. When one is made, those whose checkpoint has changed or is gone are removed.
 *
 * @module
 */
import { writeNew } from "../../base/write_new.ts";
import { type ByteSource, openBytes, openFile } from "../../checkpoint/byte_source.ts";
import { readSafetensors, readSafetensorsFile, type TensorEntry } from "../../checkpoint/safetensors.ts";
import { safetensorsHeader, type TensorPart } from "../../checkpoint/write_safetensors.ts";
import { freeBytes } from "../../hub/free_space.ts";
import { exists, joinPath } from "../../hub/paths.ts";
import { UNEMBEDDINGS } from "../../models/families.ts";

/** Where the file is kept, and what stops its making. */
export interface MadeWeightsOptions {
  /** The folder of such files. */
  readonly folder: string;
  /** Called before the file is made, which takes a second for 100 million weights. */
  readonly onMake?: () => void;
  /** Stops between two tensors. */
  readonly signal?: AbortSignal | undefined;
}

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

/** How much of a file is compared at a time. */
const SCRATCH_BYTES = 2 ** 22;
const MADE_OF = "made_of";
const VERSION = "version";
const NAME = /^[0-9a-f]{64}\.safetensors$/;
const PART = /^[0-9a-f]{64}\.safetensors\.[0-9a-f-]{36}\.incomplete$/;

/** A part of a file that has not grown for a day was left by a process that was killed. */
const LEFT_MS = 24 * 60 * 60 * 1000;

/** The place of a form of stored weights. Its name is a hash of what it is made of, so a change is another place. */
export async function madeFile(
  stored: ReadonlyMap<string, TensorEntry>,
  folder: string,
  { name, version }: Form,
): Promise<MadeFile> {
  const sources = new Set([...stored.values()].map(({ source }) => source));
  const origins = await Promise.all([...sources].map(async (source): Promise<Origin> => {
    if (source.path === undefined) return [await sha256(await source.read(0, source.size))];
    return await originOf(source.path);
  }));
  // The same file may be read with its own head or without it.
  const head = UNEMBEDDINGS.some((name) => stored.has(name)) ? ["with a head"] : [];
  const hash = await sha256(new TextEncoder().encode(JSON.stringify([name, version, origins, ...head])));
  const metadata = { [MADE_OF]: JSON.stringify(origins), [VERSION]: String(version) };
  return { path: joinPath(folder, `${hash}.safetensors`), metadata };
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

/** What may take a while. */
type Awaitable<T> = T | Promise<T>;

/** Tensors that can be made: what they are, and their bytes one after another, which may share memory. */
export interface Making {
  /** The tensors by name, in the order of their bytes; where there is a choice, as a file that was found has it. */
  parts(found?: ReadonlyMap<string, TensorEntry>): Awaitable<ReadonlyMap<string, TensorPart>>;
  /** The bytes of the tensors. */
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * What is made of weights, from a file that is made when there is none, or it is damaged; where it cannot be made, as
 * writing is not permitted or there is no room, it is held in memory.
 */
export async function openOrMake(
  stored: ReadonlyMap<string, TensorEntry>,
  form: Form,
  made: Making,
  { folder, onMake, signal }: MadeWeightsOptions,
): Promise<ReadonlyMap<string, TensorEntry>> {
  const file = await madeFile(stored, folder, form);
  const found = await openHeld(file, made);
  if (found) return found;
  onMake?.();
  const parts = await made.parts();
  const isKept = mayMake(folder) && await writeMade(file, parts, () => made.chunks()).then(() => true, () => {
    signal?.throwIfAborted();
    return false; // what is wrong with the weights is wrong in memory too
  });
  const kept = isKept ? await openMade(file) : undefined;
  return kept ?? await readSafetensors(openBytes(file.path, await inMemory(made)));
}

/**
 * What is made of weights, from a file that is made when there is none, or it is damaged; undefined where none can be
 * made, as writing is not permitted or there is no room.
 *
 * @throws The signal's reason, when it is aborted.
 */
export async function openKept(
  stored: ReadonlyMap<string, TensorEntry>,
  form: Form,
  made: Making,
  { folder, onMake, signal }: MadeWeightsOptions,
): Promise<ReadonlyMap<string, TensorEntry> | undefined> {
  try {
    const file = await madeFile(stored, folder, form);
    const found = await openHeld(file, made);
    if (found) return found;
    if (!mayMake(folder)) return undefined;
    onMake?.();
    await writeMade(file, await made.parts(), () => made.chunks());
    return await openMade(file);
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

/** The tensors of a file that has those that would be made, whatever is in them. */
async function openHeld(file: MadeFile, made: Making): Promise<ReadonlyMap<string, TensorEntry> | undefined> {
  const found = await openMade(file);
  const parts = [...await made.parts(found)];
  const first = found?.get(parts[0]![0]);
  if (found && first && liesAt(found, parts, first.start)) return found;
  found?.values().next().value?.source.close();
  return undefined;
}

async function inMemory(made: Making): Promise<Uint8Array> {
  const parts = await made.parts();
  const header = safetensorsHeader(parts);
  const bytes = new Uint8Array(parts.values().reduce((sum, part) => sum + part.bytes, header.length));
  bytes.set(header);
  let start = header.length;
  for await (const chunk of made.chunks()) {
    bytes.set(chunk, start);
    start += chunk.length;
  }
  return bytes;
}

/**
 * Whether the tensors of a file are those that would be made now.
 *
 * @param found The tensors of the file.
 * @param tensors What would be made, in the order of `chunks`.
 * @param chunks The bytes that would be made.
 * @param heard Is told how many bytes were compared, and may throw.
 */
export async function areMade(
  found: ReadonlyMap<string, TensorEntry>,
  tensors: Iterable<readonly [string, TensorPart]>,
  chunks: AsyncIterable<Uint8Array>,
  heard: (bytes: number) => void,
): Promise<boolean> {
  const parts = [...tensors];
  const { source, start } = found.get(parts[0]![0]) ?? {};
  if (source === undefined || start === undefined || !liesAt(found, parts, start)) return false;
  const scratch = new Uint8Array(SCRATCH_BYTES);
  let place = start;
  for await (const chunk of chunks) {
    for (let done = 0; done < chunk.length; done += SCRATCH_BYTES) {
      const expected = chunk.subarray(done, done + SCRATCH_BYTES);
      const stored = scratch.subarray(0, expected.length);
      source.readInto(place, stored);
      if (!areSame(expected, stored)) return false;
      heard(place += expected.length);
      await new Promise((resolve) => setTimeout(resolve)); // lets the Stop button be heard
    }
  }
  return true;
}

/** Whether a file holds these tensors and no others, one behind another from a place on. */
function liesAt(
  found: ReadonlyMap<string, TensorEntry>,
  parts: readonly (readonly [string, TensorPart])[],
  start: number,
): boolean {
  let place = start;
  return found.size === parts.length && parts.every(([name, { dtype, shape, bytes }]) => {
    const entry = found.get(name);
    const same = entry?.start === place && entry.dtype === dtype && `${entry.shape}` === `${shape}`;
    place += bytes;
    return same;
  });
}

/** A loop, as billions of bytes are compared. */
function areSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; ++i) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether files may be made in a folder. Asks nobody: in a terminal Deno would stop and wait for an answer. */
export function mayMake(folder: string): boolean {
  return Deno.permissions.querySync({ name: "write", path: folder }).state === "granted";
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
  const folder = path.replace(/[\\/][^\\/]*$/, "");
  await Deno.mkdir(folder, { recursive: true });
  await removeStale(folder, Number(metadata[VERSION]));
  const header = safetensorsHeader(parts, metadata);
  await expectSpace(folder, parts.reduce((sum, [, { bytes }]) => sum + bytes, header.length));
  const partial = `${path}.${crypto.randomUUID()}.incomplete`;
  const all = async function* () {
    yield header;
    yield* chunks();
  };
  try {
    await writeNew(partial, all());
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
