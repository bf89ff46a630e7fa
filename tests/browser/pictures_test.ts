/** What the scripts of the pictures do in a page. */
import { equal, ok } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "npm:playwright-core@1.65.1";
import { vectorsView, type View } from "../../widgets/mod.ts";
import { KEYS } from "../widgets/fixtures.ts";
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

Deno.test("pictures in a browser", async (t) => {
  await inBrowser(async (browser, folder) => {
    const opened = async (name: string, view: View, use: (page: Page) => Promise<void>) => {
      const path = join(folder, `${name}.html`);
      await view.save(path);
      await withPage(browser, pathToFileURL(path).href, {}, use);
    };
    await t.step("vectorsView() says the number below the pointer", async () => {
      await opened("vectors", vectorsView({ queries: heads }, { sequence: KEYS }), findsNumbers);
    });
  });
});
