import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { decodeResults, encodeResults } from "../../../src/analysis/mod.ts";
import { type Rankings, rankingsView, rankingsWatchView } from "../../../widgets/mod.ts";
import { rankShare } from "../../../widgets/kit/ranks.ts";
import { KEYS, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED, longSequence, rankingsOf, SCRIPTS, watchedOf } from "../lens_fixtures.ts";
import { all, alpha, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";

function cells(html: string): HTMLElement[] {
  return all(parse(html), "tbody td");
}

Deno.test("rankingsView() draws a page and an image that can be looked at", async () => {
  const view = rankingsView(rankingsOf(KEYS));
  await matchesGolden("rankings.html", view.html);
  await matchesGolden("rankings.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
});

Deno.test("rankingsView() states rank, token and probability of each cell, and colours it by the logarithm", () => {
  const rankings = rankingsOf(KEYS);
  const found = cells(rankingsView(rankings).html);
  deepEqual(found.map((cell) => Number(cell.textContent?.replace(",", ""))), Array.from(rankings.ranks.data));
  match(
    found[0]?.title ?? "",
    /^“are” after a space, token 5, continuation\nlayer 0: rank [\d,]+, probability [<\d.]+%$/,
  );
  const worst = Math.max(...rankings.ranks.data);
  const ceiling = 10 ** Math.ceil(Math.log10(worst));
  rankings.ranks.data.forEach((rank, i) => {
    const wanted = 0.6 * (1 - Math.log(rank) / Math.log(ceiling));
    ok(Math.abs(alpha(found[i]!) - wanted) < 0.001, `cell ${i}`);
  });
  equal(rankShare(1, 1000), 1);
  equal(rankShare(1000, 1000), 0);
});

Deno.test("rankingsView() says which norm was applied", () => {
  match(
    rankingsView(rankingsOf(KEYS, 6, { norm: "none" })).text,
    /^Rank of [^\n]* without the final norm, except the last/,
  );
  match(rankingsView(rankingsOf(KEYS)).text, /through the final norm/);
});

Deno.test("rankingsWatchView() names the words, their place and what stands there", async () => {
  const view = rankingsWatchView(watchedOf());
  await matchesGolden("rankings_watch.html", view.html);
  await matchesGolden("rankings_watch.svg", view.svg);
  match(view.text, /as token 5, which follows “·cabinet”; .* The text has “·are” there\./);
  match(view.html, /“ cabinets” by “·cab”/);
  deepEqual(all(parse(view.html), "thead th").map((head) => head.textContent), ["·are", "·is", "·were", "·cabinets"]);
  standsAlone(view);
});

Deno.test("rankings of 600 tokens and 48 layers are a grid of pixels and a table below 1 MB", () => {
  const view = rankingsView(rankingsOf(longSequence(600), 48));
  ok(view.html.length < 1_000_000, `${view.html.length}`);
  ok(view.svg.length < 200_000, `${view.svg.length}`);
  match(view.html, /599 tokens after 48 layers are too many for one table/);
  match(view.svg, /data:image\/png;base64,/);
  equal(all(parse(view.html), "details tbody tr").length, 599);
  equal(view.text.split("\n").at(-1), "… and 399 more");
  isWellFormed(view.svg);
  staysReadable(view, ["word598"]);
});

Deno.test("rankings views keep hostile tokens and scripts of every direction in their place", () => {
  isInert(rankingsView(rankingsOf(INJECTED)));
  const words = [["</script><img src=x onerror=alert(1)>"]];
  isInert(rankingsWatchView(watchedOf(INJECTED, 2, words)));
  const view = rankingsView(rankingsOf(SCRIPTS, 3, { positions: [1, 2, 3, 4, 5, 6] }));
  isWellFormed(view.svg);
  match(view.text, /\n3 +\u2068·سلام\u2069 +\d/);
  staysReadable(view, ["·世界", "·سلام"]);
});

Deno.test("rankings views draw one token and one layer", () => {
  const view = rankingsView(rankingsOf(sequenceOf(["a", "b"], 1), 1));
  equal(cells(view.html).length, 1);
  isWellFormed(view.svg);
});

Deno.test("rankings views say what does not fit", () => {
  const good = rankingsOf(KEYS);
  const draw = (change: object) => () => rankingsView({ ...good, ...change } as Rankings);
  throws(() => rankingsView(Promise.resolve() as unknown as Rankings), {
    name: "TypeError",
    message: /^Cannot draw a promise as rankings; .* await/,
  });
  throws(draw({ ranks: { data: new Int32Array(4), shape: [2, 2] } }), {
    name: "RangeError",
    message: "Cannot draw the rankings as the shape of ranks is not [2,5]: [2,2] with 4 numbers",
  });
  throws(draw({ tokenIds: [1] }), { name: "RangeError", message: /tokenIds does not hold 5: 1$/ });
  throws(draw({ positions: [0, 5, 6, 7, 8] }), { name: "RangeError", message: /at position 0 as .* are 1 to 9$/ });
  throws(draw({ positions: [] }), { name: "RangeError", message: /there are none/ });
  throws(draw({ ranks: { data: new Int32Array(30), shape: [6, 5] } }), {
    message: /a rank is a whole number from 1, and one is 0$/,
  });
  throws(draw({ probabilities: { data: new Float32Array(1), shape: [1, 1] } }), { message: /probabilities is not/ });
  throws(() => rankingsWatchView(good), { name: "TypeError", message: /without words .* rankingsView\(\)/ });
});

Deno.test("rankingsWatchView() draws words in the place of the next token, rankingsView() does not", async () => {
  const position = KEYS.tokens.length;
  const given = watchedOf(KEYS, position);
  const view = rankingsWatchView(given);
  match(view.text, /^Rank of each word as the next token, which follows “[^”]+”; after each of 6 layers, [^.]*\.\n/);
  match(view.html, /Rankings of 4 words as the next token/);
  match(view.html, /“are” after a space, as the next token/);
  const { results } = await decodeResults(await encodeResults({ given }), { given: "rankings" });
  equal(rankingsWatchView(results.given).html, view.html);
  const { words: _, ...bare } = given;
  throws(() => rankingsView(bare), { name: "RangeError", message: new RegExp(`at position ${position} as `) });
});
