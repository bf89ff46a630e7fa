/** Letters of all views stand beside each other, whole, within their page, and large enough: at each width, in each host. */
import { deepEqual, ok } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "npm:playwright-core@1.65.1";
import type { View } from "../../widgets/mod.ts";
import { KEYS } from "../widgets/fixtures.ts";
import { longSequence, SCRIPTS } from "../widgets/lens_fixtures.ts";
import { FAULTS, IMAGE_FAULTS } from "./layout.ts";
import { HEIGHT, inBrowser, withPage } from "./support.ts";
import { CASES } from "./views.ts";

const LAB = await Deno.readTextFile(new URL("fixtures/lab.css", import.meta.url));

/** Texts, and the widths at which each is looked at. */
const TEXTS = {
  short: { text: KEYS, widths: [1600, 900, 768, 700, 360] },
  "other scripts": { text: SCRIPTS, widths: [1600, 360] },
  long: { text: longSequence(40, 20), widths: [700, 360] },
} as const;

/** Views whose pictures stand for nothing of a text, which are drawn once. */
const ONCE = ["edges", "effects of heads", "model", "sizes"];

async function viewsOf(text: keyof typeof TEXTS): Promise<{ readonly name: string; readonly view: View }[]> {
  const some = CASES.filter(({ name }) => text === "short" || !ONCE.includes(name));
  return await Promise.all(some.map(async ({ name, draw }) => ({ name, view: await draw(TEXTS[text].text) })));
}

/** All views below each other, as a saved page or as outputs of JupyterLab. */
function pageOf(views: readonly { readonly name: string; readonly view: View }[], lab: boolean): string {
  const sections = views.map(({ name, view }) =>
    `<section data-case="${name}"${
      lab ? ' class="jp-OutputArea-output jp-RenderedHTMLCommon"' : ""
    }>${view.html}</section>`
  );
  const head =
    '<!DOCTYPE html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>All</title>';
  return lab
    ? `${head}<style>${LAB}</style><body class="jp-ThemedContainer" style="margin:0;padding:8px">${sections.join("\n")}`
    : `${head}<body style="font-family:system-ui,sans-serif"><main style="max-width:60em;margin:2em auto;padding:0 1em">${
      sections.join("\n")
    }</main>`;
}

async function hasNoFaults(page: Page, width: number): Promise<void> {
  await page.setViewportSize({ width, height: HEIGHT });
  deepEqual(await page.evaluate<string[]>(FAULTS), []);
}

Deno.test("letters of all views overlap nowhere, are whole, within the page and at least 11 px high", async (t) => {
  await inBrowser(async (browser, folder) => {
    for (const text of Object.keys(TEXTS) as (keyof typeof TEXTS)[]) {
      const views = await viewsOf(text);
      ok(views.length >= 40, `${views.length} views`);
      for (const lab of [false, true]) {
        const path = join(folder, `${text.replace(" ", "_")}_${lab}.html`);
        await Deno.writeTextFile(path, pageOf(views, lab));
        await withPage(browser, pathToFileURL(path).href, {}, async (page) => {
          for (const width of TEXTS[text].widths) {
            await t.step(
              `${text} text in ${lab ? "JupyterLab" : "a page"}, ${width} px wide`,
              () => hasNoFaults(page, width),
            );
          }
          if (lab || text === "other scripts") return; // how wide their letters are is up to fonts
          await t.step(`images of a ${text} text`, async () => {
            const images = views.map(({ name, view }) => ({ name, svg: view.svg }));
            deepEqual(await page.evaluate<string[]>(`${IMAGE_FAULTS}(${JSON.stringify(images)})`), []);
          });
        });
      }
    }
  });
});
