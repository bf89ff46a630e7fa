/**
 * Writes `src/live/page_code.json`, the program of live views as text, which a notebook cell puts into its output:
 * `deno task live:generate`.
 *
 * @module
 */
import { join } from "node:path";
import { bundleModule } from "./bundle.ts";
import { ROOT } from "./notebooks/environment.ts";

/** Where the text is. */
export const PAGE_CODE: string = join(ROOT, "src", "live", "page_code.json");

/** The program as an expression, whose value has what `src/live/page.ts` exports. */
export async function makePageCode(): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "live.js");
    await bundleModule("src/live/page.ts", path, new Map(), { keepNames: false });
    const text = (await Deno.readTextFile(path)).trimEnd();
    const [found = "", names] = /export\{([^}]*)\};?$/.exec(text) ?? [];
    if (names === undefined) {
      throw new Error(`Cannot make the program of live views as it ends with ${text.slice(-80)}`);
    }
    const fields = names.split(",").map((name) => name.split(" as ")).map(([own, name = own]) => `${name}:${own}`);
    return `${JSON.stringify(`(()=>{"use strict";${text.slice(0, -found.length)}return{${fields}}})()`)}\n`;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const text = await makePageCode();
  await Deno.writeTextFile(PAGE_CODE, text);
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(`src/live/page_code.json, ${Math.round(text.length / 1000)} kB`);
}
