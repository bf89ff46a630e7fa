/**
 * One file of a hub, fetched into the cache. It gets its name when it is whole and its hash is right; what there is of
 * it before is kept aside, and the next try goes on from there.
 *
 * @module
 */
import { inPage } from "../base/platform.ts";
import type { ModelCache, PartialFile } from "./cache.ts";
import type { HubClient, RemoteFile } from "./client.ts";
import { diskError, failed, type Failure, failureOf } from "./failure.ts";
import { hashingOf } from "./hash.ts";
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
    await cache.withLock({ commit, name, etag }, signal, async () => {
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
  let before: string | undefined;
  for (;;) {
    const { hash, length } = await receive(job);
    const { kind } = hashingOf(etag, size ?? length);
    if (kind === "none" || hash === etag || (kind === "git" && hash === before)) break;
    await cache.dropPartial(etag);
    if (before !== undefined) {
      const found = `its SHA-256 is ${hash} where the hub says ${etag}`;
      const advice = "the server or a proxy changes it; try again, or another HF_ENDPOINT";
      throw failed(client.target(name), `was damaged on its way twice: ${found}; ${advice}`, { kind: "rejected" });
    }
    before = hash;
  }
  await cache.keepPartial(etag);
}

/** Receives all of a file, in as many requests as it takes. */
async function receive(job: Download): Promise<{ hash: string; length: number }> {
  const { cache, file: { etag, size }, onBytes, signal } = job;
  const hashing = hashingOf(etag, size);
  await using partial = await cache.openPartial(etag, hashing);
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
  const source: Source = {};
  await retrying(() => receiveRest(job, partial, source), { signal, progressed });
  return { hash: await partial.finish(), length: partial.length };
}

/** Where the bytes that are there came from. */
interface Source {
  /** What the server calls this state of the file; one that only looks the same (a weak ETag) is not held to it. */
  etag?: string | undefined;
}

/** Receives what is missing of a file, in one request. */
async function receiveRest(job: Download, partial: PartialFile, source: Source): Promise<void> {
  const { client, file, onBytes, signal } = job;
  const { name, size } = file;
  if (size !== undefined && partial.length === size && size > 0) return;
  const { response, chunks } = await client.fetch(file, partial.length, source.etag).catch(async (error) => {
    if (failureOf(error)?.status === 416) {
      await partial.restart();
      throw failed(client.target(name), "could not be continued", TRANSIENT);
    }
    throw error;
  });
  const total = size ?? wholeSize(response);
  await placeAnswer(job, partial, response, source);
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
async function placeAnswer(job: Download, partial: PartialFile, response: Response, source: Source): Promise<void> {
  const etag = strongEtag(response);
  if (response.status !== 206) {
    source.etag = etag;
    if (partial.length > 0) await partial.restart();
    return;
  }
  const range = response.headers.get("content-range");
  const start = /^bytes (\d+)-/.exec(range ?? "")?.[1];
  const encoded = !inPage && response.headers.has("content-encoding"); // a part of what is no part of the file
  const fits = !encoded && (start === undefined ? isHidden(range) : Number(start) === partial.length);
  const same = source.etag === undefined || etag === undefined || source.etag === etag;
  if (fits && same) {
    source.etag ??= etag;
    return;
  }
  await response.body?.cancel();
  await partial.restart();
  const found = fits ? `ETag ${etag} after ${source.etag}` : `Content-Range ${JSON.stringify(range)}`;
  delete source.etag;
  throw failed(job.client.target(job.file.name), `could not be continued: the server sent ${found}`, TRANSIENT);
}

/** A page sees the headers alone that another server lets it see. The hash tells whether the range was right. */
function isHidden(header: string | null): boolean {
  return inPage && header === null;
}

function strongEtag({ headers }: Response): string | undefined {
  const etag = headers.get("etag");
  return etag?.startsWith('"') ? etag : undefined;
}

function wholeSize(response: Response): number | undefined {
  // It tells the compressed size, and a page does not see that there is one.
  if (response.headers.has("content-encoding") || (inPage && response.status !== 206)) return undefined;
  const total = response.status === 206
    ? /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1]
    : response.headers.get("content-length");
  return total === null || total === undefined ? undefined : Number(total);
}
