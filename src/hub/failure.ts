/**
 * What can go wrong on the way to a file of a hub, in kinds that code can tell apart and words that help.
 *
 * @module
 */
import { inPage } from "../base/platform.ts";
import { formatBytes } from "../base/words.ts";

/** Why a request failed. */
export type FailureKind =
  | "unknown model"
  | "unknown revision"
  | "unknown file"
  | "refused" // 401 and 403: no token, a wrong one, or terms that are not accepted
  | "rejected" // any other answer that another try will not change
  | "transient" // busy, broken, or cut off: another try may succeed
  | "unreachable"
  | "no room"
  | "forbidden"; // by the permissions of this program

/** The cause of an error of the hub. */
export interface Failure {
  /** Why. */
  readonly kind: FailureKind;
  /** The status of the answer, if there was one. */
  readonly status?: number;
  /** For how long the server asks to be left alone, in milliseconds. */
  readonly retryAfter?: number;
}

/** What was asked for. */
export interface Target {
  /** The id of the model. */
  readonly id: string;
  /** The name of the file. */
  readonly file: string;
  /** The branch, the tag or the commit. */
  readonly revision: string;
  /** The address of the hub. */
  readonly endpoint: string;
  /** Whether a token is sent. */
  readonly hasToken: boolean;
}

/** Makes an error that says what was asked for, and carries why it failed. */
export function failed({ id, file }: Target, reason: string, failure: Failure): Error {
  return new Error(`Cannot load "${id}" as ${file} ${reason}`, { cause: failure });
}

/** Why an error of this module was made; undefined for any other. */
export function failureOf(error: unknown): Failure | undefined {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  if (typeof cause !== "object" || cause === null || !("kind" in cause)) return undefined;
  return cause as Failure;
}

/** Whether another try may succeed. */
export function isTransient(error: unknown): boolean {
  const kind = failureOf(error)?.kind;
  return kind === "transient" || kind === "unreachable";
}

/** The error for an answer that is no success. */
export function refusal(target: Target, { status, headers }: Pick<Response, "status" | "headers">): Error {
  const code = headers.get("x-error-code");
  const said = headers.get("x-error-message");
  const because = said ? ` ("${said.slice(0, 200)}")` : "";
  const answer = `could not be fetched: the hub at ${target.endpoint} answered ${status}${because}`;
  const error = (advice: string, failure: Failure) => failed(target, `${answer}; ${advice}`, { status, ...failure });
  if (code === "RevisionNotFound") return error(revisionAdvice(target), { kind: "unknown revision" });
  if (code === "EntryNotFound") return error("the repository has no such file", { kind: "unknown file" });
  if (code === "GatedRepo") return error(gateAdvice(target), { kind: "refused" });
  if (code === "RepoNotFound") return error(idAdvice(target), { kind: "unknown model" });
  if (status === 401) return error(target.hasToken ? tokenAdvice() : idAdvice(target), { kind: "refused" });
  if (status === 403) return error(gateAdvice(target), { kind: "refused" });
  if (status === 404) return error(idAdvice(target), { kind: "unknown file" });
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return error("try again later", { kind: "transient", ...retryAfter(headers) });
  }
  return error("check the id and the address of the hub", { kind: "rejected" });
}

function revisionAdvice({ id, revision }: Target): string {
  return `"${id}" has no revision "${revision}"; pass a branch, a tag or a commit that it has, or none for "main"`;
}

function idAdvice({ id, endpoint, hasToken }: Target): string {
  const access = hasToken ? "whether the token may read it" : "pass a token (HF_TOKEN, or the option) if it is private";
  return `check that ${endpoint}/${id} is the model that you mean, and ${access}`;
}

function gateAdvice({ id, endpoint, hasToken }: Target): string {
  const access = hasToken ? "with the account of your token" : "then pass a token of your account (HF_TOKEN)";
  return `the model is gated: accept its terms at ${endpoint}/${id} ${access}`;
}

function tokenAdvice(): string {
  return "the token was not accepted; make a new one, or unset HF_TOKEN for a public model";
}

function retryAfter(headers: Headers): { retryAfter?: number } {
  const value = headers.get("retry-after");
  if (value === null) return {};
  const seconds = /^\d+$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? { retryAfter: Math.max(0, seconds) * 1000 } : {};
}

/** The error for a request that got no answer, or not all of it. */
export function connectionError(target: Target, error: unknown): Error {
  const reason = error instanceof Error ? innermost(error) : String(error);
  if (error instanceof Error && error.name === "NotCapable") {
    const host = new URL(target.endpoint).host;
    const advice = `run Deno with --allow-net, or --allow-net=${host} and the hosts it sends you to`;
    return failed(target, `may not be fetched: ${reason}; ${advice}`, { kind: "forbidden" });
  }
  const advice = "check the connection, or set HF_ENDPOINT to a mirror; a model in the cache needs none";
  return failed(target, `could not be fetched from ${target.endpoint}: ${reason}; ${advice}`, { kind: "unreachable" });
}

function innermost(error: Error): string {
  const { cause } = error;
  return cause instanceof Error ? innermost(cause) : error.message;
}

/** The error for files that are larger than what is free. */
export function roomError({ id }: Target, folder: string, needed: number, free: number): Error {
  const sizes = `${formatBytes(needed)} are still to be downloaded and ${formatBytes(free)} are free in ${folder}`;
  return new Error(`Cannot load "${id}" as it does not fit: ${sizes}; ${roomAdvice()}`, { cause: { kind: "no room" } });
}

function roomAdvice(): string {
  if (inPage) return "let the browser remove the data of other sites, or make room on the disk";
  return "make room, or pass another cacheDir (HF_HOME, HF_HUB_CACHE)";
}

/** The error for a failure of the disk. */
export function diskError(target: Target, folder: string, error: unknown): unknown {
  if (!(error instanceof Error) || failureOf(error)) return error;
  const code: unknown = Reflect.get(error, "code");
  const cause: Failure = { kind: "forbidden" };
  const full = code === "ENOSPC" || code === "EDQUOT" || error.name === "QuotaExceededError";
  if (full || /os error (28|122|112)\b/.test(error.message)) {
    const advice = `${roomAdvice()}; it goes on where it stopped`;
    return failed(target, `does not fit: no space is left in ${folder}; ${advice}`, cause);
  }
  if (error.name === "NotCapable") {
    const advice = `run Deno with --allow-read --allow-write, or --allow-write=${folder}`;
    return failed(target, `may not be stored: ${error.message}; ${advice}`, cause);
  }
  if (error.name === "PermissionDenied" || code === "EROFS") {
    return failed(target, `could not be stored in ${folder}: ${error.message}; pass another cacheDir`, cause);
  }
  return error;
}
