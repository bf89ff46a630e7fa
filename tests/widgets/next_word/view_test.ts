import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { settledProbabilities } from "../../../src/ask/write/settled.ts";
import { nextWords, pageScores } from "../../../widgets/next_word/data.ts";
import { type Candidates, nextWordView } from "../../../widgets/mod.ts";
import { KEYS } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED } from "../lens_fixtures.ts";
import { all, parse } from "../page.ts";
import { standsAlone, staysReadable } from "../views_all.ts";
import { candidatesOf } from "./fixtures.ts";

const candidates = candidatesOf(KEYS);

Deno.test("nextWordView() draws a page and an image that can be looked at", async () => {
  const view = nextWordView(candidates, { temperature: 0.7, topK: 5 });
  await matchesGolden("next_word.html", view.html);
  await matchesGolden("next_word.svg", view.svg);
  standsAlone(view);
  staysReadable(view, ["of 40 tokens are left", "with these settings"]);
});

Deno.test("nextWordView() shows the model's own distribution, or the settings that are asked for", () => {
  const shares = (options: Parameters<typeof nextWordView>[1]) =>
    all(parse(nextWordView(candidates, options).html), ".p").map((one) => Number(one.getAttribute("data-p")));
  deepEqual(
    shares({}).map((one) => one.toFixed(6)),
    candidates.predictions.slice(0, 10).map((one) => one.probability.toFixed(6)),
  );
  deepEqual(shares({ temperature: 0 }), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const two = shares({ topK: 2 }); // the second and the third tie
  ok(Math.abs(two[0]! + two[1]! + two[2]! - 1) < 1e-9 && two[3] === 0 && two[1] === two[2], `${two}`);
  match(nextWordView(candidates, { topK: 2 }).text, /^After .+, temperature 1, top-k 2: 3 tokens left to draw from\n/);
});

Deno.test("nextWordView() agrees with what the model says and writes", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const sequence = model.sequence("The keys to the cabinet");
  const own = await model.candidates(sequence);
  const { words, settled } = nextWords(own, {});
  words.forEach((word, n) => ok(Math.abs(settled[n]! - word.probability) <= 1e-6, `${n}`));
  const settings = { temperature: 0.8, topK: 40, topP: 0.9 };
  const { left } = nextWords(own, settings);
  const [step] = await Array.fromAsync(
    model.steps(sequence.tokenIds, { ...settings, maxNewTokens: 1, candidates: 10 }),
  );
  equal(left, step!.processed!.possible);
  const probabilities = settledProbabilities(own.logits.data, settings);
  for (const { tokenId, probability } of step!.processed!.candidates) {
    ok(Math.abs(probabilities.probability(tokenId) - probability) <= 1e-6, `${tokenId}: ${probability}`);
  }
});

Deno.test("nextWordView() puts the scores that are not among the best together, and stays small", () => {
  const large = candidatesOf(KEYS, 50257);
  const { best, others, places } = pageScores(nextWords(large, {}));
  equal(best.length, 512);
  deepEqual(places.slice(0, 3), [0, 2, 1]); // of equal ones the greater id stands first
  places.forEach((place, n) => equal(best[place], large.predictions[n]!.logit));
  const counts = others.filter((_, i) => i % 2 === 1).reduce((sum, one) => sum + one, 0);
  equal(counts, 50257 - 512);
  let mass = best.reduce((sum, one) => sum + Math.exp(one - best[0]!), 0);
  for (let i = 0; i < others.length; i += 2) mass += others[i + 1]! * Math.exp(others[i]! - best[0]!);
  const all = large.logits.data.reduce((sum, one) => sum + Math.exp(one - best[0]!), 0);
  ok(Math.abs(mass / all - 1) <= 1e-5, `${mass}, not ${all}`);
  const view = nextWordView(large);
  ok(view.html.length < 40_000, `${view.html.length}`);
});

Deno.test("nextWordView() shows markup in tokens as text", () => {
  const { html } = nextWordView(candidatesOf(INJECTED));
  equal(all(parse(html), "script").length, 1);
  equal(html.includes("<img src=x"), false);
});

Deno.test("nextWordView() refuses what are no candidates, and settings out of range", () => {
  throws(() => nextWordView(Promise.resolve() as unknown as Candidates), {
    name: "TypeError",
    message: "Cannot draw a promise as next words; pass what await model.candidates(sequence) returned",
  });
  const refuses = (options: Parameters<typeof nextWordView>[1], message: string) =>
    throws(() => nextWordView(candidates, options), { name: "RangeError", message });
  refuses({ temperature: 3 }, "Cannot draw the next words with temperature 3; use 0 to 2");
  refuses({ topK: 2.5 }, "Cannot draw the next words with topK 2.5; use whole 0 to 200");
  refuses({ topP: -1 }, "Cannot draw the next words with topP -1; use 0 to 1");
  throws(() => nextWordView({ ...candidates, logits: { data: new Float32Array(2), shape: [2] } }), {
    name: "RangeError",
    message: /^Cannot draw next words as there are 2 logits and token \d+$/,
  });
});
