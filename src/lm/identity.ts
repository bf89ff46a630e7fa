import { formatBytes } from "../hub/bytes.ts";
import { hashers } from "../hub/hash.ts";
import { CONFIG, INDEX, OPTIONAL, shardNames, TOKENIZER, VOCABULARY, WEIGHTS } from "../hub/wanted.ts";
import type { ModelFiles } from "../hub/model_files.ts";
import type { ByteSource } from "../checkpoint/byte_source.ts";
import type { Backend } from "../runtime/backend.ts";
import { openOptional, readText } from "./files.ts";
import type { IdentityOptions, ModelFile, ModelIdentity } from "./identity_types.ts";
import { PACKAGE_VERSION } from "./version.ts";

const CHUNK_BYTES = 1 << 22;

/** Says which model some files are. */
export async function identify(
  files: ModelFiles,
  backend: Backend,
  options: IdentityOptions,
): Promise<ModelIdentity> {
  const { id, revision } = files;
  const sources = await openFiles(files);
  try {
    const total = [...sources.values()].reduce((sum, { size }) => sum + size, 0);
    let completed = 0;
    const found: ModelFile[] = [];
    for (const [name, source] of sources) {
      const sha256 = knownHash(source, files) ?? await hashOf(source, (bytes) => {
        options.signal?.throwIfAborted();
        const message = `Read ${formatBytes(completed + bytes)} of ${formatBytes(total)} of ${id}`;
        options.onProgress?.({ task: "identity", completed: completed + bytes, total, message });
      });
      completed += source.size;
      found.push({ name, bytes: source.size, sha256 });
    }
    return { id, ...revision !== undefined && { revision }, files: found, package: PACKAGE_VERSION, backend };
  } finally {
    for (const source of sources.values()) source.close();
  }
}

/** Opens the files that a model is loaded from, by name in alphabetical order. */
async function openFiles(files: ModelFiles): Promise<ReadonlyMap<string, ByteSource>> {
  const sources = new Map<string, ByteSource>();
  const open = async (name: string) => {
    const source = await openOptional(files, name);
    if (source) sources.set(name, source);
    return source !== undefined;
  };
  try {
    for (const name of [CONFIG, ...OPTIONAL]) await open(name);
    if (!await open(TOKENIZER)) { for (const name of VOCABULARY) await open(name); }
    if (!await open(WEIGHTS) && await open(INDEX)) {
      for (const name of shardNames(await readText(files, INDEX) ?? "")) await open(name);
    }
  } catch (error) {
    for (const source of sources.values()) source.close();
    throw error;
  }
  return new Map([...sources].sort(([a], [b]) => a < b ? -1 : 1));
}

/** A large file of a hub's cache is named by its SHA-256, which was checked when it was downloaded. */
function knownHash({ path }: ByteSource, { revision }: ModelFiles): string | undefined {
  return revision === undefined ? undefined : /[\\/]blobs[\\/]([0-9a-f]{64})$/.exec(path ?? "")?.[1];
}

/** The SHA-256 of a file; `read` hears how many bytes of it have been read, and may throw. */
async function hashOf(source: ByteSource, read: (bytes: number) => void): Promise<string> {
  const hash = (await hashers({ kind: "sha256" }))();
  read(0);
  for (let start = 0; start < source.size; start += CHUNK_BYTES) {
    const end = Math.min(start + CHUNK_BYTES, source.size);
    hash.update(await source.read(start, end));
    read(end);
    await new Promise((resolve) => setTimeout(resolve)); // lets the Stop button be heard
  }
  return hash.digest();
}
