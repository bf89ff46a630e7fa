/** What the scripts of the pictures do in a page. */
import { equal, ok } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "npm:playwright-core@1.65.1";
import { settledProbabilities } from "../../src/ask/write/settled.ts";
import { neuronsView, nextWordView, treeView, vectorsView, type View } from "../../widgets/mod.ts";
import { KEYS } from "../widgets/fixtures.ts";
import { clustersOf } from "../widgets/activations/clusters_fixtures.ts";
import { neuronTraceOf } from "../widgets/neurons/fixtures.ts";
import { candidatesOf } from "../widgets/next_word/fixtures.ts";
import { WALKED } from "../widgets/tree/fixtures.ts";
import { numbersOf } from "../widgets/vectors/fixtures.ts";
import { inBrowser, type Setting, withPage } from "./support.ts";

const heads = numbersOf([4, 10, 64]);

/** The number below the pointer, where a picture of heads has gaps. */
async function findsNumbers(page: Page): Promise<void> {
  const image = page.locator(".i");
  const { width, height } = (await image.boundingBox())!;
  const across = width / (4 * 64 + 3 * 2);
  const columns = width / across;
  const pitch = (columns - 4 * 64) / 3 + 64;
  for (const [head, row, column] of [[0, 0, 0], [2, 3, 17], [3, 9, 63]] as const) {
    const [x, y] = [across * (head * pitch + column + 0.5), height * (row + 0.5) / 10];
    await image.hover({ position: { x, y } });
    const words = await page.locator(".f").innerText();
    const [place, number] = words.split(": ");
    const name = ["0 The", "3 ·the", "9 ."][[0, 3, 9].indexOf(row)];
    equal(place, `${name}, head ${head}, number ${column}`);
    const real = heads.data[(head * 10 + row) * 64 + column]!;
    ok(Math.abs(Number(number) - real) <= 0.001, `${words}, not ${real}`);
  }
  await image.hover({ position: { x: across * (64 + 0.5), y: 5 } });
  equal(await page.locator(".f").innerText(), "", "a gap has no number");
}

const candidates = candidatesOf(KEYS, 50257);
const TEMPERATURES = [0, 0.05, 0.3, 0.7, 1, 1.35, 2];
const CUTS = [[0, 1], [1, 1], [2, 1], [40, 1], [200, 1], [0, 0.95], [0, 0.5], [0, 0.05], [0, 0], [200, 0.9], [7, 0.3]];

/** The page's own arithmetic against the library's, by which a model draws. */
async function settles(page: Page): Promise<void> {
  for (const temperature of TEMPERATURES) {
    for (const [topK, topP] of CUTS as [number, number][]) {
      const values = [temperature, topK, topP].map(String);
      const inputs = page.locator("input");
      for (const [n, value] of values.entries()) await inputs.nth(n).fill(value);
      const found = await page.locator(".p").evaluateAll((all) =>
        all.map((one) => one instanceof HTMLElement ? Number(one.dataset.p) : NaN)
      );
      const library = settledProbabilities(candidates.logits.data, { temperature, topK, topP });
      candidates.predictions.slice(0, 10).forEach(({ tokenId }, n) => {
        const right = library.probability(tokenId);
        ok(Math.abs(found[n]! - right) <= 1e-5, `${values}: word ${n} has ${found[n]}, not ${right}`);
      });
      const left = Number((await page.locator(".l").innerText()).replaceAll(",", ""));
      ok(Math.abs(left - library.left) <= 1e-3 * library.left, `${values}: ${left} are left, not ${library.left}`);
    }
  }
  await page.locator("button[type=reset]").click();
  await page.locator("input").first().focus();
  await page.keyboard.press("ArrowRight");
  equal(await page.locator("output").first().innerText(), "0.75");
}

/** Clicks and arrow keys go down the tree; the path's text and probability are those of the branches. */
async function walks(page: Page): Promise<void> {
  const shown = () => page.locator(".o:visible").count();
  const path = () => page.locator(".p:visible").innerText();
  const chosen: string[] = [];
  equal(await shown(), 2);
  let branch = WALKED.branches[0]!;
  const first = WALKED.prompt.tokens.length;
  for (let place = 0; place < 3; ++place) {
    const { token } = branch.steps[place]!;
    const group = page.locator("ul:visible").nth(place).locator("> li > .o");
    await group.filter({ hasText: token.text.trim() }).first().click();
    chosen.push(token.text.replace(" ", "·"));
    const logProb = branch.steps.slice(0, place + 1).reduce((sum, step) => sum + step.logProb, 0);
    const [text, numbers] = (await path()).split("\n");
    equal(text, chosen.join(""));
    ok(numbers?.includes(`probability ${(100 * Math.exp(logProb)).toFixed(1)}%`), `${numbers}`);
    equal(await shown(), Math.min(6, 2 * (place + 2)));
  }
  ok((await path()).endsWith("this is the end of the branch"));
  branch = WALKED.branches.find(({ start, parent }) => parent === 0 && start === first + 1)!;
  await page.locator("ul:visible").nth(1).locator("> li > .o :checked").focus();
  await page.keyboard.press("ArrowDown"); // the other word in the second place
  const other = branch.steps[0]!.token.text.replace(" ", "·");
  equal((await path()).split("\n")[0], `${chosen[0]}${other}`);
  equal(await shown(), 6);
  await page.locator("button[type=reset]").click();
  equal(await shown(), 2);
  equal(await page.locator(".p:visible").count(), 0);
}

/** The neuron under the pointer, the one that was clicked, and the one of the slider colour the text by their numbers. */
async function colours(page: Page): Promise<void> {
  const trace = neuronTraceOf();
  const [, T, M] = trace.activations!.shape as [number, number, number];
  const image = page.locator(".i");
  const { height } = (await image.boundingBox())!;
  const said = () => page.locator(".f").innerText();
  const isColoured = async () => {
    const neuron = Number(/neuron (\d+)/.exec(await said())![1]);
    const row = Array.from({ length: T }, (_, t) => trace.activations!.data[(T + t) * M + neuron]!);
    const peak = Math.max(...row);
    const found = await page.locator(".t").evaluateAll((all) =>
      all.map((one) => getComputedStyle(one).backgroundColor.match(/[\d.]+/g)!.map(Number)[3] ?? 1)
    );
    row.forEach((one, t) => ok(Math.abs(found[t]! - 0.6 * Math.max(0, one) / peak) <= 0.007, `${neuron} at ${t}`));
    return neuron;
  };
  const first = await isColoured();
  const position = { x: 20, y: height * 10.5 / M };
  await image.hover({ position });
  const hovered = await isColoured();
  ok(hovered !== first);
  await page.mouse.move(1, 1);
  equal(await isColoured(), first);
  await image.click({ position });
  await page.mouse.move(1, 1);
  equal(await isColoured(), hovered);
  await page.locator("input").focus();
  await page.keyboard.press("ArrowRight");
  ok(await isColoured() !== hovered);
  equal(await page.locator("input").getAttribute("aria-valuetext"), await said());
  equal(await page.locator("input").inputValue(), "11");
}

Deno.test("pictures in a browser", async (t) => {
  await inBrowser(async (browser, folder) => {
    const opened = async (name: string, view: View, use: (page: Page) => Promise<void>, setting: Setting = {}) => {
      const path = join(folder, `${name}.html`);
      await view.save(path);
      await withPage(browser, pathToFileURL(path).href, setting, use);
    };
    await t.step("nextWordView() settles scores as the library does, at once", async () => {
      await opened("next", nextWordView(candidates, { temperature: 0.7 }), settles);
    });
    for (const javaScriptEnabled of [true, false]) {
      await t.step(`treeView() is walked by clicks, scripts ${javaScriptEnabled ? "on" : "off"}`, async () => {
        await opened("tree", treeView(WALKED, { walk: true }), walks, { javaScriptEnabled });
      });
    }
    await t.step("neuronsView() colours the text by the neuron that is pointed at or chosen", async () => {
      await opened("neurons", neuronsView(neuronTraceOf(), { clusters: clustersOf(KEYS, 3) }), colours);
    });
    await t.step("vectorsView() says the number below the pointer", async () => {
      await opened("vectors", vectorsView({ queries: heads }, { sequence: KEYS }), findsNumbers);
    });
  });
});
