import { deepEqual, equal, match, ok } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "npm:playwright-core@1.65.1";
import { KEYS } from "../widgets/fixtures.ts";
import { INJECTED, longSequence } from "../widgets/lens_fixtures.ts";
import type { View } from "../../widgets/mod.ts";
import { untrustedHtml } from "../widgets/untrusted.ts";
import { faults, HEIGHT, inBrowser, withPage } from "./support.ts";
import { type Case, CASES } from "./views.ts";

/** Colours and panels as they are shown: what a choice changes. */
async function looks(page: Page): Promise<string> {
  return await page.locator("main *").evaluateAll((all) =>
    all.map((one) => {
      const { display, visibility, backgroundColor, outlineStyle, outlineWidth } = getComputedStyle(one);
      return one.matches("button, button *") || one.querySelector("button") || one.querySelector(":focus")
        ? ""
        : [display, visibility, backgroundColor, one.matches(":focus-visible") ? "" : outlineStyle + outlineWidth]
          .join();
    }).join("|")
  );
}

const FOCUSED = "document.activeElement.matches('.o input')";

/** Presses Tab until a choice has the focus. */
async function tabToChoice(page: Page): Promise<void> {
  for (let i = 0; i < 12; ++i) {
    await page.keyboard.press("Tab");
    if (await page.evaluate<boolean>(FOCUSED)) return;
  }
  throw new Error("Tab does not reach a choice");
}

/** Tab reaches the choice, arrow keys move it, Escape or, without scripts, a button takes it back. */
async function answersKeys(page: Page, scripts: boolean): Promise<void> {
  const atRest = await looks(page);
  await tabToChoice(page);
  const seen = new Set<string>();
  for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft"]) {
    await page.keyboard.press(key);
    equal(await page.locator(".o :checked").count(), 1);
    seen.add(await looks(page));
  }
  ok(seen.size >= 2, "arrow keys change nothing that is shown");
  if (scripts) await page.keyboard.press("Escape");
  else await page.locator("button[type=reset]").first().click();
  equal(await page.locator(".o :checked").count(), 0);
  await page.evaluate("document.activeElement.blur()");
  await page.mouse.move(1, 1);
  ok(await looks(page) === atRest, "the view does not return to what it showed at first"); // a diff of it is of no use
}

/** Tab reaches the table, and Enter opens it. */
async function opensTable(page: Page): Promise<void> {
  if (await page.locator("details table").count() === 0) return equal(await page.locator("table:visible").count(), 1);
  for (let i = 0; i < 12 && await page.locator("details:has(table) > summary:focus").count() === 0; ++i) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  ok(await page.locator("details[open] table").first().isVisible());
}

async function isInert(page: Page): Promise<void> {
  equal(await page.locator("img[src=x]").count(), 0);
  equal(await page.locator("script:not(main script)").count(), 0);
  await page.locator("main").hover();
}

/** Wide parts scroll in themselves. */
async function staysInside(page: Page): Promise<void> {
  const [wide = 0, shown = 0] = await page.evaluate<number[]>(
    "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
  );
  ok(wide <= shown, `${wide} px on a page of ${shown}`);
  ok((await page.locator("main").innerText()).length > 100);
}

async function readsUntrusted(page: Page): Promise<void> {
  ok((await page.locator("body").innerText()).length > 100);
  const widths = await page.locator("img").evaluateAll((all) =>
    all.map((image) => image instanceof HTMLImageElement ? image.naturalWidth : 0)
  );
  deepEqual(widths.filter((width) => !(width > 0)), []);
}

/** One view with scripts, or without. */
async function isOperable(page: Page, { tree, chosen }: Case, scripts: boolean): Promise<void> {
  const snapshot = await page.locator("main").ariaSnapshot();
  for (const line of tree) match(snapshot, line);
  if (chosen) await answersKeys(page, scripts);
  else await opensTable(page);
}

/** axe-core finds nothing in either scheme of colours. */
async function isAccessible(page: Page): Promise<void> {
  equal(await faults(page), "");
  await page.emulateMedia({ colorScheme: "dark" });
  equal(await faults(page, { coloursOnly: true }), "");
}

/** In a wide page and in a narrow one. */
async function staysInsideBoth(page: Page): Promise<void> {
  for (const width of [1000, 420]) {
    await page.setViewportSize({ width, height: HEIGHT });
    await staysInside(page);
  }
}

async function saved(folder: string, name: string, view: View): Promise<string> {
  const path = join(folder, `${name}.html`);
  await view.save(path);
  return pathToFileURL(path).href;
}

async function tries(t: Deno.TestContext, browser: Browser, folder: string, one: Case): Promise<void> {
  const view = await one.draw(KEYS);
  const short = await saved(folder, "short", view);
  await withPage(browser, short, {}, async (page) => {
    await t.step("answers the keyboard, scripts on", () => isOperable(page, one, true));
    await t.step("is accessible in light and dark", () => isAccessible(page));
  });
  await t.step(
    "answers the keyboard, scripts off",
    () => withPage(browser, short, { javaScriptEnabled: false }, (page) => isOperable(page, one, false)),
  );
  const injected = await saved(folder, "injected", await one.draw(INJECTED));
  await t.step("shows markup in tokens as text", () => withPage(browser, injected, {}, isInert));
  const long = await saved(folder, "long", await one.draw(longSequence(600, 200)));
  await t.step("keeps 600 tokens inside a wide and a narrow page", () => withPage(browser, long, {}, staysInsideBoth));
  const untrusted = join(folder, "untrusted.html");
  await Deno.writeTextFile(untrusted, `<meta charset="utf-8">${untrustedHtml(view.html)}`);
  await t.step(
    "shows text and images when it is not trusted",
    () => withPage(browser, pathToFileURL(untrusted).href, {}, readsUntrusted),
  );
}

Deno.test("views in a browser", async (t) => {
  await inBrowser(async (browser, folder) => {
    for (const one of CASES) await t.step(one.name, (t) => tries(t, browser, folder, one));
  });
});
