import { equal, match } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import type { Saved, Tab } from "../../../widgets/explorer/ui/link.ts";
import { notebookCell } from "../../../widgets/explorer/ui/notebook_cell.ts";

const MODULE = new URL("../../../mod.ts", import.meta.url).href;
const SAVED: Omit<Saved, "tab"> = {
  ...{ model: "", backend: "wasm", ways: [], labels: [], seed: 3, pinned: null, contrast: null },
  place: { text: 'The "keys" to\nthe cabinet', then: [] },
  settings: { temperature: 0.7, topK: 40, topP: 1 },
  off: [],
};

/** What the last line of a cell gives, run as a module. */
async function runCell(code: string): Promise<string> {
  const lines = code.trimEnd().replaceAll('"@looking-glass/looking-glass"', JSON.stringify(MODULE)).split("\n");
  const last = lines.pop()!;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const model = /const whole/.test(code) ? "whole" : "model";
    await Deno.writeTextFile(path, [...lines, `export const view = ${last};`, `await ${model}.dispose();`].join("\n"));
    return (await import(`file://${path}`)).view.text;
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("notebookCell() is code that runs and shows what the page shows, for each tab", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const sequence = model.sequence(SAVED.place.text);
  const position = sequence.tokenIds.length;
  const [best, other] = (await model.candidates(sequence)).predictions;
  const target = { position, id: best!.tokenId, label: best!.token.text, spoken: "" };
  const tabs: readonly Tab[] = ["why", "lens", "attention", "parts", "surprise", "model"];
  for (const tab of tabs) match(await runCell(notebookCell({ ...SAVED, tab }, target, sequence.text)), /\S/);
  const contrast = { ...target, id: other!.tokenId };
  const off = [{ layer: 1, part: "head", head: 2 }] as const;
  const place = { ...SAVED.place, then: [best!.tokenId] };
  const cell = notebookCell({ ...SAVED, place, contrast, off, tab: "why" }, target, "…");
  match(cell, /const model = await whole\.with\(\[\{"site":"z\.1","heads":\[2\],"scale":0\}\]\);/);
  match(cell, new RegExp(`preset: "captum", contrast: ${other!.tokenId}`));
  match(cell, /model\.generate\(sequence\.tokenIds, \{"temperature":0\.7,"topK":40,"maxNewTokens":1,"seed":3\}\)/);
  match(await runCell(cell), /\S/);
  equal(tabs.length, 6);
});
