/**
 * Writes `widgets/explorer/ui_code.json`, the program of the explorer's screen as text, which a notebook cell puts into its
 * output: `deno task explorer:generate`.
 *
 * @module
 */
import { join } from "node:path";
import { bundleModule } from "../bundle.ts";
import { ROOT } from "../notebooks/environment.ts";

/** Where the text is. */
export const UI_CODE: string = join(ROOT, "widgets", "explorer", "ui_code.json");

/** The program as an expression, whose value is `mountExplorer` of `widgets/explorer/ui/cell.ts`. */
export async function makeUiCode(): Promise<string> {
  return await makeProgram("widgets/explorer/ui/cell.ts", "mountExplorer");
}

/**
 * A module as an expression, whose value is what it exports by a name: a cell has no address that a module could be
 * imported from. It is JSON, so that Deno imports it as data.
 */
export async function makeProgram(source: string, exported: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "program.js");
    await bundleModule(source, path, new Map(), { keepNames: false });
    const text = (await Deno.readTextFile(path)).trimEnd();
    const [found = "", name] = new RegExp(`export\\{([\\w$]+) as ${exported}\\};?$`).exec(text) ?? [];
    if (name === undefined) throw new Error(`Cannot make a program of ${source} as it ends with ${text.slice(-80)}`);
    return `${JSON.stringify(`(()=>{"use strict";${text.slice(0, -found.length)}return ${name}})()`)}\n`;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const text = await makeUiCode();
  await Deno.writeTextFile(UI_CODE, text);
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(`widgets/explorer/ui_code.json, ${Math.round(text.length / 1000)} kB`);
}
