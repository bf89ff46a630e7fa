/** The bar of long work under the real kernel. */
import { deepEqual, equal, match, ok } from "@std/assert";
import { runCells, shownBy } from "./cells.ts";

const isBar = (html = "") => html.includes("<progress");

Deno.test("work of more than a second shows one bar in its cell, and none is left, also after Stop and errors", async () => {
  const load = `import { LanguageModel } from "../mod.ts";
const model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
const sequence = model.sequence(Array.from({ length: 40 }, (_, i) => i % 100));
const map = await model.saliency(sequence);
const long = (options) => model.faithfulness(map, { positions: [34, 35, 36, 37, 38, 39], ...options });`;
  // Fails when the bar is there for a while.
  const failing = `let begun;
await long({ randomOrders: 40, onProgress: () => {
  begun ??= performance.now();
  if (performance.now() - begun > 2000) throw new Error("enough");
} });`;
  const { alive, results } = await runCells([
    { code: load },
    { code: `await long({ randomOrders: 8 }); "tried"` },
    { code: `await long({ randomOrders: 20, positions: [39], progress: false }); "tried"` },
    { code: "await long({ randomOrders: 40 });", stopAfter: 3 },
    { code: failing },
    { code: `(await model.generate("Once", { maxNewTokens: 3 })).text.length > 4` },
    { code: "await model.dispose(); 42" },
  ]);
  equal(alive, true);
  const drawn = results[1]!.filter(({ kind }) => kind.endsWith("display_data"));
  ok(drawn.some(({ data }) => isBar(data?.["text/html"])), "no bar was shown");
  equal(new Set(drawn.map(({ transient }) => transient?.["display_id"])).size, 1);
  match(drawn[0]!.data!["text/plain"]!, /^Tried \d+ of 6 tokens(, about .* left)?$/);
  equal(drawn.at(-1)!.data!["text/html"], "");
  deepEqual(results[2]!.map(({ kind }) => kind), ["execute_result"]);
  for (const failed of [results[3]!, results[4]!]) {
    ok(failed.some(({ kind }) => kind === "error"), JSON.stringify(failed));
    const shown = failed.filter(({ kind }) => kind.endsWith("display_data"));
    if (shown.length > 0) equal(shown.at(-1)!.data!["text/html"], "");
  }
  match(JSON.stringify(results[3]), /Interrupted by user/);
  deepEqual(results[5]!.map(({ kind }) => kind), ["execute_result"]);
  equal(shownBy(results[6]), "42");
});
