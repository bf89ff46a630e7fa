import type { ByteSource } from "../checkpoint/byte_source.ts";
import { formatBytes } from "../hub/bytes.ts";
import { hashers, type Hashing, hashingOf } from "../hub/hash.ts";
import type { ModelFiles } from "../hub/model_files.ts";
import type { IdentityOptions, ModelFile, ModelIdentity } from "./identity_types.ts";
import type { LoadedModel } from "./load.ts";
import type { MadeProof } from "./read_weights.ts";
import { PACKAGE_VERSION } from "./version.ts";

const CHUNK_BYTES = 1 << 22;

/** Hears how many bytes of a file have been read, and may throw. */
type Heard = (bytes: number) => void;

/** Says which model was loaded: all bytes are read again, of the files that were opened then. */
export async function identify(model: LoadedModel, options: IdentityOptions): Promise<ModelIdentity> {
  const { opened: { files, sources }, runner: { backend }, made } = model;
  const read = [...sources.values(), ...made ? [made.source] : []];
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
  if (made) await expectSound(made, files.id, hear(made.source));
  for (const source of read) await source.expectUnmodified?.();
  const revision = isOfCommit ? files.revision : undefined;
  return { id: files.id, ...revision !== undefined && { revision }, files: found, package: PACKAGE_VERSION, backend };
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
