/** Views of one sequence on one page share the token that somebody chose. */
import { deepEqual, equal } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "npm:playwright-core@1.65.1";
import {
  attentionStepsView,
  attentionView,
  cacheView,
  lensView,
  rankingsView,
  rolloutView,
  saliencyView,
  stepsView,
  streamView,
  surpriseView,
  type View,
} from "../../widgets/mod.ts";
import { attentionOf, rolloutOf } from "../widgets/attention/fixtures.ts";
import { attentionStepsOf } from "../widgets/attention_steps/fixtures.ts";
import { KEYS, saliencyOf, sequenceOf } from "../widgets/fixtures.ts";
import { cacheOf } from "../widgets/cache/fixtures.ts";
import { lensOf, rankingsOf } from "../widgets/lens_fixtures.ts";
import { promptOf, stepsOf } from "../widgets/steps/fixtures.ts";
import { streamOf } from "../widgets/stream/fixtures.ts";
import { surpriseOf } from "../widgets/surprise/fixtures.ts";
import { inBrowser, withPage } from "./support.ts";

const OTHER = sequenceOf(KEYS.tokens.map(({ text }, i) => i === 1 ? " key" : text), KEYS.promptLength);
/** Views with the tokens that can be chosen in them: from the first one on, all. */
const CASES: readonly (readonly [view: View, from: number])[] = [
  [saliencyView(saliencyOf(KEYS)), KEYS.promptLength],
  [attentionView(attentionOf(KEYS)), 0],
  [surpriseView(surpriseOf(KEYS)), 1],
  [attentionStepsView(attentionStepsOf(KEYS)), 0],
  [rolloutView(rolloutOf(KEYS)), 0],
  [await stepsView(stepsOf(KEYS), { prompt: promptOf(KEYS) }), KEYS.promptLength],
  [streamView(streamOf(KEYS)), 0],
  [cacheView(cacheOf(KEYS)), 0],
  [lensView(lensOf(KEYS)), 1],
  [rankingsView(rankingsOf(KEYS)), KEYS.promptLength],
];
const LINKED = CASES.map(([view]) => view);
const APART = saliencyView(saliencyOf({ ...OTHER, tokenIds: OTHER.tokenIds.map((id) => id + 1) }));

/** The chosen token of each view, or nothing. */
async function chosen(page: Page): Promise<(string | undefined)[]> {
  return await page.locator(".h").evaluateAll((views) =>
    views.map((view) => {
      const input = view.querySelector(".o :checked");
      return input instanceof HTMLInputElement ? input.value : undefined;
    })
  );
}

const NONE = Array(LINKED.length + 1).fill(undefined);
const all = (position: number | undefined, apart?: string) => [
  ...CASES.map(([, from]) => position !== undefined && position >= from ? String(position) : undefined),
  apart,
];

async function movesTogether(page: Page): Promise<void> {
  const [saliency, attention, surprise] = [0, 1, 2].map((n) => page.locator(".h").nth(n));
  const apart = page.locator(".h").nth(LINKED.length);
  const radio = (position: number) => `.o:has(input[value="${position}"])`;
  deepEqual(await chosen(page), NONE);
  await saliency!.locator(radio(8)).click();
  deepEqual(await chosen(page), all(8));
  await page.keyboard.press("ArrowLeft");
  deepEqual(await chosen(page), all(7));
  await attention!.locator(radio(9)).click();
  deepEqual(await chosen(page), all(9));
  await attention!.locator(radio(0)).click(); // is neither explained nor expected
  deepEqual(await chosen(page), all(0));
  await surprise!.locator(radio(6)).click();
  deepEqual(await chosen(page), all(6));
  for (const [n, [, from]] of CASES.entries()) {
    const position = Math.max(from, 3 + n % 7);
    await page.locator(".h").nth(n).locator(radio(position)).first().click();
    deepEqual(await chosen(page), all(position), `view ${n}`);
  }
  await page.keyboard.press("Escape");
  deepEqual(await chosen(page), NONE);
  await saliency!.locator(radio(8)).click();
  await saliency!.locator(radio(8)).click(); // a second click ends it
  deepEqual(await chosen(page), NONE);
  await apart.locator(radio(8)).click();
  deepEqual(await chosen(page), all(undefined, "8"));
  await saliency!.locator(radio(9)).click();
  deepEqual(await chosen(page), all(9, "8"));
  await attention!.locator("button[type=reset]").click();
  await page.waitForFunction("document.querySelectorAll('.o :checked').length === 1");
  deepEqual(await chosen(page), all(undefined, "8"));
}

/** What somebody else's script in the page could try; nothing but a choice may change, and no script may run. */
const FORGED = `(() => {
  const [first] = document.querySelectorAll(".h");
  const evil = '"]<img src=x onerror="globalThis.forged=1">';
  for (const kind of ["change", "click", "reset", "tokens", "keydown"]) {
    for (const target of [first, first.querySelector(".o input"), document]) {
      target.dispatchEvent(Object.assign(new CustomEvent(kind, { bubbles: true, detail: { tokens: evil, position: evil } }), { key: "Escape" }));
    }
  }
  const fake = document.createElement("div");
  fake.dataset.tokens = first.dataset.tokens;
  fake.innerHTML = '<label class="o"><input type="radio"></label>';
  fake.querySelector("input").value = evil;
  document.body.append(fake);
  first.querySelectorAll(".o input")[1].value = evil;
})()`;

async function isForgotten(page: Page): Promise<void> {
  const content = () => page.locator(".h").evaluateAll((views) => views.map((view) => view.textContent).join());
  const before = await content();
  await page.evaluate(FORGED);
  deepEqual(await chosen(page), NONE);
  await page.locator(".h").first().locator(".o").nth(1).click();
  equal((await chosen(page)).filter((one) => one !== undefined).length, 1); // no other view has such a token
  equal(await page.evaluate("globalThis.forged"), undefined);
  equal(await page.locator("img[src=x]").count(), 0);
  equal(await content(), before);
}

async function isFineAlone(page: Page): Promise<void> {
  await page.locator(".o").first().click();
  deepEqual((await chosen(page)).length, 1);
  equal(await page.locator(".o :checked").count(), 1);
  await page.keyboard.press("Escape");
  equal(await page.locator(".o :checked").count(), 0);
}

Deno.test("views of one sequence on a page", async (t) => {
  await inBrowser(async (browser, folder) => {
    const opened = async (views: readonly View[], use: (page: Page) => Promise<void>, javaScriptEnabled = true) => {
      const path = join(folder, "linked.html");
      await Deno.writeTextFile(path, `<meta charset="utf-8">${views.map(({ html }) => html).join("\n")}`);
      await withPage(browser, pathToFileURL(path).href, { javaScriptEnabled }, use);
    };
    await t.step(
      "share the chosen token, and those of another sequence do not",
      () => opened([...LINKED, APART], movesTogether),
    );
    await t.step("take no orders from forged events", () => opened([...LINKED, APART], isForgotten));
    await t.step("work alone", () => opened(LINKED.slice(0, 1), isFineAlone));
    await t.step("choose each for itself without scripts", () =>
      opened(LINKED, async (page) => {
        await page.locator(".o").first().click();
        equal((await chosen(page)).filter((one) => one !== undefined).length, 1);
      }, false));
  });
});
