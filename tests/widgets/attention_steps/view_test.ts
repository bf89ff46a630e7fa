import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { attentionStepsView, type Trace } from "../../../widgets/mod.ts";
import { stepsShown } from "../../../widgets/attention_steps/data.ts";
import { openGoldenFile } from "../../support/goldens.ts";
import { KEYS } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED, longSequence } from "../lens_fixtures.ts";
import { all, parse } from "../page.ts";
import { standsAlone, staysReadable } from "../views_all.ts";
import { attentionStepsOf } from "./fixtures.ts";

const trace = attentionStepsOf(KEYS);
const GOLDEN = new URL("../../goldens/attention_steps.safetensors", import.meta.url);

Deno.test("attentionStepsView() draws a page and an image that can be looked at", async () => {
  const view = attentionStepsView(trace, { layer: 4, head: 1 });
  await matchesGolden("attention_steps.html", view.html);
  await matchesGolden("attention_steps.svg", view.svg);
  standsAlone(view);
  staysReadable(view, ["−∞", "softmax", "their sum"]);
});

Deno.test("attentionStepsView() shows the scores, the mask and the weights of each query", () => {
  const body = parse(attentionStepsView(trace, { layer: 4, position: 6 }).html);
  const panels = all(body, "table.c");
  equal(panels.length, 10);
  panels.forEach((panel, query) => {
    const rows = all(panel, "tbody tr").map((row) => all(row, "td").map((cell) => cell.textContent));
    equal(rows.length, 10);
    rows.forEach(([product, scaled, masked, weight], key) => {
      let score = 0;
      for (let d = 0; d < 4; ++d) {
        score += trace.queries!.data[((1 * 2 + 0) * 10 + query) * 4 + d]! * trace.keys!.data[(10 + key) * 4 + d]!;
      }
      const near = (text: string, number: number) => Math.abs(Number(text.replace("−", "-")) - number) <= 0.0051;
      ok(near(product!, score) && near(scaled!, score / 2), `${query}, ${key}: ${product} ${scaled}, not ${score}`);
      equal(masked, key > query ? "−∞" : scaled);
      const share = trace.attention.data[((1 * 2 + 0) * 10 + query) * 10 + key]!;
      ok(Math.abs(parseFloat(weight!) / 100 - share) <= 0.00051, `${weight}, not ${share}`);
    });
    const shown = panel.parentElement!.getAttribute("style");
    equal(shown, `display:${query === 6 ? "block" : "none"}`);
  });
});

Deno.test("attentionStepsView() fades values and lights up keys by the weights of the query", () => {
  const body = parse(attentionStepsView(trace, { position: 6 }).html);
  for (let key = 0; key < 10; ++key) {
    const weight = trace.attention.data[6 * 10 + key]!;
    const value = body.querySelector(`img.b${key}`)!.getAttribute("style")!;
    ok(Math.abs(Number(/opacity:([\d.]+)/.exec(value)![1]) - weight) <= 0.0006, `${value}, not ${weight}`);
    const lit = body.querySelector(`td.a${key}`)!.getAttribute("style")!;
    ok(Math.abs(Number(/89,12,([\d.]+)/.exec(lit)![1]) - 0.6 * weight) <= 0.0006, `${lit}, not ${weight}`);
  }
});

Deno.test("attentionStepsView() draws the model's numbers: its steps come to its attention, sums and output", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const sequence = model.sequence("The keys to the cabinet are on the");
  const recorded = await model.trace(sequence, { capture: ["attentionSteps"], layers: [4] });
  const golden = async (name: string) => (await openGoldenFile(GOLDEN, `bundled/${name}`)).data;
  const [attention, headSums, output] = [
    await golden("attention"),
    await golden("headSums"),
    await golden("attentionOutputs"),
  ];
  const T = sequence.tokens.length;
  for (let head = 0; head < 8; ++head) {
    const shown = stepsShown(recorded, { head });
    ok(shown.apart <= 1e-5, `head ${head}: ${shown.apart}`);
    for (let query = 0; query < T; ++query) {
      for (let key = 0; key < T; ++key) {
        ok(Math.abs(shown.weight(query, key) - attention[(head * T + query) * T + key]!) <= 1e-5);
      }
      shown.merged(query).forEach((one, i) => ok(Math.abs(one - headSums[query * 256 + i]!) <= 1e-5));
      shown.output(query).forEach((one, i) => ok(Math.abs(one - output[query * 256 + i]!) <= 1e-5));
    }
  }
  const weight = await model.weight("h.4.attn.c_proj.weight");
  const bias = await model.weight("h.4.attn.c_proj.bias");
  const { merged, output: added, position } = stepsShown(recorded, {});
  const projected = bias.data.map((one, c) =>
    merged(position).reduce((sum, number, i) => sum + number * weight.data[i * 256 + c]!, one)
  );
  projected.forEach((one, c) => ok(Math.abs(one - added(position)[c]!) <= 1e-5, `${c}: ${one}`));
});

Deno.test("attentionStepsView() says where the weights are not those of the scores", () => {
  const held = {
    ...trace,
    attention: { ...trace.attention, data: trace.attention.data.map((one, i) => i === 0 ? 1 : one) },
  };
  match(attentionStepsView(held).html, /What is drawn is at most \d\.\de-\d from the model’s own attention and sums/);
  const other = trace.attention.data.slice();
  [other[10], other[11]] = [other[11]!, other[10]!];
  const changed = { ...trace, attention: { ...trace.attention, data: other } };
  match(
    attentionStepsView(changed).html,
    /these scores alone would give others, up to 0\.\d+ away, as where a pattern is/,
  );
});

Deno.test("attentionStepsView() draws 16 tokens of a long text, says which, and stays small", () => {
  const long = attentionStepsOf(longSequence(193, 100), 1, 12, 64);
  const view = attentionStepsView(long, { position: 100 });
  match(view.html, /Tokens 85 to 100 of 193 are drawn; choose others with \{ start \}/);
  match(view.text, /\n0–84 together +\d/);
  ok(view.html.length < 400_000 && view.svg.length < 100_000, `${view.html.length}, ${view.svg.length}`);
  const shown = stepsShown(long, { position: 100, start: 100 });
  deepEqual([shown.start, shown.end], [100, 116]);
});

Deno.test("attentionStepsView() shows markup in tokens as text", () => {
  const { html } = attentionStepsView(attentionStepsOf(INJECTED));
  equal(all(parse(html), "script").length, 1);
  equal(html.includes("<img src=x"), false);
});

Deno.test("attentionStepsView() refuses what lacks a step, and places that are not there", () => {
  const { headSums: _, ...lacking } = trace;
  const what =
    'as the steps of attention; pass what await model.trace(sequence, { capture: ["attentionSteps"] }) returned';
  throws(() => attentionStepsView(lacking), {
    name: "TypeError",
    message: `Cannot draw a trace without headSums ${what}`,
  });
  throws(() => attentionStepsView(Promise.resolve() as unknown as Trace), {
    name: "TypeError",
    message: `Cannot draw a promise ${what}`,
  });
  const refuses = (options: Parameters<typeof attentionStepsView>[1], message: RegExp) =>
    throws(() => attentionStepsView(trace, options), { name: "RangeError", message });
  refuses({ layer: 0 }, /^Cannot show layer 0 as the trace holds layers 3, 4$/);
  refuses({ head: 2 }, /^Cannot draw the steps of attention of head 2 as there are 0 to 1$/);
  refuses({ position: 10 }, /of position 10 as there are 0 to 9$/);
  refuses({ position: 2, start: 5 }, /of position 2 as tokens 5 to 9 are drawn; choose another start$/);
  const cut = { ...trace, values: { data: new Float32Array(8), shape: [1, 1, 2, 4] } };
  throws(() => attentionStepsView(cut), {
    name: "RangeError",
    message: /the shape of trace\.values is not \[2,1,10,4\]/,
  });
});
