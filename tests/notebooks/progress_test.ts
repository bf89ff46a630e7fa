/** The bar of a download under the real kernel, with a hub on the loopback. */
import { deepEqual, equal, match, ok } from "@std/assert";
import { temporaryCache } from "../support/hub_model.ts";
import { cut, HubServer, repository } from "../support/hub_server.ts";
import { type Output, runCells } from "./cells.ts";

const names = ["config.json", "generation_config.json", "tokenizer.json", "model.safetensors"];
const bundled = async (name: string) => [name, await Deno.readFile(new URL(`../../models/${name}`, import.meta.url))];

Deno.test("a download shows one bar in its cell, which is replaced until it is full", async () => {
  await using hub = new HubServer({
    "owner/tiny": repository(Object.fromEntries(await Promise.all(names.map(bundled)))),
  });
  await using cache = await temporaryCache();
  hub.intervene = async ({ path, method }, answer) =>
    method === "GET" && path.startsWith("/cdn/") ? await cut(answer(), { pause: 50, part: 1_000_000 }) : undefined;
  const options = JSON.stringify({ endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" });
  const load = `await (await LanguageModel.fromPretrained("owner/tiny", ${options})).dispose();`;
  const { results } = await runCells([
    { code: `import { LanguageModel } from "../mod.ts";` },
    { code: load },
    { code: load }, // from the cache
  ]);
  // A busy machine shows another bar while the model is loaded.
  const downloads = (outputs: readonly Output[] = []) =>
    outputs.filter(({ data }) =>
      data?.["text/html"]?.includes("<progress") && /^owner\/tiny: /.test(data["text/plain"]!)
    );
  const shown = downloads(results[1]);
  deepEqual(shown.map(({ kind }) => kind), ["display_data", ...Array(shown.length - 1).fill("update_display_data")]);
  equal(new Set(shown.map(({ transient }) => transient?.["display_id"])).size, 1);
  ok(shown.length >= 4, `the bar was shown ${shown.length} times`);
  const bars = shown.map(({ data }) => /value="(\d+)" max="(\d+)"/.exec(data!["text/html"]!)!.slice(1).map(Number));
  const totals = new Set(bars.map(([, total]) => total));
  equal(totals.size, 1);
  deepEqual(bars.map(([value]) => value), bars.map(([value]) => value!).toSorted((a, b) => a - b));
  const [total] = totals;
  equal(bars.at(-1)![0], total);
  ok(bars[1]![0]! < total!, "the bar was full at once");
  match(shown.at(-1)!.data!["text/plain"]!, /^owner\/tiny: model\.safetensors \d+ MiB of \d+ MiB(, \d+ MiB\/s)?$/);
  match(shown.at(-2)!.data!["text/plain"]!, / MiB\/s, \d+ s left$/);
  deepEqual(results[1]!.filter(({ kind }) => kind === "error" || kind === "stream"), []);
  deepEqual(downloads(results[2]), []);
});
