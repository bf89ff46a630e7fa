/** The bar of long work under the real kernel. */
import { deepEqual, equal, match, ok } from "@std/assert";
import { runCells } from "./cells.ts";

const isBar = (html = "") => html.includes("<progress");

Deno.test("work of more than a second shows one bar in its cell, and none is left, also after Stop and errors", async () => {
  const load = `import { LanguageModel } from "../mod.ts";
const model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
const sequence = model.sequence(Array.from({ length: model.config.nPositions }, (_, i) => i % 100));
const long = (options = {}) => model.saliency(sequence, { method: "integratedGradients", steps: 8, ...options });`;
  const stop = (at: number) =>
    `({ onProgress: ({ completed }) => { if (completed >= ${at}) throw new Error("enough"); } })`;
  const { alive, results } = await runCells([
    { code: load },
    { code: `await long({ positions: Array.from({ length: 40 }, (_, i) => 200 + i) }); "explained"` },
    { code: `await long({ progress: false, positions: [200, 201] }); "explained"` },
    { code: "await long();", stopAfter: 2 },
    { code: `await long(${stop(4)});` },
    { code: `(await model.generate("Once", { maxNewTokens: 3 })).text.length > 4` },
    { code: "await model.dispose(); 42" },
  ]);
  equal(alive, true);
  const drawn = results[1]!.filter(({ kind }) => kind.endsWith("display_data"));
  ok(drawn.some(({ data }) => isBar(data?.["text/html"])), "no bar was shown");
  equal(new Set(drawn.map(({ transient }) => transient?.["display_id"])).size, 1);
  match(drawn[0]!.data!["text/plain"]!, /^Explained \d+ of 40 tokens(, about .* left)?$/);
  equal(drawn.at(-1)!.data!["text/html"], "");
  deepEqual(results[2]!.map(({ kind }) => kind), ["execute_result"]);
  for (const failed of [results[3]!, results[4]!]) {
    ok(failed.some(({ kind }) => kind === "error"), JSON.stringify(failed));
    const shown = failed.filter(({ kind }) => kind.endsWith("display_data"));
    if (shown.length > 0) equal(shown.at(-1)!.data!["text/html"], "");
  }
  match(JSON.stringify(results[3]), /Interrupted by user/);
  deepEqual(results[5]!.map(({ kind }) => kind), ["execute_result"]);
  equal(results[6]?.[0]?.data?.["text/plain"], "42");
});
