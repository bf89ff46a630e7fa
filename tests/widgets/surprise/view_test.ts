import { equal, match, ok, throws } from "@std/assert";
import { type Surprise, surpriseView } from "../../../widgets/mod.ts";
import { KEYS, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED, longSequence, SCRIPTS } from "../lens_fixtures.ts";
import { all, alpha, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";
import { surpriseOf } from "./fixtures.ts";

Deno.test("surpriseView() draws a page and an image that can be looked at", async () => {
  const view = surpriseView(surpriseOf());
  await matchesGolden("surprise.html", view.html);
  await matchesGolden("surprise.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["Perplexity", "·cabinet"]);
});

Deno.test("surpriseView() colours tokens by −log p, on a scale that ends at a whole number", () => {
  const surprise = surpriseOf();
  const chips = all(parse(surpriseView(surprise).html), ".t");
  const bits = Array.from(surprise.logProbs.data, (logProb) => -logProb / Math.LN2);
  const ceiling = Math.ceil(Math.max(...bits));
  bits.forEach((amount, n) => ok(Math.abs(alpha(chips[n + 1]!) - 0.6 * amount / ceiling) < 0.001, `token ${n + 1}`));
  match(chips[0]?.title ?? "", /nothing stands before it/);
  const titled = chips[1]?.title ?? "";
  ok(titled.includes(`${bits[0]!.toFixed(2)} bits of surprise`) && titled.includes("likeliest: "), titled);
});

Deno.test("surpriseView() writes bits or nats, and says which", () => {
  const surprise = surpriseOf();
  const [first = 0] = surprise.logProbs.data;
  const nats = surpriseView(surprise, { unit: "nats" });
  match(nats.text, /surprise \(nats\)/);
  ok(nats.text.includes((-first).toFixed(2)));
  match(
    surpriseView(surprise).text,
    new RegExp(`^Perplexity ${surprise.perplexity.toFixed(2)}: [\\d.]+ bits of surprise for each of 9 tokens`),
  );
});

Deno.test("surpriseView() draws bars without text, and labels them in the page with round numbers", () => {
  const surprise = surpriseOf();
  const view = surpriseView(surprise);
  const body = parse(view.html);
  const [image] = all(body, "img");
  const svg = new TextDecoder().decode(Uint8Array.fromBase64(image!.getAttribute("src")!.split(",")[1]!));
  isWellFormed(svg);
  equal(/<text|fill="white"/.test(svg), false);
  equal(svg.match(/<rect/g)?.length, 9);
  const labels = all(image!.closest("tr")!, "td")[0]!;
  const ticks = all(labels, "span").map((label) => Number(label.textContent));
  equal(ticks.at(-1), 0);
  const steps = ticks.slice(1).map((tick, i) => ticks[i]! - tick);
  ok(new Set(steps).size === 1 && [1, 2, 5].includes(steps[0]!), ticks.join());
  const legend = (body.textContent ?? "").split("half as probable):")[1]!.trim();
  ok(legend.startsWith(ticks.toReversed().join("")), legend.slice(0, 40));
  equal(view.html.split("Perplexity").length, 2);
});

Deno.test("surpriseView() underlines what follows a prompt, and nothing of a text that was only read", () => {
  const underlined = (promptLength: number) => {
    const surprise = surpriseOf({ ...KEYS, promptLength });
    return all(parse(surpriseView(surprise).html), ".t").filter((chip) =>
      chip.getAttribute("style")?.includes("border-bottom")
    ).length;
  };
  equal(underlined(1), 0);
  equal(underlined(4), 6);
});

Deno.test("surpriseView() shows the most surprising token first, and marks it among the likelier ones", () => {
  const surprise = surpriseOf();
  const most = surprise.logProbs.data.indexOf(Math.min(...surprise.logProbs.data));
  const shown = all(parse(surpriseView(surprise).html), ".m").filter((one) =>
    one.getAttribute("style") === "display:block"
  );
  equal(shown.length, 1);
  match(shown[0]?.textContent ?? "", new RegExp(`^Token ${surprise.positions[most]}: .* ◀ in the text`));
});

Deno.test("surpriseView() shows the token of `position` first, also where it surprises least, and refuses others", () => {
  const surprise = surpriseOf(longSequence(200));
  const least = surprise.positions[surprise.logProbs.data.indexOf(Math.max(...surprise.logProbs.data))]!;
  const root = parse(surpriseView(surprise, { position: least }).html);
  const [shown, ...others] = all(root, ".m").filter((one) => one.getAttribute("style") === "display:block");
  equal(others.length, 0);
  match(shown?.textContent ?? "", new RegExp(`^Token ${least}: `));
  equal(all(root, "input").length, 96);
  throws(
    () => surpriseView(surpriseOf(KEYS, [1, 2, 3]), { position: 4 }),
    /^RangeError: Cannot show the surprise of token 4 first as it was not looked at; choose one of 1 to 3$/,
  );
});

Deno.test("surpriseView() of 600 tokens is below 1 MB and says what can be chosen", () => {
  const view = surpriseView(surpriseOf(longSequence(600)));
  ok(view.html.length < 1_000_000, `${view.html.length}`);
  match(view.html, /The 96 tokens that surprise most can be chosen\./);
  equal(all(parse(view.html), ".t").length, 600);
  equal(all(parse(view.html), "input").length, 96);
  isWellFormed(view.svg);
});

Deno.test("surpriseView() survives a certain, an impossible and an unknown token", () => {
  const surprise = surpriseOf(KEYS, [1, 2, 3]);
  const logProbs = { data: new Float32Array([0, -Infinity, NaN]), shape: [3] };
  const view = surpriseView({ ...surprise, logProbs, perplexity: Infinity });
  match(view.text, /\n1 .* 0\.00 .*\n2 .* ∞ .*\n3 .* NaN /);
  match(view.text, /^Perplexity Infinity/);
  equal(/="[^"]*(?:NaN|Infinity)/.test(view.svg), false);
  isWellFormed(view.svg);
});

Deno.test("surpriseView() keeps hostile tokens and scripts of every direction in their place", () => {
  isInert(surpriseView(surpriseOf(INJECTED)));
  staysReadable(surpriseView(surpriseOf(INJECTED)), ["</script>"]);
  const view = surpriseView(surpriseOf(SCRIPTS));
  isWellFormed(view.svg);
  match(view.text, /\n3 +\u2068·سلام\u2069 +\d/);
});

Deno.test("surpriseView() draws one token", () => {
  const view = surpriseView(surpriseOf(sequenceOf(["a", "b"], 1), [1]));
  match(view.text, /for the one token/);
  isWellFormed(view.svg);
});

Deno.test("surpriseView() says what does not fit", () => {
  const good = surpriseOf();
  const draw = (change: object) => () => surpriseView({ ...good, ...change } as Surprise);
  throws(() => surpriseView(Promise.resolve() as unknown as Surprise), {
    name: "TypeError",
    message: /^Cannot draw a promise/,
  });
  throws(draw({ positions: [1] }), {
    name: "RangeError",
    message: /the shape of logProbs is not \[1\]: \[9\] with 9 numbers/,
  });
  throws(draw({ positions: [0, 1, 2, 3, 4, 5, 6, 7, 8] }), { name: "RangeError", message: /at position 0/ });
  throws(draw({ alternatives: [] }), { name: "RangeError", message: /alternatives does not hold 9: 0/ });
  throws(draw({ positions: [] }), { name: "RangeError", message: /no position was looked at/ });
});
