import { deepEqual, equal, match, ok, throws } from "@std/assert";
import type { FloatTensor } from "../../../src/base/tensor.ts";
import {
  attentionView,
  compareView,
  layerPredictionsView,
  modelView,
  patchingView,
  rankingsView,
  saliencyView,
  surpriseView,
  type View,
} from "../../../widgets/mod.ts";
import { counted } from "../../support/counted.ts";
import { attentionOf, headScoresOf } from "../attention/fixtures.ts";
import { classSaliencyOf, maskedSaliencyOf } from "../evidence/fixtures.ts";
import { CAPTUM, KEYS, LIT, saliencyOf, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { layerSimilarityOf } from "../layer_similarity/fixtures.ts";
import { INJECTED, INJECTION, layerPredictionsOf, longSequence, rankingsOf, watchedOf } from "../lens_fixtures.ts";
import { attributionOf } from "../logit_attribution/fixtures.ts";
import { SMALL } from "../model/fixtures.ts";
import { all, alpha, isWellFormed, parse } from "../page.ts";
import { patchingOf, withToken } from "../patching/fixtures.ts";
import { stepsOf } from "../steps/fixtures.ts";
import { surpriseOf } from "../surprise/fixtures.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";

const labels = ["before", "after"] as const;

function changed(tensor: FloatTensor, change: (value: number, i: number) => number): FloatTensor {
  return { ...tensor, data: tensor.data.map(change) };
}

/** The cells of the pictures, and what they say. */
function cells({ html }: View): HTMLElement[] {
  return all(parse(html), "[role=region]>table td[title]");
}

Deno.test("compareView() draws pages and images that can be looked at", async () => {
  const [ecco, captum] = [saliencyOf(KEYS), saliencyOf(KEYS, CAPTUM)];
  const difference = compareView(ecco, captum, { mode: "difference", labels: ["ecco", "captum"] });
  await matchesGolden("difference.html", difference.html);
  await matchesGolden("difference.svg", difference.svg);
  const sides = compareView(rankingsOf(KEYS), rankingsOf(KEYS, 3), { labels });
  await matchesGolden("side_by_side.html", sides.html);
  await matchesGolden("side_by_side.svg", sides.svg);
  for (const view of [difference, sides]) {
    isWellFormed(view.svg);
    standsAlone(view);
  }
  staysReadable(difference, ["“captum” minus “ecco”", 'options.preset: "ecco" and "captum"', "·cabinet"]);
  staysReadable(sides, ["before", "after", "layer 5", "·are"]);
});

Deno.test("compareView() shows the views of any two results of a kind under their labels", () => {
  const other = sequenceOf(["Some", " other", " text", "."], 2);
  const pairs: readonly (readonly [name: string, unknown, unknown, (given: never) => View])[] = [
    ["saliency", saliencyOf(KEYS), saliencyOf(other), saliencyView],
    ["attention", attentionOf(KEYS), attentionOf(other, 3, 2), attentionView],
    ["surprise", surpriseOf(KEYS), surpriseOf(other), surpriseView],
    ["predictions", layerPredictionsOf(KEYS), layerPredictionsOf(other), layerPredictionsView],
    ["rankings", rankingsOf(KEYS), rankingsOf(other), rankingsView],
    ["patching", patchingOf(), patchingOf(undefined, { layers: 3 }), patchingView],
    ["model", SMALL, SMALL, modelView],
  ];
  for (const [name, first, second, view] of counted(pairs, 7)) {
    const both = compareView(first, second, { labels });
    const own = [first, second].map((one) => view(one as never));
    deepEqual(both.data, [first, second], name);
    equal(both.text, `before\n${own[0]!.text}\n\nafter\n${own[1]!.text}`, name);
    const unlabelled = both.html.replaceAll(
      /((?:role="region"|method="dialog") aria-label=")(?:before|after): /g,
      "$1",
    );
    own.forEach(({ html }) => ok(unlabelled.includes(html), name));
    const names = all(parse(both.html), "[role=region], form").map((one) => one.getAttribute("aria-label"));
    ok(names.every((label) => /^(before|after): /.test(label!)), `${name}: ${names}`);
    const groups = all(parse(both.html), '[role=group][style*="flex:1 1 420px"]');
    deepEqual(groups.map((group) => group.getAttribute("aria-label")), ["before", "after"], name);
    isWellFormed(both.svg);
    const sizes = own.map(({ svg }) => Number(/width="([\d.]+)"/.exec(svg)![1]));
    equal(Number(/width="([\d.]+)"/.exec(both.svg)![1]), sizes[0]! + 24 + sizes[1]!, name);
  }
});

Deno.test("compareView() subtracts the first from the second, number by number", () => {
  const map = saliencyOf(KEYS);
  const other = { ...map, scores: changed(map.scores, (value, i) => value === 0 ? 0 : value + (i % 3 - 1) * 0.125) };
  const view = compareView(map, other, { mode: "difference", labels });
  const found = cells(view);
  equal(found.length, 50);
  const seen = (i: number) => map.scores.data[i] !== 0;
  found.forEach((cell, i) => {
    const change = seen(i) ? i % 3 - 1 : 0;
    equal(cell.textContent, seen(i) ? ["−12.5%", "0%", "+12.5%"][change + 1] : "", `cell ${i}`);
    equal(alpha(cell), change === 0 ? 0 : 0.6);
    if (change !== 0) equal(/rgba\(33,102,172/.test(cell.getAttribute("style")!), change < 0);
  });
  match(
    view.text,
    /^“after” minus “before”: orange is more in “after”, blue is less\.\nScores: \d+ of 35 numbers differ/,
  );
  match(view.text, /differ, by 12\.5% at most\. Pearson [\d.]+, Spearman [\d.]+\./);
  match(compareView(map, map, { mode: "difference" }).text, /Scores: All numbers are the same\.$/);
});

Deno.test("compareView() subtracts every kind whose numbers belong to the same things", () => {
  const twice = (tensor: FloatTensor) => changed(tensor, (value) => value * 2);
  const surprise = surpriseOf(KEYS);
  const [patching, heads] = [patchingOf(), patchingOf(undefined, { heads: 4, both: false })];
  const scores = headScoresOf(KEYS, 2, 3);
  const pairs: readonly (readonly [unknown, unknown, grids: number, cells: number])[] = [
    [saliencyOf(KEYS, LIT), { ...saliencyOf(KEYS, LIT) }, 1, 10],
    [classSaliencyOf(), { ...classSaliencyOf(), scores: twice(classSaliencyOf().scores) }, 1, 20],
    [maskedSaliencyOf(), { ...maskedSaliencyOf(), scores: twice(maskedSaliencyOf().scores) }, 1, 20],
    [surprise, { ...surprise, logProbs: twice(surprise.logProbs) }, 1, 9],
    [rankingsOf(KEYS), { ...rankingsOf(KEYS), probabilities: twice(rankingsOf(KEYS).probabilities) }, 1, 30],
    [watchedOf(), { ...watchedOf() }, 1, 24],
    [layerSimilarityOf(KEYS, 3), { ...layerSimilarityOf(KEYS, 3) }, 1, 16],
    [scores, { ...scores, induction: changed(scores.induction, (value) => value / 2) }, 4, 24],
    [patching, { ...patching, estimate: twice(patching.estimate!) }, 2, 144],
    [heads, { ...heads, values: twice(heads.values!) }, 1, 24],
  ];
  for (const [first, second, grids, count] of counted(pairs, 10)) {
    const view = compareView(first, second, { mode: "difference", labels });
    equal(all(parse(view.html), "[role=region]>table thead").length - all(parse(view.html), "details").length, grids);
    equal(cells(view).length, count);
    isWellFormed(view.svg);
    equal(/NaN|undefined/.test(view.html + view.text), false);
  }
});

Deno.test("compareView() writes surprise in bits, and patchings as shares of their own gaps", () => {
  const surprise = surpriseOf(KEYS);
  const less = { ...surprise, logProbs: changed(surprise.logProbs, (value) => value + Math.LN2) };
  const found = cells(compareView(surprise, less, { mode: "difference" })).map((cell) => cell.textContent);
  deepEqual(new Set(found), new Set(["−1.00"]));
  const patching = patchingOf();
  const scaled = {
    ...patching,
    cleanValue: 2 * patching.cleanValue,
    corruptedValue: 2 * patching.corruptedValue,
    values: changed(patching.values!, (value) => 2 * value),
    estimate: changed(patching.estimate!, (value) => 2 * value),
  };
  const shares = compareView(patching, scaled, { mode: "difference" });
  deepEqual(new Set(cells(shares).map((cell) => cell.textContent?.replace("0%", ""))), new Set([""]));
  match(shares.text, /They differ in cleanValue: 3.25 and 6.50; corruptedValue: −1.75 and −3.50\./);
  const flat = { ...patching, cleanValue: patching.corruptedValue };
  match(compareView(flat, flat, { mode: "difference" }).text, /Patched, a run for each cell: the metric: All numbers/);
});

Deno.test("compareView() of 600 tokens and 48 layers is pixels and a table below 1 MB", () => {
  const clean = longSequence(600);
  const patching = patchingOf(withToken(clean, 200, " other"), { clean, layers: 48 });
  const other = { ...patching, values: changed(patching.values!, (value, i) => value + Math.sin(i)) };
  const view = compareView(patching, other, { mode: "difference", labels });
  ok(view.html.length < 1_000_000, `${view.html.length}`);
  match(view.html, /too many numbers for cells: one pixel stands for each/);
  match(view.svg, /data:image\/png;base64,/);
  equal(all(parse(view.html), "details tbody tr").length, 300);
  staysReadable(view, ["Difference:"]);
});

Deno.test("compareView() keeps hostile tokens and labels in their place", () => {
  const hostile = [INJECTION, `"'${INJECTION}`] as const;
  isInert(compareView(saliencyOf(INJECTED), saliencyOf(INJECTED, CAPTUM), { mode: "difference", labels: hostile }));
  isInert(compareView(rankingsOf(INJECTED), rankingsOf(INJECTED), { labels: hostile }), 2);
});

Deno.test("compareView() refuses by name what cannot be compared, and says what can be done", () => {
  const map = saliencyOf(KEYS);
  const difference = { mode: "difference" } as const;
  const trace = attentionOf(KEYS);
  const cases: readonly (readonly [() => unknown, string, RegExp])[] = [
    [
      () => compareView<unknown>(Promise.resolve(map), map),
      "TypeError",
      /^Cannot compare a promise as a result; pass two results/,
    ],
    [
      () => compareView(undefined, map),
      "TypeError",
      /^Cannot compare undefined as a result; pass two results of the same/,
    ],
    [
      () => compareView<unknown>(map, trace),
      "TypeError",
      /^Cannot compare saliency with trace; pass two results of the/,
    ],
    [
      () => compareView(stepsOf(KEYS), stepsOf(KEYS)),
      "TypeError",
      /^Cannot draw steps as it has no view of its own; pass both to diffResults\(\)/,
    ],
    [() => compareView({ x: 1 }, { x: 2 }), "TypeError", /^Cannot draw an object with x as it has no view of its own/],
    [
      () => compareView(trace, trace, difference),
      "TypeError",
      /^Cannot draw the difference of trace, which is there for saliency, .*logitAttribution; pass \{ mode: "side by side" \}/,
    ],
    [
      () => compareView(map, saliencyOf(sequenceOf(["a", "b", "c"], 1)), difference),
      "RangeError",
      /^Cannot draw the difference of saliency of different texts: .*; pass \{ mode: "side by side" \}$/,
    ],
    [
      () => compareView(map, saliencyOf(KEYS, LIT), difference),
      "RangeError",
      /^Cannot draw the difference of saliency as “Scores” are other numbers: 50 and 10 for 5 rows of 10; pass/,
    ],
    [
      () => compareView(patchingOf(), { ...patchingOf(), at: "mlp_out" as const }, difference),
      "RangeError",
      /^Cannot draw the difference of patching of different sites: "resid" and "mlp_out"; pass/,
    ],
    [
      () => {
        const { values: _, ...estimated } = patchingOf();
        return compareView<unknown>(estimated, patchingOf(undefined, { both: false }), difference);
      },
      "RangeError",
      /^Cannot draw the difference of patching as they have no numbers in common; pass/,
    ],
    [
      () => compareView(map, { ...map, scores: { data: new Float32Array(4), shape: [2, 3] } }, difference),
      "TypeError",
      /^Cannot draw the difference as saliency\.scores has shape \[2,3\], which does not fit its 4 numbers/,
    ],
    [
      () => compareView(map, map, { labels: ["a"] as never }),
      "TypeError",
      /with labels .*; pass two texts, as \{ labels/,
    ],
    [
      () => compareView(map, map, { mode: "overlay" as never }),
      "TypeError",
      /^Cannot compare results with mode "overlay"/,
    ],
  ];
  for (const [call, name, message] of counted(cases, 13)) throws(call, { name, message });
});

Deno.test("compareView() draws the difference of logits taken apart, part by part, and writes numbers as elsewhere", () => {
  const first = attributionOf(KEYS);
  const second = {
    ...first,
    heads: changed(first.heads, (value, i) => i === 1 ? value + 0.5 : value),
    mlps: changed(first.mlps, (value, i) => i === 0 ? value - 0.25 : value),
    embedding: first.embedding + 0.125,
    logit: first.logit + 0.375,
    target: { ...first.target, probability: 0.6344545364379883 },
  };
  const view = compareView(first, second, { mode: "difference", labels });
  staysReadable(view, ["What each head gives", "What each MLP gives", "The rest, and the logit"]);
  const [L = 0, H = 0] = first.heads.shape;
  const found = cells(view).map((cell) => cell.textContent);
  equal(found.length, L * H + 2 * L + 4);
  deepEqual(found.filter((text) => text !== "" && text !== "0"), ["+0.500", "−0.250", "+0.125", "+0.375"]);
  match(view.text, /They differ in target\.probability: 0\.\d{1,3} and 0\.634\./);
});
