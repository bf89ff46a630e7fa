/** Labels stand at what they label: in a page and in JupyterLab, in wide windows and in narrow ones. */
import { deepEqual, ok } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "npm:playwright-core@1.65.1";
import type { Sequence } from "../../src/model/sequence.ts";
import {
  activationsView,
  attentionStepsView,
  attentionView,
  factorsView,
  layerSimilarityView,
  neuronsView,
  patchingView,
  rankingsView,
  rolloutView,
  saliencyView,
  surpriseView,
  treeView,
  type View,
} from "../../widgets/mod.ts";
import { clustersOf } from "../widgets/activations/clusters_fixtures.ts";
import { attentionOf, rolloutOf } from "../widgets/attention/fixtures.ts";
import { attentionStepsOf } from "../widgets/attention_steps/fixtures.ts";
import { CURVE, factorsOf } from "../widgets/factors/fixtures.ts";
import { KEYS, saliencyOf, sequenceOf } from "../widgets/fixtures.ts";
import { layerSimilarityOf } from "../widgets/layer_similarity/fixtures.ts";
import { longSequence, rankingsOf } from "../widgets/lens_fixtures.ts";
import { neuronTraceOf } from "../widgets/neurons/fixtures.ts";
import { patchingOf, withToken } from "../widgets/patching/fixtures.ts";
import { surpriseOf } from "../widgets/surprise/fixtures.ts";
import { TREE } from "../widgets/tree/fixtures.ts";
import { untrustedHtml } from "../widgets/untrusted.ts";
import { CROOKED, measureOf, type MEASURES, type Place, RESIZED } from "./alignment.ts";
import { HEIGHT, inBrowser, withPage } from "./support.ts";
import { CASES } from "./views.ts";

const WIDTHS = [1600, 900, 768, 700, 360];
const LAB = await Deno.readTextFile(new URL("fixtures/lab.css", import.meta.url));

/** As many tokens as showed the fault. */
const TEXT: Sequence = sequenceOf(Array.from({ length: 21 }, (_, i) => ` word${i % 10}`), 6);

/** More cells than a table holds. */
const LONG = longSequence(135, 2);

/** The last label of its axis stands before the end of the picture. */
const ODD = { ...CURVE, factors: [1, 2, 3, 4, 5, 7] };

interface Chart {
  readonly name: string;
  readonly view: View;
  readonly measure: keyof typeof MEASURES;
  readonly numbers?: Readonly<Record<string, unknown>>;
  /** The least places that it has. */
  readonly places: number;
  /** Whether it needs style rules, so that a notebook that is not trusted shows something else. */
  readonly ruled?: boolean;
}

const CHARTS: readonly Chart[] = [
  { name: "attention", view: attentionView(attentionOf(TEXT)), measure: "matrix", places: 700 },
  { name: "attention of a part", view: attentionView(attentionOf(longSequence(60))), measure: "matrix", places: 3000 },
  { name: "rollout", view: rolloutView(rolloutOf(TEXT)), measure: "matrix", places: 700 },
  { name: "surprise", view: surpriseView(surpriseOf(TEXT)), measure: "bars", places: 24 },
  { name: "surprise of many tokens", view: surpriseView(surpriseOf(KEYS)), measure: "bars", places: 12 },
  {
    name: "factors",
    view: factorsView(factorsOf([TEXT]), { curve: ODD }),
    measure: "curve",
    numbers: { COUNTS: ODD.factors },
    places: 8,
  },
  {
    name: "rankings",
    view: rankingsView(rankingsOf(longSequence(135, 2), 6)),
    measure: "pixels",
    numbers: { LAYERS: 6, TOKENS: 133, FIRST: 2 },
    places: 8,
  },
  {
    name: "patching",
    view: patchingView(patchingOf(withToken(LONG, 3, " other"), { clean: LONG, both: false })),
    measure: "pixels",
    numbers: { LAYERS: 6, TOKENS: 135, FIRST: 0 },
    places: 8,
  },
  { name: "activations", view: activationsView(clustersOf(TEXT)), measure: "clusters", places: 29, ruled: true },
  {
    name: "neurons",
    view: neuronsView(neuronTraceOf(longSequence(49, 20)), { clusters: clustersOf(longSequence(49, 20), 3) }),
    measure: "columns",
    places: 49,
  },
  {
    name: "steps of attention",
    view: attentionStepsView(attentionStepsOf(KEYS, 1, 12, 64), { head: 7 }),
    measure: "steps",
    numbers: { WIDE: 256, NARROW: 128, PITCH: 68, SIZE: 64 },
    places: 44,
    ruled: true,
  },
  { name: "heat map", view: saliencyView(saliencyOf(TEXT), { style: "heatmap" }), measure: "cells", places: 300 },
  {
    name: "heat map of many tokens",
    view: saliencyView(saliencyOf(longSequence(60, 2)), { style: "heatmap" }),
    measure: "map",
    places: 110,
  },
  { name: "layer similarity", view: layerSimilarityView(layerSimilarityOf(KEYS)), measure: "similarity", places: 7 },
  {
    name: "layer similarity of many",
    view: layerSimilarityView(layerSimilarityOf(KEYS, 24)),
    measure: "similarity",
    places: 6,
  },
  { name: "tree", view: treeView(TREE), measure: "tree", places: 6, ruled: true },
];

/** An output of JupyterLab. */
function labPage(html: string): string {
  return `<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>Lab</title>` +
    `<style>${LAB}</style><body class="jp-ThemedContainer" style="background:var(--jp-layout-color0);margin:0;padding:8px">` +
    `<div class="jp-OutputArea-output jp-RenderedHTMLCommon">${html}</div>`;
}

async function pagesOf(folder: string, name: string, view: View): Promise<Record<string, string>> {
  const paths = ["page", "lab", "untrusted"].map((kind) =>
    join(folder, `${name.replaceAll(/\W+/g, "_")}_${kind}.html`)
  );
  const [page = "", lab = "", untrusted = ""] = paths;
  await view.save(page);
  await Deno.writeTextFile(lab, labPage(view.html));
  await Deno.writeTextFile(untrusted, labPage(untrustedHtml(view.html)));
  const [pageUrl, labUrl, untrustedUrl] = paths.map((path) => pathToFileURL(path).href);
  return { "a page": pageUrl!, JupyterLab: labUrl!, "JupyterLab without trust": untrustedUrl! };
}

async function isAligned(page: Page, { measure, numbers, places }: Chart, ruled: boolean): Promise<void> {
  const found = await page.evaluate<Place[]>(measureOf(measure, numbers));
  ok(found.length >= (ruled ? places : 1), `only ${found.length} places`);
  deepEqual(found.filter(([, expected, actual]) => !(Math.abs(expected - actual) <= 1)).slice(0, 8), []);
  deepEqual(await page.evaluate(RESIZED), []);
}

async function tryChart(t: Deno.TestContext, browser: Browser, folder: string, chart: Chart): Promise<void> {
  for (const [where, url] of Object.entries(await pagesOf(folder, chart.name, chart.view))) {
    const ruled = !where.endsWith("trust");
    if (!ruled && chart.ruled) continue;
    await withPage(browser, url, {}, async (page) => {
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: HEIGHT });
        await t.step(`${chart.name} in ${where}, ${width} px wide`, () => isAligned(page, chart, ruled));
      }
    });
  }
}

Deno.test("labels stand within a pixel of what they label", async (t) => {
  await inBrowser(async (browser, folder) => {
    for (const chart of CHARTS) await t.step(chart.name, (t) => tryChart(t, browser, folder, chart));
  });
});

Deno.test("JupyterLab changes no size and no alignment", async (t) => {
  await inBrowser(async (browser, folder) => {
    for (const one of CASES) {
      const { JupyterLab: url = "" } = await pagesOf(folder, one.name, await one.draw(KEYS));
      await withPage(browser, url, {}, async (page) => {
        for (const width of [1600, 768, 360]) {
          await page.setViewportSize({ width, height: HEIGHT });
          await t.step(`${one.name}, ${width} px wide`, async () => {
            deepEqual(await page.evaluate(RESIZED), []);
            deepEqual(await page.evaluate(CROOKED), []);
          });
        }
      });
    }
  });
});
