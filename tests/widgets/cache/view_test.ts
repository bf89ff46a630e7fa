import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { LanguageModel, type ReadCandidates } from "../../../mod.ts";
import { cacheView } from "../../../widgets/mod.ts";
import { HOSTILE, KEYS } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { longSequence } from "../lens_fixtures.ts";
import { all, isWellFormed, parse } from "../page.ts";
import { standsAlone, staysReadable } from "../views_all.ts";
import { cacheOf } from "./fixtures.ts";

const steps = cacheOf(KEYS, 5);

Deno.test("cacheView() draws a page and an image that can be looked at", async () => {
  const view = cacheView(steps, { numbersPerToken: 64 });
  await matchesGolden("cache.html", view.html);
  await matchesGolden("cache.svg", view.svg);
  standsAlone(view);
  staysReadable(view, ["computed", "kept"]);
  isWellFormed(view.svg);
});

/** The signs of each step, and its counts. */
function rowsOf(html: string): string[][] {
  return all(parse(html), "tbody tr").map((row) => all(row, "td").map((cell) => cell.textContent ?? ""));
}

Deno.test("cacheView() shows of a model that writes that each token is computed once, with the same answers as without a cache", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  using reading = model.reading();
  const written: ReadCandidates[] = [];
  let tokenIds = model.sequence("The keys to the cabinet").tokenIds;
  const T = tokenIds.length;
  for (let step = 0; step < 4; ++step) {
    const answer = await reading.candidates(tokenIds);
    const alone = await model.candidates(model.sequence(tokenIds));
    equal(answer.predictions[0]!.tokenId, alone.predictions[0]!.tokenId);
    ok(Math.abs(answer.predictions[0]!.probability - alone.predictions[0]!.probability) < 1e-4);
    written.push(answer);
    tokenIds = [...tokenIds, answer.predictions[0]!.tokenId];
  }
  const view = cacheView(written);
  rowsOf(view.html).forEach((cells, step) => {
    const signs = Array.from(
      { length: T + 3 },
      (_, position) => position >= T + step ? "" : step === 0 || position === T + step - 1 ? "●" : "–",
    );
    deepEqual(cells.slice(0, T + 3), signs, `step ${step}`);
    deepEqual(cells.slice(T + 3, T + 5), step === 0 ? [String(T), "0"] : ["1", String(T + step - 1)]);
  });
  match(view.text, new RegExp(`^4 steps: ${T + 3} tokens computed in all; without the cache, ${4 * T + 6}\n`));
});

Deno.test("cacheView() says how many numbers are kept", () => {
  match(cacheView(steps, { numbersPerToken: 3072 }).text, /step 1 .* 5 × 3,072 numbers/);
});

Deno.test("cacheView() shows a text that was edited as computed again from there", () => {
  const edited = { ...steps[2]!, read: { computed: 4, reused: 3 } };
  deepEqual(rowsOf(cacheView([steps[1]!, edited]).html)[1]!.slice(0, 7), ["–", "–", "–", "●", "●", "●", "●"]);
});

Deno.test("cacheView() bounds long texts and says so", () => {
  const view = cacheView(cacheOf(longSequence(200), 100));
  ok(view.html.length < 800_000, `${view.html.length}`);
  const body = parse(view.html);
  equal(all(body, "tbody tr").length, 48);
  match(body.textContent ?? "", /Tokens 152 to 199 of 200 are drawn\. The last 48 of 101 steps are drawn\./);
});

Deno.test("cacheView() treats token text as data", () => {
  const view = cacheView(cacheOf(HOSTILE, 3));
  equal(all(parse(view.html), "script").length, 1); // ours
  isWellFormed(view.svg);
});

Deno.test("cacheView() refuses what are no steps, none, and counts that do not fit", () => {
  const message = /a promise.*; pass /;
  throws(() => cacheView(Promise.resolve() as never), { name: "TypeError", message });
  throws(() => cacheView([{} as never]), {
    name: "TypeError",
    message: /^Cannot draw an object with no keys as step 0/,
  });
  throws(() => cacheView([]), { name: "RangeError", message: "Cannot draw a cache as there is no step: []" });
  throws(() => cacheView([{ ...steps[0]!, read: { computed: 1, reused: 1 } }]), {
    name: "RangeError",
    message: "Cannot draw step 0 as its 5 tokens are not the 1 computed and the 1 kept ones",
  });
  throws(() => cacheView(steps, { numbersPerToken: 0.5 }), {
    name: "RangeError",
    message: "Cannot draw a cache of 0.5 numbers a token as that must be a whole number from 1",
  });
});
