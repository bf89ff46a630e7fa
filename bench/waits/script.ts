/**
 * What somebody's first script is: it imports, loads, writes one token and ends. `../peers/script_peer.py` is the same.
 *
 *     deno run -A bench/waits/script.ts MODEL THREADS TEXT
 *
 * @module
 */
import { LanguageModel } from "../../mod.ts";

const [id, threads, text] = Deno.args as [string, string, string];
const model = await LanguageModel.fromPretrained(id, { threads: Number(threads) });
const { tokenIds } = await model.generate(text, { maxNewTokens: 1 });
// deno-lint-ignore no-console -- the result of the script
console.log(JSON.stringify(tokenIds));
await model.dispose();
