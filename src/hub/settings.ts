/**
 * What the caller, the environment and the defaults say about the hub: the names and the rules of Python's
 * `huggingface_hub`, so that one set-up serves both.
 *
 * @module
 */
import { inPage } from "../base/platform.ts";
import { addressProblem, shownAddress } from "./address.ts";
import { joinPath } from "./paths.ts";

/** What a caller can say about the hub. */
export interface HubOptions {
  /** A branch, a tag or a commit. */
  readonly revision?: string | undefined;
  /** The folder of the cache. */
  readonly cacheDir?: string | undefined;
  /** Whether only what is in the cache is used. */
  readonly localFilesOnly?: boolean | undefined;
  /** The access token. */
  readonly token?: string | undefined;
  /** The address of the hub. */
  readonly endpoint?: string | undefined;
  /** After how many milliseconds without a byte a request counts as cut off. */
  readonly patience?: number | undefined;
}

/** The settings of one download, complete. */
export interface HubSettings {
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** The folder of the cache. */
  readonly cacheDir: string;
  /** Whether the network is left alone. */
  readonly offline: boolean;
  /** The access token, when there is one. */
  readonly token: string | undefined;
  /** The address of the hub, without a slash at its end. */
  readonly endpoint: string;
  /** After how many milliseconds without a byte a request counts as cut off. */
  readonly patience: number;
}

/** Twice what Python waits: a file of a busy hub may take its time to begin. */
const PATIENCE = 20;
const TRUE = ["1", "ON", "YES", "TRUE"];

/**
 * Completes the options of a caller by the environment, and that by the defaults. A variable that may not be read
 * counts as not set; nothing is asked for.
 *
 * @throws {TypeError} When an option or a variable cannot be what it should be.
 */
export async function readSettings(options: HubOptions): Promise<HubSettings> {
  return {
    revision: checkedRevision(options.revision ?? "main"),
    cacheDir: cacheFolder(options.cacheDir),
    offline: options.localFilesOnly ?? (isTrue("HF_HUB_OFFLINE") || isTrue("TRANSFORMERS_OFFLINE")),
    token: checkedToken(options.token ?? await implicitToken(cacheHome())),
    endpoint: checkedEndpoint(options.endpoint ?? env("HF_ENDPOINT") ?? "https://huggingface.co"),
    patience: options.patience ?? checkedSeconds("HF_HUB_DOWNLOAD_TIMEOUT") * 1000,
  };
}

/** The folder of downloaded models, without a slash at its end. */
export function cacheFolder(given?: string): string {
  const cacheDir = given ?? env("HF_HUB_CACHE") ?? env("HUGGINGFACE_HUB_CACHE") ?? joinPath(cacheHome(), "hub");
  return expanded(nonEmpty("cacheDir", cacheDir)).replace(/(?<=.)[\\/]+$/, "");
}

/** The folder of everything that belongs to the hub. Without a home, it is in the working directory. */
function cacheHome(): string {
  const fromEnv = env("HF_HOME");
  if (fromEnv !== undefined) return expanded(fromEnv);
  const cache = env("XDG_CACHE_HOME") ?? joinPath(homeFolder() ?? ".", ".cache");
  return joinPath(expanded(cache), "huggingface");
}

function homeFolder(): string | undefined {
  return env("HOME") ?? env("USERPROFILE");
}

function env(name: string): string | undefined {
  if (inPage) return undefined;
  if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") return undefined;
  return Deno.env.get(name) || undefined;
}

function isTrue(name: string): boolean {
  return TRUE.includes(env(name)?.toUpperCase() ?? "");
}

/** A path with `~` and `$NAME` replaced, as Python does it. */
function expanded(path: string): string {
  const home = homeFolder();
  const there = home !== undefined && /^~(?=$|[\\/])/.test(path) ? home + path.slice(1) : path;
  return there.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (text, braced, bare) => env(braced ?? bare) ?? text);
}

/** The token of the environment, or of the file that `hf auth login` writes. */
async function implicitToken(home: string): Promise<string | undefined> {
  if (isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return undefined;
  const token = env("HF_TOKEN") ?? env("HUGGING_FACE_HUB_TOKEN");
  if (token !== undefined) return token;
  if (inPage) return undefined;
  const path = expanded(env("HF_TOKEN_PATH") ?? joinPath(home, "token"));
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
  return await Deno.readTextFile(path).catch(() => undefined);
}

function checkedToken(token: string | undefined): string | undefined {
  const trimmed = nonEmptyOrNone(token);
  if (trimmed !== undefined && !/^[\x21-\x7e]+$/.test(trimmed)) {
    throw new TypeError(
      "Cannot use the token of the hub as it has a space or a character that is not ASCII; copy it again",
    );
  }
  return trimmed;
}

function nonEmptyOrNone(text: unknown): string | undefined {
  if (text !== undefined && typeof text !== "string") {
    throw new TypeError(`Cannot use a token of type ${typeof text}; pass a text`);
  }
  return text?.trim() || undefined;
}

function checkedSeconds(name: string): number {
  const seconds = Number(env(name) ?? PATIENCE);
  if (seconds > 0 && seconds < 2 ** 31 / 1000) return seconds;
  throw new TypeError(`Cannot use ${name} as it is no number of seconds: ${JSON.stringify(env(name))}`);
}

function checkedEndpoint(endpoint: string): string {
  const advice = "pass an http or https URL, as in https://huggingface.co";
  if (typeof endpoint !== "string" || !URL.canParse(endpoint)) {
    throw new TypeError(`Cannot use ${JSON.stringify(endpoint)} as the address of a hub; ${advice}`);
  }
  const url = new URL(endpoint);
  const more = url.search + url.hash === "" ? undefined : "names of models are put at its end";
  const problem = addressProblem(url) ?? more;
  if (problem !== undefined) {
    throw new TypeError(`Cannot use ${shownAddress(url)} as the address of a hub as ${problem}; ${advice}`);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

function checkedRevision(revision: string): string {
  const plain = typeof revision === "string" && /^[\w.+@~=-]+(\/[\w.+@~=-]+)*$/.test(revision);
  if (!plain || revision.split("/").some((part) => part === "." || part === "..")) {
    throw new TypeError(`Cannot use ${JSON.stringify(revision)} as a revision; pass a branch, a tag or a commit`);
  }
  return revision;
}

function nonEmpty(name: string, text: string): string {
  if (typeof text !== "string" || text === "") {
    throw new TypeError(`Cannot use ${JSON.stringify(text)} as ${name}; pass the path of a folder`);
  }
  return text;
}
