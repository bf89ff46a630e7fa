import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { decodeResults, encodeResults } from "../../../src/analysis/mod.ts";
import { type Lens, type LensColour, lensView } from "../../../widgets/mod.ts";
import { KEYS, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED, lensOf, longSequence, SCRIPTS } from "../lens_fixtures.ts";
import { all, alpha, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";

Deno.test("lensView() draws a page and an image that can be looked at", async () => {
  const view = lensView(lensOf());
  await matchesGolden("lens.html", view.html);
  await matchesGolden("lens.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["layer 5", "·are", "10, next"]);
});

Deno.test("lensView() has the likeliest token of every layer and position, framed where the text has it", () => {
  const lens = lensOf();
  const cells = all(parse(lensView(lens).html), "td.c");
  const N = lens.positions.length;
  equal(cells.length, 6 * N);
  const spelled = new Map(lens.tokens.map(({ id, text }) => [id, text.replace(" ", "·")]));
  let framed = 0;
  cells.forEach((cell, i) => {
    const id = lens.best.data[i]!;
    equal(cell.textContent, spelled.get(id));
    const right = id === lens.tokenIds[i % N];
    equal(/border:2px solid$/.test(cell.getAttribute("style") ?? ""), right);
    framed += Number(right);
  });
  ok(framed > 5 && framed < cells.length, `${framed}`);
});

/** What the colour of a cell should be, as a share of the strongest. */
function shareOf(lens: Lens, i: number, colour: LensColour): number {
  if (colour === "probability") return Math.sqrt(lens.bestProbabilities.data[i]!);
  if (colour === "rank") return 1 - Math.log10(lens.ranks.data[i]!) / 3; // no rank of the fixture is above 1,000
  return lens.logProbs.data[i]! / Math.min(...lens.logProbs.data);
}

for (const [n, colour] of (["probability", "rank", "surprise"] as const).entries()) {
  Deno.test(`lensView() coloured by ${colour}: the number is the colour, and the page holds those of the others`, () => {
    const lens = lensOf();
    const view = lensView(lens, { colour });
    const cells = all(parse(view.html), "td.c");
    cells.forEach((cell, i) => {
      ok(Math.abs(alpha(cell) - 0.6 * shareOf(lens, i, colour)) < 0.001, `${i}`);
      for (const [k, other] of (["probability", "rank", "surprise"] as const).entries()) {
        const [, share] = new RegExp(`--${k}:(\\d+)`).exec(cell.getAttribute("style") ?? "") ?? [];
        ok(Math.abs(Number(share) - 100 * shareOf(lens, i, other)) <= 0.51, `${i} ${other}`);
      }
    });
    const chosen = all(parse(view.html), "input[name=colour]").map((one) => one.hasAttribute("checked"));
    deepEqual(chosen, [0, 1, 2].map((k) => k === n));
    match(view.svg, new RegExp({ probability: "Probability of", rank: "Rank of", surprise: "Surprise about" }[colour]));
  });
}

Deno.test("lensView() says each number in its unit", () => {
  const lens = lensOf();
  const i = 2 * lens.positions.length + 3;
  const surprise = -lens.logProbs.data[i]!;
  const bits = (nats: number) => (nats / Math.LN2).toFixed(2);
  const title = all(parse(lensView(lens).html), "td.c")[i]!.getAttribute("title")!;
  match(title, /^token 4, which is /);
  ok(title.includes(`rank ${lens.ranks.data[i]}, surprise ${bits(surprise)} bits`), title);
  ok(
    title.includes(
      `entropy ${bits(lens.entropies.data[i]!)} bits, KL to the output ${bits(lens.divergences.data[i]!)}`,
    ),
  );
  const nats = lensView(lens, { unit: "nats", colour: "surprise" });
  ok(nats.html.includes(`surprise ${surprise.toFixed(2)} nats`) && nats.text.includes(surprise.toFixed(2)));
});

Deno.test("lensView() draws what was saved and loaded as before", async () => {
  const lens = lensOf(SCRIPTS);
  const { results } = await decodeResults(await encodeResults({ lens }), { lens: "lens" });
  deepEqual(results.lens, lens);
  equal(lensView(results.lens).html, lensView(lens).html);
});

Deno.test("lensView() of 193 tokens has words after 12 layers, pixels after 48, and a bounded page", () => {
  const small = lensView(lensOf(longSequence(193), 12));
  equal(all(parse(small.html), "td.c").length, 12 * 193);
  ok(small.html.length < 1_200_000, `${small.html.length}`);
  const large = lensView(lensOf(longSequence(193), 48), { colour: "rank" });
  const shown = all(parse(large.html), "img").map((one) => /display:block/.test(one.getAttribute("style") ?? ""));
  deepEqual(shown, [false, true, false]);
  ok(large.html.length < 300_000, `${large.html.length}`);
  match(large.html, /the first 240 of 9,264 places/);
  match(large.html, /193 positions after 48 layers are too many for words/);
  match(large.svg, /the first 40 positions and the last 48 layers/);
  isWellFormed(large.svg);
  equal(large.data.best.data.length, 48 * 193);
});

Deno.test("lensView() keeps hostile tokens and scripts of every direction in their place", () => {
  isInert(lensView(lensOf(INJECTED)));
  staysReadable(lensView(lensOf(INJECTED)), ["</script>"]);
  isWellFormed(lensView(lensOf(SCRIPTS)).svg);
  isWellFormed(lensView(lensOf(sequenceOf(["a"], 1), 1)).svg);
});

Deno.test("lensView() says what does not fit, and draws tokens that are not spelled by their ids", () => {
  const good = lensOf();
  const draw = (change: object) => () => lensView({ ...good, ...change } as Lens);
  throws(() => lensView(Promise.resolve() as unknown as Lens), {
    name: "TypeError",
    message: /^Cannot draw a promise as a lens; pass what await model\.lens/,
  });
  throws(draw({ positions: [] }), { name: "RangeError", message: /it is empty/ });
  throws(draw({ positions: good.positions.with(0, 0) }), { name: "RangeError", message: /at position 0 as/ });
  throws(draw({ tokenIds: [1] }), { name: "RangeError", message: /tokenIds does not hold 10: 1$/ });
  throws(draw({ ranks: good.best, logProbs: { data: new Float32Array(2), shape: [1, 2] } }), {
    name: "RangeError",
    message: /shape of logProbs is not \[6,10\]/,
  });
  const ranks = { ...good.ranks, data: Int32Array.from(good.ranks.data, (rank, i) => i === 0 ? 0 : rank) };
  throws(draw({ ranks }), { name: "RangeError", message: /a rank is a whole number from 1, and one is 0$/ });
  match(draw({ tokens: [] })().text, /id \d+ \d/);
  equal(KEYS.tokens.length, 10);
});
