/**
 * Writes `widgets/attention/open_heads.json`, the program that opens heads as text, which a view of attention puts into its
 * page: `deno task heads:generate`.
 *
 * @module
 */
import { join } from "node:path";
import { makeProgram } from "./explorer/generate.ts";
import { ROOT } from "./notebooks/environment.ts";

/** Where the text is. */
export const HEADS_CODE: string = join(ROOT, "widgets", "attention", "open_heads.json");

/** The program as an expression, whose value is `openHeads` of `widgets/attention/open_heads.ts`. */
export async function makeHeadsCode(): Promise<string> {
  return await makeProgram("widgets/attention/open_heads.ts", "openHeads");
}

if (import.meta.main) {
  const text = await makeHeadsCode();
  await Deno.writeTextFile(HEADS_CODE, text);
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(`widgets/attention/open_heads.json, ${text.length} characters`);
}
