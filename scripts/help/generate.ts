/**
 * Writes `guide/help_data.json` from the doc comments, for `help()`: `deno task help:generate`.
 *
 * @module
 */
import { join } from "node:path";
import { ROOT } from "../notebooks/environment.ts";
import { readDocs } from "./doc_json.ts";
import { entriesJson, makeEntries } from "./entries.ts";

const text = entriesJson(makeEntries(await readDocs()));
await Deno.writeTextFile(join(ROOT, "guide", "help_data.json"), text);
// deno-lint-ignore no-console -- this is what the command is for
console.log(`guide/help_data.json, ${Math.round(new TextEncoder().encode(text).length / 1000)} kB`);
