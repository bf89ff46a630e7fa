import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { decodeResults, encodeResults } from "../../../src/analysis/mod.ts";
import { type LayerPredictions, layerPredictionsView } from "../../../widgets/mod.ts";
import { KEYS, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED, layerPredictionsOf, SCRIPTS } from "../lens_fixtures.ts";
import { all, alpha, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";

Deno.test("layerPredictionsView() draws a page and an image that can be looked at", async () => {
  const view = layerPredictionsView(layerPredictionsOf());
  await matchesGolden("layer_predictions.html", view.html);
  await matchesGolden("layer_predictions.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["entropy (bits)", "layer 5", "·are"]);
});

Deno.test("layerPredictionsView() shows each prediction with its probability as colour and number", () => {
  const given = layerPredictionsOf();
  const found = all(parse(layerPredictionsView(given).html), "tbody label");
  const wanted = given.layers.flatMap(({ predictions }) => predictions);
  equal(found.length, wanted.length);
  wanted.forEach(({ probability }, i) => {
    ok(Math.abs(alpha(found[i]!) - 0.6 * Math.sqrt(probability)) < 0.001);
    match(found[i]?.textContent ?? "", new RegExp(`${(100 * probability).toFixed(1)}%$`));
  });
});

Deno.test("layerPredictionsView() frames the token of the text, or the one that is followed", () => {
  const given = layerPredictionsOf();
  const framed = (html: string) =>
    all(parse(html), "tbody label").filter((one) => /border:2px solid$/.test(one.getAttribute("style") ?? ""))
      .map((one) => one.textContent?.split(" ")[0]);
  deepEqual(new Set(framed(layerPredictionsView(given).html)), new Set(["·are"]));
  const { tokenId } = given.layers[0]!.predictions[0]!;
  const other = layerPredictionsView(given, { follow: tokenId });
  deepEqual(new Set(framed(other.html)), new Set(["·the"]));
  match(
    layerPredictionsView(given).text,
    /◀ “·are” is among the 5 best from layer 2 on, and the best from layer 5 on\.$/,
  );
  match(layerPredictionsView(given, { follow: 99999 }).text, /◀ Token id 99999 is never among the 5 best\.$/);
});

Deno.test("layerPredictionsView() of the next token frames what the model prefers", async () => {
  const position = KEYS.tokens.length;
  const view = layerPredictionsView(layerPredictionsOf(KEYS, { position }));
  match(view.html, /aria-label="Predictions of each layer for the next token"/);
  match(view.text, /^What each layer would predict as the next token, which follows “[^”]+”; read through[^.]*\.\n/);
  match(view.text, /◀ “·next” is among the 5 best from layer 2 on, and the best from layer 5 on\.$/);
  match(view.svg, /the next token/);
  isWellFormed(view.svg);
  const given = layerPredictionsOf(KEYS, { position });
  const { results } = await decodeResults(await encodeResults({ given }), { given: "layerPredictions" });
  equal(layerPredictionsView(results.given).html, view.html);
  throws(() => layerPredictionsView({ ...given, position: position + 1 }), {
    name: "RangeError",
    message: `Cannot draw the predictions of layers at position ${position + 1} as the positions with tokens before ` +
      `them are 1 to ${position}`,
  });
});

Deno.test("layerPredictionsView() writes entropy and divergence in bits or nats", () => {
  const given = layerPredictionsOf();
  const [first] = given.layers;
  const numbers = (nats: number) => nats.toFixed(2);
  const bits = layerPredictionsView(given);
  ok(bits.text.includes(numbers(first!.entropy / Math.LN2)) && bits.text.includes("KL to the output (bits)"));
  const nats = layerPredictionsView(given, { unit: "nats" });
  ok(nats.html.includes(numbers(first!.divergence)) && nats.svg.includes("entropy (nats)"));
});

Deno.test("layerPredictionsView() tells the halves of a layer apart", async () => {
  const view = layerPredictionsView(layerPredictionsOf(KEYS, { halves: true, layers: 12 }));
  match(view.text, /\nlayer 0 attention .*\nlayer 0 block /);
  await matchesGolden("layer_predictions_halves.svg", view.svg);
});

Deno.test("layerPredictionsView() of 48 layers in halves is below 1 MB and says what it leaves out", () => {
  const view = layerPredictionsView(layerPredictionsOf(KEYS, { halves: true, layers: 48, topK: 50 }));
  ok(view.html.length < 1_000_000, `${view.html.length}`);
  match(view.html, /shows the 10 best of 50 predictions of each layer/);
  isWellFormed(view.svg);
});

Deno.test("layerPredictionsView() keeps hostile tokens and scripts of every direction in their place", () => {
  isInert(layerPredictionsView(layerPredictionsOf(INJECTED)));
  staysReadable(layerPredictionsView(layerPredictionsOf(INJECTED)), ["</script>"]);
  const arabic = layerPredictionsView(layerPredictionsOf(SCRIPTS, { position: 3 }));
  match(arabic.text, /The text has “\u2068·سلام\u2069” there/);
  isWellFormed(arabic.svg);
  isWellFormed(layerPredictionsView(layerPredictionsOf(SCRIPTS, { position: 5 })).svg);
});

Deno.test("layerPredictionsView() draws one layer with one prediction", () => {
  const view = layerPredictionsView(layerPredictionsOf(sequenceOf(["a", "b"], 1), { layers: 1, topK: 1 }));
  match(view.text, /◀ “b” is the best in every layer\.$/);
  isWellFormed(view.svg);
});

Deno.test("layerPredictionsView() says what does not fit", () => {
  const good = layerPredictionsOf();
  const draw = (change: object) => () => layerPredictionsView({ ...good, ...change } as LayerPredictions);
  throws(() => layerPredictionsView(Promise.resolve() as unknown as LayerPredictions), {
    name: "TypeError",
    message: /^Cannot draw a promise as the predictions of layers; .* await/,
  });
  throws(draw({ position: 11 }), { name: "RangeError", message: /at position 11 as .* are 1 to 10$/ });
  throws(draw({ layers: [] }), { name: "RangeError", message: /there is no layer$/ });
  throws(draw({ layers: [{ layer: 0, predictions: [] }] }), { name: "RangeError", message: /layer entry 0 has none$/ });
  throws(() => layerPredictionsView(good, { follow: -1 }), { name: "RangeError", message: /token id -1/ });
});
