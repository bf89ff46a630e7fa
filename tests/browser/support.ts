/** Saved views in Chromium. */
import axe from "npm:axe-core@4.11.0";
import { deepEqual } from "@std/assert";
import type { Browser, Locator, Page } from "npm:playwright-core@1.65.1";
import { launchChromium } from "../../scripts/notebooks/chromium.ts";

/** Of a page, in pixels. */
export const HEIGHT = 900;

/** How a page is opened. */
export interface Setting {
  readonly javaScriptEnabled?: boolean;
  readonly colorScheme?: "light" | "dark";
  /** In pixels; 1000 by default. */
  readonly width?: number;
}

/** What is used of axe-core in a page. */
interface Axe {
  run(
    element: Element,
    options: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly violations: readonly Violation[] }>;
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** A page in a context of its own, and what it did that it may not. */
interface Kept {
  readonly page: Page;
  readonly faults: string[];
}

/** The pages of a browser, by what they were made with: to make one takes longer than most of what is tried in it. */
const KEPT = new WeakMap<Browser, Map<string, Kept>>();

/** Makes a page that may ask for nothing but itself, open no dialog and fail nowhere. */
async function makePage(browser: Browser, javaScriptEnabled: boolean): Promise<Kept> {
  const context = await browser.newContext({ javaScriptEnabled });
  const faults: string[] = [];
  context.on("request", (request) => void (/^(file|data|about):/.test(request.url()) || faults.push(request.url())));
  context.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  context.on("weberror", (error) => void faults.push(String(error.error())));
  return { page: await context.newPage(), faults };
}

/** Opens an address in a page as it was at first; it may ask for nothing but itself, open no dialog and fail nowhere. */
export async function withPage(
  browser: Browser,
  url: string,
  { width = 1000, colorScheme = "light", javaScriptEnabled = true }: Setting,
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const pages = KEPT.get(browser) ?? new Map<string, Kept>();
  KEPT.set(browser, pages);
  const key = String(javaScriptEnabled);
  const kept = pages.get(key) ?? await makePage(browser, javaScriptEnabled);
  pages.delete(key); // until it has ended well
  const { page, faults } = kept;
  try {
    await page.setViewportSize({ width, height: HEIGHT });
    await page.emulateMedia({ colorScheme });
    await page.mouse.move(0, 0);
    await page.goto(url);
    await use(page);
    deepEqual(faults, []);
    await page.goto("about:blank");
    pages.set(key, kept);
  } finally {
    if (!pages.has(key)) await page.context().close();
  }
}

/** Puts axe-core into a page that has none yet. */
async function loadAxe(page: Page): Promise<void> {
  if (await page.evaluate<boolean>("!globalThis.axe")) await page.evaluate(`${axe.source};0`);
}

/** What axe-core finds wrong with a part of a page that is somebody else's: with what it holds, not with how it is put together. */
export async function faultsIn(part: Locator): Promise<string> {
  await loadAxe(part.page());
  return await part.evaluate(async (element) => {
    const { axe } = globalThis as unknown as { readonly axe: Axe };
    const { violations } = await axe.run(element, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html.slice(0, 200)}`).join("\n");
  });
}

/** What axe-core finds wrong with a page, its first table open; of colours alone where the rest was looked at before. */
export async function faults(page: Page, { coloursOnly = false } = {}): Promise<string> {
  const closed = page.locator("details:not([open]) > summary:visible");
  if (await closed.count() > 0) await closed.first().click();
  await loadAxe(page);
  const rules = coloursOnly ? 'runOnly: ["color-contrast", "link-in-text-block"], ' : "";
  const options = `{ ${rules}resultTypes: ["violations"] }`; // of the rest one each is enough
  const ids = await page.evaluate<string[]>(
    `axe.run(${options})` +
      ".then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`))",
  );
  return ids.join("\n");
}

/** A browser, and a folder that is gone afterwards. */
export async function inBrowser(use: (browser: Browser, folder: string) => Promise<void>): Promise<void> {
  const [browser, folder] = [await launchChromium(), await Deno.makeTempDir()];
  try {
    await use(browser, folder);
  } finally {
    await browser.close();
    await Deno.remove(folder, { recursive: true });
  }
}
