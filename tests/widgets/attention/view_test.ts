import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { inflateSync } from "node:zlib";
import { attentionView, rolloutView, type Trace } from "../../../widgets/mod.ts";
import { HOSTILE, KEYS, sequenceOf } from "../fixtures.ts";
import { counted } from "../../support/counted.ts";
import { matchesGolden } from "../golden.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { untrustedHtml } from "../untrusted.ts";
import { attentionOf, headScoresOf, rolloutOf } from "./fixtures.ts";

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
  const longer = parse(attentionView(attentionOf(words(13)), { layer: 1, head: 2 }).html);
  deepEqual(shownBlocks(longer, "img.f").map((image) => image.getAttribute("alt")), [
    "Layer 1, head 2, as a matrix",
  ]);
  equal(
    all(body, "b span").filter((one) => /display:inline/.test(one.getAttribute("style") ?? "")).map((one) =>
      one.textContent
    ).slice(0, 2).join(),
    "1,2",
  );
  match(shownBlocks(body, ".y")[0]?.textContent ?? "", /^Layer 1 as a table/);
  match(attentionView(trace).text, /^Attention of layer 0, head 0 \(of 2 × 3\)\n/);
});

/** The weights that the rules of a head hold, by query and key, in percent. */
function weightsOf(html: string, layer: number, head: number): (query: number, key: number) => number {
  const [, rule = ""] = new RegExp(`:has\\(\\.g${layer}_${head} :checked\\)\\{([^{}]*);`).exec(html) ?? [];
  const letter = (n: number) => String.fromCharCode(65 + n);
  const held = new Map(rule.split(";").map((one) => one.split(":") as [string, string]));
  return (query, key) => Number(held.get(`--${letter(query)}${letter(key + 1)}`) ?? 0);
}

Deno.test("attentionView() holds what each token takes from each earlier one, in percent, for each head", () => {
  const { html } = attentionView(trace, { layer: 1, head: 2 });
  for (const [layer, head] of [[0, 0], [0, 2], [1, 0], [1, 2]] as const) {
    const held = weightsOf(html, layer, head);
    for (let query = 0; query < 10; ++query) {
      for (let key = 0; key <= query; ++key) {
        const percent = Math.round(100 * trace.attention!.data[((layer * 3 + head) * 10 + query) * 10 + key]!);
        equal(held(query, key), percent < 2 ? 0 : percent, `${layer} ${head} ${query} ${key}`);
      }
    }
  }
});

Deno.test("attentionView() colours the text by the last token of the first head, and lets chips read every token's row", () => {
  const chips = all(parse(attentionView(trace, { layer: 1, head: 2 }).html), ".t");
  equal(chips.length, 10);
  chips.forEach((chip, key) => {
    const style = chip.getAttribute("style") ?? "";
    const [, opacity] = /rgba\(232,89,12,([\d.]+)\)/.exec(style) ?? [];
    const weight = trace.attention!.data[((1 * 3 + 2) * 10 + 9) * 10 + key]!;
    equal(Number(opacity), Number((0.6 * Math.sqrt(weight)).toFixed(2)));
    const letter = (n: number) => String.fromCharCode(65 + n);
    const read = Array.from(
      style.matchAll(/--_(\w):var\(--(\w)(\w)\)/g),
      ([, row, query, column]) => [row, query, column],
    );
    deepEqual(
      read,
      Array.from({ length: 10 - key }, (_, i) => [letter(key + i), letter(key + i), letter(key + 1)]),
    );
  });
});

Deno.test("attentionView() draws every head in one picture, and a line for each pair of tokens", () => {
  const { html } = attentionView(trace, { layer: 1 });
  const body = parse(html);
  equal(all(body, ".g input").length, 6);
  equal(html.match(/url\(data:image\/png/g)?.length, 1);
  equal(all(body, "svg.b path").length, 10 * 11 / 2);
  const wanted = trace.attention!.data.subarray(300).filter((weight) => weight >= 0.1).length;
  equal(all(body, "svg.a path").length, wanted);
  equal(all(body, "svg text, svg title").length, 0);
});

Deno.test("attentionView() holds the matrices of all heads, heads across and layers down, in its picture", () => {
  const { html } = attentionView(trace);
  const bytes = Uint8Array.fromBase64(/url\(data:image\/png;base64,([^)]*)\)/.exec(html)![1]!);
  const view = new DataView(bytes.buffer);
  deepEqual([view.getUint32(16), view.getUint32(20)], [3 * 10, 2 * 10]);
  const chunk = (name: string) => {
    const at = new TextDecoder("latin1").decode(bytes).indexOf(name);
    return bytes.subarray(at + 4, at + 4 + view.getUint32(at - 4));
  };
  const lines = inflateSync(chunk("IDAT"));
  const opacities = chunk("tRNS");
  const pixel = (x: number, y: number) => (lines[y * 16 + 1 + (x >> 1)]! >> (x % 2 === 0 ? 4 : 0)) & 15;
  for (let layer = 0; layer < 2; ++layer) {
    for (let head = 0; head < 3; ++head) {
      for (let query = 0; query < 10; ++query) {
        for (let key = 0; key < 10; ++key) {
          const opacity = opacities[pixel(head * 10 + key, layer * 10 + query)]! / 255;
          const weight = trace.attention!.data[((layer * 3 + head) * 10 + query) * 10 + key]!;
          const wanted = key > query ? 36 / 255 : Math.sqrt(weight);
          ok(Math.abs(opacity - wanted) <= 0.5 / 14 + 0.002, `${layer} ${head} ${query} ${key}`);
        }
      }
    }
  }
});

Deno.test("attentionView() gives traces that differ in any weight rules of their own", () => {
  const name = (html: string) => /class="(lg-\w+)/.exec(html)?.[1];
  const other = attentionOf(KEYS);
  const data = Float32Array.from(other.attention!.data);
  data[5 * 100 + 9 * 10 + 4]! += 0.03; // of a head that is not open
  const { html } = attentionView({ ...other, attention: { ...other.attention!, data } });
  ok(name(html) !== name(attentionView(trace).html));
});

Deno.test("attentionView() names each head's strongest role", () => {
  const body = parse(attentionView(trace, { scores: headScoresOf(KEYS) }).html);
  deepEqual(all(body, ".g").map((letter) => letter.textContent), ["P", "F", "D", "I", "", "P"]);
  equal(all(body, ".g")[1]?.getAttribute("title"), "Layer 0, head 1: the first token, 0.88");
  const unknown = { ...headScoresOf(KEYS), previousToken: { data: new Float32Array(6).fill(NaN), shape: [2, 3] } };
  const letters = all(parse(attentionView(trace, { scores: unknown }).html), ".g").map((letter) => letter.textContent);
  deepEqual(letters, ["", "F", "D", "I", "", ""]);
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

/**
 * The weights that the page holds in 8 bits: of a layer, by head, query and key; negative keys are the `before` columns of
 * what is given to all before a matrix.
 */
function heldWeights(html: string, layer: number, from: number, to: number, before = 1) {
  const [, png = ""] = new RegExp(`l${layer}" colspan="\\d+" data-png="([^"]*)"`).exec(html) ?? [];
  const bytes = Uint8Array.fromBase64(png);
  const view = new DataView(bytes.buffer);
  const at = new TextDecoder("latin1").decode(bytes).indexOf("IDAT");
  const lines = inflateSync(bytes.subarray(at + 4, at + 4 + view.getUint32(at - 4)));
  const rows = to - from;
  deepEqual([view.getUint32(16), view.getUint32(20) % rows, lines.length], [
    rows + before,
    0,
    view.getUint32(20) * (rows + before + 1),
  ]);
  return (head: number, query: number, key: number) =>
    lines[(head * rows + query - from) * (rows + before + 1) + 1 + before + Math.max(-before, key - from)]! / 255;
}

Deno.test("attentionView() holds every head of 12 × 12 over 193 tokens, each weight at most 1/510 off, in less than 1 MB", () => {
  const T = 193;
  const { attention, sequence } = attentionOf(words(T), 12, 12);
  const { html } = attentionView({ sequence, attention: attention! }, { layer: 6 });
  ok(html.length < 1_000_000, `${html.length}`);
  equal(all(parse(html), "input[name=head]").length, 144);
  let seen = 0;
  for (const layer of [0, 5, 11]) {
    const held = heldWeights(html, layer, 0, T);
    for (let head = 0; head < 12; ++head) {
      const weight = (query: number, key: number) => attention!.data[((layer * 12 + head) * T + query) * T + key]!;
      for (let query = 0; query < T; ++query) {
        for (let key = 0; key < T; ++key) {
          const off = Math.abs(held(head, query, key) - weight(query, key));
          if (!(off <= 1 / 510 + 1e-7)) equal(off, 0, `${layer} ${head} ${query} ${key}`);
          ++seen;
        }
        if (query < T - 48) continue;
        const earlier = Array.from({ length: T - 48 }, (_, key) => weight(query, key)).reduce((a, b) => a + b);
        ok(Math.abs(held(head, query, -1) - earlier) <= 1 / 510 + 1e-6);
      }
    }
  }
  equal(seen, 3 * 12 * T * T);
});

Deno.test("attentionView() holds what each token gives to all before the matrix that it stands in, wherever that is moved", () => {
  const [T, heads] = [130, 2];
  const { attention, sequence } = attentionOf(words(T), 3, heads);
  const cases = [
    { start: undefined, pages: [0, 34, 82], own: [] },
    { start: 34, pages: [0, 34, 82], own: [] },
    { start: 50, pages: [0, 34, 50, 82], own: [50] },
    { start: 0, pages: [0, 34, 82], own: [] },
  ];
  for (const { start, pages, own } of counted(cases, 4)) {
    const { html } = attentionView({ sequence, attention: attention! }, start === undefined ? {} : { start });
    const setup = JSON.parse(all(parse(html), "[data-heads]")[0]!.getAttribute("data-heads")!);
    deepEqual([setup.pages, setup.before, setup.count], [pages, 1 + own.length, 48]);
    const held = heldWeights(html, 1, 0, T, setup.before);
    for (let head = 0; head < heads; ++head) {
      const earlier = (query: number, first: number) =>
        Array.from({ length: first }, (_, key) => attention!.data[((heads + head) * T + query) * T + key]!)
          .reduce((sum, one) => sum + one, 0);
      const near = (value: number, query: number, first: number) =>
        ok(Math.abs(value - earlier(query, first)) <= 1 / 510 + 1e-6, `${start}: ${query} after ${first}: ${value}`);
      for (let query = 0; query < T; ++query) {
        const isFirst = start === 0 && query < 48; // its matrix has nothing before it
        near(held(head, query, -1), query, isFirst ? 0 : [82, 34, 0].find((page) => page <= query)!);
        for (const page of own) if (query >= page && query < page + 48) near(held(head, query, -2), query, page);
      }
    }
  }
});

Deno.test("attentionView() of weights that nothing compresses stays below its bound, and keeps the nearest layers", () => {
  const T = 48;
  let state = 1;
  const noise = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const data = new Float32Array(64 * 40 * T * T);
  for (let row = 0; row < 64 * 40 * T; ++row) {
    const powers = Array.from({ length: row % T + 1 }, () => noise() ** 4);
    const sum = powers.reduce((a, b) => a + b);
    powers.forEach((power, key) => data[row * T + key] = power / sum);
  }
  const attention = { data, shape: [64, 40, T, T] };
  const { html } = attentionView({ sequence: words(T), attention }, { layer: 50 });
  const pictures = Array.from(html.matchAll(/data-png="([^"]*)"/g), ([, png]) => png!.length);
  ok(pictures.length > 5 && pictures.length < 64, `${pictures.length} layers`);
  ok(pictures.reduce((sum, one) => sum + one) <= 1_300_000);
  ok(html.length < 2_500_000, `${html.length}`);
  const body = parse(html);
  equal(all(body, ".l50 input").length + all(body, ".l49 input").length, 80);
  match(
    all(body, "td.n")[0]?.getAttribute("title") ?? "",
    /^Closed: this page has no room for layer 0; { layer: 0 } opens it$/,
  );
});

Deno.test("attentionView() says the numbers of a small matrix in its cells, in a notebook that is not trusted too", () => {
  const view = attentionView(trace, { layer: 1, head: 2 });
  for (const body of [parse(view.html), parse(untrustedHtml(view.html))]) {
    const cells = all(body, "[role=img] > div > span, .i > div > span").map((one) => one.textContent?.trim() ?? "");
    equal(cells.length, 100);
    for (let query = 0; query < 10; ++query) {
      for (let key = 0; key < 10; ++key) {
        const weight = trace.attention!.data[((1 * 3 + 2) * 10 + query) * 10 + key]!;
        equal(cells[query * 10 + key]!, key > query || weight < 0.005 ? "" : String(Math.round(100 * weight)));
      }
    }
  }
  equal(all(parse(attentionView(attentionOf(words(13))).html), ".e").length, 0);
});

Deno.test("attentionView() shows sharp thumbnails with their letters in a notebook that is not trusted", () => {
  const body = parse(untrustedHtml(attentionView(trace, { scores: headScoresOf(KEYS) }).html));
  const thumbnails = all(body, `img[alt^="Thumbnails"]`);
  deepEqual(
    thumbnails.map((image) => {
      const png = new DataView(Uint8Array.fromBase64(image.getAttribute("src")!.split(",")[1]!).buffer);
      return [png.getUint32(16), Number(image.getAttribute("width"))];
    }),
    [[352, 176], [352, 176]], // two pixels of the picture for each of the page
  );
  deepEqual(
    thumbnails.map((image) => all(image.parentElement!, "div > span").map((letter) => letter.textContent?.trim())),
    [["P", "F", "D"], ["I", "", "P"]],
  );
  match(body.textContent ?? "", /A letter names what a head looks at most/);
});

Deno.test("attentionView() of 600 tokens shows 48 and says so", () => {
  const view = attentionView(attentionOf(words(600), 2, 4));
  ok(view.html.length < 300_000, `${view.html.length}`);
  ok(view.svg.length < 400_000, `${view.svg.length}`);
  const body = parse(view.html);
  equal(all(body, "input[name=token]").length, 48);
  match(body.textContent ?? "", /The matrix shows tokens 552 to 599 of 600; choose others with { start }\./);
  match(body.textContent ?? "", /Nothing is lost: the data of the view keeps every weight\./);
  equal(all(body, `img[alt="Layer 0, head 0, over the whole text"]`).length, 1);
  match(attentionView(attentionOf(words(60)), { start: 3 }).text, /tokens 3 to 50 of 60/);
});

Deno.test("attentionView() of GPT-2 XL's 48 × 25 heads opens one layer of them by rules and the others by a script", () => {
  const view = attentionView(attentionOf(words(60), 48, 25), { layer: 40, head: 24 });
  ok(view.html.length < 1_500_000, `${view.html.length}`);
  const body = parse(view.html);
  equal(all(body, ".x input[name=head]").length, 25);
  equal(all(body, ".es input[name=head]").length, 47 * 25);
  equal(all(body, `td:not(.f) > img[alt^="Thumbnails of the heads of layer"]`).length, 47);
  match(body.textContent ?? "", /Heads of layer 40 can be opened here, 25 of 1200; choose others with { layer }\./);
});

Deno.test("attentionView() of GPT-2's 12 × 12 heads over 21 tokens is a page of less than 430 kB", () => {
  const view = attentionView(attentionOf(words(21), 12, 12), { layer: 11 });
  ok(view.html.length < 430_000, `${view.html.length}`);
  equal(all(parse(view.html), "input[name=head]").length, 144);
  const longer = attentionView(attentionOf(words(24), 12, 12), { layer: 11 });
  match(parse(longer.html).textContent ?? "", /Heads of layers 2 to 11 can be opened here, 120 of 144/);
});

Deno.test("attentionView() tells heads that cannot be opened from those that can, by frame, words and pointer", () => {
  const { html } = attentionView(attentionOf(words(60), 48, 25), { layer: 40 });
  const body = parse(html);
  const closed = all(body, "td.n");
  equal(closed.length, 47);
  equal(all(body, "td.n .g, td.n input").length, 0);
  equal(
    closed[3]?.getAttribute("title"),
    "Closed: layer 3 opens where scripts run; { layer: 3 } opens it everywhere",
  );
  deepEqual(new Set(closed.map((one) => one.nextElementSibling?.textContent)), new Set(["closed"]));
  match(body.textContent ?? "", /Click a framed picture to open that head; faint rows are closed\. Hover/);
  match(html, /\.g\{outline:1px solid [^}]*\}\.n\{opacity:0\.4;cursor:not-allowed\}/);
  const open = attentionView(trace).html;
  match(open, /Click a picture to open that head\. Hover/);
  equal(/class="n"|\.n\{|closed/.test(open), false);
  match(
    rolloutView(rolloutOf(words(60), 600)).html,
    /Click a framed picture to open that layer; faint rows are closed/,
  );
});

Deno.test("attentionView() stays readable in a notebook that is not trusted", () => {
  const after = parse(untrustedHtml(attentionView(attentionOf(HOSTILE), { layer: 1, head: 1 }).html));
  equal(all(after, "style, script, svg").length, 0);
  equal(/--0:|:has|addEventListener/.test(after.textContent ?? ""), false);
  equal(all(after, "img").length, 4); // two layers of thumbnails, the legend and the matrix
  ok(all(after, "img").every((image) => image.getAttribute("src")?.startsWith("data:image/png")));
  equal(all(after, ".x").every((one) => /display:none/.test(one.getAttribute("style") ?? "")), true);
  equal(all(after, ".t[title]").length, HOSTILE.tokens.length);
});

Deno.test("attentionView() gives the same text for the same data, and another class for other data", () => {
  const name = (html: string) => /class="(lg-\w+)/.exec(html)?.[1];
  equal(attentionView(trace).html, attentionView(attentionOf(KEYS)).html);
  ok(name(attentionView(trace).html) !== name(attentionView(trace, { head: 1 }).html));
  equal(/https?:|url\((?!data:image\/png;)|@import/.test(attentionView(trace).html), false);
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
  throws(() => attentionView(trace, { scores: Promise.resolve(headScoresOf(KEYS)) as never }), {
    name: "TypeError",
    message: "Cannot name the heads by a promise; pass what await headScores() returned",
  });
  throws(() => attentionView(trace, { scores: headScoresOf(KEYS, 1, 1) }), {
    name: "RangeError",
    message: "Cannot name the heads as scores.previousToken must be of shape [2,3]: [1,1]",
  });
});

Deno.test("attentionView() draws both halves of an encoder's matrices, and says so", () => {
  const causal = attentionOf(KEYS, 1, 1);
  const T = KEYS.tokens.length;
  const data = new Float32Array(T * T).fill(0.5 / (T - 1));
  for (let token = 0; token < T; ++token) data[token * T + (token + 1) % T] = 0.5; // each looks at the next one
  const view = attentionView({ ...causal, attention: { data, shape: [1, 1, T, T] } });
  match(view.html, /how much each token takes from each one, before and after it\./);
  match(attentionView(causal).html, /how much each token takes from each earlier one\./);
  KEYS.tokens.slice(0, -1).forEach((_, token) => {
    match(view.text, new RegExp(`^${token} .*${token + 1} \\S+ +50\\.0%`, "m"), `token ${token}`);
  });
  equal(view.svg.match(/fill="#f1f1f1"/g), null);
  ok(attentionView(causal).svg.includes("#f1f1f1"));
});
