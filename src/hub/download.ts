/**
 * One file of a hub, fetched into the cache. It gets its name when it is whole and its hash is right; what there is of
 * it before is kept aside, and the next try goes on from there.
 *
 * @module
 */
import type { ModelCache } from "./cache.ts";
import type { HubClient, RemoteFile } from "./client.ts";
import { diskError, failed, type Failure } from "./failure.ts";
import { withLock } from "./lock.ts";
import { hashingOf, PartialFile } from "./partial_file.ts";
import { retrying } from "./retry.ts";

/** One file to fetch, and what it is fetched with. */
export interface Download {
  /** The hub. */
  readonly client: HubClient;
  /** The cache. */
  readonly cache: ModelCache;
  /** The file. */
  readonly file: RemoteFile;
  /** Called with the number of bytes that are there, which can fall. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Stops at once. */
  readonly signal?: AbortSignal | undefined;
}

const TRANSIENT: Failure = { kind: "transient" };

/**
 * Puts a file into the cache. Two processes that want the same file take turns: the second finds it there.
 *
 * @throws {Error} When the hub does not give it, or it is not what the hub says, or the disk cannot take it.
 */
export async function download(job: Download): Promise<void> {
  const { cache, client, file: { commit, etag, name, size }, signal } = job;
  try {
    await cache.prepare(commit, name);
    await withLock(cache.lock(etag), signal, async () => {
      const there = await cache.blobSize(etag);
      if (there === undefined || (size !== undefined && there !== size)) await fetchBlob(job);
      await cache.link(etag, commit, name);
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw diskError(client.target(name), cache.folder, error);
  }
}

/**
 * Fetches a content until its hash is right. A wrong one is fetched once more, from the beginning. Mirrors may name
 * small files by something that only looks like Git's hash: one that comes out the same twice is taken.
 */
async function fetchBlob(job: Download): Promise<void> {
  const { cache, client, file: { etag, name, size } } = job;
  const path = `${cache.blob(etag)}.incomplete`;
  let before: string | undefined;
  for (;;) {
    const { hash, length } = await receive(job, path);
    const { kind } = hashingOf(etag, size ?? length);
    if (kind === "none" || hash === etag || (kind === "git" && hash === before)) break;
    await Deno.remove(path);
    if (before !== undefined) {
      const found = `its SHA-256 is ${hash} where the hub says ${etag}`;
      const advice = "the server or a proxy changes it; try again, or another HF_ENDPOINT";
      throw failed(client.target(name), `was damaged on its way twice: ${found}; ${advice}`, { kind: "rejected" });
    }
    before = hash;
  }
  await Deno.rename(path, cache.blob(etag));
}

/** Receives all of a file, in as many requests as it takes. */
async function receive(job: Download, path: string): Promise<{ hash: string; length: number }> {
  const { file: { etag, size }, onBytes, signal } = job;
  const hashing = hashingOf(etag, size);
  using partial = await PartialFile.open(path, hashing);
  // Only what is named by its SHA-256 can be told from the remains of something else.
  if (hashing.kind === "sha256") await partial.resume(size ?? Infinity, signal);
  else await partial.restart();
  onBytes?.(partial.length);
  let furthest = partial.length;
  const progressed = () => {
    const further = partial.length > furthest;
    furthest = Math.max(furthest, partial.length);
    return further;
  };
  await retrying(() => receiveRest(job, partial), { signal, progressed });
  return { hash: await partial.finish(), length: partial.length };
}

/** Receives what is missing of a file, in one request. */
async function receiveRest(job: Download, partial: PartialFile): Promise<void> {
  const { client, file, onBytes, signal } = job;
  const { name, size } = file;
  if (size !== undefined && partial.length === size && size > 0) return;
  const { response, chunks } = await client.fetch(file, partial.length).catch(async (error) => {
    if (isUnsatisfiable(error)) {
      await partial.restart();
      throw failed(client.target(name), "could not be continued", TRANSIENT);
    }
    throw error;
  });
  const total = size ?? wholeSize(response);
  await placeAnswer(job, partial, response);
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    await partial.append(chunk);
    onBytes?.(partial.length);
    if (total !== undefined && partial.length > total) break;
  }
  if (total === undefined || partial.length === total) return;
  const found = `${partial.length} bytes came where ${total} were announced`;
  if (partial.length > total) await partial.restart();
  throw failed(client.target(name), `could not be fetched: ${found}; try again`, TRANSIENT);
}

/** Makes room for an answer: a server may send the whole file where its end was asked for. */
async function placeAnswer({ client, file: { name } }: Download, partial: PartialFile, response: Response) {
  if (partial.length === 0 && response.status !== 206) return;
  if (response.status === 206) {
    const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
    if (start !== undefined && Number(start) === partial.length) return;
    await response.body?.cancel();
    await partial.restart();
    const found = JSON.stringify(response.headers.get("content-range"));
    throw failed(client.target(name), `could not be continued: the server sent Content-Range ${found}`, TRANSIENT);
  }
  await partial.restart();
}

function wholeSize(response: Response): number | undefined {
  if (response.headers.has("content-encoding")) return undefined; // it tells the compressed size
  const total = response.status === 206
    ? /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1]
    : response.headers.get("content-length");
  return total === null || total === undefined ? undefined : Number(total);
}

function isUnsatisfiable(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return typeof cause === "object" && cause !== null && Reflect.get(cause, "status") === 416;
}
