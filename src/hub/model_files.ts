import { inPage } from "../base/platform.ts";
import { shown } from "../base/words.ts";
import { addressProblem, shownAddress } from "./address.ts";
import { folderUrl } from "./paths.ts";
import { cacheSnapshot, type SnapshotOptions } from "./snapshot.ts";
import { fetchFile } from "./web_directory.ts";

/** Where the files of a model are. */
export interface ModelFiles {
  /** What the model is called: the id that was asked for. */
  readonly id: string;
  /** The folder that holds the files, as a `file:`, `https:` or `http:` URL that ends in a slash. */
  readonly base: URL;
  /** The commit that the files are of; only of a model of a hub. */
  readonly revision?: string;
  /** The hash that the hub told of a file; only of a model of a hub, and not of every file. */
  readonly hashOf?: (name: string) => Promise<string | undefined>;
  /** Reads a file that is on the web or in the storage of a page; resolves to undefined when there is none. */
  readonly read?: (name: string) => Promise<Blob | undefined>;
  /** The names of files that are known not to be there: a page would report each that it looks for in vain. */
  readonly absent?: readonly string[];
}

const BUNDLED_ID = "looking-glass-6m";
/** The bundle for pages, `scripts/bundle.ts`, is one module with the model beside it. */
const BUNDLED_URL = new URL(inPage ? "models/" : "../../models/", import.meta.url);
const DATES_ID = "looking-glass-dates";
const MUSIC_ID = "looking-glass-music";

/**
 * Where the second model of this package is: an encoder and a decoder of 150,854 parameters that write a date in words,
 * "the twenty-third of March, nineteen eighty-four", as 1984-03-23. `models/dates/README.md` says how it was made.
 *
 * @example A date
 * ```ts
 * import { DATES, LanguageModel } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained(DATES);
 * console.log((await model.generate("the second of May, nineteen ninety-nine")).text);
 * ```
 */
export const DATES: URL = new URL("dates/", BUNDLED_URL);

/**
 * Where the third model of this package is: a GPT-2 of 1.4 million parameters that goes on with music in four voices, written
 * as events. `models/music/README.md` says how it was made, and how it sounds.
 *
 * @example Four chords
 * ```ts
 * import { LanguageModel, MUSIC, musicNotes } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained(MUSIC);
 * const music = await model.generate("velocity20 on48 on64 on67 on72 wait60", { maxNewTokens: 30 });
 * console.log(musicNotes(music).length);
 * ```
 */
export const MUSIC: URL = new URL("music/", BUNDLED_URL);

const WAYS = inPage
  ? 'pass the id of a model of the hub, as in "gpt2", or the URL of a directory'
  : 'pass the id of a model of the hub, as in "gpt2", a directory path or the URL of a directory';

/**
 * Finds the files of a model: a directory path, a `file:`, `https:` or `http:` URL of a directory, or nothing for the
 * bundled model, which is found beside this module, on disk or on the web; or takes the files that are given. What is no directory and looks like the id of a model is looked
 * for in the cache and on the hub.
 *
 * @throws {TypeError} When the id is neither a string nor undefined.
 * @throws {Error} When there is no such directory and no such model.
 */
export async function findModelFiles(
  id?: string | readonly File[],
  options: SnapshotOptions = {},
): Promise<ModelFiles> {
  if (id === undefined) return bundled(BUNDLED_ID, BUNDLED_URL, options);
  if (Array.isArray(id)) return givenFiles(id);
  if (typeof id !== "string" || id === "") {
    throw new TypeError(`Cannot load a model by ${JSON.stringify(id)}; ${WAYS}`);
  }
  if (id === DATES.href) return bundled(DATES_ID, DATES, options);
  if (id === MUSIC.href) return bundled(MUSIC_ID, MUSIC, options);
  if (/^https?:/.test(id)) return onWeb(id, webUrl(id), options);
  if (!inPage) {
    const base = id.startsWith("file:") ? directoryUrl(id) : folderUrl(id);
    if (await isDirectory(id, base)) return { id, base };
  }
  if (!isModelId(id)) throw new Error(`Cannot load "${id}" as there is no such directory; ${WAYS}`);
  const { cache, commit, remote } = await cacheSnapshot(id, options);
  const hashOf = (name: string) => cache.nameOf(commit, name);
  if (!cache.read) return { id, base: folderUrl(cache.snapshot(commit)), revision: commit, hashOf };
  return { id, base: remote, revision: commit, hashOf, read: (name) => cache.read!(commit, name) };
}

/**
 * Files that somebody gave, such as those of a folder that was dropped onto a page. The folder's name is known where a
 * form chose it.
 */
function givenFiles(files: readonly File[]): ModelFiles {
  const byName = new Map<string, File>();
  for (const file of files) {
    if (!(file instanceof File)) throw new TypeError(`Cannot load a model of ${shown(file)} as it is no file; ${WAYS}`);
    if (byName.has(file.name)) {
      throw new Error(`Cannot load a model of files as two are called ${file.name}; pass those of one folder`);
    }
    byName.set(file.name, file);
  }
  const [path = ""] = files.map((file) => String(Reflect.get(file, "webkitRelativePath") ?? ""));
  const folder = path.split("/").at(-2) || "files";
  const base = new URL(`folder:///${encodeURIComponent(folder)}/`);
  return { id: folder, base, read: (name) => Promise.resolve(byName.get(name)) };
}

/** The files of a model of this package, none of which converses. */
function bundled(id: string, base: URL, options: SnapshotOptions): ModelFiles {
  return { ...onWeb(id, base, options), absent: ["chat_template.jinja", "chat_template.json"] };
}

/** The files of a directory; those on disk are read by their URL. */
function onWeb(id: string, base: URL, options: SnapshotOptions): ModelFiles {
  if (base.protocol === "file:") return { id, base };
  return { id, base, read: (name) => fetchFile(base, name, options) };
}

/** The URL of a directory; whether it ends in a slash or not. */
function directoryUrl(id: string): URL {
  if (!URL.canParse(id)) throw new TypeError(`Cannot load a model by "${id}" as it is not a valid URL`);
  const url = new URL(id);
  url.pathname = url.pathname.replace(/\/*$/, "/");
  return url;
}

/** The pages of a hub are for people. */
function webUrl(id: string): URL {
  const url = directoryUrl(id);
  const problem = addressProblem(url);
  if (problem !== undefined) {
    const advice = "serve the directory where no password is needed, or download it";
    throw new TypeError(`Cannot load a model from ${shownAddress(url)} as ${problem}; ${advice}`);
  }
  const [, name = ""] = /^\/([\w.-]+(?:\/[\w.-]+)?)\/(?:tree\/.*)?$/.exec(url.pathname) ?? [];
  if (url.hostname !== "huggingface.co" && url.hostname !== "hf.co") return url;
  if (!isModelId(name)) return url;
  throw new Error(`Cannot load "${id}" as it is a page of the hub; pass the id of the model, "${name}"`);
}

/** Whether a text can be the id of a model: `name` or `owner/name`. The rules are those of Python's huggingface_hub. */
function isModelId(id: string): boolean {
  const parts = id.split("/");
  const plain = parts.length <= 2 && parts.every((part) => /^\w(?:[\w.-]*\w)?$/.test(part));
  return plain && id.length <= 96 && !id.includes("--") && !id.includes("..") && !id.endsWith(".git");
}

/** Whether there is a directory. A file is an error, unless its name may be the id of a model. */
async function isDirectory(id: string, base: URL): Promise<boolean> {
  try {
    await Deno.stat(base);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.NotADirectory) {
      throw new Error(`Cannot load "${id}" as it is a file; pass the directory that holds config.json`);
    }
    if (error instanceof Deno.errors.NotCapable) {
      if (isModelId(id)) return false; // the folders that may be read can hold the cache
      throw new Error(`Cannot load "${id}" as reading it is not permitted; run Deno with --allow-read`);
    }
    throw new Error(`Cannot load "${id}": ${error instanceof Error ? error.message : error}`);
  }
}
