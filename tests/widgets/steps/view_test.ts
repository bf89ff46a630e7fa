import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import type { Step } from "../../../src/ask/write/step.ts";
import { JUPYTER_DISPLAY } from "../../../widgets/kit/view.ts";
import { stepsView } from "../../../widgets/mod.ts";
import { watchSteps } from "../../../widgets/steps/view.ts";
import { KEYS, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { INJECTED, INJECTION, longSequence, SCRIPTS } from "../lens_fixtures.ts";
import { all, alpha, isWellFormed, parse } from "../page.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";
import { promptOf, stepsOf } from "./fixtures.ts";

/** A notebook that remembers what it was shown; its clock goes on by `tick` milliseconds at each look. */
function stage(tick = 1000) {
  const shown: { html: string; id: string; update: boolean }[] = [];
  const marked: object[] = [];
  let time = 0;
  return {
    shown,
    show: (bundle: Readonly<Record<string, string>>, { id, update }: { id: string; update: boolean }) =>
      void shown.push({ html: bundle["text/html"] ?? "", id, update }),
    marked,
    markShown: (value: object) => void marked.push(value),
    now: () => time += tick,
  };
}

async function* failing(steps: readonly Step[], error: unknown): AsyncGenerator<Step> {
  yield* steps;
  await Promise.resolve();
  throw error;
}

Deno.test("stepsView() draws a page and an image that can be looked at", async () => {
  const view = await stepsView(stepsOf(), { prompt: promptOf(KEYS) });
  await matchesGolden("steps.html", view.html);
  await matchesGolden("steps.svg", view.svg);
  isWellFormed(view.svg);
  standsAlone(view);
  staysReadable(view, ["·cabinet", "·are", "chosen"]);
});

Deno.test("stepsView() shows how likely each token was, and ranks one that is not among the candidates", async () => {
  const steps = stepsOf();
  const view = await stepsView(steps, { prompt: promptOf(KEYS) });
  const chips = all(parse(view.html), ".t").slice(5);
  steps.forEach(({ logProb }, n) => ok(Math.abs(alpha(chips[n]!) - 0.6 * Math.sqrt(Math.exp(logProb))) < 0.001));
  deepEqual(view.data.steps.map(({ rank }) => rank), [1, 2, 3, 1 + Math.ceil(128 / 17), 2]);
  equal(view.data.steps.some((step) => "logits" in step), false);
});

Deno.test("stepsView() draws into one output while it takes steps, and puts the whole there at the end", async () => {
  const { shown, marked, ...place } = stage();
  const view = await watchSteps(stepsOf(), { prompt: "The keys" }, place);
  equal(shown.length, 6);
  equal(new Set(shown.map(({ id }) => id)).size, 1);
  deepEqual(shown.map(({ update }) => update), [false, true, true, true, true, true]);
  deepEqual(shown.slice(0, 5).map(({ html }) => all(parse(html), ".t").length), [1, 2, 3, 4, 5]);
  equal(shown.at(-1)?.html, view.html);
  deepEqual(marked.map((one) => one === view), [true]);
  equal(view[JUPYTER_DISPLAY]()["text/html"], view.html);
  equal(shown.length, 6);
});

Deno.test("stepsView() leaves pictures out that nobody could see", async () => {
  const { shown, ...place } = stage(1);
  await watchSteps(stepsOf(longSequence(40)), {}, place);
  ok(shown.length < 5, `${shown.length}`);
});

Deno.test("stepsView() keeps what was drawn when it is stopped, and throws why", async () => {
  const { shown, ...place } = stage();
  const stopped = failing(stepsOf().slice(0, 2), new DOMException("Interrupted by user", "AbortError"));
  await rejects(() => watchSteps(stopped, {}, place), { name: "AbortError" });
  const last = parse(shown.at(-1)?.html ?? "");
  equal(all(last, ".t").length, 2);
  match(last.textContent ?? "", /2 tokens written after 5 of the prompt\. It was stopped: Interrupted by user\./);
});

Deno.test("stepsView() keeps what was drawn when the first step fails", async () => {
  const { shown, ...place } = stage();
  await rejects(() => watchSteps(failing([], new RangeError("no room")), {}, place), { message: "no room" });
  match(shown.at(-1)?.html ?? "", /Nothing was written\. It was stopped: no room\./);
});

Deno.test("stepsView() takes no step at all, and a single one", async () => {
  const none = await stepsView([]);
  equal(none.text, "Nothing was written.");
  isWellFormed(none.svg);
  const one = await stepsView(stepsOf(sequenceOf(["a", "b"], 1)));
  match(one.text, /^1 token written after 1 of the prompt\./);
});

Deno.test("stepsView() of 1000 steps is below 1 MB, and so is each picture on the way", async () => {
  const { shown, ...place } = stage();
  const view = await watchSteps(stepsOf(longSequence(1001)), {}, place);
  ok(view.html.length < 1_000_000, `${view.html.length}`);
  ok(Math.max(...shown.slice(0, -1).map(({ html }) => html.length)) < 80_000);
  match(view.html, /The page shows the last 600; the data of the view keeps all\. The last 96 of 1000 can be chosen\./);
  equal(view.data.steps.length, 1000);
  isWellFormed(view.svg);
});

Deno.test("stepsView() keeps hostile tokens and scripts of every direction in their place", async () => {
  const view = await stepsView(stepsOf(INJECTED), { prompt: INJECTION });
  isInert(view);
  staysReadable(view, ["</script>"]);
  const scripts = await stepsView(stepsOf({ ...SCRIPTS, promptLength: 1 }), { prompt: "سلام\n世界\u202E" });
  equal(scripts.html.includes("\u202E"), false);
  match(scripts.text, /\n3 +\u2068·سلام\u2069 /);
  isWellFormed(scripts.svg);
});

Deno.test("stepsView() says what it was given when it is not what it draws", async () => {
  const draw = (steps: unknown, prompt?: unknown) => () =>
    stepsView(steps as Step[], prompt === undefined ? {} : { prompt: prompt as string });
  await rejects(draw(Promise.resolve()), { name: "TypeError", message: /^Cannot watch a promise as steps/ });
  await rejects(draw("text"), { name: "TypeError", message: /^Cannot watch text as steps/ });
  await rejects(draw([{}]), { name: "TypeError", message: /^Cannot draw an object with no keys as a step/ });
  await rejects(draw([], 7), { name: "TypeError", message: /^Cannot show 7 as the prompt/ });
});
