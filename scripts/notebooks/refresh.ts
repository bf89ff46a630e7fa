/**
 * `deno task notebooks:refresh` executes the notebooks again and writes them, with their outputs, in the form in
 * which they are committed.
 *
 * @module
 */
import { join } from "node:path";
import { listNotebooks, OUT, prepareEnvironment, ROOT } from "./environment.ts";
import { executeNotebook } from "./execute.ts";
import { normalNotebook, notebookText, readNotebook } from "./notebook.ts";

function say(message: string): void {
  // deno-lint-ignore no-console
  console.log(message);
}

await prepareEnvironment(say);
for (const path of Deno.args.length > 0 ? Deno.args : await listNotebooks()) {
  const { notebook } = await executeNotebook(path, join(OUT, "refresh"));
  await Deno.writeTextFile(join(ROOT, path), notebookText(normalNotebook(await readNotebook(notebook))));
  say(`${path} is fresh`);
}
