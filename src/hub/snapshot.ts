/**
 * The files of a model, from the cache or from the hub.
 *
 * @module
 */
import { inPage } from "../base/platform.ts";
import { isCommit, type ModelCache } from "./cache.ts";
import { commitWithout, HubClient, type RemoteFile } from "./client.ts";
import { DiskCache } from "./disk_cache.ts";
import { download } from "./download.ts";
import { diskError, failed, type Failure, failureOf, roomError } from "./failure.ts";
import { type DownloadProgress, Meter } from "./meter.ts";
import { PageCache } from "./page_cache.ts";
import { joinPath } from "./paths.ts";
import { retrying } from "./retry.ts";
import { type HubOptions, type HubSettings, readSettings } from "./settings.ts";
import { CONFIG, INDEX, missingFiles, OPTIONAL, shardNames, TOKENIZER, VOCABULARY, WEIGHTS } from "./wanted.ts";

/** How a model is fetched. */
export interface SnapshotOptions extends HubOptions {
  /** Called while files are fetched. */
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
  /** Called with the text of config.json before the weights are fetched; what it throws ends the loading. */
  readonly accept?: ((config: string) => void) | undefined;
  /** Stops at once. */
  readonly signal?: AbortSignal | undefined;
}

/** A commit whose files are in a cache. */
export interface CachedSnapshot {
  /** The cache. */
  readonly cache: ModelCache;
  /** The commit. */
  readonly commit: string;
  /** Where the files are on the hub. */
  readonly remote: URL;
}

/** The folder of {@linkcode cacheSnapshot}. */
export async function findSnapshot(id: string, options: SnapshotOptions): Promise<string> {
  const { cache, commit } = await cacheSnapshot(id, options);
  return cache.snapshot(commit);
}

/**
 * Finds the files of a model of a hub. What is in the cache is used; if the network may be used, the hub is asked once
 * whether the revision is still the same.
 *
 * @param id The id of the model, as in `gpt2` or `openai-community/gpt2`.
 * @throws {Error} When a file is not there and cannot be fetched; the message says which, why, and what to do.
 */
export async function cacheSnapshot(id: string, options: SnapshotOptions): Promise<CachedSnapshot> {
  const settings = await readSettings(options);
  const cache = inPage ? new PageCache(settings.cacheDir, id) : new DiskCache(settings.cacheDir, id);
  const commit = await findCommit(id, cache, settings, options);
  return { cache, commit, remote: new URL(`${settings.endpoint}/${id}/resolve/${commit}/`) };
}

/** The commit that is wanted, with all of its files in the cache. */
async function findCommit(
  id: string,
  cache: ModelCache,
  settings: HubSettings,
  options: SnapshotOptions,
): Promise<string> {
  const { revision, endpoint, cacheDir, offline } = settings;
  const client = new HubClient({ ...settings, id, signal: options.signal });
  const cached = await cache.commitOf(revision).catch((error) => {
    throw diskError(client.target(CONFIG), cacheDir, error);
  });
  const missing = cached === undefined ? [CONFIG] : await missingFiles(cache, cached);
  const complete = cached !== undefined && missing.length === 0;
  if (complete && (offline || isCommit(revision) || !mayConnect(endpoint))) return cached;
  if (offline) throw offlineError(client, cacheDir, missing);
  let config: RemoteFile | undefined;
  try {
    config = await describe(client, cache, CONFIG, options, complete);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (complete && failureOf(error)?.kind !== "unknown revision") return cached;
    throw error;
  }
  if (config === undefined) throw missingConfig(client);
  if (complete && config.commit === cached) return cached;
  await new Snapshot(client, cache, config, options).fetch(revision);
  return config.commit;
}

/** Whether the hub can be asked without asking the user for the permission first. */
function mayConnect(endpoint: string): boolean {
  return inPage || Deno.permissions.querySync({ name: "net", host: new URL(endpoint).host }).state === "granted";
}

/** What the hub says about a file; undefined when there is none, which is remembered. */
async function describe(
  client: HubClient,
  cache: ModelCache,
  name: string,
  { signal }: SnapshotOptions,
  once = false,
): Promise<RemoteFile | undefined> {
  try {
    return await (once ? client.describe(name) : retrying(() => client.describe(name), { signal }));
  } catch (error) {
    if (failureOf(error)?.kind !== "unknown file") throw error;
    const commit = commitWithout(error);
    if (commit === undefined && name === CONFIG) throw error; // there may be no such model at all
    if (commit !== undefined) await cache.setMissing(commit, name).catch(() => {}); // it saves a request, no more
    return undefined;
  }
}

/** The files of one commit that are to be fetched. */
class Snapshot {
  readonly #client: HubClient;
  readonly #cache: ModelCache;
  readonly #config: RemoteFile;
  readonly #options: SnapshotOptions;

  constructor(client: HubClient, cache: ModelCache, config: RemoteFile, options: SnapshotOptions) {
    this.#client = client;
    this.#cache = cache;
    this.#config = config;
    this.#options = options;
  }

  /** Fetches what is missing. */
  async fetch(revision: string): Promise<void> {
    const { commit } = this.#config;
    await this.#get(this.#config);
    await this.#cache.setCommit(revision, commit);
    this.#options.accept?.(await this.#cache.text(commit, CONFIG) ?? "");
    const files = await this.#small();
    const weights = await this.#weights();
    const wanted = [...files, ...weights].filter((file) => file.missing).map(({ remote }) => remote!);
    await this.#expectRoom(wanted);
    const total = wanted.reduce((sum, { size }) => sum + (size ?? 0), 0);
    const meter = new Meter(total, this.#options.onDownload ?? (() => {}));
    for (const file of wanted) {
      meter.begin(file.name);
      await this.#get(file, (bytes) => meter.update(bytes));
    }
    if (wanted.length > 0) meter.end();
  }

  /** Refuses what the disk cannot take, before it is full. */
  async #expectRoom(files: readonly RemoteFile[]): Promise<void> {
    const cache = this.#cache;
    const missing = await Promise.all(files.map(async ({ etag, size = 0 }) => {
      if (await cache.blobSize(etag) === size) return 0;
      return Math.max(0, size - await cache.partialSize(etag));
    }));
    const needed = missing.reduce((sum, bytes) => sum + bytes, 0);
    const free = await cache.freeBytes();
    if (free !== undefined && needed > free) throw roomError(this.#client.target(""), cache.folder, needed, free);
  }

  /** The tokenizer and the settings of the generation. */
  async #small(): Promise<readonly Wanted[]> {
    const optional = await this.#find(OPTIONAL);
    const tokenizer = await this.#find([TOKENIZER]);
    if (tokenizer.length > 0) return [...optional, ...tokenizer];
    const vocabulary = await this.#find(VOCABULARY);
    const found = vocabulary.map(({ name }) => name);
    if (found.includes("vocab.json") && found.includes("merges.txt")) return [...optional, ...vocabulary];
    throw this.#incomplete(
      "has neither tokenizer.json nor vocab.json with merges.txt; load it from another repository",
    );
  }

  /** The weights, in one file or several. */
  async #weights(): Promise<readonly Wanted[]> {
    const whole = await this.#find([WEIGHTS]);
    if (whole.length > 0) return whole;
    const [index] = await this.#find([INDEX]);
    if (index === undefined) throw await this.#noSafetensors();
    if (index.missing) await this.#get(index.remote!);
    const shards = shardNames(await this.#cache.text(this.#config.commit, INDEX) ?? "");
    const found = await this.#find(shards);
    const lost = shards.filter((name) => !found.some((file) => file.name === name));
    if (lost.length > 0) throw this.#incomplete(`has no ${lost.join(", ")}, which ${INDEX} names; tell its authors`);
    return found;
  }

  /** Those of some files that the commit has, and whether they are still to be fetched. */
  async #find(names: readonly string[]): Promise<readonly Wanted[]> {
    const found: Wanted[] = [];
    const { commit } = this.#config;
    for (const name of names) {
      if (await this.#cache.has(commit, name)) {
        found.push({ name, missing: false });
        continue;
      }
      if (await this.#cache.isKnownMissing(commit, name)) continue;
      const remote = await describe(this.#client, this.#cache, name, this.#options);
      if (remote === undefined) continue;
      if (remote.commit !== commit) {
        throw failed(this.#client.target(name), "changed on the hub meanwhile; run it again", { kind: "rejected" });
      }
      found.push({ name, missing: true, remote });
    }
    return found;
  }

  async #get(file: RemoteFile, onBytes?: (bytes: number) => void): Promise<void> {
    if (await this.#cache.has(file.commit, file.name)) return;
    const { signal } = this.#options;
    await download({ client: this.#client, cache: this.#cache, file, onBytes, signal });
  }

  async #noSafetensors(): Promise<Error> {
    const { id } = this.#client.target("");
    const [pickled] = await this.#find(["pytorch_model.bin", "pytorch_model.bin.index.json"]);
    if (!pickled) return this.#incomplete(`has no ${WEIGHTS}; load it from another repository, or convert its weights`);
    const code = `from transformers import AutoTokenizer as T, GPT2LMHeadModel as M; i = "${id}"; ` +
      `[x.from_pretrained(i).save_pretrained("model") for x in (M, T)]`;
    const advice = `convert it with Python and load the folder "model":\npython -c '${code}'`;
    return this.#incomplete(`has its weights as ${pickled.name} only, which is a program rather than data; ${advice}`);
  }

  #incomplete(reason: string): Error {
    const { id, endpoint } = this.#client.target("");
    const cause: Failure = { kind: "unknown file" };
    return new Error(`Cannot load "${id}" as the repository ${endpoint}/${id} ${reason}`, { cause });
  }
}

/** A file that a model consists of. */
interface Wanted {
  readonly name: string;
  /** Whether it is still to be fetched. */
  readonly missing: boolean;
  /** What the hub says about it, when it was asked. */
  readonly remote?: RemoteFile;
}

function offlineError(client: HubClient, cacheDir: string, missing: readonly string[]): Error {
  const { id, revision } = client.target("");
  const lacking = `${missing.join(", ")} of revision "${revision}" ${missing.length > 1 ? "are" : "is"}`;
  const advice = "load it once without localFilesOnly and HF_HUB_OFFLINE, or pass the cacheDir that holds it";
  const where = joinPath(cacheDir, "");
  return new Error(`Cannot load "${id}" offline as ${lacking} not in the cache ${where}; ${advice}`);
}

function missingConfig(client: HubClient): Error {
  const { id, endpoint } = client.target(CONFIG);
  return new Error(
    `Cannot load "${id}" as the repository ${endpoint}/${id} has no ${CONFIG}; it is no transformers model`,
  );
}
