import { equal, match, ok, throws } from "@std/assert";
import { evidenceView } from "../../../widgets/mod.ts";
import { KEYS, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED } from "../lens_fixtures.ts";
import { all, alpha, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";
import { classSaliencyOf, maskedSaliencyOf } from "./fixtures.ts";

const T = KEYS.tokens.length;

Deno.test("evidenceView() draws a page and an image that can be looked at", async () => {
  const view = evidenceView(classSaliencyOf(KEYS, ["complaint", "praise"], true));
  await matchesGolden("evidence.html", view.html);
  await matchesGolden("evidence.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["praise, probability 66.7%", "·cabinet", "blue against it"]);
});

Deno.test("evidenceView() draws the text once for each class, coloured by the share of the row's largest score", () => {
  const map = classSaliencyOf();
  const chips = all(parse(evidenceView(map).html), ".t");
  equal(chips.length, 2 * T);
  for (let k = 0; k < 2; ++k) {
    const row = map.scores.data.subarray(k * T, (k + 1) * T);
    const largest = Math.max(...row);
    row.forEach((score, i) => {
      ok(Math.abs(alpha(chips[k * T + i]!) - 0.6 * score / largest) < 0.001, `class ${k}, token ${i}`);
    });
  }
});

Deno.test("evidenceView() says what is explained, how likely it is, and what counts most", () => {
  const map = classSaliencyOf();
  const row = map.scores.data.subarray(T);
  const best = row.indexOf(Math.max(...row));
  match(evidenceView(map).text, /^complaint, probability 33.3%: most from .*\npraise, probability 66.7%: most from /);
  ok(evidenceView(map).text.includes(`${(100 * row[best]!).toFixed(1)}%`));
  const masked = evidenceView(maskedSaliencyOf());
  match(masked.text, /^token 0 as “The”, probability 50.0%: most from/);
  match(masked.html, /outline:2px dotted/);
  match(masked.text, /log-probability of each token in the place of a mask, signed sum/);
});

Deno.test("evidenceView() stays small for many rows and tokens, and its data keeps all", () => {
  const long = sequenceOf(Array.from({ length: 500 }, (_, i) => ` w${i}`), 1);
  const map = classSaliencyOf(long, Array.from({ length: 60 }, (_, k) => `class ${k}`));
  const view = evidenceView(map);
  match(view.html, /The page shows 8 of 60 rows; the data keeps all/);
  ok(view.html.length < 2 ** 21, `${view.html.length} bytes`);
  equal(view.data, map);
});

Deno.test("evidenceView() draws tokens and classes that would be markup as text", () => {
  isInert(evidenceView(classSaliencyOf(INJECTED, ["<img src=x>", "praise"])));
  isInert(evidenceView(maskedSaliencyOf(INJECTED)));
});

Deno.test("evidenceView() refuses what is no such map", () => {
  const map = classSaliencyOf();
  const cases: readonly (readonly [unknown, string, RegExp])[] = [
    [undefined, "TypeError", /^Cannot draw .* as a map over a whole text; pass what await model.classSaliency\(\) or/],
    [Promise.resolve(map), "TypeError", /^Cannot draw a promise as a map over a whole text; pass /],
    [{ ...map, classes: [] }, "RangeError", /^Cannot draw a map over a whole text as nothing is explained/],
    [
      { ...map, classes: ["praise"] },
      "RangeError",
      /^Cannot draw a map over a whole text as the shape of scores is not/,
    ],
    [
      { ...map, probabilities: map.scores },
      "RangeError",
      /^Cannot draw a map of classes as the shape of probabilities/,
    ],
    [
      { ...maskedSaliencyOf(), targets: [] },
      "RangeError",
      /^Cannot draw a map of masked tokens as targets does not hold 2/,
    ],
    [
      { ...maskedSaliencyOf(), positions: [0, 99] },
      "RangeError",
      /^Cannot draw a map of position 99 as the text holds/,
    ],
  ];
  equal(cases.length, 7);
  for (const [given, name, message] of cases) throws(() => evidenceView(given as never), { name, message });
});
