import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { crossAttentionView, type Trace } from "../../../widgets/mod.ts";
import { viewOf } from "../../../widgets/result_view.ts";
import { attentionOf } from "../attention/fixtures.ts";
import { sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED, INJECTION } from "../lens_fixtures.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { standsAlone, staysReadable } from "../views_all.ts";
import { crossAttentionOf, DATE, SOURCE } from "./fixtures.ts";

const trace = crossAttentionOf(DATE);

Deno.test("crossAttentionView() draws a page and an image that can be looked at", async () => {
  const view = crossAttentionView(trace, { layer: 0, head: 0 });
  await matchesGolden("cross_attention.html", view.html);
  await matchesGolden("cross_attention.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["Layer 0, head 0", "1984", "March"]);
});

Deno.test("crossAttentionView() has the mean and every head of each layer to choose, and shows one", () => {
  const body = parse(crossAttentionView(trace).html);
  const radios = all(body, "label.o input[type=radio]").map((one) => one.getAttribute("aria-label"));
  deepEqual(radios, [
    "Layer 0, mean of 3 heads",
    ...[0, 1, 2].map((head) => `Layer 0, head ${head}`),
    "Layer 1, mean of 3 heads",
    ...[0, 1, 2].map((head) => `Layer 1, head ${head}`),
  ]);
  const shown = all(body, ".m").filter((one) => one.getAttribute("style")?.includes("display:block"));
  deepEqual(shown.map((one) => one.className), ["m m4", "m m4"], "a title and a matrix");
  equal(shown[0]!.textContent, "Layer 1, mean of 3 heads");
  equal(all(body, ".m").length, 2 * 8);
});

Deno.test("crossAttentionView() gives a written token what the token before it looked at", () => {
  // Head 0 of layer 0 has all of a row at one place from the end: row 0, which writes 1984, at the last token.
  const { text } = crossAttentionView(trace, { layer: 0, head: 0 });
  match(
    text,
    /^Attention to the source: Layer 0, head 0 \(of 2 × 3\)\nwritten +looks at\n1 1984 +6 <\/s> +100\.0%\n2 - +5/,
  );
  match(text, /\n5 <\/s> +2 .of +100\.0%$/);
  const table = all(parse(crossAttentionView(trace, { layer: 0 }).html), "details tbody tr");
  equal(table.length, 5);
  deepEqual(all(table[0]!, "td").map(({ textContent }) => textContent!.slice(0, 6)).slice(0, 3), [
    "1 1984",
    "6 </s>",
    "6 </s>",
  ]);
});

Deno.test("crossAttentionView() takes the mean over the heads", () => {
  const data = Float32Array.of(1, 0, 1, 0, 0.5, 0.5, 0.5, 0.5); // two heads, two rows, two columns
  const sequence = { ...sequenceOf(["<s>", "b"], 1), source: sequenceOf(["x", "y"], 2) };
  const { text } = crossAttentionView({ sequence, crossAttention: { data, shape: [1, 2, 2, 2] } });
  match(text, /1 b +0 x 75\.0% +1 y 25\.0%/);
});

Deno.test("crossAttentionView() names the layers of a trace that recorded some, and opens one of them", () => {
  const some = { ...trace, layers: [3, 9] };
  match(crossAttentionView(some).text, /Layer 9, mean/);
  match(crossAttentionView(some, { layer: 3, head: 2 }).text, /Layer 3, head 2/);
  throws(() => crossAttentionView(some, { layer: 0 }), {
    name: "RangeError",
    message: "Cannot show layer 0 as the trace holds layers 3, 9",
  });
  for (const head of [3, -1, 0.5, "all" as "mean"]) {
    throws(() => crossAttentionView(some, { head }), {
      name: "RangeError",
      message: `Cannot show head ${head} as the trace holds 3 heads, counted from 0; or pass "mean"`,
    });
  }
});

Deno.test("crossAttentionView() of a big model opens the layers around one, and says so", () => {
  const view = crossAttentionView(crossAttentionOf(DATE, 24, 16), { layer: 20 });
  const names = all(parse(view.html), "label.o").map((one) => /Layer (\d+)/.exec(one.getAttribute("title")!)![1]);
  equal(names.length, 14 * 17);
  deepEqual([names[0], names.at(-1)], ["10", "23"]);
  match(view.html, /This page has no room for all layers/);
  ok(view.html.length < 600_000, `${view.html.length}`);
});

Deno.test("crossAttentionView() escapes what tokens say", () => {
  const view = crossAttentionView(crossAttentionOf({ ...INJECTED, source: INJECTED }));
  const body = parse(view.html);
  ok(all(body, "img").every((image) => image.getAttribute("src")?.startsWith("data:image/png;base64,")));
  equal(all(body, "script").length, 1);
  isWellFormed(view.svg);
  ok(view.text.includes(INJECTION.slice(0, 9)));
});

Deno.test("crossAttentionView() refuses what is no attention to a source", () => {
  const draw = (given: unknown) => () => crossAttentionView(given as Trace);
  throws(draw(Promise.resolve()), {
    name: "TypeError",
    message: "Cannot draw a promise as attention to the source; pass what await model.trace() returned",
  });
  for (const given of [{ sequence: DATE }, { ...trace, sequence: SOURCE }]) {
    throws(draw(given), {
      name: "TypeError",
      message: "Cannot draw attention to the source as the trace holds none; load a model with an encoder, such as " +
        'BART, and call model.trace(sequence, { capture: ["crossAttention"] })',
    });
  }
  const short = { data: new Float32Array(2), shape: [1, 1, 1, 2] };
  throws(draw({ sequence: DATE, crossAttention: short }), {
    name: "RangeError",
    message: "Cannot draw attention to the source as the shape of crossAttention is not [1,1,6,7]: " +
      "[1,1,1,2] with 2 numbers",
  });
  const begun = { ...sequenceOf(["<s>"], 1), source: sequenceOf(["a", "b"], 2) };
  throws(draw({ sequence: begun, crossAttention: short }), {
    name: "RangeError",
    message: "Cannot draw attention to the source of a text of one token as nothing was written",
  });
});

Deno.test("viewOf() shows a trace by its attention to a source, and one without it as a table", () => {
  equal(viewOf(trace)?.html, crossAttentionView(trace).html);
  equal(viewOf(attentionOf(DATE)), undefined);
});
