/** Where the files of a model are. */
export interface ModelFiles {
  /** What the model is called: the id that was asked for. */
  readonly id: string;
  /** The folder that holds the files, as a `file:`, `https:` or `http:` URL that ends in a slash. */
  readonly base: URL;
}

const BUNDLED_ID = "looking-glass-6m";
const BUNDLED_URL = new URL("../../models/", import.meta.url);

/**
 * Finds the files of a model: a directory path, a `file:` URL of a directory, or nothing for the bundled model, which
 * is found beside this module, on disk or on the web.
 *
 * @throws {TypeError} When the id is neither a string nor undefined.
 * @throws {Error} When there is no such directory.
 */
export async function findModelFiles(id?: string): Promise<ModelFiles> {
  if (id === undefined) return { id: BUNDLED_ID, base: BUNDLED_URL };
  if (typeof id !== "string" || id === "") {
    throw new TypeError(`Cannot load a model by ${JSON.stringify(id)}; pass a directory path or a file: URL`);
  }
  const base = id.startsWith("file:") ? fileUrl(id) : pathUrl(id);
  await expectDirectory(id, base);
  return { id, base };
}

function fileUrl(id: string): URL {
  if (!URL.canParse(id)) throw new TypeError(`Cannot load a model by "${id}" as it is not a valid URL`);
  return new URL(id.endsWith("/") ? id : `${id}/`);
}

/** A path relative to the working directory, in either platform's spelling. */
function pathUrl(id: string): URL {
  const windows = Deno.build.os === "windows";
  const path = windows ? id.replaceAll("\\", "/") : id;
  const escaped = path.replaceAll("%", "%25").replaceAll("?", "%3F").replaceAll("#", "%23");
  const absolute = windows && /^[A-Za-z]:\//.test(path) ? `/${escaped}` : escaped;
  const folder = windows ? Deno.cwd().replaceAll("\\", "/").replace(/^(?=[A-Za-z]:)/, "/") : Deno.cwd();
  return new URL(`${absolute}/`.replace(/\/+$/, "/"), `file://${folder.replaceAll("%", "%25")}/`);
}

async function expectDirectory(id: string, base: URL): Promise<void> {
  await Deno.stat(base).catch((error) => {
    if (error instanceof Deno.errors.NotFound) {
      throw new Error(`Cannot load "${id}" as there is no such directory; models of a hub must be downloaded first`);
    }
    if (error instanceof Deno.errors.NotADirectory) {
      throw new Error(`Cannot load "${id}" as it is a file; pass the directory that holds config.json`);
    }
    if (error instanceof Deno.errors.NotCapable) {
      throw new Error(`Cannot load "${id}" as reading it is not permitted; run Deno with --allow-read`);
    }
    throw new Error(`Cannot load "${id}": ${error instanceof Error ? error.message : error}`);
  });
}
