/**
 * Weights in another form than a checkpoint has them, in a file that is made once and mapped into memory afterwards.
 *
 * @module
 */
import { type ByteSource, openBytes } from "../../checkpoint/byte_source.ts";
import { readSafetensors, type TensorEntry } from "../../checkpoint/safetensors.ts";
import { safetensorsHeader, type TensorPart } from "../../checkpoint/write_safetensors.ts";
import { expectMay, type Form, type MadeFile, madeFile, openMade, writeMade } from "./made_file.ts";
import type { Unkept } from "./unkept.ts";

/** Where the file is kept, and what stops its making. */
export interface MadeWeightsOptions {
  /** The folder of such files. */
  readonly folder: string;
  /** Called before the file is made, which takes a second for 100 million weights. */
  readonly onMake?: () => void;
  /** Called where no file can be made, as writing is not permitted or there is no room. */
  readonly onUnkept?: ((unkept: Unkept) => void) | undefined;
  /** Stops between two tensors. */
  readonly signal?: AbortSignal | undefined;
}

/** A file that was made of weights. */
export interface MadeProof {
  /** The file. */
  readonly source: ByteSource;
  /**
   * Whether it holds what is made of the weights; `heard` is told how many bytes were compared, and may throw.
   *
   * @throws {Error} When another file had taken its place before it was mapped.
   */
  readonly isSound: (heard: (bytes: number) => void) => Promise<boolean>;
}

/** What was made of weights, still open. */
export interface MadeWeights {
  /** The tensors by name. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** How to tell whether they are what the checkpoint says; of those in memory nothing, as this process made them. */
  readonly made: readonly MadeProof[];
}

/** How much of a file is compared at a time. */
const SCRATCH_BYTES = 2 ** 22;

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
  options: MadeWeightsOptions,
): Promise<MadeWeights> {
  const file = await madeFile(stored, options.folder, form);
  return await inTurn(file, () => openOrMakeFile(file, made, options));
}

async function openOrMakeFile(
  file: MadeFile,
  made: Making,
  { folder, onMake, onUnkept, signal }: MadeWeightsOptions,
): Promise<MadeWeights> {
  const found = await openHeld(file, made);
  if (found) return withProof(found, made);
  onMake?.();
  let cause: unknown;
  try {
    expectMay("write", folder);
    return withProof(await makeFile(file, made, signal), made);
  } catch (error) {
    signal?.throwIfAborted();
    cause = error; // what is wrong with the weights is wrong in memory too
  }
  const bytes = await inMemory(made, signal);
  onUnkept?.({ folder, bytes: bytes.length, cause });
  return { entries: await readSafetensors(openBytes(file.path, bytes)), made: [] };
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
  { folder, onMake, onUnkept, signal }: MadeWeightsOptions,
): Promise<MadeWeights | undefined> {
  try {
    expectMay("read", folder);
    const file = await madeFile(stored, folder, form);
    return await inTurn(file, async () => {
      const found = await openHeld(file, made);
      if (found) return withProof(found, made);
      expectMay("write", folder);
      onMake?.();
      return withProof(await makeFile(file, made, signal), made);
    });
  } catch (cause) {
    signal?.throwIfAborted();
    onUnkept?.({ folder, bytes: bytesOf(await made.parts()), cause });
    return undefined;
  }
}

/** Who looks for a file and makes it where it is missing, last one of each. */
const looking = new Map<string, Promise<unknown>>();

/**
 * Looks for a file after those of this process who look for the same: it is made once, and not replaced by its like once it
 * is in use.
 */
async function inTurn<T>({ path }: MadeFile, look: () => Promise<T>): Promise<T> {
  const before = looking.get(path) ?? Promise.resolve();
  const own = before.then(look, look);
  looking.set(path, own);
  try {
    return await own;
  } finally {
    if (looking.get(path) === own) looking.delete(path);
  }
}

/** The tensors of a file that is made now. */
async function makeFile(
  file: MadeFile,
  made: Making,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, TensorEntry>> {
  await writeMade(file, await made.parts(), () => chunksOf(made, signal));
  const kept = await openMade(file);
  if (!kept) throw new Error("it was written but cannot be read");
  return kept;
}

/** How many bytes tensors have. */
function bytesOf(parts: ReadonlyMap<string, TensorPart>): number {
  return parts.values().reduce((sum, { bytes }) => sum + bytes, 0);
}

function withProof(entries: ReadonlyMap<string, TensorEntry>, made: Making): MadeWeights {
  const { source } = entries.values().next().value!;
  return { entries, made: [{ source, isSound: (heard) => areMade(entries, made, heard) }] };
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

/** The bytes of the tensors until the signal is aborted. */
async function* chunksOf(made: Making, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for await (const chunk of made.chunks()) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

async function inMemory(made: Making, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const parts = await made.parts();
  const header = safetensorsHeader(parts);
  const bytes = new Uint8Array(header.length + bytesOf(parts));
  bytes.set(header);
  let start = header.length;
  for await (const chunk of chunksOf(made, signal)) {
    bytes.set(chunk, start);
    start += chunk.length;
  }
  return bytes;
}

/** Whether the tensors of a file are those that would be made now; `heard` is told how many bytes were compared. */
async function areMade(
  found: ReadonlyMap<string, TensorEntry>,
  made: Making,
  heard: (bytes: number) => void,
): Promise<boolean> {
  const parts = [...await made.parts()];
  const { source, start } = found.get(parts[0]![0]) ?? {};
  if (source === undefined || start === undefined || !liesAt(found, parts, start)) return false;
  const scratch = new Uint8Array(SCRATCH_BYTES);
  let place = start;
  for await (const chunk of made.chunks()) {
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
