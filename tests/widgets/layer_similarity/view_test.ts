import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { type LayerSimilarity, layerSimilarityView } from "../../../widgets/mod.ts";
import { KEYS } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { untrustedHtml } from "../untrusted.ts";
import { layerSimilarityOf } from "./fixtures.ts";

const similarity = layerSimilarityOf(KEYS);

Deno.test("layerSimilarityView() draws a page and an image that can be looked at", async () => {
  const view = layerSimilarityView(similarity);
  await matchesGolden("layer_similarity.html", view.html);
  await matchesGolden("layer_similarity.svg", view.svg);
  isWellFormed(view.svg);
});

Deno.test("layerSimilarityView() states the similarity of each two layers", () => {
  const view = layerSimilarityView(similarity);
  const cells = all(parse(view.html), "tbody td");
  equal(cells.length, 49);
  cells.forEach((cell, i) => equal(cell.textContent, similarity.similarity.data[i]!.toFixed(2)));
  equal(cells[8 + 1]?.getAttribute("title"), "layer 0 and layer 1: 0.9286");
  match(view.text, /\nembeddings +1\.000 +0\.804 +0\.732 /);
});

Deno.test("layerSimilarityView() names the blocks of a trace that recorded some", () => {
  const some = { ...layerSimilarityOf(KEYS, 2), layers: [4, 9] };
  deepEqual(all(parse(layerSimilarityView(some).html), "tbody th").map((name) => name.textContent), [
    "embeddings",
    "layer 4",
    "layer 9",
  ]);
});

Deno.test("layerSimilarityView() of 48 layers shows its numbers in titles", () => {
  const view = layerSimilarityView(layerSimilarityOf(KEYS, 48));
  ok(view.html.length < 400_000, `${view.html.length}`);
  const cells = all(parse(view.html), "tbody td");
  equal(cells.length, 49 * 49);
  equal(cells[1]?.textContent, "");
  equal(cells[1]?.getAttribute("title"), "embeddings and layer 0: 0.8648");
});

Deno.test("layerSimilarityView() stays whole in a notebook that is not trusted", () => {
  const before = parse(layerSimilarityView(similarity).html);
  const after = parse(untrustedHtml(layerSimilarityView(similarity).html));
  equal(after.textContent, before.textContent);
  const colours = (body: HTMLElement) =>
    all(body, "tbody td").map((cell) => /background-color:(rgba\([^)]*\))/.exec(cell.getAttribute("style") ?? "")?.[1]);
  deepEqual(colours(after), colours(before));
});

Deno.test("layerSimilarityView() throws on what is no similarity, and on matrices that are not square", () => {
  throws(() => layerSimilarityView(Promise.resolve() as unknown as LayerSimilarity), {
    name: "TypeError",
    message: "Cannot draw a promise as the similarity of layers; pass what await layerSimilarity() returned",
  });
  throws(() => layerSimilarityView({ ...similarity, similarity: { data: new Float32Array(6), shape: [2, 3] } }), {
    name: "RangeError",
    message: "Cannot draw the similarity of layers as the shape of similarity is not [2,2]: [2,3] with 6 numbers",
  });
});
