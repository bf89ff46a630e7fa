import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { logitAttributionView } from "../../../widgets/mod.ts";
import { scoreText } from "../../../widgets/kit/numbers.ts";
import { KEYS, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED, longSequence } from "../lens_fixtures.ts";
import { all, alpha, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";
import { attributionOf } from "./fixtures.ts";

const SIGNED = { percent: false, signed: true } as const;
const FULL = attributionOf(KEYS, { neurons: 8, tokens: true, contrast: true });

function barsOf(html: string): { left: number; width: number; colour: string }[] {
  return all(parse(html), "table")[0]!.querySelectorAll("td > span[title]").values().toArray().map((bar) => {
    const style = bar.getAttribute("style") ?? "";
    const number = (name: string) => Number(new RegExp(`${name}:(-?[\\d.]+)%`).exec(style)![1]);
    return { left: number("margin-left"), width: number("width"), colour: /rgba\([^)]*\)/.exec(style)![0] };
  });
}

Deno.test("logitAttributionView() draws a page and an image that can be looked at", async () => {
  const view = logitAttributionView(FULL);
  await matchesGolden("logit_attribution.html", view.html);
  await matchesGolden("logit_attribution.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["attention 0", "MLP 3", "·cabinet", "blue lowers it", "logit"]);
});

Deno.test("logitAttributionView() draws each step where the one before ended, and the logit from 0", () => {
  const attribution = attributionOf();
  const bars = barsOf(logitAttributionView(attribution).html);
  const { embedding, positionEmbedding, heads, attentionBiases, mlps, bias, logit } = attribution;
  const attention = (layer: number) =>
    heads.data.subarray(layer * 3, layer * 3 + 3).reduce((sum, one) => sum + one, attentionBiases.data[layer]!);
  const layers = [0, 1, 2, 3].flatMap((layer) => [attention(layer), mlps.data[layer]!]);
  const steps = [embedding, positionEmbedding!, ...layers, bias];
  equal(bars.length, steps.length + 1);
  const sums = steps.map((_, i) => steps.slice(0, i + 1).reduce((a, b) => a + b, 0));
  const [low, high] = [Math.min(0, logit, ...sums), Math.max(0, logit, ...sums)];
  const place = (value: number) => 100 * (value - low) / (high - low);
  [...steps, logit].forEach((value, i) => {
    const start = i === 0 || i === steps.length ? 0 : sums[i - 1]!;
    const { left, width, colour } = bars[i]!;
    ok(Math.abs(left - place(Math.min(start, start + value))) < 0.02, `step ${i} begins at ${left}`);
    ok(Math.abs(width - 100 * Math.abs(value) / (high - low)) < 0.03, `step ${i} is ${width} wide`);
    match(colour, value < 0 ? /^rgba\(33,102,172/ : /^rgba\(232,89,12/);
  });
});

Deno.test("logitAttributionView() shows the heads as a signed grid with their numbers", () => {
  const attribution = attributionOf();
  const grid = all(parse(logitAttributionView(attribution).html), "table")[1]!;
  const cells = grid.querySelectorAll("tbody td").values().toArray();
  equal(cells.length, 12);
  const largest = Math.max(...attribution.heads.data.map(Math.abs));
  attribution.heads.data.forEach((value, i) => {
    const cell = cells[i]! as HTMLElement;
    equal(cell.textContent, value.toFixed(2).replace("-", "−"));
    equal(cell.getAttribute("title"), `layer ${Math.floor(i / 3)}, head ${i % 3}: ${scoreText(value, SIGNED)}`);
    ok(Math.abs(alpha(cell) - 0.6 * Math.abs(value) / largest) < 0.001);
    match(cell.getAttribute("style")!, value < 0 ? /rgba\(33,102,172/ : /rgba\(232,89,12/);
  });
});

Deno.test("logitAttributionView() lists the heads, neurons and tokens that give most, where they are there", () => {
  const { text, html } = logitAttributionView(FULL);
  match(text, /^The logit of “·are” less that of “·is” is [+−][\d.]+\.\nIn the place of token 5, which follows “·cab/);
  match(text, /“·are” has probability 40.0%, rank 1; “·is” has probability 10.0%, rank 3/);
  const { neurons, tokens } = FULL;
  const best = (data: Float32Array) => data.indexOf(data.reduce((a, b) => Math.abs(b) > Math.abs(a) ? b : a));
  const neuron = best(neurons!.data);
  ok(text.includes(`\nneuron `) && text.includes(`layer ${Math.floor(neuron / 8)}, neuron ${neuron % 8}  `));
  const look = best(tokens!.data);
  const [row, position] = [Math.floor(look / 5), look % 5];
  ok(text.includes(`layer ${Math.floor(row / 3)}, head ${row % 3} by “`) && text.includes(`”, token ${position}  `));
  const chips = all(parse(html), ".t");
  equal(chips.length, 5);
  chips.forEach((chip, s) => {
    const sum = tokens!.data.reduce((total, value, i) => i % 5 === s ? total + value : total, 0);
    ok(chip.getAttribute("title")!.endsWith(`${scoreText(sum, SIGNED)} by all heads`), `token ${s}`);
  });
  const bare = logitAttributionView(attributionOf());
  equal(/neuron|by all heads/.test(bare.html), false);
  match(bare.text, /^The logit of “·are” is /);
});

Deno.test("logitAttributionView() stays small for many layers, heads and tokens, and its data keeps all", () => {
  const many = attributionOf(KEYS, { layers: 200, heads: 64 });
  const view = logitAttributionView(many);
  ok(view.html.length < 2 ** 20, `${view.html.length} bytes`);
  match(view.html, /The page shows the last 64 of 200 layers; the data keeps all/);
  match(view.text, /\nattention 0 to 2 /);
  equal(barsOf(view.html).length, 2 * 67 + 4);
  equal(view.data, many);
  const long = attributionOf(longSequence(3000, 2900), { layers: 1, heads: 1, position: 2900, tokens: true });
  const { html } = logitAttributionView(long);
  match(html, /The page shows the last 1024 of 2900 tokens/);
  ok(html.length < 2 ** 20, `${html.length} bytes`);
});

Deno.test("logitAttributionView() draws the next token, and one layer of zeros", () => {
  match(logitAttributionView(attributionOf(KEYS, { position: 10 })).text, /In the place of the next token, which/);
  const one = attributionOf(sequenceOf(["Hi"], 1), { layers: 1, heads: 1 });
  const zeros = (tensor: typeof one.mlps) => ({ ...tensor, data: tensor.data.map(() => 0) });
  const { heads, attentionBiases, mlps } = one;
  const none = { heads: zeros(heads), attentionBiases: zeros(attentionBiases), mlps: zeros(mlps) };
  const view = logitAttributionView({ ...one, ...none, embedding: 0, positionEmbedding: 0, bias: 0, logit: 0 });
  deepEqual(barsOf(view.html).map(({ width }) => width), Array(6).fill(0));
  isWellFormed(view.svg);
});

Deno.test("logitAttributionView() draws tokens that would be markup as text", () => {
  isInert(logitAttributionView(attributionOf(INJECTED, { tokens: true, contrast: true, position: 4 })));
});

Deno.test("logitAttributionView() refuses what is no attribution", () => {
  const given = FULL;
  const cases: readonly (readonly [unknown, string, RegExp])[] = [
    [
      undefined,
      "TypeError",
      /^Cannot draw undefined as a logit taken apart; pass what await model.logitAttribution\(\)/,
    ],
    [Promise.resolve(given), "TypeError", /^Cannot draw a promise as a logit taken apart/],
    [{ ...given, position: 0 }, "RangeError", /^Cannot draw a logit taken apart at position 0/],
    [{ ...given, position: 11 }, "RangeError", /^Cannot draw a logit taken apart at position 11/],
    [{ ...given, mlps: given.heads }, "RangeError", /as the shape of mlps is not \[4\]: \[4,3\]/],
    [{ ...given, attentionBiases: undefined }, "TypeError", /as attentionBiases is no tensor/],
    [{ ...given, tokens: given.neurons }, "RangeError", /as the shape of tokens is not \[4,3,5\]/],
    [{ ...given, heads: { data: new Float32Array(0), shape: [0, 3] } }, "RangeError", /as there are 0 heads$/],
  ];
  equal(cases.length, 8);
  for (const [value, name, message] of cases) throws(() => logitAttributionView(value as never), { name, message });
});
