import { LONG_WORK, type OptionTable } from "../base/options.ts";
import type { Progress } from "../base/progress.ts";
import type { FloatTensor } from "../base/tensor.ts";
import { PACKAGE_VERSION } from "../base/version.ts";
import { formatBytes } from "../base/words.ts";
import type { ByteSource } from "../checkpoint/byte_source.ts";
import { hashers, type Hashing, hashingOf, sha256Hasher } from "../hub/hash.ts";
import type { ModelFiles } from "../hub/model_files.ts";
import type { Backend } from "../runtime/backend.ts";
import type { Change } from "./change.ts";
import type { LoadedModel } from "./load/load.ts";
import type { MadeProof } from "./load/made_weights.ts";

/** Options of {@linkcode LanguageModel.identity}. */
export interface IdentityOptions {
  /** Called while files are read. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two parts of a file. */
  readonly signal?: AbortSignal;
}

export const IDENTITY: OptionTable<IdentityOptions> = { task: "identify a model", kinds: LONG_WORK };

/** One file of a model. */
export interface ModelFile {
  /** The name, such as `model.safetensors`. */
  readonly name: string;
  /** Its size in bytes. */
  readonly bytes: number;
  /** The SHA-256 of what was loaded of it, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Which model made a result: enough to find the same one again, and to tell whether another is the same. */
export interface ModelIdentity {
  /** What it is called: the id or the path that it was loaded by. */
  readonly id: string;
  /** The commit, where it comes from a hub and no file differs from what the hub told of it. */
  readonly revision?: string;
  /** The files that it was loaded from, by name in alphabetical order. */
  readonly files: readonly ModelFile[];
  /** The version of this package. */
  readonly package: string;
  /** Where it ran. */
  readonly backend: Backend;
  /** What was changed inside, in order; none where nothing was. */
  readonly changes?: readonly StatedChange[];
}

/** A change inside a model, with its numbers by their hash: enough to tell whether another is the same. */
export interface StatedChange extends Omit<Change, "add" | "set" | "tokens"> {
  /** What was added. */
  readonly add?: StatedNumbers;
  /** What was put in its place. */
  readonly set?: StatedNumbers;
  /** The ids of the tokens whose embeddings that were. */
  readonly tokens?: readonly number[];
}

/** Single-precision numbers. */
export interface StatedNumbers {
  /** How many there were. */
  readonly count: number;
  /** The SHA-256 of their bytes, little-endian, 64 hexadecimal digits. */
  readonly sha256: string;
}

const CHUNK_BYTES = 1 << 22;

/** Hears how many bytes of a file have been read, and may throw. */
type Heard = (bytes: number) => void;

/** Says which model was loaded: all bytes are read again, of the files that were opened then. */
export async function identify(model: LoadedModel<unknown>, options: IdentityOptions): Promise<ModelIdentity> {
  const { opened: { files, sources }, runner: { backend, changes } } = model;
  const made = [...model.made, ...model.backs];
  const read = [...sources.values(), ...made.map(({ source }) => source)];
  const total = read.reduce((sum, { size }) => sum + size, 0);
  let completed = 0;
  const hear = (source: ByteSource): Heard => {
    const before = completed;
    completed += source.size;
    return (bytes) => {
      options.signal?.throwIfAborted();
      const message = `Read ${formatBytes(before + bytes)} of ${formatBytes(total)} of ${files.id}`;
      options.onProgress?.({ task: "identity", completed: before + bytes, total, message });
    };
  };
  const found: ModelFile[] = [];
  let isOfCommit = true;
  for (const [name, source] of sources) {
    await source.expectUnmodified?.(); // before it is read in vain
    const sha256 = await hashOf(source, { kind: "sha256" }, hear(source));
    found.push({ name, bytes: source.size, sha256 });
    isOfCommit &&= await isWhatHubTold(source, name, sha256, files);
  }
  for (const one of made) await expectSound(one, files.id, hear(one.source));
  for (const source of read) await source.expectUnmodified?.();
  const revision = isOfCommit ? files.revision : undefined;
  return {
    id: files.id,
    ...revision !== undefined && { revision },
    files: found,
    package: PACKAGE_VERSION,
    backend,
    ...changes && changes.changes.length > 0 && { changes: await Promise.all(changes.changes.map(stated)) },
  };
}

/** A change with the hashes of its numbers. */
async function stated({ add, set, tokens, ...change }: Change): Promise<StatedChange> {
  return {
    ...change,
    ...tokens && { tokens: tokens.map(Number) }, // with() has made ids of them
    ...add && { add: await statedNumbers(add as FloatTensor) },
    ...set && { set: await statedNumbers(set as FloatTensor) },
  };
}

async function statedNumbers({ data }: FloatTensor): Promise<StatedNumbers> {
  const hash = await sha256Hasher();
  hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return { count: data.length, sha256: hash.digest() };
}

/** Whether a file has the hash that the hub told; of one whose hash is not known, nothing else can be said. */
async function isWhatHubTold(source: ByteSource, name: string, sha256: string, files: ModelFiles): Promise<boolean> {
  const told = await files.hashOf?.(name);
  if (told === undefined) return true;
  const hashing = hashingOf(told, source.size);
  if (hashing.kind === "none") return true;
  return told === (hashing.kind === "sha256" ? sha256 : await hashOf(source, hashing, () => {}));
}

/** Refuses weights that were not made of the files that are named. */
async function expectSound({ source, isSound }: MadeProof, id: string, heard: Heard): Promise<void> {
  heard(0);
  const sound = await isSound(heard);
  heard(source.size);
  if (sound) return;
  const advice = "delete it and load the model again";
  throw new Error(`Cannot identify "${id}" as ${source.name} does not hold what is made of its weights; ${advice}`);
}

/** A hash of a file. */
async function hashOf(source: ByteSource, hashing: Hashing, heard: Heard): Promise<string> {
  const hash = (await hashers(hashing))();
  heard(0);
  for (let start = 0; start < source.size; start += CHUNK_BYTES) {
    const end = Math.min(start + CHUNK_BYTES, source.size);
    hash.update(
      await source.read(start, end).catch((error) => {
        // A browser's own storage refuses a file that has changed since it was opened.
        if (!(error instanceof DOMException && error.name === "NotReadableError")) throw error;
        throw new Error(
          `Cannot tell what was read of ${source.name} as the file has been modified since; load it again`,
        );
      }),
    );
    heard(end);
    await new Promise((resolve) => setTimeout(resolve)); // lets the Stop button be heard
  }
  return hash.digest();
}
