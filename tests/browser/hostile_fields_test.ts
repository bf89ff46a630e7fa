/** What was planted in the fields of data, in a browser: nothing of it runs, stands there as an element, or is asked for. */
import { deepEqual, equal, ok, rejects } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "npm:playwright-core@1.65.1";
import { tokensView } from "../../widgets/mod.ts";
import { KEYS } from "../widgets/fixtures.ts";
import { MARK, MARKUP, plantings, type Subject, SUBJECTS } from "../widgets/kit/hostile_fields.ts";
import { inBrowser, withPage } from "./support.ts";

/** The most characters of a page. */
const MOST = 8e6;

/** Views that show what was planted, each once, in as few pages as hold them. */
async function pagesOf(subject: Subject): Promise<{ pages: string[]; views: number }> {
  const seen = new Set<string>();
  const pages = [""];
  for (const { draw } of plantings(subject, MARKUP, [])) {
    const html = await draw().then((view) => view.html, () => ""); // what is refused shows nothing
    if (!html.includes(MARK) || seen.has(html)) continue;
    seen.add(html);
    if (pages.at(-1)!.length + html.length > MOST) pages.push("");
    pages[pages.length - 1] += html;
  }
  return { pages, views: seen.size };
}

/** Elements, attributes, handlers and properties that came from what was planted, and whether any of it ran. */
const FOUND = `[
  typeof globalThis.${MARK},
  getComputedStyle(document.documentElement).getPropertyValue("--${MARK}"),
  ...Array.from(document.querySelectorAll("*")).filter((one) =>
    one.localName === "${MARK}" ||
    one.getAttributeNames().some((name) => name.startsWith("on") || name.includes("${MARK}")) ||
    one.style?.getPropertyValue("--${MARK}") ||
    one.matches("a,iframe,object,embed,link,base") ||
    one.matches("img") && !one.src.startsWith("data:image/")
  ).map((one) => one.outerHTML.slice(0, 200)),
]`;

async function isInert(page: Page): Promise<void> {
  deepEqual(await page.evaluate(FOUND), ["undefined", ""]);
}

async function opened(browser: Browser, folder: string, html: string): Promise<void> {
  const path = join(folder, "planted.html");
  await Deno.writeTextFile(path, `<!DOCTYPE html><meta charset="utf-8"><title>Planted</title>${html}`);
  await withPage(browser, pathToFileURL(path).href, {}, isInert);
}

/** Opens all views of a subject that show what was planted, and says how many they are. */
async function tryAll(browser: Browser, folder: string, subject: Subject): Promise<number> {
  const { pages, views } = await pagesOf(subject);
  for (const html of pages) await opened(browser, folder, html);
  return views;
}

/** A title is shown by saved pages only, which are alike for all views. */
async function tryTitles(browser: Browser, folder: string): Promise<void> {
  for (const title of MARKUP) {
    const path = join(folder, "title.html");
    await tokensView(KEYS, { title }).save(path);
    await withPage(browser, pathToFileURL(path).href, {}, async (page) => {
      equal(await page.title(), title.replace(/\s+/g, " "));
      await isInert(page);
    });
  }
}

Deno.test("nothing planted in a field acts in a browser", async (t) => {
  await inBrowser(async (browser, folder) => {
    for (const [i, raw] of MARKUP.slice(0, 3).entries()) {
      const html = i === 2 ? `<style>.a{content:'${raw}</style>` : `<b title="${raw}"></b><style>${raw}</style>`;
      await t.step(`it would be seen: ${raw}`, () => rejects(() => opened(browser, folder, html)).then(() => {}));
    }
    let views = 0;
    for (const subject of SUBJECTS) {
      await t.step(subject.name, async () => void (views += await tryAll(browser, folder, subject)));
    }
    ok(views > 500, `only ${views} views show what was planted`);
    await t.step("titles", () => tryTitles(browser, folder));
  });
});
