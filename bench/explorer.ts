/**
 * How long somebody waits for the explorer's page: `deno task bench:explorer`. Prints medians, with the load of the machine;
 * the bundled model in Chromium, on wasm in a worker with threads.
 *
 * @module
 */
import { join } from "node:path";
import { buildExplorer } from "../scripts/explorer/build.ts";
import { headersOf } from "../scripts/explorer/policy.ts";
import { serveExplorer } from "../scripts/explorer/serve.ts";
import { launchChromium } from "../scripts/notebooks/chromium.ts";
import { OUT } from "../scripts/notebooks/environment.ts";

type Browser = Awaited<ReturnType<typeof launchChromium>>;
type Page = Awaited<ReturnType<Browser["newPage"]>>;

const ROUNDS = 5;
const TYPED = " are on the table and the";

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

/** From the beginning of a page, nothing of it kept, to its first prediction. */
async function openPage(browser: Browser, address: string): Promise<{ page: Page; ms: number }> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(address);
  await page.locator(".x-row").first().waitFor({ timeout: 120_000 });
  const ms = await page.evaluate(() => performance.now());
  await page.locator(".x-token[style]").first().waitFor();
  return { page, ms };
}

/** From a keystroke to the frame that shows what may come next. */
async function typeOne(page: Page, letter: string): Promise<number> {
  const ms = await page.evaluate((letter) =>
    new Promise<number>((resolve) => {
      const root = document.querySelector("#explorer")!.shadowRoot!;
      const [area, next] = [root.querySelector("textarea")!, root.querySelector(".x-next")!];
      const start = performance.now();
      const look = () => {
        if (next.getAttribute("aria-busy") === "false" && performance.now() > start) resolve(performance.now() - start);
        else requestAnimationFrame(look);
      };
      area.value += letter;
      area.dispatchEvent(new Event("input", { bubbles: true }));
      queueMicrotask(() => requestAnimationFrame(look));
    }), letter);
  await page.waitForTimeout(500);
  return ms;
}

/** From a click on "why" to the frame in which the text has the colours of the map. */
async function explainOne(page: Page, row: number): Promise<number> {
  const ms = await page.evaluate((row) =>
    new Promise<number>((resolve) => {
      const root = document.querySelector("#explorer")!.shadowRoot!;
      const colours = () => Array.from(root.querySelectorAll(".x-token"), (one) => one.getAttribute("style")).join();
      const before = colours();
      const start = performance.now();
      const look = () => colours() === before ? requestAnimationFrame(look) : resolve(performance.now() - start);
      root.querySelectorAll<HTMLElement>(".x-why")[row]!.click();
      requestAnimationFrame(look);
    }), row);
  await page.keyboard.press("Escape");
  await page.waitForTimeout(500);
  return ms;
}

async function main(): Promise<void> {
  const folder = join(OUT, "explorer");
  await buildExplorer(folder);
  const server = serveExplorer(folder, { headers: headersOf({ endpoint: "", origins: [] }) });
  const browser = await launchChromium();
  const [opened, typed, explained]: number[][] = [[], [], []];
  try {
    for (let round = 0; round < ROUNDS; ++round) {
      const { page, ms } = await openPage(browser, `http://127.0.0.1:${server.addr.port}/`);
      opened!.push(ms);
      if (round === ROUNDS - 1) {
        for (const letter of TYPED) typed!.push(await typeOne(page, letter));
        for (let row = 1; row < 10; ++row) explained!.push(await explainOne(page, row));
      }
      await page.context().close();
    }
  } finally {
    await browser.close();
    await server.shutdown();
  }
  const rows = [["cold page to first prediction", opened!], ["keystroke to prediction", typed!], [
    "click to map",
    explained!,
  ]];
  const [load] = Deno.loadavg();
  // deno-lint-ignore no-console -- this is what the command is for
  const say = (text: string) => console.log(text);
  say(`The explorer's page, bundled model, medians; the load of the minute before was ${load!.toFixed(1)}`);
  for (const [name, times] of rows as [string, number[]][]) {
    say(
      `${name.padEnd(32)} ${median(times).toFixed(0).padStart(6)} ms  (${times.length} times, least ${
        Math.min(...times).toFixed(0)
      })`,
    );
  }
}

if (import.meta.main) await main();
