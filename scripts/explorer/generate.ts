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

/**
 * The program as an expression, whose value is `mountExplorer` of `widgets/explorer/ui/cell.ts`: a cell has no address
 * that a module could be imported from. It is JSON, so that Deno imports it as data.
 */
export async function makeUiCode(): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "cell.js");
    await bundleModule("widgets/explorer/ui/cell.ts", path, new Map(), { keepNames: false });
    const text = (await Deno.readTextFile(path)).trimEnd();
    const [found = "", name] = /export\{(\w+) as mountExplorer\};?$/.exec(text) ?? [];
    if (name === undefined) throw new Error(`Cannot make the program of a cell as it ends with ${text.slice(-80)}`);
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
