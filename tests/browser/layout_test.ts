/** Letters of all views stand beside each other, whole, within their page, and large enough: at each width, in each host. */
import { deepEqual, ok } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "npm:playwright-core@1.65.1";
import { activationsView, attentionStepsView, neuronsView, type View } from "../../widgets/mod.ts";
import { clustersOf } from "../widgets/activations/clusters_fixtures.ts";
import { attentionStepsOf } from "../widgets/attention_steps/fixtures.ts";
import { KEYS, sequenceOf } from "../widgets/fixtures.ts";
import { longSequence, SCRIPTS } from "../widgets/lens_fixtures.ts";
import { neuronTraceOf } from "../widgets/neurons/fixtures.ts";
import { FAULTS, IMAGE_FAULTS, KEPT, SCROLLING } from "./layout.ts";
import { HEIGHT, inBrowser, withPage } from "./support.ts";
import { CASES } from "./views.ts";

const LAB = await Deno.readTextFile(new URL("fixtures/lab.css", import.meta.url));

/** Texts, and the widths at which each is looked at. */
const TEXTS = {
  short: { text: KEYS, widths: [1600, 900, 768, 700, 360] },
  "other scripts": { text: SCRIPTS, widths: [1600, 360] },
  long: { text: longSequence(40, 20), widths: [768, 700, 360] },
} as const;

/** The usual width of a cell beside a browser of files: what can fit into it does. */
const CELL = 700;

/** Views that fit, and long texts that just do: as many tokens as have names, and heads of GPT-2's shape. */
const FITTING = ["activations", "neurons", "steps of attention", "saliency, heatmap"];
const NAMED = longSequence(49, 20);
const WORDS = sequenceOf(Array.from({ length: 16 }, (_, i) => ` circumstances${i}`), 16);
const LONGEST = {
  "activations of 49 tokens": activationsView([clustersOf(NAMED, 0, 12), clustersOf(NAMED, 1, 12)]),
  "neurons of 49 tokens": neuronsView(neuronTraceOf(NAMED, 12), { clusters: clustersOf(NAMED, 3, 12) }),
  "steps of 16 long tokens": attentionStepsView(attentionStepsOf(WORDS, 1, 12, 64), { head: 7 }),
};

/** Views whose pictures stand for nothing of a text, which are drawn once. */
const ONCE = ["edges", "effects of heads", "model", "sizes"];

async function viewsOf(text: keyof typeof TEXTS): Promise<{ readonly name: string; readonly view: View }[]> {
  const some = CASES.filter(({ name }) => text === "short" || !ONCE.includes(name));
  const views = await Promise.all(some.map(async ({ name, draw }) => ({ name, view: await draw(TEXTS[text].text) })));
  return text === "long" ? [...views, ...Object.entries(LONGEST).map(([name, view]) => ({ name, view }))] : views;
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

async function hasNoFaults(page: Page, width: number, text: keyof typeof TEXTS): Promise<void> {
  await page.setViewportSize({ width, height: HEIGHT });
  deepEqual(await page.evaluate<string[]>(FAULTS), []);
  const names = JSON.stringify([...FITTING, ...text === "long" ? Object.keys(LONGEST) : ["cache", "stream"]]);
  if (width >= CELL) return deepEqual(await page.evaluate<string[]>(`${SCROLLING}(${names})`), []);
  const { kept, lost } = await page.evaluate<{ kept: number; lost: string[] }>(`${KEPT}(${names})`);
  deepEqual(lost, []);
  if (text === "long") ok(kept >= 20, `${kept} labels`);
}

Deno.test("letters of all views overlap nowhere, are whole, within the page and at least 11 px high", async (t) => {
  await inBrowser(async (browser, folder) => {
    for (const text of Object.keys(TEXTS) as (keyof typeof TEXTS)[]) {
      const views = await viewsOf(text);
      ok(views.length >= 35, `${views.length} views`);
      for (const lab of [false, true]) {
        const path = join(folder, `${text.replace(" ", "_")}_${lab}.html`);
        await Deno.writeTextFile(path, pageOf(views, lab));
        await withPage(browser, pathToFileURL(path).href, {}, async (page) => {
          for (const width of TEXTS[text].widths) {
            await t.step(
              `${text} text in ${lab ? "JupyterLab" : "a page"}, ${width} px wide`,
              () => hasNoFaults(page, width, text),
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

/** One fault of each kind, and what is none. */
const FAULTY = `<section data-case="bad" style="width:300px;font-size:14px">
<div><span>first</span><span style="margin-left:-20px">second</span></div>
<div style="width:40px;overflow:hidden;white-space:nowrap">a long line that is cut</div>
<div style="width:40px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap">a long line that ends in dots</div>
<div style="width:40px;overflow-x:auto;white-space:nowrap">a long line that scrolls</div>
<div style="margin-left:-30px">outside</div><div style="font-size:10px">tiny</div></section>`;

Deno.test("letters that overlap, are cut, stand outside or are small are found, in pages and in images", async () => {
  await inBrowser(async (browser, folder) => {
    const path = join(folder, "faulty.html");
    await Deno.writeTextFile(path, `<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">${FAULTY}`);
    await withPage(browser, pathToFileURL(path).href, {}, async (page) => {
      const found = await page.evaluate<string[]>(FAULTS);
      deepEqual(found.toSorted(), [
        "bad: cut: a long line that is cut",
        "bad: outside: outside",
        "bad: overlap: first and second",
        "bad: small, 10 px: tiny",
      ]);
      const text = (x: number, y: number, size: number, words: string) =>
        `<text x="${x}" y="${y}" font-size="${size}">${words}</text>`;
      const texts = [
        text(5, 20, 12, "one"),
        text(12, 20, 12, "two"),
        text(5, 60, 9, "tiny"),
        text(90, 90, 12, "outside"),
        `<text font-size="12" transform="translate(30 40) rotate(45)">slanted</text>`,
        text(35, 70, 12, "three"),
      ];
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">${texts.join("")}</svg>`;
      const images = await page.evaluate<string[]>(`${IMAGE_FAULTS}(${JSON.stringify([{ name: "bad", svg }])})`);
      deepEqual(images.toSorted(), [
        "bad: outside: outside",
        "bad: overlap: one and two",
        "bad: overlap: slanted and three",
        "bad: small, 9 px: tiny",
      ]);
    });
  });
});
