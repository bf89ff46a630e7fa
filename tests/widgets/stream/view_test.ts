import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { streamView, type Trace } from "../../../widgets/mod.ts";
import { KEYS } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { layerPredictionsOf } from "../lens_fixtures.ts";
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
  const rows = all(parse(streamView(trace, { position: 5 }).html), "tbody tr").map((row) =>
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
  const words = all(parse(html), "tbody tr").slice(1).map((row) => all(row, "td").at(-1)!.textContent!.trim());
  equal(words.length, 6);
  predictions.layers.forEach(({ predictions: [best] }, layer) => {
    const percent = (100 * best!.probability).toFixed(1);
    ok(words[layer]!.startsWith(best!.token.text.replace(" ", "·")) && words[layer]!.includes(percent), words[layer]!);
  });
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
