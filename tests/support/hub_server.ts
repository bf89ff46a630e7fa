/**
 * A hub on the loopback that answers as huggingface.co does: `resolve` URLs with X-Repo-Commit, large files on a
 * server of their own behind a redirect with X-Linked-Etag and X-Linked-Size, Range, its error codes, the API that
 * lists the files of a revision, and what lets a page ask all that. Tests can step in anywhere.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** A repository of the hub. */
export interface Repository {
  /** The commits of its branches and tags. */
  readonly revisions: Readonly<Record<string, string>>;
  /** The files of each commit. */
  readonly commits: Readonly<Record<string, Readonly<Record<string, Uint8Array<ArrayBuffer>>>>>;
  /** The token that may read it; without one, everybody may. */
  readonly token?: string;
}

/** A request that came. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  readonly authorization: string | null;
  readonly ifRange: string | null;
}

/** What a test may do about a request before it is answered; the hub answers when nothing is returned. */
export type Intervention = (seen: Seen, answer: () => Response) => Response | undefined | Promise<Response | undefined>;

/** The commit of repositories that do not say another. */
export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** The SHA-256 of some bytes. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Git's hash of some bytes. */
export function gitHash(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** A repository with one commit, `main`. */
export function repository(
  files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
  { commit = COMMIT, token }: { commit?: string; token?: string } = {},
): Repository {
  return { revisions: { main: commit }, commits: { [commit]: files }, ...(token === undefined ? {} : { token }) };
}

/** A hub that runs until its scope ends. */
export class HubServer implements AsyncDisposable {
  /** The repositories by id. */
  readonly repositories: Record<string, Repository>;
  /** All requests, in their order. */
  readonly seen: Seen[] = [];
  /** What a test does about requests. */
  intervene: Intervention = () => undefined;
  /** Whether it lists files, which mirrors need not do. */
  hasApi = true;
  readonly #hub: Deno.HttpServer<Deno.NetAddr>;
  readonly #cdn: Deno.HttpServer<Deno.NetAddr>;

  /** Starts a hub with some repositories. */
  constructor(repositories: Record<string, Repository>) {
    this.repositories = repositories;
    const options = {
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
      onError: () => new Response(null, { status: 500 }),
    };
    this.#hub = Deno.serve(options, (request) => this.#handle(request, (path, seen) => this.#resolve(path, seen)));
    this.#cdn = Deno.serve(options, (request) => this.#handle(request, (path, seen) => this.#blob(path, seen)));
  }

  /** The address of the hub. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#hub.addr.port}`;
  }

  /** The requests that fetched bytes of a file, rather than asked about it. */
  get fetched(): readonly Seen[] {
    return this.seen.filter(({ method }) => method === "GET");
  }

  /** Stops the hub, with all its connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#hub.shutdown(), this.#cdn.shutdown()]);
  }

  async #handle(request: Request, answer: (path: string, seen: Seen) => Response): Promise<Response> {
    const path = new URL(request.url).pathname;
    if (request.method === "OPTIONS") return new Response(null, { headers: PREFLIGHT });
    const { headers, method } = request;
    const [range, authorization, ifRange] = ["range", "authorization", "if-range"].map((name) => headers.get(name));
    const seen = { method, path, range: range!, authorization: authorization!, ifRange: ifRange! };
    this.seen.push(seen);
    const response = await this.intervene(seen, () => answer(path, seen)) ?? answer(path, seen);
    for (const [name, value] of Object.entries(CORS)) response.headers.set(name, value);
    return response;
  }

  /** All files of a revision, as `GET /api/models/{id}/revision/{revision}?blobs=true` tells them. */
  #list(id: string, revision: string): Response {
    const repository = this.repositories[id];
    const commit = repository?.revisions[revision] ?? revision;
    const files = repository?.commits[commit];
    if (!this.hasApi || !files) return problem(404);
    const siblings = Object.entries(files).map(([name, bytes]) => {
      const lfs = isLarge(name) && { lfs: { sha256: sha256(bytes), size: bytes.length, pointerSize: 134 } };
      return { rfilename: name, size: bytes.length, blobId: gitHash(bytes), ...lfs };
    });
    return Response.json({ id, sha: commit, siblings });
  }

  #resolve(path: string, { method, range, authorization }: Seen): Response {
    const [, listed, of] = /^\/api\/(?:models\/)?((?:datasets\/)?[^/]+(?:\/[^/]+)?)\/revision\/([^/]+)$/.exec(path) ??
      [];
    if (listed !== undefined) return this.#list(listed, decodeURIComponent(of!));
    const [, id, revision, name] = /^\/((?:datasets\/)?[^/]+(?:\/[^/]+)?)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (id === undefined || revision === undefined || name === undefined) return problem(404, "RepoNotFound");
    if (id === "gpt2") return redirect(307, `/openai-community/gpt2/resolve/${revision}/${name}`);
    const repository = this.repositories[id];
    if (!repository) return problem(401, "RepoNotFound", "Repository not found");
    if (repository.token !== undefined && authorization !== `Bearer ${repository.token}`) {
      if (authorization !== null) return problem(401, null, "Invalid credentials in Authorization header");
      return problem(401, "GatedRepo", `Access to model ${id} is restricted`);
    }
    const asked = decodeURIComponent(revision);
    const commit = repository.revisions[asked] ?? (asked in repository.commits ? asked : undefined);
    if (commit === undefined) return problem(404, "RevisionNotFound", `Invalid rev id: ${asked}`);
    const bytes = repository.commits[commit]![name];
    if (!bytes) return problem(404, "EntryNotFound", "Entry not found", { "x-repo-commit": commit });
    if (!isLarge(name)) return send(bytes, method, range, { etag: `"${gitHash(bytes)}"`, "x-repo-commit": commit });
    return redirect(302, `http://127.0.0.1:${this.#cdn.addr.port}/cdn/${sha256(bytes)}`, {
      "x-repo-commit": commit,
      "x-linked-etag": `"${sha256(bytes)}"`,
      "x-linked-size": String(bytes.length),
    });
  }

  #blob(path: string, { method, range, authorization, ifRange }: Seen): Response {
    if (authorization !== null) return new Response("no token is to be sent here", { status: 400 });
    const files = Object.values(this.repositories).flatMap(({ commits }) => Object.values(commits).map(Object.values));
    const bytes = files.flat().find((file: Uint8Array) => path === `/cdn/${sha256(file)}`);
    if (!bytes) return new Response(null, { status: 404 });
    const etag = '"cdn-etag"';
    return send(bytes, method, ifRange === null || ifRange === etag ? range : null, { etag });
  }
}

/** What huggingface.co permits a page of any other origin. */
const CORS: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link," +
    "Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash",
};

const PREFLIGHT: Readonly<Record<string, string>> = {
  ...CORS,
  "access-control-allow-methods": "GET,HEAD",
  "access-control-allow-headers": "authorization,range",
};

/** Large files, as Git LFS has them. */
function isLarge(name: string): boolean {
  return /\.(safetensors|bin)$/.test(name);
}

function send(bytes: Uint8Array<ArrayBuffer>, method: string, range: string | null, headers: Record<string, string>) {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
  if (start > 0 && start >= bytes.length) {
    return new Response(null, { status: 416, headers: { "content-range": `bytes */${bytes.length}` } });
  }
  const part = bytes.subarray(start);
  const all = { ...headers, "accept-ranges": "bytes", "content-length": String(part.length) };
  const content = method === "HEAD" ? null : part;
  if (range === null) return new Response(content, { headers: all });
  const place = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
  return new Response(content, { status: 206, headers: { ...all, "content-range": place } });
}

function redirect(status: number, location: string, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers: { ...headers, location } });
}

/** An answer that is no success, as the hub gives it. */
export function problem(
  status: number,
  code: string | null = null,
  message: string | null = null,
  headers: Record<string, string> = {},
): Response {
  const codes = { ...code && { "x-error-code": code }, ...message && { "x-error-message": message } };
  return new Response(null, { status, headers: { ...headers, ...codes } });
}

/**
 * The answer `whole`, in parts with pauses, and cut off after some bytes although more were announced; with `hang`, the
 * connection stays and nothing more comes.
 */
export async function cut(
  whole: Response,
  { after = Infinity, pause = 0, part = 16_384, hang = false }: {
    after?: number;
    pause?: number;
    part?: number;
    hang?: boolean;
  },
): Promise<Response> {
  const bytes = await whole.bytes();
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      const end = Math.min(sent + part, after, bytes.length);
      if (end > sent) controller.enqueue(bytes.subarray(sent, end));
      sent = end;
      if (sent === bytes.length) return controller.close();
      if (sent < after) return;
      if (hang) return await new Promise(() => {});
      await new Promise((resolve) => setTimeout(resolve, 50)); // until what was sent has left
      controller.error(new Error("cut"));
    },
  });
  return new Response(body, { status: whole.status, headers: whole.headers });
}
