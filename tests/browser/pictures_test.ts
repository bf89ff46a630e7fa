/** What the scripts of the pictures do in a page. */
import { equal, ok } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "npm:playwright-core@1.65.1";
import { settledProbabilities } from "../../src/ask/write/settled.ts";
import { nextWordView, vectorsView, type View } from "../../widgets/mod.ts";
import { KEYS } from "../widgets/fixtures.ts";
import { candidatesOf } from "../widgets/next_word/fixtures.ts";
import { numbersOf } from "../widgets/vectors/fixtures.ts";
import { inBrowser, withPage } from "./support.ts";

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

Deno.test("pictures in a browser", async (t) => {
  await inBrowser(async (browser, folder) => {
    const opened = async (name: string, view: View, use: (page: Page) => Promise<void>) => {
      const path = join(folder, `${name}.html`);
      await view.save(path);
      await withPage(browser, pathToFileURL(path).href, {}, use);
    };
    await t.step("nextWordView() settles scores as the library does, at once", async () => {
      await opened("next", nextWordView(candidates, { temperature: 0.7 }), settles);
    });
    await t.step("vectorsView() says the number below the pointer", async () => {
      await opened("vectors", vectorsView({ queries: heads }, { sequence: KEYS }), findsNumbers);
    });
  });
});
