/** A saliency map in a page: a row of it is chosen with the mouse and by keys. */
import { equal, ok } from "@std/assert";
import type { Page } from "npm:playwright-core@1.65.1";
import { OPACITY } from "../../widgets/kit/colours.ts";

/** The first saliency map of the page. */
export const MAP = "div.h:has(> form)";

/** The opacity of the background of each token, as it is shown. */
export async function shownAlphas(page: Page): Promise<number[]> {
  return await page.locator(MAP).first().locator(".t").evaluateAll((chips) =>
    chips.map((chip) => {
      const [, alpha = "1"] = /rgba\(.*, ([\d.]+)\)/.exec(getComputedStyle(chip).backgroundColor) ?? [];
      return Number(alpha);
    })
  );
}

/** The opacities that the page holds for row n. */
async function heldAlphas(page: Page, n: number): Promise<number[]> {
  const shares = await page.locator(MAP).first().locator(".t").evaluateAll(
    (chips, n) => chips.map((chip) => Number(getComputedStyle(chip).getPropertyValue(`--s${n}`) || 0)),
    n,
  );
  return shares.map((share) => Math.abs(share) / 100 * OPACITY);
}

async function showsRow(page: Page, n: number): Promise<void> {
  const [shown, held] = [await shownAlphas(page), await heldAlphas(page, n)];
  equal(shown.length, held.length);
  ok(Math.max(...held) > 0.59, "the row has no largest score");
  shown.forEach((alpha, i) =>
    ok(Math.abs(alpha - (held[i] ?? 0)) < 0.01, `row ${n}, token ${i}: ${alpha} for ${held[i]}`)
  );
  const captions = page.locator(MAP).first().locator(".m");
  const seen = await captions.evaluateAll((all) => all.map((one) => getComputedStyle(one).display !== "none"));
  seen.forEach((visible, i) => equal(visible, i === n));
}

/** Hovers, clicks and presses keys, and expects the colours of the row that was chosen. */
export async function chooses(page: Page, scripts: boolean): Promise<void> {
  const map = page.locator(MAP).first();
  const captions = map.locator(".m");
  const first = await captions.evaluateAll((all) => all.findIndex((one) => getComputedStyle(one).display !== "none"));
  await showsRow(page, first);
  await map.locator(".o2").hover();
  await showsRow(page, 2);
  await map.locator(".o3").click();
  await page.mouse.move(1, 1);
  await showsRow(page, 3);
  await map.locator(".o1").hover();
  await showsRow(page, 1);
  await page.mouse.move(1, 1);
  await showsRow(page, 3);
  await page.keyboard.press("ArrowLeft");
  await showsRow(page, 2);
  const place = page.url();
  await page.keyboard.press("Enter");
  equal(page.url(), place);
  if (scripts) await page.keyboard.press("Escape");
  else await map.locator("button").click();
  await page.mouse.move(1, 1);
  await showsRow(page, first);
  if (!scripts) return;
  await map.locator(".o3").click();
  await map.locator(".o3").click();
  await page.mouse.move(1, 1);
  await showsRow(page, first);
}
