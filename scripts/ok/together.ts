/** Files of tests as one module: what they import is loaded, and compiled, once for all of them. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The files of tests in a folder, or a file itself. */
export function* testFiles(path: string): Generator<string> {
  if (Deno.statSync(path).isFile) return yield path;
  const entries = [...Deno.readDirSync(path)].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* testFiles(join(path, name));
    else if (name.endsWith("_test.ts")) yield join(path, name);
  }
}

/** Writes a module of all tests below these paths into a folder, and gives its path. */
export async function writeTogether(folder: string, paths: readonly string[]): Promise<string> {
  const files = paths.flatMap((path) => [...testFiles(path)]);
  if (files.length === 0) throw new Error(`Cannot run the tests of ${paths} as there are none`);
  const path = join(folder, "together_test.ts");
  await Deno.writeTextFile(path, files.map((file) => `import ${JSON.stringify(pathToFileURL(file).href)};\n`).join(""));
  return path;
}
