import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { attentionView, type Trace } from "../../widgets/mod.ts";
import { attentionOf, headScoresOf } from "./attention_fixtures.ts";
import { HOSTILE, KEYS, sequenceOf } from "./fixtures.ts";
import { matchesGolden } from "./golden.ts";
import { all, isWellFormed, parse } from "./page.ts";
import { untrustedHtml } from "./untrusted.ts";

const trace = attentionOf(KEYS);
const words = (count: number) => sequenceOf(Array.from({ length: count }, (_, i) => ` w${i}`), 1);

function shownBlocks(body: HTMLElement, selector: string): HTMLElement[] {
  return all(body, selector).filter((one) => /display:block/.test(one.getAttribute("style") ?? ""));
}

Deno.test("attentionView() draws a page and an image that can be looked at", async () => {
  const view = attentionView(trace, { layer: 1, head: 2, scores: headScoresOf(KEYS) });
  await matchesGolden("attention.html", view.html);
  await matchesGolden("attention.svg", view.svg);
  isWellFormed(view.svg);
});

Deno.test("attentionView() opens the head that was asked for", () => {
  const body = parse(attentionView(trace, { layer: 1, head: 2 }).html);
  deepEqual(
    all(body, "input[checked]").map((input) => input.getAttribute("aria-label")),
    ["Layer 1, head 2"],
  );
  deepEqual(shownBlocks(body, "img.p").map((image) => image.getAttribute("alt")), [
    "Layer 1, head 2, as a matrix",
  ]);
  match(shownBlocks(body, ".y")[0]?.textContent ?? "", /^Layer 1 as a table/);
  match(attentionView(trace).text, /^Attention of layer 0, head 0 \(of 2 × 3\)\n/);
});

Deno.test("attentionView() holds what each token takes from each earlier one, in percent", () => {
  const body = parse(attentionView(trace, { layer: 1, head: 2 }).html);
  const chips = shownBlocks(body, "div.p").at(-1)!;
  const weight = (query: number, key: number) => trace.attention!.data[((1 * 3 + 2) * 10 + query) * 10 + key]!;
  all(chips, ".t").forEach((chip, key) => {
    const style = chip.getAttribute("style") ?? "";
    for (let query = 0; query < 10; ++query) {
      const percent = query < key ? 0 : Math.round(100 * weight(query, key));
      equal(Number(new RegExp(`--${query}:(\\d+)`).exec(style)?.[1] ?? 0), percent, `${query} ${key}`);
    }
    const [, opacity] = /rgba\(232,89,12,([\d.]+)\)/.exec(style) ?? [];
    equal(Number(opacity), Number((0.6 * Math.sqrt(weight(9, key))).toFixed(2)));
  });
});

Deno.test("attentionView() draws every head, and the lines of each open layer by token and head", () => {
  const { html } = attentionView(trace);
  const body = parse(html);
  equal(all(body, ".g img").length, 6);
  equal(all(body, "svg").length, 2);
  const lines = all(body, "svg.y1 path").length;
  const wanted = trace.attention!.data.subarray(300).filter((weight) => weight >= 0.1).length;
  equal(lines, wanted);
  equal(all(body, "svg text, svg title").length, 0);
});

Deno.test("attentionView() names each head's strongest role", () => {
  const body = parse(attentionView(trace, { scores: headScoresOf(KEYS) }).html);
  deepEqual(all(body, ".e").map((letter) => letter.textContent), ["P", "F", "D", "I", "\u00A0", "P"]);
  equal(all(body, ".g")[1]?.getAttribute("title"), "Layer 0, head 1: the first token, 0.88");
  const unknown = { ...headScoresOf(KEYS), previousToken: { data: new Float32Array(6).fill(NaN), shape: [2, 3] } };
  const letters = all(parse(attentionView(trace, { scores: unknown }).html), ".e").map((letter) => letter.textContent);
  deepEqual(letters, ["\u00A0", "F", "D", "I", "\u00A0", "\u00A0"]);
  match(body.textContent ?? "", /I what followed the same token before \(induction\)\./);
});

Deno.test("attentionView() states the largest weights as text and in a table for each layer", () => {
  const view = attentionView(trace, { layer: 0, head: 1 });
  match(view.text, /\n1 ·keys +0 The 98\.2% +1 ·keys 1\.8%\n/);
  const body = parse(view.html);
  equal(all(body, "details").length, 2);
  equal(all(body, "details")[0]?.querySelectorAll("tbody td").length, 10 * 4);
});

Deno.test("attentionView() treats token text as data", async () => {
  const view = attentionView(attentionOf(HOSTILE));
  await matchesGolden("attention_hostile.html", view.html);
  const body = parse(view.html);
  equal(all(body, "script").length, 1);
  equal(all(body, "[onerror]").length, 0);
  ok(all(body, "img").every((image) => image.getAttribute("src")?.startsWith("data:image/png;base64,")));
  equal(/\u202E|\uFEFF/.test(view.html + view.svg + view.text), false);
  isWellFormed(view.svg);
});

Deno.test("attentionView() draws one token, and emoji, Chinese and Arabic", () => {
  const one = attentionView(attentionOf(sequenceOf(["Hi"], 1), 1, 1));
  match(one.text, /0 Hi +0 Hi 100\.0%$/);
  isWellFormed(one.svg);
  const wide = attentionView(attentionOf(sequenceOf(["🙂", "中文", " مرحبا", [0xF0, 0x9F]], 1)));
  match(wide.text, /3 \\xF0\\x9F/);
  isWellFormed(wide.svg);
});

Deno.test("attentionView() of 600 tokens shows 48 and says so", () => {
  const view = attentionView(attentionOf(words(600), 2, 4));
  ok(view.html.length < 400_000, `${view.html.length}`);
  ok(view.svg.length < 400_000, `${view.svg.length}`);
  const body = parse(view.html);
  equal(all(body, "input[name=token]").length, 48);
  match(body.textContent ?? "", /The matrix shows tokens 552 to 599 of 600; choose others with { start }\./);
  match(body.textContent ?? "", /Nothing is lost: the data of the view keeps every weight\./);
  equal(all(body, `img[alt="Layer 0, head 0, over the whole text"]`).length, 1);
  match(attentionView(attentionOf(words(60)), { start: 3 }).text, /tokens 3 to 50 of 60/);
});

Deno.test("attentionView() of GPT-2 XL's 48 × 25 heads opens one layer of them in less than 1.2 MB", () => {
  const view = attentionView(attentionOf(words(60), 48, 25), { layer: 40, head: 24 });
  ok(view.html.length < 1_200_000, `${view.html.length}`);
  const body = parse(view.html);
  equal(all(body, "input[name=head]").length, 25);
  equal(all(body, `img[alt^="Thumbnails of the heads of layer"]`).length, 47);
  match(body.textContent ?? "", /Heads of layer 40 can be opened here, 25 of 1200; choose others with { layer }\./);
});

Deno.test("attentionView() of GPT-2's 12 × 12 heads over 24 tokens is a page of less than 1 MB", () => {
  const view = attentionView(attentionOf(words(24), 12, 12), { layer: 11 });
  ok(view.html.length < 1_000_000, `${view.html.length}`);
  match(parse(view.html).textContent ?? "", /Heads of layers 4 to 11 can be opened here, 96 of 144/);
});

Deno.test("attentionView() stays readable in a notebook that is not trusted", () => {
  const after = parse(untrustedHtml(attentionView(attentionOf(HOSTILE), { layer: 1, head: 1 }).html));
  equal(all(after, "style, script, svg").length, 0);
  equal(/--0:|:has|addEventListener/.test(after.textContent ?? ""), false);
  equal(shownBlocks(after, "img.p").length, 1);
  ok(all(after, "img").every((image) => image.getAttribute("src")?.startsWith("data:image/png")));
  equal(all(after, ".x").every((one) => /display:none/.test(one.getAttribute("style") ?? "")), true);
  equal(all(shownBlocks(after, "div.p").at(-1)!, ".t[title]").length, HOSTILE.tokens.length);
});

Deno.test("attentionView() gives the same text for the same data, and another class for other data", () => {
  const name = (html: string) => /class="(lg-\w+)/.exec(html)?.[1];
  equal(attentionView(trace).html, attentionView(attentionOf(KEYS)).html);
  ok(name(attentionView(trace).html) !== name(attentionView(trace, { head: 1 }).html));
  equal(/https?:|url\(|@import/.test(attentionView(trace).html), false);
});

Deno.test("attentionView() names the blocks of a trace that recorded some", () => {
  const some = { ...trace, layers: [3, 7] };
  match(attentionView(some).text, /^Attention of layer 3, head 0/);
  const body = parse(attentionView(some, { layer: 7, head: 1 }).html);
  deepEqual(all(body, "input[checked]").map((input) => input.getAttribute("aria-label")), ["Layer 7, head 1"]);
  match(attentionView(some).svg, />7</);
  throws(() => attentionView(some, { layer: 0 }), { message: "Cannot show layer 0 as the trace holds layers 3, 7" });
  const one = { ...trace, layers: [3] };
  throws(() => attentionView(one), { message: /trace\.layers does not hold 2: 1$/ });
});

Deno.test("attentionView() throws on traces without attention, shapes that do not fit and heads that are not there", () => {
  throws(() => attentionView({ sequence: KEYS }), {
    name: "TypeError",
    message: 'Cannot draw attention as the trace holds none; call model.trace(sequence, { capture: ["attention"] })',
  });
  throws(() => attentionView(Promise.resolve() as unknown as Trace), {
    name: "TypeError",
    message: "Cannot draw a promise as attention; pass what await model.trace() returned",
  });
  throws(() => attentionView({ ...trace, attention: { data: new Float32Array(8), shape: [1, 2, 2, 2] } }), {
    name: "RangeError",
    message: "Cannot draw the attention of 10 tokens as its shape must be [L,H,10,10]: [1,2,2,2] with 8 numbers",
  });
  throws(() => attentionView(trace, { layer: 2 }), {
    name: "RangeError",
    message: "Cannot show layer 2 as the trace holds layers 0, 1",
  });
  throws(() => attentionView(trace, { head: -1 }), { name: "RangeError", message: /^Cannot show head -1/ });
  throws(() => attentionView(trace, { start: 10 }), { name: "RangeError", message: /^Cannot show token 10/ });
  throws(() => attentionView(trace, { scores: headScoresOf(KEYS, 1, 1) }), {
    name: "RangeError",
    message: "Cannot name the heads as scores.previousToken must be of shape [2,3]: [1,1]",
  });
});
