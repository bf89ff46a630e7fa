import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { type AttentionRollout, rolloutView } from "../../../widgets/mod.ts";
import { HOSTILE, KEYS, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { rolloutOf } from "./fixtures.ts";

const rollout = rolloutOf(KEYS);

Deno.test("rolloutView() draws a page and an image that can be looked at", async () => {
  const view = rolloutView(rollout);
  await matchesGolden("rollout.html", view.html);
  await matchesGolden("rollout.svg", view.svg);
  isWellFormed(view.svg);
});

Deno.test("rolloutView() shows the last layer at first, and speaks of layers only", () => {
  const view = rolloutView(rollout);
  const body = parse(view.html);
  deepEqual(all(body, "input[checked]").map((input) => input.getAttribute("aria-label")), ["After layer 2"]);
  equal(/\bheads? \d|all heads|looks?\b/.test(body.textContent ?? ""), false);
  equal(/\blooks?\b/.test(view.html + view.text + view.svg), false);
  match(view.text, /^Attention rollout after layer 2 \(of 3\)\n/);
  match(rolloutView(rollout, { layer: 0 }).text, /^Attention rollout after layer 0 \(of 3\)\n/);
  match(body.textContent ?? "", /what each token is made of after each of 3 layers/);
});

Deno.test("rolloutView() treats token text as data, and a long text is bounded", () => {
  const body = parse(rolloutView(rolloutOf(HOSTILE)).html);
  equal(all(body, "script").length, 1);
  equal(all(body, "[onerror]").length, 0);
  const long = rolloutView(rolloutOf(sequenceOf(Array.from({ length: 600 }, (_, i) => ` w${i}`), 1), 12));
  ok(long.html.length < 600_000, `${long.html.length}`);
});

Deno.test("rolloutView() throws on what is no rollout, and on shapes that do not fit", () => {
  throws(() => rolloutView(Promise.resolve() as unknown as AttentionRollout), {
    name: "TypeError",
    message: "Cannot draw a promise as attention rollout; pass what await attentionRollout() returned",
  });
  throws(() => rolloutView({ ...rollout, rollout: { data: new Float32Array(4), shape: [1, 2, 2] } }), {
    name: "RangeError",
    message: /^Cannot draw the attention of 10 tokens as its shape must be/,
  });
  throws(() => rolloutView(rollout, { layer: 3 }), {
    name: "RangeError",
    message: "Cannot show layer 3 as the trace holds layers 0, 1, 2",
  });
});
