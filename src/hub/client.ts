/**
 * What is asked of a hub, and what its answers say.
 *
 * @module
 */
import { LARGE_JSON, readJsonWithin } from "../base/json.ts";
import { inPage } from "../base/platform.ts";
import { isDataset } from "./cache.ts";
import { connectionError, failed, failureOf, refusal, type Target } from "./failure.ts";
import { type Listing, readListing } from "./listing.ts";
import { type Reply, request } from "./request.ts";
import { Watch } from "./watch.ts";

/** What the hub says about a file. */
export interface RemoteFile {
  /** Its name in the repository. */
  readonly name: string;
  /** The commit that the revision stands for. */
  readonly commit: string;
  /** What identifies its content: the SHA-256 of a large file, Git's hash of a small one. */
  readonly etag: string;
  /** Its size in bytes, when the hub says it. */
  readonly size: number | undefined;
}

/** Where a client asks. */
export interface ClientOptions {
  /** The address of the hub. */
  readonly endpoint: string;
  /** The id of the model. */
  readonly id: string;
  /** The branch, the tag or the commit. */
  readonly revision: string;
  /** The access token. */
  readonly token: string | undefined;
  /** Stops a request at once. */
  readonly signal?: AbortSignal | undefined;
  /** After how many milliseconds without a byte a request counts as cut off. */
  readonly patience: number;
}

/** An answer and its bytes. */
export interface Answer {
  /** The answer. */
  readonly response: Response;
  /** Its bytes, as they come. */
  readonly chunks: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** Asks one hub for the files of one model. */
export class HubClient {
  readonly #options: ClientOptions;
  #listing: Promise<Listing | undefined> | undefined;
  #commit: string | undefined;

  /** Nothing is asked for yet. */
  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** What an error about a file says. */
  target(file: string): Target {
    const { id, revision, endpoint, token } = this.#options;
    return { id, file, revision, endpoint, hasToken: token !== undefined };
  }

  /**
   * Asks about a file without fetching it.
   *
   * @throws {Error} When there is none; `commitOf` tells of which commit.
   */
  async describe(name: string): Promise<RemoteFile> {
    if (inPage) this.#listing ??= this.#list();
    const listing = await this.#listing;
    return listing ? this.#listed(name, listing) : await this.#ask(name);
  }

  async #ask(name: string): Promise<RemoteFile> {
    const watch = new Watch(this.#options);
    try {
      const reply = await this.#send("HEAD", this.#url(name), name, {}, watch, isDescribed);
      const { response, hops } = reply;
      const commit = first(hops, "x-repo-commit") ?? (response.redirected ? this.#commit ?? null : null);
      const linked = first(hops, "x-linked-etag");
      await response.body?.cancel();
      if (!response.ok && !isDescribed(hops) && !this.#isForGetOnly(response)) {
        throw withCommit(this.#refusal(name, reply), commit);
      }
      const etag = normalized(linked ?? response.headers.get("etag")) ?? hiddenEtag(response, commit, name);
      const size = first(hops, "x-linked-size") ?? plainSize(response);
      return this.#checked({ name, commit, etag, size: size === null ? null : Number(size) });
    } finally {
      watch.stop();
    }
  }

  /**
   * All files of the revision.
   *
   * @throws {Error} When the hub does not say; the errors are those of a file.
   */
  async list(): Promise<Listing> {
    this.#listing ??= this.#list();
    const listing = await this.#listing;
    if (listing !== undefined) return listing;
    this.#listing = undefined;
    const name = "README.md"; // one that nearly every repository has, so that it is told what is wrong
    const { commit } = await this.describe(name);
    const advice = "pass the name of a file rather than a folder or a pattern, or another HF_ENDPOINT";
    throw failed(this.target(name), `of ${commit} is there, and the hub lists no files; ${advice}`, {
      kind: "rejected",
    });
  }

  /** Whether a page was sent to an address that is signed for GET: the file is there, and nothing is known about it. */
  #isForGetOnly({ redirected, status }: Response): boolean {
    return redirected && this.#commit !== undefined && (status === 403 || status === 405);
  }

  /** All files at once; undefined where the hub has no such answer. Errors are told by the requests that follow. */
  async #list(): Promise<Listing | undefined> {
    const { endpoint, id, revision } = this.#options;
    const path = `${isDataset(id) ? "" : "models/"}${id}/revision/${encodeURIComponent(revision)}`;
    const url = new URL(`${endpoint}/api/${path}?blobs=true`);
    const watch = new Watch(this.#options);
    try {
      const { response } = await this.#send("GET", url, "", {}, watch);
      if (response.ok) return readListing(await readJsonWithin(response, LARGE_JSON));
      await response.body?.cancel();
    } catch {
      this.#options.signal?.throwIfAborted();
    } finally {
      watch.stop();
    }
    return undefined;
  }

  #listed(name: string, { commit, files }: Listing): RemoteFile {
    const file = files.get(name);
    if (file) return this.#checked({ name, commit, etag: file.etag, size: file.size });
    const missing = failed(this.target(name), "is not in the repository", { kind: "unknown file", status: 404 });
    throw withCommit(missing, commit);
  }

  #checked({ name, commit, etag, size }: { [K in keyof RemoteFile]: RemoteFile[K] | null }): RemoteFile {
    if (!isSafeName(commit) || !isSafeName(etag)) {
      const advice = `check that ${this.#options.endpoint} is the address of a hub`;
      const reason = `came without a usable X-Repo-Commit and ETag; ${advice}`;
      throw failed(this.target(name!), reason, { kind: "rejected" });
    }
    if (size !== null && size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
      throw failed(this.target(name!), `came with ${size} as its size; try another hub`, { kind: "rejected" });
    }
    this.#commit = commit;
    return { name: name!, commit, etag, size: size ?? undefined };
  }

  /**
   * Fetches a file from byte `start` on.
   *
   * @param etag What the server called the file when it sent the bytes before `start`; it then sends all of a file
   * that has changed since.
   * @returns The answer, 200 with the whole file or 206 with the rest of it, and its bytes.
   * @throws {Error} When the answer is no success; reading the bytes throws when the connection is cut.
   */
  async fetch(file: RemoteFile, start: number, etag?: string): Promise<Answer> {
    const watch = new Watch(this.#options);
    try {
      const headers: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {};
      // A page would have to ask the server first whether it may send this header.
      if (start > 0 && etag !== undefined && !inPage) headers["if-range"] = etag;
      const reply = await this.#send("GET", this.#url(file.name), file.name, headers, watch);
      const { response, hops } = reply;
      const commit = first(hops, "x-repo-commit");
      if (!response.ok) {
        await response.body?.cancel();
        throw this.#refusal(file.name, reply);
      }
      if (commit !== null && commit !== file.commit) {
        await response.body?.cancel();
        throw failed(this.target(file.name), "changed on the hub meanwhile; run it again", { kind: "rejected" });
      }
      return { response, chunks: this.#chunks(file.name, response, watch) };
    } catch (error) {
      watch.stop();
      throw error;
    }
  }

  async *#chunks(name: string, response: Response, watch: Watch): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const reader = decoded(response)?.getReader(); // not every browser can iterate over a body
    try {
      for (let next; reader && !(next = await reader.read()).done;) {
        watch.beat();
        yield next.value;
        watch.beat();
      }
    } catch (error) {
      throw this.#interrupted(name, error);
    } finally {
      watch.stop();
      await reader?.cancel().catch(() => {});
    }
  }

  /** Sends a request and follows redirects, until `enough` of the headers are there. */
  async #send(
    method: "HEAD" | "GET",
    from: URL,
    name: string,
    headers: Readonly<Record<string, string>>,
    watch: Watch,
    enough: (hops: readonly Headers[]) => boolean = () => false,
  ): Promise<Reply> {
    const { token } = this.#options;
    return await request(from, {
      method,
      headers: { ...(inPage ? {} : { "accept-encoding": "identity" }), ...headers },
      token,
      cache: "no-store", // what is stored here need not be stored twice
      signal: watch.signal,
      onAnswer: () => watch.beat(),
      enough,
      refused: (reason) => failed(this.target(name), `${reason}; check the address of the hub`, { kind: "rejected" }),
    }).catch((error) => {
      throw this.#interrupted(name, error);
    });
  }

  #url(name: string): URL {
    const { endpoint, id, revision } = this.#options;
    const path = name.split("/").map(encodeURIComponent).join("/");
    return new URL(`${endpoint}/${id}/resolve/${encodeURIComponent(revision)}/${path}`);
  }

  /** The error for an answer that is no success. */
  #refusal(name: string, { response, trusted }: Reply): Error {
    const target = this.target(name);
    if (trusted || !target.hasToken || (response.status !== 401 && response.status !== 403)) {
      return refusal(target, response);
    }
    const advice = "pass that address as the endpoint if the token is for it";
    const reason = `was refused by ${new URL(response.url).origin}, where ${target.endpoint} redirects to`;
    const failure = { kind: "refused", status: response.status } as const;
    return failed(target, `${reason}: the token is sent to ${target.endpoint} alone; ${advice}`, failure);
  }

  #interrupted(name: string, error: unknown): unknown {
    this.#options.signal?.throwIfAborted();
    return failureOf(error) ? error : connectionError(this.target(name), error);
  }
}

/** The bytes of an answer. Deno leaves those as they are that a server compresses although it was asked not to. */
function decoded({ body, headers }: Response): ReadableStream<Uint8Array<ArrayBuffer>> | null {
  const encoding = inPage ? null : headers.get("content-encoding");
  if (encoding !== "gzip" && encoding !== "deflate") return body;
  return body?.pipeThrough(new DecompressionStream(encoding)) ?? null;
}

/** Whether a redirect says all there is to know about the file that it leads to. */
function isDescribed(hops: readonly Headers[]): boolean {
  return ["x-linked-etag", "x-linked-size", "x-repo-commit"].every((name) => first(hops, name) !== null);
}

function first(hops: readonly Headers[], name: string): string | null {
  return hops.map((headers) => headers.get(name)).find((value) => value !== null) ?? null;
}

/** The size of a file that is sent as it is; a page cannot tell whether the hub compresses a small one. */
function plainSize(response: Response): string | null {
  const size = response.ok && (!inPage || response.redirected) ? response.headers.get("content-length") : null;
  return size !== null && /^\d+$/.test(size) ? size : null;
}

/** A name for a content about which another server lets a page see nothing. */
function hiddenEtag({ redirected }: Response, commit: string | null, name: string): string | null {
  return redirected && commit !== null ? `${commit}-${name.replaceAll(/[^\w.-]/g, "-")}` : null;
}

function normalized(etag: string | null): string | null {
  return etag === null ? null : etag.replace(/^W\//, "").replaceAll('"', "");
}

/** Whether a text of the hub can be the name of a file in the cache. */
function isSafeName(text: string | null): text is string {
  return text !== null && /^[\w+=~-][\w.+=~-]{0,199}$/.test(text);
}

const COMMITS = new WeakMap<Error, string>();

function withCommit(error: Error, commit: string | null): Error {
  if (isSafeName(commit)) COMMITS.set(error, commit);
  return error;
}

/** The commit that has no such file, of an error of {@linkcode HubClient.describe}. */
export function commitWithout(error: unknown): string | undefined {
  return error instanceof Error ? COMMITS.get(error) : undefined;
}
