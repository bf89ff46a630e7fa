import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { type Factors, factorsView } from "../../../widgets/mod.ts";
import { categoryColour } from "../../../widgets/kit/categories.ts";
import { hex } from "../../../widgets/kit/colours.ts";
import { HOSTILE, KEYS, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { untrustedHtml } from "../untrusted.ts";
import { CURVE, factorsOf } from "./fixtures.ts";

const factors = factorsOf([KEYS]);
const words = (count: number) => sequenceOf(Array.from({ length: count }, (_, i) => ` w${i}`), 1);

Deno.test("factorsView() draws a page and an image that can be looked at", async () => {
  const view = factorsView(factors, { curve: CURVE });
  await matchesGolden("factors.html", view.html);
  await matchesGolden("factors.svg", view.svg);
  isWellFormed(view.svg);
});

Deno.test("factorsView() holds each factor's activity at each token, in percent of its largest", () => {
  const chips = all(parse(factorsView(factors).html), ".t");
  equal(chips.length, 10);
  for (let factor = 0; factor < 3; ++factor) {
    const row = factors.activity.data.subarray(factor * 10, factor * 10 + 10);
    chips.forEach((chip, i) => {
      const percent = Math.round(100 * row[i]! / Math.max(...row));
      const style = chip.getAttribute("style") ?? "";
      equal(Number(new RegExp(`--${factor}:(\\d+)`).exec(style)?.[1] ?? 0), percent);
    });
  }
});

Deno.test("factorsView() marks each token with its strongest factor, by number as well as by colour", () => {
  const chips = all(parse(factorsView(factors).html), ".t");
  deepEqual(chips.slice(0, 6).map((chip) => chip.querySelector(".n")?.textContent?.trim()), [
    "0",
    undefined,
    "0",
    undefined,
    "0",
    "1",
  ]);
  match(chips[5]?.getAttribute("title") ?? "", /^“are”.*\nfactor 1: 75% of its largest activity\n/);
  const none = { ...factors, activity: { data: new Float32Array(30), shape: [3, 10] } };
  equal(all(parse(factorsView(none).html), ".n").length, 0);
});

Deno.test("factorsView() names the strongest tokens and neurons of each factor", () => {
  const view = factorsView(factors);
  const rows = all(parse(view.html), "tr.f");
  equal(rows.length, 3);
  equal(rows[0]?.querySelectorAll("td")[2]?.textContent, "·to ·on The ·cabinet ·table");
  equal(rows[0]?.querySelectorAll("td")[3]?.textContent, "1:1, 0:2, 1:3, 0:4, 1:5");
  match(
    view.text,
    /^3 factors of 16 neurons \(layers 0, 1\) over 10 tokens leave 41\.3% of the activations unexplained; /,
  );
  match(view.text, /the error was still falling after 200 iterations\.\n/);
  match(view.text, /\n0 +·to ·on The ·cabinet ·table +1:1 0:2 1:3 0:4 1:5\n/);
});

Deno.test("factorsView() draws an error curve with its table", () => {
  const view = factorsView(factors, { curve: CURVE });
  const body = parse(view.html);
  const [image] = all(body, `img[alt^="The relative error by number of factors"]`);
  const svg = new TextDecoder().decode(Uint8Array.fromBase64(image!.getAttribute("src")!.split(",")[1]!));
  equal(/<text|fill="white"/.test(svg), false); // its labels are in the page, in the colours of the page
  deepEqual(all(image!.closest("table")!, "span").map((label) => label.textContent), [
    ...["1", "0.8", "0.6", "0.4", "0.2", "0"],
    ...["0", "2", "4", "6", "8"],
  ]);
  match(body.textContent ?? "", /ringed: 3 factors\./);
  match(view.text, /\nfactors +relative error\n1 +0\.8000\n2 +0\.5500\n3 +0\.4125\n/);
  equal(factorsView(factors).html.includes("ringed"), false);
});

Deno.test("factorsView() names a token that comes again once, with how often", () => {
  const again = factorsOf([sequenceOf([".", "\n", ".", "\n", ".", "a"], 6)]);
  const rows = all(parse(factorsView(again).html), "tr.f");
  const named = (again.topTokens[0] ?? []).map(({ position }) => again.sequences[0]!.tokens[position]!.text);
  const count = (text: string) => named.filter((one) => one === text).length;
  const cell = all(rows[0]!, "td")[2]?.textContent ?? "";
  ok(cell.includes(`. ×${count(".")}`) && cell.includes(`↵ ×${count("\n")}`), cell);
  equal(cell.split(".").length, 2);
  ok(factorsView(again).text.includes(`. ×${count(".")}`));
});

Deno.test("factorsView() shows several texts together", () => {
  const two = factorsOf([KEYS, sequenceOf(["Hi", " there"], 2)]);
  const body = parse(factorsView(two).html);
  deepEqual(all(body, "[role=group]").map((group) => group.getAttribute("aria-label")), ["Text 0", "Text 1"]);
  equal(all(body, ".t").length, 12);
  equal(all(all(body, "[role=group]")[1]!, ".t")[1]?.textContent?.startsWith("·there"), true);
  match(body.textContent ?? "", /over 12 tokens of 2 texts/);
});

Deno.test("factorsView() treats token text as data", async () => {
  const view = factorsView(factorsOf([HOSTILE]));
  await matchesGolden("factors_hostile.html", view.html);
  const body = parse(view.html);
  equal(all(body, "script").length, 1);
  equal(all(body, "[onerror]").length, 0);
  ok(all(body, "img").every((image) => image.getAttribute("src")?.startsWith("data:image/svg+xml;base64,")));
  equal(/\u202E|\uFEFF/.test(view.html + view.svg + view.text), false);
  isWellFormed(view.svg);
});

Deno.test("factorsView() draws one token, and emoji, Chinese and Arabic", () => {
  const view = factorsView(factorsOf([sequenceOf(["🙂"], 1), sequenceOf(["中文", " مرحبا", [0xF0, 0x9F]], 1)], 1));
  match(view.text, /^1 factor of 16 neurons/);
  isWellFormed(view.svg);
  isWellFormed(factorsView(factorsOf([sequenceOf(["Hi"], 1)], 1)).svg);
});

Deno.test("factorsView() of 30 factors over three long texts is a page of less than 1.2 MB and says what is left out", () => {
  const long = factorsOf([words(500), words(20), words(600)], 30);
  const view = factorsView(long, { curve: CURVE });
  ok(view.html.length < 1_200_000, `${view.html.length}`);
  const text = parse(view.html).textContent ?? "";
  match(text, /This page shows the first 24 of 30 factors and the first 600 of 1120 tokens\. Nothing is lost/);
  equal(all(parse(view.html), ".t").length, 600);
  equal(view.data, long);
  match(view.text, /\n… and 6 more factors\n/);
});

Deno.test("factorsView() stays readable in a notebook that is not trusted", () => {
  const before = parse(factorsView(factorsOf([HOSTILE]), { curve: CURVE }).html);
  const after = parse(untrustedHtml(factorsView(factorsOf([HOSTILE]), { curve: CURVE }).html));
  equal(all(after, "style, script, svg").length, 0);
  equal(/--0|:has|addEventListener/.test(after.textContent ?? ""), false);
  ok(all(after, "img").every((image) => image.getAttribute("src")?.startsWith("data:image/svg+xml")));
  const colours = (body: HTMLElement) =>
    all(body, ".t").map((chip) => /background-color:(rgba\([^)]*\))/.exec(chip.getAttribute("style") ?? "")?.[1]);
  deepEqual(colours(after), colours(before));
  ok(all(after, ".r, .x, .u").every((one) => one.getAttribute("style") === "display:none"));
});

Deno.test("factorsView() gives the same text for the same data, and asks for nothing from outside", () => {
  const { html } = factorsView(factors);
  equal(html, factorsView(factorsOf([KEYS])).html);
  equal(/https?:|url\(|@import/.test(html), false);
});

Deno.test("factorsView() throws on what is no factors, and on shapes that do not fit", () => {
  throws(() => factorsView(Promise.resolve() as unknown as Factors), {
    name: "TypeError",
    message: "Cannot draw a promise as factors; pass what await neuronFactors() returned",
  });
  throws(() => factorsView({ ...factors, activity: { data: new Float32Array(27), shape: [3, 9] } }), {
    name: "RangeError",
    message: "Cannot draw the factors as the shape of activity is not [3,10]: [3,9] with 27 numbers",
  });
  throws(() => factorsView({ ...factors, topTokens: [] }), {
    name: "RangeError",
    message: "Cannot draw the factors as topTokens does not hold 3: 0",
  });
  throws(() => factorsView(factorsOf([])), {
    name: "RangeError",
    message: "Cannot draw factors as there are 3 factors of 0 tokens",
  });
  throws(() => factorsView(factors, { curve: { factors: [1, 2], relativeErrors: [1] } }), {
    name: "RangeError",
    message: "Cannot draw the error curve as relativeErrors does not hold 2: 1",
  });
});

Deno.test("factorsView() gives each of 24 factors a colour of its own, in the page and in the image", () => {
  const view = factorsView(factorsOf([KEYS], 24));
  const colours = (text: string, form: RegExp) => new Set(Array.from(text.matchAll(form), ([, colour]) => colour));
  equal(colours(view.html, /border-bottom:3px solid (rgb\([\d,]+\))/g).size, 24);
  const drawn = [...Array(24).keys()].map((index) => hex(categoryColour(index)));
  equal(new Set(drawn).size, 24);
  for (const colour of drawn) ok(view.svg.includes(colour), colour);
});
