/**
 * Paths and the `file:` URLs of the same places.
 *
 * @module
 */

/** Puts parts of a path together. A slash separates on every platform. */
export function joinPath(...parts: readonly string[]): string {
  return parts.map((part, i) => i < parts.length - 1 ? part.replace(/(?<=.)[\\/]+$/, "") : part).join("/");
}

/** The URL of a folder, ending in a slash; a relative path is one of the working directory. */
export function folderUrl(path: string): URL {
  const windows = Deno.build.os === "windows";
  const slashed = windows ? path.replaceAll("\\", "/") : path;
  const escaped = slashed.replaceAll("%", "%25").replaceAll("?", "%3F").replaceAll("#", "%23");
  const absolute = windows && /^[A-Za-z]:\//.test(slashed) ? `/${escaped}` : escaped;
  const [place, folder] = absolute.startsWith("/") ? [absolute, "/"] : [`./${absolute}`, workingFolder(windows)];
  return new URL(`${place}/`.replace(/\/+$/, "/"), `file://${folder.replaceAll("%", "%25")}/`);
}

function workingFolder(windows: boolean): string {
  return windows ? Deno.cwd().replaceAll("\\", "/").replace(/^(?=[A-Za-z]:)/, "/") : Deno.cwd();
}

/** Whether there is something at a path, symbolic links followed. */
export async function exists(path: string): Promise<boolean> {
  return await sizeOf(path) !== undefined;
}

/** The size of a file in bytes, symbolic links followed; undefined when there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  return await Deno.stat(path).then(({ size }) => size, (error) => {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  });
}
