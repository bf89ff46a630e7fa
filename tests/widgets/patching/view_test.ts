import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { pearson } from "../../../src/analysis/agreement.ts";
import { decodeResults, encodeResults, spearman } from "../../../src/analysis/mod.ts";
import type { Patching } from "../../../src/ask/patching/types.ts";
import { patchingView } from "../../../widgets/mod.ts";
import { viewOf } from "../../../widgets/result_view.ts";
import { counted } from "../../support/counted.ts";
import { KEYS, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED, longSequence, SCRIPTS } from "../lens_fixtures.ts";
import { all, alpha, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";
import { CLEAN, CORRUPTED, DIFFERENCE, patchingOf, withToken } from "./fixtures.ts";

const PATCHING = patchingOf();

function cells(html: string): HTMLElement[] {
  return all(parse(html), "[role=region]>table td[title]");
}

/** A patching of one layer with the given metrics. */
function numbers(values: readonly number[], change: Partial<Patching> = {}): Patching {
  const texts = sequenceOf(values.map((_, i) => ` t${i}`), 1);
  const given = patchingOf(withToken(texts, 0, " other"), { clean: texts, layers: 1, both: false });
  return { ...given, values: { data: Float32Array.from(values), shape: [1, values.length] }, ...change };
}

Deno.test("patchingView() draws a page and an image that can be looked at", async () => {
  const view = patchingView(PATCHING);
  await matchesGolden("patching.html", view.html);
  await matchesGolden("patching.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["·John", "Patched, a run for each cell", "102%", "Pearson"]);
});

Deno.test("patchingView() colours each cell by the share of the gap that it restores", () => {
  const cases: readonly (readonly [Partial<Patching>, readonly number[], readonly string[], readonly number[]])[] = [
    [{ cleanValue: 3, corruptedValue: -1 }, [-1, 3, 1, -3, 5], ["0%", "100%", "50%", "−50%", "150%"], [
      0,
      1,
      0.5,
      -0.5,
      1,
    ]],
    [{ cleanValue: -2, corruptedValue: 2 }, [2, -2, 4], ["0%", "100%", "−50%"], [0, 1, -0.5]],
    [
      { metric: { name: "kl" }, cleanValue: 0, corruptedValue: 2 },
      [2, 0, 0.5, 3],
      ["0%", "100%", "75%", "−50%"],
      [0, 1, 0.75, -0.5],
    ],
    [{ cleanValue: 1, corruptedValue: 0 }, [0.03, -0.015, 0], ["3.0%", "−1.5%", "0.0%"], [0.6, -0.3, 0]],
  ];
  for (const [change, values, texts, shares] of counted(cases, 4)) {
    const found = cells(patchingView(numbers(values, change)).html);
    deepEqual(found.map((cell) => cell.textContent), texts);
    found.forEach((cell, i) => {
      ok(Math.abs(alpha(cell) - 0.6 * Math.abs(shares[i]!)) < 0.001, `${texts[i]} has ${alpha(cell)}`);
      equal(/rgba\(33,102,172/.test(cell.getAttribute("style")!), shares[i]! < 0, `${texts[i]}`);
    });
  }
});

Deno.test("patchingView() says the metric, the token and the layer of a cell on hover, and all metrics in a table", () => {
  const view = patchingView(PATCHING);
  const found = cells(view.html);
  equal(found.length, 2 * 6 * 12);
  const value = PATCHING.values!.data[9]!;
  equal(
    found[9]!.title,
    "layer 0, “Mary” after a space, token 9, prompt\nin the clean text “John” after a space, token 9, prompt\n" +
      `restores ${(20 * (value + 1.75)).toFixed(1)}% of the gap, metric +${value.toPrecision(3)}`,
  );
  const tables = all(parse(view.html), "details table");
  equal(tables.length, 2);
  const row = all(tables[0]!, "tbody tr")[9]!;
  deepEqual(all(row, "td").map((cell) => cell.textContent).slice(0, 4), [
    "9",
    "·Mary",
    "·John",
    `+${value.toPrecision(3)}`,
  ]);
  match(view.text, /The texts differ in 1 of 12 tokens: 9, “·John” clean and “·Mary” corrupted\./u);
});

Deno.test("patchingView() shows patching, its estimate, or both with their agreement", () => {
  const { pearson: r, spearman: rho } = {
    pearson: pearson(PATCHING.values!.data, PATCHING.estimate!.data),
    spearman: spearman(PATCHING.values!.data, PATCHING.estimate!.data),
  };
  ok(r > 0.9 && rho > 0.5);
  const agreement = `over 72 cells: Pearson ${r.toFixed(3)}, Spearman ${rho.toFixed(3)}.`;
  const cases = [[undefined, 144, true], ["both", 144, true], ["values", 72, false], ["estimate", 72, false]] as const;
  for (const [show, count, agrees] of cases) {
    const view = patchingView(PATCHING, show && { show });
    equal(cells(view.html).length, count, `${show}`);
    for (const shown of [view.html, view.text]) {
      equal(shown.includes(agreement), agrees, `${show}`);
      equal(shown.includes("Patched, a run"), show !== "estimate", `${show}`);
      equal(shown.includes("Estimated from"), show !== "values", `${show}`);
    }
  }
  const constant = { ...PATCHING, estimate: { data: new Float32Array(72).fill(1), shape: [6, 12] } };
  match(patchingView(constant).text, /cannot be correlated, as one of them has the same number/);
});

Deno.test("patchingView() says so where there is no gap, and shows changes instead; never NaN", () => {
  const cases: readonly (readonly [Partial<Patching>, readonly number[], readonly string[]])[] = [
    [{ cleanValue: 2, corruptedValue: 2 }, [2, 3, 1.5], ["0", "+1.00", "−0.500"]],
    [{ cleanValue: 0, corruptedValue: 0, metric: { name: "kl" } }, [0, 0], ["0", "0"]],
    [{ cleanValue: 10, corruptedValue: 10.000001 }, [10, 10], ["−1.00e-6", "−1.00e-6"]],
  ];
  for (const [change, values, texts] of counted(cases, 3)) {
    const view = patchingView(numbers(values, change));
    match(view.text, /That is no gap that could be restored: cells say by how much they change the metric/);
    deepEqual(cells(view.html).map((cell) => cell.textContent), texts);
    for (const form of [view.html, view.svg, view.text]) equal(/NaN|Infinity/.test(form), false);
  }
});

Deno.test("patchingView() names what was replaced and what was measured", () => {
  const words = {
    logit: /the logit of “·Mary”: /u,
    logProb: /the log-probability of “·Mary”: /u,
    probability: /the probability of “·Mary”: 90\.0% in the clean text, 10\.0% in/u,
    logitDifference: /the logit of “·Mary” less that of “·John”: \+0\.900 in/u,
    kl: /as KL divergence: 0\.900 in the clean text/,
  } as const;
  for (const [name, pattern] of Object.entries(words)) {
    const metric = { ...DIFFERENCE, name: name as keyof typeof words };
    match(patchingView({ ...PATCHING, metric, cleanValue: 0.9, corruptedValue: 0.1 }).text, pattern);
  }
  const sites = ["the residual stream before a block", "between attention and MLP", "the attention of a block adds"];
  (["resid", "resid_mid", "attn_out"] as const).forEach((at, n) => {
    ok(patchingView({ ...PATCHING, at }).text.includes(sites[n]!), at);
  });
});

Deno.test("patching of 600 tokens and 48 layers is two grids of pixels and tables below 1 MB", () => {
  const clean = longSequence(600);
  const view = patchingView(patchingOf(withToken(clean, 200, " other"), { clean, layers: 48 }));
  ok(view.html.length < 1_000_000, `${view.html.length}`);
  ok(view.svg.length < 200_000, `${view.svg.length}`);
  match(view.html, /600 positions in 48 layers are too many for numbers: one pixel stands for each/);
  match(view.svg, /data:image\/png;base64,/);
  equal(all(parse(view.html), "details tbody tr").length, 1200);
  match(view.text, /… and 400 more/);
  isWellFormed(view.svg);
  staysReadable(view, ["word598", "·other"]);
});

Deno.test("patchingView() keeps hostile tokens and scripts of every direction in their place", () => {
  isInert(patchingView(patchingOf(INJECTED, { clean: withToken(INJECTED, 1, "<img src=x>") })));
  const view = patchingView(patchingOf(SCRIPTS, { clean: withToken(SCRIPTS, 3, " world") }));
  isWellFormed(view.svg);
  staysReadable(view, ["·世界", "·سلام"]);
});

Deno.test("patchingView() is what a patching shows itself as, also after it was saved", async () => {
  const { results } = await decodeResults(await encodeResults({ it: PATCHING }), { it: "patching" });
  equal(viewOf(results.it)?.html, patchingView(PATCHING).html);
  equal(viewOf(patchingOf(KEYS, { clean: KEYS, heads: 3 }))?.text.includes("head  layer 0"), true);
});

Deno.test("patchingView() refuses what is no patching, and what is not there", () => {
  const { values: _, ...estimated } = PATCHING;
  const draw = (change: object) => () => patchingView({ ...PATCHING, ...change } as Patching);
  const cases: readonly (readonly [() => unknown, string, RegExp])[] = [
    [
      () => patchingView(Promise.resolve() as never),
      "TypeError",
      /^Cannot draw a promise as what patching does; pass /,
    ],
    [draw({ metric: { name: "rank" } }), "TypeError", /its metric is none that is known: an object with name/],
    [draw({ clean: KEYS }), "RangeError", /clean\.tokens does not hold 12: 10$/],
    [draw({ layers: [] }), "RangeError", /as it has no layers$/],
    [draw({ indices: [] }), "RangeError", /as it has no positions$/],
    [
      draw({ indices: [...PATCHING.indices.slice(1), 12] }),
      "RangeError",
      /at position 12 as the texts hold 12 tokens$/,
    ],
    [draw({ values: { data: new Float32Array(4), shape: [2, 2] } }), "RangeError", /values is not \[6,12\]: \[2,2\]/],
    [draw({ values: undefined, estimate: undefined }), "RangeError", /neither values nor an estimate$/],
    [
      () => patchingView(estimated, { show: "values" }),
      "RangeError",
      /^Cannot show values as the patching holds no values; pass \{ show: "estimate" \}/,
    ],
    [() => patchingView(PATCHING, { show: "all" as never }), "TypeError", /^Cannot draw patching with show "all"/],
  ];
  for (const [call, name, message] of counted(cases, 10)) throws(call, { name, message });
  equal(CORRUPTED.tokens.length, CLEAN.tokens.length);
});

Deno.test("patchingView() of an encoder has the tokens of the sources, and says in what both differ", () => {
  const text = sequenceOf(["</s>", " oui"], 1);
  const given = patchingOf(CORRUPTED, { both: false });
  const [clean, corrupted] = [CLEAN, CORRUPTED].map((source) => ({ ...text, source }));
  const patching: Patching = { ...given, clean: clean!, corrupted: corrupted!, position: 1, at: "source_resid" };
  const view = patchingView(patching);
  staysReadable(view, [
    "in the encoder",
    "at position 1",
    "The texts have the same tokens.",
    "The sources differ in 1",
  ]);
  equal(cells(view.html).length, 6 * 12);
  ok(view.text.includes("token 9 “·Mary”"), view.text);
  throws(() => patchingView({ ...patching, clean: text }), {
    name: "TypeError",
    message: 'Cannot draw what patching does as its texts have no source, which "source_resid" is of',
  });
  throws(() => patchingView({ ...patching, position: 3 }), {
    name: "RangeError",
    message: "Cannot draw what patching does as its position is 3, not one that is predicted",
  });
});
