import { folderUrl } from "./paths.ts";
import { findSnapshot, type SnapshotOptions } from "./snapshot.ts";

/** Where the files of a model are. */
export interface ModelFiles {
  /** What the model is called: the id that was asked for. */
  readonly id: string;
  /** The folder that holds the files, as a `file:`, `https:` or `http:` URL that ends in a slash. */
  readonly base: URL;
  /** The commit that the files are of; only of a model of a hub. */
  readonly revision?: string;
}

const BUNDLED_ID = "looking-glass-6m";
const BUNDLED_URL = new URL("../../models/", import.meta.url);
const WAYS = 'pass the id of a model of the hub, as in "gpt2", a directory path or a file: URL';

/**
 * Finds the files of a model: a directory path, a `file:` URL of a directory, or nothing for the bundled model, which
 * is found beside this module, on disk or on the web. What is no directory and looks like the id of a model is looked
 * for in the cache and on the hub.
 *
 * @throws {TypeError} When the id is neither a string nor undefined.
 * @throws {Error} When there is no such directory and no such model.
 */
export async function findModelFiles(id?: string, options: SnapshotOptions = {}): Promise<ModelFiles> {
  if (id === undefined) return { id: BUNDLED_ID, base: BUNDLED_URL };
  if (typeof id !== "string" || id === "") {
    throw new TypeError(`Cannot load a model by ${JSON.stringify(id)}; ${WAYS}`);
  }
  const base = id.startsWith("file:") ? fileUrl(id) : folderUrl(id);
  const there = await isDirectory(id, base);
  if (there) return { id, base };
  if (!isModelId(id)) throw new Error(`Cannot load "${id}" as there is no such directory; ${WAYS}`);
  const folder = await findSnapshot(id, options);
  return { id, base: folderUrl(folder), revision: folder.slice(folder.lastIndexOf("/") + 1) }; // snapshots/<commit>
}

function fileUrl(id: string): URL {
  if (!URL.canParse(id)) throw new TypeError(`Cannot load a model by "${id}" as it is not a valid URL`);
  return new URL(id.endsWith("/") ? id : `${id}/`);
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
