import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { streamView, type Trace } from "../../../widgets/mod.ts";
import { KEYS } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { layerPredictionsOf, lensOf, longSequence } from "../lens_fixtures.ts";
import { all, parse } from "../page.ts";
import { standsAlone, staysReadable } from "../views_all.ts";
import { streamOf } from "./fixtures.ts";

const trace = streamOf(KEYS);

Deno.test("streamView() draws a page and an image that can be looked at", async () => {
  const view = streamView(trace, { position: 5 });
  await matchesGolden("stream.html", view.html);
  await matchesGolden("stream.svg", view.svg);
  standsAlone(view);
  staysReadable(view, ["attention adds", "layer 2"]);
});

Deno.test("streamView() states the lengths of what each block adds, and of the stream", () => {
  const rows = all(parse(streamView(trace, { position: 5 }).html), ".m5 tbody tr").map((row) =>
    all(row, "td").map((cell) => cell.textContent?.trim())
  );
  equal(rows.length, 4);
  const length = ({ data }: { data: Float32Array }, layer: number) =>
    Math.hypot(...data.slice((layer * 10 + 5) * 4, (layer * 10 + 6) * 4));
  deepEqual(rows[0], ["", "", length(trace.hiddenStates!, 0).toFixed(2)]);
  rows.slice(1).forEach((row, layer) => {
    const tensors = [[trace.attentionOutputs!, layer], [trace.mlpOutputs!, layer], [
      trace.hiddenStates!,
      layer + 1,
    ]] as const;
    deepEqual(row.map(Number), tensors.map(([tensor, at]) => Number(length(tensor, at).toPrecision(3))));
  });
});

Deno.test("streamView() names the word that each layer predicts, as the lens does", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const sequence = model.sequence("The keys to the cabinet are");
  const recorded = await model.trace(sequence, { capture: ["hiddenStates", "attentionOutputs", "mlpOutputs"] });
  const position = sequence.tokens.length - 2;
  const predictions = await model.layerPredictions(sequence, { position: position + 1 });
  const { html } = streamView(recorded, { position, predictions });
  const words = all(parse(html), `.m${position} tbody tr`).slice(1).map((row) =>
    all(row, "td").at(-1)!.textContent!.trim()
  );
  equal(words.length, 6);
  predictions.layers.forEach(({ predictions: [best] }, layer) => {
    const percent = (100 * best!.probability).toFixed(1);
    ok(words[layer]!.startsWith(best!.token.text.replace(" ", "·")) && words[layer]!.includes(percent), words[layer]!);
  });
});

/** The cells of a token's way. */
function cellsOf(html: string, position: number): string[][] {
  const rows = all(parse(html), `.m${position} tbody tr`);
  return rows.map((row) => all(row, "td").map((cell) => cell.textContent?.trim() ?? ""));
}

Deno.test("streamView() has a way for each token, with the words of a lens, which are those of layerPredictions()", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const sequence = model.sequence("The keys to the cabinet are");
  const recorded = await model.trace(sequence, { capture: ["hiddenStates", "attentionOutputs", "mlpOutputs"] });
  const { html } = streamView(recorded, { predictions: await model.lens(sequence) });
  for (const position of sequence.tokens.keys()) {
    const predictions = await model.layerPredictions(sequence, { position: position + 1 });
    const alone = cellsOf(streamView(recorded, { position, predictions }).html, position);
    equal(alone.length, 7);
    deepEqual(cellsOf(html, position), alone, `token ${position}`);
  }
});

Deno.test("streamView() bounds long texts and deep stacks, and says so", () => {
  const view = streamView(streamOf(longSequence(600), 12), { position: 300 });
  ok(view.html.length < 500_000, `${view.html.length}`);
  const body = parse(view.html);
  equal(all(body, ".o input").length, 43);
  match(body.textContent ?? "", /Tokens 279 to 321 can be chosen here; others with \{ position \}\./);
});

Deno.test("streamView() refuses what lacks a part, and predictions of another token", () => {
  const { mlpOutputs: _, ...lacking } = trace;
  const message = /^Cannot draw .+ as a token’s way; pass what await model\.trace\(sequence, \{ capture: /;
  throws(() => streamView(lacking), { name: "TypeError", message });
  throws(() => streamView(Promise.resolve() as unknown as Trace), { name: "TypeError", message: /a promise.*; pass / });
  throws(() => streamView(trace, { position: 10 }), {
    name: "RangeError",
    message: /at position 10 as there are 0 to 9$/,
  });
  const predictions = layerPredictionsOf(KEYS);
  throws(() => streamView(trace, { position: predictions.position, predictions }), {
    name: "RangeError",
    message: /ask for position \d+, which token \d+ predicts$/,
  });
  match(streamView(trace, { position: predictions.position - 1, predictions }).text, /likeliest next word/);
});

Deno.test("streamView() refuses a lens that does not fit", () => {
  const lens = lensOf(KEYS, 3);
  const { best, positions } = lens;
  throws(() => streamView(trace, { predictions: { ...lens, best: { ...best, shape: [2, positions.length] } } }), {
    name: "RangeError",
    message: /^Cannot draw a token’s way as the shape of predictions\.best/,
  });
  const shape = [3, 1];
  const numbers = {
    best: { data: best.data.slice(0, 3), shape },
    bestProbabilities: { data: new Float32Array(3), shape },
  };
  throws(() => streamView(trace, { position: 5, predictions: { ...lens, positions: [1], ...numbers } }), {
    name: "RangeError",
    message:
      "Cannot draw a token’s way at token 5 with a lens at positions 1; ask for position 6, which token 5 predicts",
  });
  throws(() => streamView(trace, { predictions: {} as never }), {
    name: "TypeError",
    message: /^Cannot draw .+ as predictions; pass what await model\.lens\(\) or model\.layerPredictions\(\) returned$/,
  });
});
