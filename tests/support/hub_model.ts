/** A small model as a repository of a hub, and a cache folder of its own for each test. */
import { checkpointCopy } from "./goldens.ts";

/** The files of a checkpoint with a tokenizer, by name. */
export async function modelFiles(name = "f32"): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  await using copy = await checkpointCopy(name);
  const files: Record<string, Uint8Array<ArrayBuffer>> = {};
  for (const file of ["config.json", "tokenizer.json", "model.safetensors"]) {
    files[file] = await Deno.readFile(`${copy.directory}/${file}`);
  }
  return files;
}

/** The folder of a cache that is removed when the scope ends. */
export async function temporaryCache(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "looking-glass-hub-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** The paths of all files and links below a folder, sorted; a link shows where it leads. */
export async function listing(folder: string, below = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(`${folder}/${below}`)) {
    const path = `${below}${entry.name}`;
    if (entry.isDirectory) paths.push(...await listing(folder, `${path}/`));
    else if (entry.isSymlink) paths.push(`${path} -> ${await Deno.readLink(`${folder}/${path}`)}`);
    else paths.push(path);
  }
  return paths.sort();
}

/** Random bytes that are the same for the same length. */
export function blob(length: number): Uint8Array<ArrayBuffer> {
  let state = length;
  return Uint8Array.from({ length }, () => (state = Math.imul(state, 1103515245) + 12345 >>> 0) >>> 24);
}
