import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { groupSaliency } from "../../../src/analysis/groups.ts";
import type { Saliency, SaliencyDefinition } from "../../../src/ask/saliency/definition.ts";
import { withSource } from "../../../src/model/sequence.ts";
import { saliencyView, type SaliencyViewOptions } from "../../../widgets/mod.ts";
import { CAPTUM, ECCO, HOSTILE, KEYS, LIT, saliencyOf, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { all, alpha, isWellFormed, parse } from "../page.ts";

const keys = saliencyOf(KEYS);

Deno.test("saliencyView() draws a page and an image that can be looked at", async () => {
  const view = saliencyView(keys);
  await matchesGolden("saliency.html", view.html);
  await matchesGolden("saliency.svg", view.svg);
  isWellFormed(view.svg);
});

Deno.test("saliencyView() draws numbers, bars and signs", async () => {
  const view = saliencyView(saliencyOf(KEYS, CAPTUM), { style: "detailed" });
  await matchesGolden("saliency_signed_detailed.html", view.html);
  await matchesGolden("saliency_signed.svg", view.svg);
  ok(all(parse(view.html), ".n").some((element) => element.textContent?.startsWith("−")));
  match(view.html, /Orange speaks for the explained token, blue against it/);
});

Deno.test("saliencyView() draws explained tokens together as one row without choices", async () => {
  const view = saliencyView(saliencyOf(KEYS, LIT));
  await matchesGolden("saliency_together.html", view.html);
  equal(all(parse(view.html), "input, script").length, 0);
  equal(all(parse(view.html), ".m").length, 1);
  isWellFormed(view.svg);
});

Deno.test("saliencyView() colours the row of the first written word without any style rule", () => {
  const chips = all(parse(saliencyView(keys).html), ".t");
  const row = keys.scores.data.slice(0, 10);
  const largest = Math.max(...row);
  chips.forEach((chip, i) => ok(Math.abs(alpha(chip) - 0.6 * (row[i] ?? 0) / largest) < 0.001));
});

Deno.test("saliencyView() opens on the first written token that begins with a letter, else on the last row", () => {
  const cases: readonly (readonly [parts: string[], promptLength: number, opens: string, positions?: number[]])[] = [
    [["The", " keys", " are", " here", "."], 2, "·are (token 2"],
    [["1", ".", " A", "\n", "2", ".", " Été", "<|endoftext|>"], 3, "·Été (token 6"],
    [["One", " two", ".", "<|endoftext|>"], 2, "<|endoftext|> (token 3"], // no word was written
    [["One", " two", " three", "."], 2, "·three (token 2", [1, 2, 3]], // a token of the prompt is explained too
    [["One", " two", " three", "."], 2, "·two (token 1", [1]],
    [["One", " two", "."], 1, ". (token 2"], // nothing says that it was written
  ];
  let opened = 0;
  for (const [parts, promptLength, opens, positions] of cases) {
    const body = parse(saliencyView(saliencyOf(sequenceOf(parts, promptLength), ECCO, positions)).html);
    const [visible] = all(body, ".m").filter((element) => element.getAttribute("style")?.includes("block"));
    ok(visible?.textContent.startsWith(opens), `${opens}: ${visible?.textContent}`);
    ++opened;
  }
  equal(opened, cases.length);
});

Deno.test("saliencyView() starts with options.position", () => {
  const body = parse(saliencyView(keys, { position: 6 }).html);
  const [visible] = all(body, ".m").filter((element) => element.getAttribute("style")?.includes("block"));
  match(visible?.textContent ?? "", /^·on \(token 6, continuation\): most from /);
  equal(alpha(all(body, ".t")[7] as HTMLElement), 0);
});

Deno.test("saliencyView() holds each row's shares for the style rules", () => {
  const html = saliencyView(keys).html;
  const [the] = all(parse(html), ".t");
  match(the?.getAttribute("style") ?? "", /--s0:100;--s1:47;/);
  ok(html.includes(":has(.o1:hover) :is(.t,.k){--s:var(--s1,0);--l:var(--l1,'')}"));
  ok(html.includes(":has(.o1 :checked) :is(.t,.k){--s:var(--s1,0);--l:var(--l1,'')}"));
});

Deno.test("saliencyView() names each token in words and each choice as what it explains", () => {
  const body = parse(saliencyView(keys).html);
  equal(all(body, "span.t[role=img][aria-label]").length, 5);
  equal(all(body, ".t")[1]?.getAttribute("aria-label"), "“keys” after a space, token 1, prompt");
  equal(all(body, "input")[0]?.getAttribute("aria-label"), "Explain “are” after a space, token 5, continuation");
  equal(all(body, "[role=radiogroup]").length, 1);
  equal(all(body, ".t[title]").length, 10);
  match(
    all(body, ".t")[1]?.getAttribute("title") ?? "",
    /^“keys”.*\n0\.1% for “are” after a space \(token 5\)\n20\.5% for “\.” \(token 9\)\n/,
  );
});

Deno.test("saliencyView() marks the continuation with a line, not a colour", () => {
  const lines = all(parse(saliencyView(keys).html), ".t").map((chip) =>
    /border-bottom:2px solid/.test(chip.getAttribute("style") ?? "")
  );
  deepEqual(lines, [false, false, false, false, false, true, true, true, true, true]);
});

Deno.test("saliencyView() states the definition in one line", () => {
  const line = (options = ECCO) => saliencyView(saliencyOf(KEYS, options)).text.split("\n")[0];
  equal(
    line(),
    "Gradient × input of the probability of each explained token, L2 norm over the embedding, each row sums to 1 · ‖∂p/∂x ⊙ x‖₂ · preset “ecco”",
  );
  equal(
    line(CAPTUM),
    "Gradient × input of the log-probability of each explained token, signed sum over the embedding, not normalised · Σ ∂log p/∂x ⊙ x · preset “captum”",
  );
  equal(
    line(LIT),
    "Gradient of the cross-entropy of all 5 explained tokens together, L2 norm over the embedding, not normalised · ‖∂loss/∂x‖₂ · preset “lit”",
  );
});

Deno.test("saliencyView() repeats every number in a table", () => {
  const cells = all(parse(saliencyView(keys).html), "details td");
  equal(cells.length, 9 * 7);
  equal(cells.filter((cell) => /%$/.test(cell.textContent ?? "")).length, 5 + 6 + 7 + 8 + 9);
});

Deno.test("saliencyView() treats token text as data", async () => {
  const view = saliencyView(saliencyOf(HOSTILE), { style: "detailed" });
  await matchesGolden("saliency_hostile.html", view.html);
  const body = parse(view.html);
  equal(all(body, "script").length, 1);
  equal(all(body, "img").length, 0);
  equal(all(body, "[onerror]").length, 0);
  equal(view.html.includes("\u202E"), false);
  isWellFormed(view.svg);
});

Deno.test("saliencyView() explains a token with nothing before it", () => {
  const view = saliencyView(saliencyOf(sequenceOf(["Hi"], 0)));
  match(view.text, /0 Hi$/);
  match(parse(view.html).textContent ?? "", /no earlier token has a score/);
  isWellFormed(view.svg);
});

Deno.test("saliencyView() of 256 tokens keeps every choice in less than 700 kB", () => {
  const long = saliencyOf(sequenceOf(Array.from({ length: 256 }, (_, i) => ` w${i}`), 1));
  const view = saliencyView(long);
  ok(view.html.length < 700_000, `${view.html.length}`);
  equal(all(parse(view.html), "input").length, 255);
  match(view.html, /For each it holds the \d+ largest scores\. Nothing is lost/);
  equal(view.data, long);
  equal(view.text.split("\n").at(-1), "… and 215 more explained tokens");
});

Deno.test("saliencyView() of more rows than a page holds says so", () => {
  const long = saliencyOf(sequenceOf(Array.from({ length: 300 }, (_, i) => ` w${i}`), 1));
  match(saliencyView(long, { position: 290 }).html, /This page shows 256 of 299 explained tokens\./);
  equal(all(parse(saliencyView(long, { position: 2 }).html), "input")[0]?.getAttribute("value"), "2");
});

Deno.test("saliencyView() gives the same text for the same data, and another class for other data", () => {
  const name = (html: string) => /class="(lg-\w+)/.exec(html)?.[1];
  equal(saliencyView(keys).html, saliencyView(saliencyOf(KEYS)).html);
  ok(name(saliencyView(keys).html) !== name(saliencyView(saliencyOf(KEYS, CAPTUM)).html));
});

Deno.test("saliencyView() draws what was read back from a file", () => {
  const plain = JSON.parse(
    JSON.stringify(keys, (_, value) => ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value),
  );
  equal(saliencyView(plain).html, saliencyView(keys).html);
});

Deno.test("saliencyView() has a script of less than 2 kB and asks for nothing from outside", () => {
  const { html, svg } = saliencyView(keys);
  const [script] = all(parse(html), "script");
  ok((script?.textContent?.length ?? 0) < 2000);
  equal(/https?:|url\(|@import|src=/.test(html), false);
  equal(/https?:/.test(svg.replace("http://www.w3.org/2000/svg", "")), false);
});

Deno.test("saliencyView() throws on scores that do not fit and positions that are not explained", () => {
  const short = { ...keys, scores: { data: new Float32Array(9), shape: [1, 9] } };
  throws(() => saliencyView(short), {
    name: "RangeError",
    message:
      "Cannot draw the saliency of 5 rows over 10 tokens as the shape of the scores differs: [1,9] with 9 numbers",
  });
  throws(() => saliencyView(keys, { position: 2 }), {
    name: "RangeError",
    message: "Cannot show position 2 as it is not among the explained ones: 5, 6, 7, 8, 9",
  });
  throws(() => saliencyView({ ...keys, positions: [5, 6, 7, 8, 10] }), {
    name: "RangeError",
    message: "Cannot draw the saliency of position 10 as the sequence holds 10 tokens",
  });
  throws(() => saliencyView({ ...keys, positions: [] }), {
    name: "RangeError",
    message: /no position is explained: \[\]$/,
  });
});

Deno.test("saliencyView() adds scores up by word", async () => {
  const sequence = sequenceOf(["The", " cab", "inet", " is", " o", "pen"], 3);
  const saliency = saliencyOf(sequence, CAPTUM);
  const view = saliencyView(saliency, { by: "word", style: "detailed", position: 3 });
  await matchesGolden("saliency_words.html", view.html);
  deepEqual(view.data, groupSaliency(saliency, "word"));
  const body = parse(view.html);
  equal(all(body, ".t").length, 4);
  const [visible] = all(body, ".m").filter((element) => element.getAttribute("style")?.includes("block"));
  match(visible?.textContent ?? "", /^·is \(word 2, continuation\): for it .*; (nothing speaks )?against it/);
  match(view.text, /signed sum over the embedding, added up by word, not normalised/);
  isWellFormed(view.svg);
});

Deno.test("saliencyView() draws all pairs as cells that say their score, later tokens grey", async () => {
  const view = saliencyView(keys, { style: "heatmap" });
  await matchesGolden("saliency_heatmap.html", view.html);
  const body = parse(view.html);
  const [map] = all(body, "[role=img]");
  match(map?.getAttribute("aria-label") ?? "", /^Saliency of 5 tokens: a heat map of 5 rows by 10 columns/);
  const rows = all(map!, "tr").slice(1).map((row) => all(row, "td").slice(1));
  const { data, shape } = keys.scores;
  const largest = Math.max(...data);
  rows.forEach((cells, row) => {
    equal(cells.length, 9); // the last token is explained, and explains nothing
    cells.forEach((cell, column) => {
      if (column >= keys.positions[row]!) return equal(cell.getAttribute("title"), null);
      const score = data[row * shape[1]! + column]!;
      ok(Math.abs(alpha(cell) - score / largest) < 0.001, `${row} ${column}`);
      ok(
        cell.getAttribute("title")?.startsWith(`${(100 * score).toFixed(1)}%\nfrom `),
        cell.getAttribute("title") ?? "",
      );
    });
  });
  equal(all(body, "details td").length, 9 * (2 + 5));
});

Deno.test("saliencyView() draws a map of 600 tokens as pixels", () => {
  const long = sequenceOf(Array.from({ length: 600 }, (_, i) => ` w${i}`), 1);
  const view = saliencyView(saliencyOf(long), { style: "heatmap" });
  ok(view.html.length < 400_000, `${view.html.length}`);
  equal(all(parse(view.html), "[role=img] img").length, 1);
  match(view.svg, /The image holds the 8000 largest of \d+ scores\./);
});

/** The caption of the row that is shown at first. */
function captionOf(saliency: Saliency, options: SaliencyViewOptions = {}): string {
  const captions = all(parse(saliencyView(saliency, options).html), ".m");
  return captions.find((element) => element.getAttribute("style")?.includes("block"))?.textContent ?? "";
}

/** A map of five tokens that explains the last one by the given scores of the others. */
function signedMap(scores: readonly number[], more: Partial<SaliencyDefinition> = {}): Saliency {
  const sequence = sequenceOf(["The", " keys", " the", " cabinet", " are"], 4);
  const data = Float32Array.from([...scores, 0]);
  return { sequence, positions: [4], scores: { data, shape: [1, 5] }, options: { ...CAPTUM, ...more } };
}

Deno.test("saliencyView() has a legend in the numbers of the row that is shown, to both sides where they have a sign", () => {
  const swatches = (saliency: Saliency) => all(parse(saliencyView(saliency).html), ".k");
  const texts = (saliency: Saliency) => swatches(saliency).map(({ textContent }) => textContent);
  deepEqual(texts(keys), ["0.0%", "21.0%", "42.1%", "63.1%", "84.2%"]);
  match(swatches(keys)[4]?.getAttribute("style") ?? "", /;--l0:'84\.2%';--l1:'48\.9%'/);
  deepEqual(texts(signedMap([0.5, 2, 0, -4])), ["−4.00", "−2.00", "0", "+2.00", "+4.00"]);
});

Deno.test("saliencyView() tells what speaks for a token from what speaks against it", () => {
  equal(
    captionOf(signedMap([0.5, 2, 0, -4])),
    "·are (token 4, continuation): for it ·keys +2.00, The +0.500; against it ·cabinet −4.00",
  );
  equal(
    captionOf(signedMap([0.5, 2, 0, 0])).split(": ")[1],
    "for it ·keys +2.00, The +0.500; nothing speaks against it",
  );
  equal(captionOf(signedMap([0, 0, 0, -4])).split(": ")[1], "nothing speaks for it; against it ·cabinet −4.00");
});

Deno.test("saliencyView() names what a token is contrasted with, in headline, question and colours", () => {
  const { tokens, tokenIds } = sequenceOf([" is"], 1);
  const map = signedMap([0.5, 2, 0, -4], { contrast: { text: " is", tokens, tokenIds } });
  match(captionOf(map), /^·are rather than ·is \(token 4, continuation\): for it ·keys \+2\.00/);
  const page = parse(saliencyView(map).html).textContent ?? "";
  match(page, /Which earlier tokens speak for this one rather than for “·is”, and which against it\?/);
  match(page, /Orange speaks for the explained token, blue for “·is” in its place\./);
});

Deno.test("saliencyView() says how many scores are NaN, and draws the others", () => {
  const view = saliencyView(signedMap([NaN, 2, NaN, -4]));
  match(parse(view.html).textContent ?? "", /2 numbers of the data are NaN, and have no colour/);
  match(view.text, /2 numbers of the data are NaN/);
  match(captionOf(view.data), /for it ·keys \+2\.00; against it ·cabinet −4\.00$/);
  deepEqual(all(parse(view.html), ".k").map(({ textContent }) => textContent)[4], "+4.00");
});

Deno.test("saliencyView() puts an arrow on a line of its own between a source and the text after it", () => {
  const source = sequenceOf(["the", " third", "</s>"], 3);
  const sequence = withSource({ ...sequenceOf(["<s>", "03", "</s>"], 1), source });
  const map = saliencyOf(sequence);
  for (const style of ["minimal", "detailed"] as const) {
    const view = saliencyView(map, { style });
    const body = parse(view.html);
    const [region] = all(body, "[role=radiogroup]");
    const tokens = region!.innerHTML.split(/<br><span[^>]*>→<\/span>/);
    deepEqual(tokens.map((part) => part.match(/class="t[ "]/g)?.length), [3, 3], "tokens on either side");
    const titles = all(body, ".t").map((one) => one.getAttribute("title")!.split("\n")[0]!.split(", ").at(-1));
    deepEqual(titles, ["source", "source", "source", "prompt", "continuation", "continuation"]);
    match(body.textContent!, /Before the arrow: the source\. Underlined: what was written after it\./);
  }
  equal(saliencyView(saliencyOf(KEYS)).html.includes("→"), false);
  match(parse(saliencyView(map, { style: "heatmap" }).html).textContent!, /The first 3 columns: the source\./);
  equal(saliencyView(saliencyOf(KEYS), { style: "heatmap" }).html.includes("the source"), false);
});
