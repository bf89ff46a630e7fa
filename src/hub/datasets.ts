/**
 * The files of a data set of a hub, in the cache that Python's `huggingface_hub` has too. Each is fetched when it is
 * asked for, so that reading begins before the rest is there.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { isCommit, type ModelCache } from "./cache.ts";
import { HubClient, type RemoteFile } from "./client.ts";
import { DiskCache } from "./disk_cache.ts";
import { download } from "./download.ts";
import { failureOf } from "./failure.ts";
import { joinPath } from "./paths.ts";
import { retrying } from "./retry.ts";
import { type HubOptions, type HubSettings, readSettings } from "./settings.ts";

/** One file of a data set. */
export interface DatasetFile {
  /** Its name in the repository. */
  readonly name: string;
  /** The commit that it is of. */
  readonly commit: string;
  /** What identifies its content, where that is known. */
  readonly etag: string | undefined;
  /** Its size in bytes, where that is known. */
  readonly size: number | undefined;
  /** The path of the file in the cache, into which it is fetched first where it is not there. */
  path(signal?: AbortSignal): Promise<string>;
}

/** Which files of which data set. */
export interface DatasetAddress {
  /** `owner/name`. */
  readonly id: string;
  /** The branch, the tag or the commit that the address names. */
  readonly revision: string | undefined;
  /** A file, a folder, or nothing for all. */
  readonly path: string;
}

/**
 * Takes an address apart, `hf://datasets/owner/name@revision/path`, as Python's `HfFileSystem` writes them.
 *
 * @throws {TypeError} When it is none.
 */
export function parseDatasetAddress(address: string): DatasetAddress {
  const part = String.raw`\w[\w.-]*`;
  const [, id, revision, path = ""] = new RegExp(
    String.raw`^hf://datasets/(${part}/${part})(?:@([\w.+~=%-]+))?(?:/(.*))?$`,
  ).exec(address) ?? [];
  if (id !== undefined && !path.includes("..")) {
    return { id, revision: revision && decodeURIComponent(revision), path: path.replace(/\/+$/, "") };
  }
  const advice = "pass hf://datasets/owner/name/file, where a folder or a pattern may stand for the file";
  throw new TypeError(`Cannot read ${shown(address)} as it is no data set of a hub; ${advice}`);
}

/**
 * Finds files of a data set, sorted by their names.
 *
 * @param address Which data set; a revision of it takes the place of that of the options.
 * @param fits Tells the wanted files by their names; not asked where the address names one file without a pattern.
 * @throws {Error} When there are none, or the hub cannot be asked and they are not in the cache.
 */
export async function datasetFiles(
  address: DatasetAddress,
  fits: (name: string) => boolean,
  options: HubOptions & { readonly signal?: AbortSignal | undefined },
): Promise<readonly DatasetFile[]> {
  const { signal, ...given } = options;
  const settings = await readSettings(
    address.revision === undefined ? given : { ...given, revision: address.revision },
  );
  const id = `datasets/${address.id}`;
  const cache = new DiskCache(settings.cacheDir, id);
  const files = settings.offline
    ? await cachedFiles(cache, settings, id)
    : await remoteFiles(cache, settings, id, address.path, signal);
  const found = files.filter(({ name }) => isSafe(name) && fits(name)).sort((a, b) => a.name < b.name ? -1 : 1);
  if (found.length > 0) return found;
  const names = files.slice(0, 5).map(({ name }) => name).join(", ");
  const there = files.length > 5 ? `${names} and ${files.length - 5} more` : names || "none";
  throw new Error(`Cannot read ${shown(address.path)} of hf://${id} as it has no such files; there are ${there}`);
}

/** What the hub has; where it cannot be reached, the one file that is asked for may be in the cache. */
async function remoteFiles(
  cache: ModelCache,
  settings: HubSettings,
  id: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<readonly DatasetFile[]> {
  const client = new HubClient({ ...settings, id, signal });
  try {
    const { commit, files } = await retrying(() => client.list(), { signal });
    if (!isCommit(settings.revision)) await cache.setCommit(settings.revision, commit);
    const pinned = (asked?: AbortSignal) => new HubClient({ ...settings, id, revision: commit, signal: asked });
    return [...files].map(([name, { etag, size }]) => remoteFile(cache, pinned, { name, commit, etag, size }));
  } catch (error) {
    signal?.throwIfAborted();
    const isThere = failureOf(error)?.kind === "unreachable" || failureOf(error)?.kind === "transient";
    const cached = isThere ? await cachedFiles(cache, settings, id).catch(() => []) : [];
    if (cached.some(({ name }) => name === path)) return cached;
    throw error;
  }
}

function remoteFile(
  cache: ModelCache,
  client: (signal?: AbortSignal) => HubClient,
  file: RemoteFile,
): DatasetFile {
  const { name, commit, etag, size } = file;
  const path = async (signal?: AbortSignal) => {
    if (!await cache.has(commit, name)) await download({ client: client(signal), cache, file, signal });
    return joinPath(cache.snapshot(commit), name);
  };
  return { name, commit, etag, size, path };
}

/** What of the revision is in the cache. */
async function cachedFiles(cache: ModelCache, settings: HubSettings, id: string): Promise<readonly DatasetFile[]> {
  const commit = await cache.commitOf(settings.revision);
  const names = commit === undefined ? [] : await namesBelow(cache.snapshot(commit));
  if (commit === undefined || names.length === 0) {
    const advice = "read it once without localFilesOnly and HF_HUB_OFFLINE, or pass the cacheDir that holds it";
    const revision = `revision "${settings.revision}"`;
    throw new Error(
      `Cannot read hf://${id} offline as ${revision} is not in the cache ${settings.cacheDir}; ${advice}`,
    );
  }
  return await Promise.all(names.map(async (name) => {
    const path = joinPath(cache.snapshot(commit), name);
    const { size } = await Deno.stat(path);
    return { name, commit, size, etag: await cache.nameOf(commit, name), path: () => Promise.resolve(path) };
  }));
}

async function namesBelow(folder: string, below = ""): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(joinPath(folder, below))) {
      names.push(...(isDirectory ? await namesBelow(folder, `${below}${name}/`) : [below + name]));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

/** A hub says what its files are called; one that leads out of the cache is not taken. */
function isSafe(name: string): boolean {
  return name.split("/").every((part) => part !== "" && part !== "." && part !== ".." && !/[\\\0:]/.test(part));
}
