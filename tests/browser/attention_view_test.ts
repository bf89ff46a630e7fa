import { deepEqual, equal, ok } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "npm:playwright-core@1.65.1";
import { attentionView } from "../../widgets/mod.ts";
import { attentionOf, headScoresOf } from "../widgets/attention/fixtures.ts";
import { KEYS } from "../widgets/fixtures.ts";
import { inBrowser, withPage } from "./support.ts";

const trace = attentionOf(KEYS);
const T = 10;
const HEADS = 3;

function percent(layer: number, head: number, query: number, key: number): number {
  const weight = trace.attention!.data[((layer * HEADS + head) * T + query) * T + key]!;
  const rounded = Math.round(100 * weight);
  return rounded < 2 ? 0 : rounded;
}

/** What the page shows: the weights of a row, the piece of the picture, the lines, the name. */
async function showsHead(page: Page, layer: number, head: number, query: number): Promise<void> {
  const shares = await page.locator(".t").evaluateAll((chips) =>
    chips.map((chip) => Number(getComputedStyle(chip).getPropertyValue("--s")))
  );
  deepEqual(shares, Array.from({ length: T }, (_, key) => key > query ? 0 : percent(layer, head, query, key)));
  const side = 24 * T;
  equal(
    await page.locator("div.i").evaluate((one) => getComputedStyle(one).backgroundPosition),
    `${-head * side}px ${-layer * side}px`.replace(/-0px/g, "0px"),
  );
  const widths = await page.locator(`svg.b .q${T - 1} path`).evaluateAll((paths) =>
    paths.map((path) => parseFloat(getComputedStyle(path).strokeWidth))
  );
  widths.forEach((width, key) => {
    const weight = percent(layer, head, T - 1, key);
    ok(Math.abs(width - (weight >= 5 ? 0.06 * weight : 0)) < 0.01, `line to ${key}: ${width} for ${weight}%`);
  });
  ok((await page.locator("b").first().innerText()).startsWith(`Layer ${layer}, head ${head}`));
  equal(await page.locator("details:visible").count(), 1);
}

async function chooses(page: Page): Promise<void> {
  await showsHead(page, 0, 1, T - 1);
  await page.locator(".g1_2").click();
  await showsHead(page, 1, 2, T - 1);
  await page.locator(".r4").hover();
  await showsHead(page, 1, 2, 4);
  equal(await page.locator("svg.b .q4").evaluate((one) => getComputedStyle(one).display), "inline");
  equal(await page.locator("svg.b .q5").evaluate((one) => getComputedStyle(one).display), "none");
  await page.locator(".r6").click();
  await page.mouse.move(1, 1);
  await showsHead(page, 1, 2, 6);
  await page.locator(".g0_0").click();
  await page.mouse.move(1, 1);
  await showsHead(page, 0, 0, 6);
  await page.locator("button[type=reset]").click();
  await page.mouse.move(1, 1);
  await showsHead(page, 0, 1, T - 1);
}

async function drawsAllHeads(page: Page): Promise<void> {
  const shown = async () => [await page.locator("svg.a").isVisible(), await page.locator("svg.b").isVisible()];
  deepEqual(await shown(), [false, true]);
  await page.getByLabel("lines of all heads of layer 0").check();
  deepEqual(await shown(), [true, false]);
  await page.locator(".g1_0").click(); // of another layer, whose lines are not in the page
  deepEqual(await shown(), [false, true]);
  equal(await page.getByLabel("lines of all heads").isVisible(), false);
}

Deno.test("attentionView() in a browser opens any head and any token's row, without scripts too", async (t) => {
  await inBrowser(async (browser, folder) => {
    const path = join(folder, "page.html");
    await attentionView(trace, { head: 1, scores: headScoresOf(KEYS) }).save(path);
    const url = pathToFileURL(path).href;
    for (const javaScriptEnabled of [true, false]) {
      await t.step(
        `scripts ${javaScriptEnabled ? "on" : "off"}`,
        () => withPage(browser, url, { javaScriptEnabled }, chooses),
      );
    }
    await t.step("the lines of all heads of the first layer", () => withPage(browser, url, {}, drawsAllHeads));
  });
});
