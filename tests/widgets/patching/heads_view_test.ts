import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { headEffectsView, patchingView } from "../../../widgets/mod.ts";
import { counted } from "../../support/counted.ts";
import { matchesGolden } from "../golden.ts";
import { all, alpha, isWellFormed, parse } from "../page.ts";
import { standsAlone, staysReadable } from "../views_all.ts";
import { headEffectsOf, patchingOf } from "./fixtures.ts";

const EFFECTS = headEffectsOf();

function cells(html: string): HTMLElement[] {
  return all(parse(html), "[role=region]>table td[title]");
}

Deno.test("headEffectsView() draws a page and an image that can be looked at", async () => {
  const view = headEffectsView({ ...EFFECTS, title: "Importance of heads" });
  await matchesGolden("head_effects.html", view.html);
  await matchesGolden("head_effects.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["Strongest: layer 4, head 6: +0.215", "layer 7"]);
  match(view.text, /^Importance of heads\. 6 layers of 8 heads\./);
});

Deno.test("headEffectsView() writes each number, and colours it by its share of the largest", () => {
  const scores = { data: Float32Array.of(0.5, -0.25, 0, 0.125, -1, 1e-9), shape: [2, 3] };
  const found = cells(headEffectsView({ scores, layers: [3, 7] }).html);
  deepEqual(found.map((cell) => cell.textContent), ["+0.50", "−0.25", "0", "+0.13", "−1.00", "0"]);
  deepEqual(found.map(alpha), [0.3, 0.15, 0, 0.075, 0.6, 0]);
  equal(found[5]!.title, "layer 7, head 2\n+1.00e-9");
  const flat = headEffectsView({ scores: { data: new Float32Array(4), shape: [2, 2] }, layers: [0, 1] });
  match(flat.text, /All numbers are 0\./);
  equal(/NaN/.test(flat.html + flat.svg), false);
});

Deno.test("headEffectsView() draws a patching of heads as patchingView() does", () => {
  const patching = patchingOf(undefined, { heads: 12, layers: 12 });
  const view = headEffectsView(patching, { title: "Heads" });
  equal(view.html, patchingView(patching).html);
  equal(cells(view.html).length, 2 * 144);
  match(view.text, /the sum of a head before the output projection, in one head of one layer, at all positions/);
  match(view.html, /title="layer 3, head 7\nrestores −?[\d.]+% of the gap, metric [+−][\d.]+"/);
  equal(cells(headEffectsView(patching, { show: "estimate" }).html).length, 144);
});

Deno.test("headEffectsView() of 160 layers with 128 heads is a grid of pixels below 1 MB", () => {
  const view = headEffectsView(headEffectsOf(160, 128));
  ok(view.html.length < 1_000_000, `${view.html.length}`);
  match(view.html, /Effects as a table: 93 of 160 layers/);
  match(view.html, /data:image\/png;base64,/);
  match(view.svg, /data:image\/png;base64,/);
  isWellFormed(view.svg);
});

Deno.test("headEffectsView() refuses what has no number for each head", () => {
  const { scores, layers } = EFFECTS;
  const cases: readonly (readonly [() => unknown, string, RegExp])[] = [
    [
      () => headEffectsView(undefined as never),
      "TypeError",
      /^Cannot draw undefined as effects of heads; pass a patching/,
    ],
    [() => headEffectsView({ scores } as never), "TypeError", /^Cannot draw an object with scores as effects of heads/],
    [() => headEffectsView({ scores, layers: [0] }), "RangeError", /the shape of scores is not \[1,8\]: \[6,8\]/],
    [
      () => headEffectsView({ scores: { data: new Float32Array(), shape: [0, 0] }, layers: [] }),
      "RangeError",
      /as there are none: \[0,0\]$/,
    ],
    [
      () => headEffectsView(patchingOf()),
      "RangeError",
      /as the patching is of positions; pass it to patchingView\(\)$/,
    ],
    [
      () => headEffectsView({ scores, layers }, { show: "estimate" }),
      "TypeError",
      /^Cannot show estimate of plain scores, which are one picture; leave show out$/,
    ],
  ];
  for (const [call, name, message] of counted(cases, 6)) throws(call, { name, message });
});
