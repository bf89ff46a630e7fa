import { equal, match, ok } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "npm:playwright-core@1.65.1";
import { saliencyView, tokensView } from "../../widgets/mod.ts";
import { CAPTUM, HOSTILE, KEYS, saliencyOf, sequenceOf } from "../widgets/fixtures.ts";
import { untrustedHtml } from "../widgets/untrusted.ts";
import { chooses, MAP, shownAlphas } from "./saliency_rows.ts";
import { faults, inBrowser, withPage } from "./support.ts";

function luminance([red = 0, green = 0, blue = 0]: readonly number[]): number {
  const linear = (channel: number) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** The least contrast of a token's text with its background. */
async function leastContrast(page: Page): Promise<number> {
  const pairs = await page.locator(`${MAP} .t`).evaluateAll((chips) => {
    const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
    const numbers = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    return chips.map((chip) => {
      const { color, backgroundColor } = getComputedStyle(chip);
      const [red = 0, green = 0, blue = 0, alpha = 1] = numbers(backgroundColor);
      const blended = [red, green, blue].map((channel, i) => channel * alpha + (canvas[i] ?? 0) * (1 - alpha));
      return [numbers(color).slice(0, 3), blended];
    });
  });
  return Math.min(...pairs.map(([text = [], ground = []]) => {
    const [low = 0, high = 0] = [luminance(text), luminance(ground)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }));
}

Deno.test("saliencyView() in a browser", async (t) => {
  await inBrowser(async (browser, folder) => {
    const url = (name: string) => pathToFileURL(join(folder, name)).href;
    await saliencyView(saliencyOf(KEYS), { style: "detailed" }).save(join(folder, "page.html"));
    await saliencyView(saliencyOf(KEYS, CAPTUM), { style: "detailed" }).save(join(folder, "signed.html"));
    for (const javaScriptEnabled of [true, false]) {
      await t.step(
        `hover, click and keys choose a row of a saved page, scripts ${javaScriptEnabled ? "on" : "off"}`,
        () => withPage(browser, url("page.html"), { javaScriptEnabled }, (page) => chooses(page, javaScriptEnabled)),
      );
    }
    await t.step(
      "numbers and bars follow the chosen row",
      () =>
        withPage(browser, url("signed.html"), {}, async (page) => {
          const content = () =>
            page.locator(".n").first().evaluate((number) => getComputedStyle(number, "::after").content);
          const before = await content();
          await page.locator(".o1").hover();
          const after = await content();
          match(after, /^"[+−][\d.]+"$/);
          ok(before !== after);
        }),
    );
    await tokensView(HOSTILE).save(join(folder, "tokens.html"));
    for (const colorScheme of ["light", "dark"] as const) {
      for (const name of ["page.html", "signed.html", "tokens.html"]) {
        await t.step(
          `axe finds no fault with ${name} in ${colorScheme}`,
          () => withPage(browser, url(name), { colorScheme }, async (page) => equal(await faults(page), "")),
        );
      }
      for (const name of ["page.html", "signed.html"]) {
        await t.step(
          `text of ${name} reads on a ${colorScheme} page`,
          () => withPage(browser, url(name), { colorScheme }, async (page) => ok(await leastContrast(page) >= 4.5)),
        );
      }
    }
    await t.step("an untrusted notebook shows the colours of the first row", async () => {
      await Deno.writeTextFile(join(folder, "untrusted.html"), untrustedHtml(saliencyView(saliencyOf(KEYS)).html));
      await withPage(browser, url("untrusted.html"), {}, async (page) => {
        const alphas = await page.locator(".t").evaluateAll((chips) =>
          chips.map((chip) => Number(/([\d.]+)\)$/.exec(getComputedStyle(chip).backgroundColor)?.[1] ?? 1))
        );
        equal(Math.max(...alphas), 0.6);
        equal(alphas.filter((alpha) => alpha > 0).length, 3);
        equal(await page.locator("input:visible, button:visible").count(), 0);
      });
    });
    await t.step("a map of 256 tokens answers a hover", async () => {
      const long = sequenceOf(Array.from({ length: 256 }, (_, i) => ` w${i}`), 1);
      await saliencyView(saliencyOf(long)).save(join(folder, "long.html"));
      await withPage(browser, url("long.html"), {}, async (page) => {
        await page.locator(".o30").hover();
        const [alpha] = await shownAlphas(page);
        ok(alpha !== undefined);
      });
    });
  });
});
