/** Results that were saved as JSON can be drawn again. */
import { deepEqual, equal } from "@std/assert";
import { layerPredictionsView, rankingsView, stepsView, surpriseView, treeView, type View } from "../../widgets/mod.ts";
import { KEYS } from "./fixtures.ts";
import { layerPredictionsOf, rankingsOf } from "./lens_fixtures.ts";
import { stepsOf } from "./steps/fixtures.ts";
import { surpriseOf } from "./surprise/fixtures.ts";
import { TREE } from "./tree/fixtures.ts";

async function again<Data>(view: View<Data>): Promise<Data> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await view.save(path);
    return JSON.parse(await Deno.readTextFile(path));
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("views draw the same of what was read back from a file", async () => {
  const layers = layerPredictionsView(layerPredictionsOf());
  equal(layerPredictionsView(await again(layers)).html, layers.html);
  const rankings = rankingsView(rankingsOf(KEYS));
  equal(rankingsView(await again(rankings)).html, rankings.html);
  const surprise = surpriseView(surpriseOf());
  equal(surpriseView(await again(surprise)).html, surprise.html);
  const tree = treeView(TREE);
  equal(treeView(await again(tree)).html, tree.html);
});

Deno.test("stepsView() draws the steps of a saved view", async () => {
  const view = await stepsView(stepsOf());
  const { steps } = await again(view);
  const read = steps.map((step) => ({ ...step, logits: new Float32Array() }));
  const lines = (text: string) => text.split("\n").slice(0, 5); // the fourth token's rank came from its logits
  deepEqual(lines((await stepsView(read)).text).map((line) => line.trimEnd()), lines(view.text));
});
