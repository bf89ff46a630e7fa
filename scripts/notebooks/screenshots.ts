/**
 * Opens the first notebook in a real JupyterLab, runs it, tries hover, click and keys there, and writes the pictures
 * of `docs/screenshots`. `deno run -A scripts/notebooks/screenshots.ts`; the committed notebook is not touched.
 *
 * @module
 */
import { join } from "node:path";
import type { Browser, Locator, Page } from "npm:playwright-core@1.65.1";
import { launchChromium } from "./chromium.ts";
import { listNotebooks, OUT, prepareEnvironment, ROOT } from "./environment.ts";
import { type Lab, openNotebook, runAll, startLab } from "./jupyterlab.ts";

const PICTURES = join(ROOT, "docs", "screenshots");
const MAP = ".jp-OutputArea div.h:has(> form)";

/** A copy may be saved and trusted; it stands where `../mod.ts` is the module too. */
const COPY = join(OUT, "01_saliency.lab.ipynb");
const COPY_PATH = ".out/01_saliency.lab.ipynb";

function say(message: string): void {
  // deno-lint-ignore no-console
  console.log(message);
}

/** The tokens' backgrounds, as they are shown. */
async function backgrounds(map: Locator): Promise<string> {
  return (await map.locator(".t").evaluateAll((chips) => chips.map((chip) => getComputedStyle(chip).backgroundColor)))
    .join();
}

/** Hover, pin, arrow key and Escape, in JupyterLab. */
async function tryKeys(page: Page, map: Locator): Promise<void> {
  const rest = async () => {
    await page.mouse.move(5, 5);
    return await backgrounds(map);
  };
  const first = await rest();
  await map.locator(".o2").hover();
  const hovered = await backgrounds(map);
  await map.locator(".o2").click();
  const pinned = await rest();
  await page.keyboard.press("ArrowRight");
  const moved = await rest();
  await page.keyboard.press("Escape");
  const freed = await rest();
  const results = {
    hover: hovered !== first,
    pin: pinned === hovered,
    "arrow key": moved !== pinned && moved !== first,
    escape: freed === first,
  };
  for (const [name, works] of Object.entries(results)) say(`${name} in JupyterLab: ${works ? "works" : "FAILS"}`);
  if (Object.values(results).includes(false)) Deno.exitCode = 1;
}

async function picture(page: Page, map: Locator, name: string): Promise<void> {
  await map.evaluate((element) => {
    element.scrollIntoView({ block: "center" });
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(PICTURES, name) });
  say(`docs/screenshots/${name}`);
}

async function takePictures(browser: Browser, lab: Lab): Promise<void> {
  const untrusted = await openNotebook(browser, lab.url(COPY_PATH), "JupyterLab Light");
  await picture(untrusted, untrusted.locator(".jp-OutputArea form").first(), "lab_untrusted.png");
  await untrusted.close();
  const light = await openNotebook(browser, lab.url(COPY_PATH), "JupyterLab Light");
  await runAll(light);
  const map = light.locator(MAP).first();
  await map.evaluate((element) => element.scrollIntoView({ block: "center" }));
  await tryKeys(light, map);
  await map.locator(".o2").hover();
  await picture(light, map, "lab_light.png");
  await light.close();
  const dark = await openNotebook(browser, lab.url(COPY_PATH), "JupyterLab Dark");
  await runAll(dark);
  await picture(dark, dark.locator(MAP).nth(3), "lab_dark.png");
  await dark.close();
}

await prepareEnvironment(say);
await Deno.mkdir(PICTURES, { recursive: true });
const [notebook = ""] = await listNotebooks();
await Deno.mkdir(OUT, { recursive: true });
await Deno.copyFile(join(ROOT, notebook), COPY);
const lab = await startLab();
const browser = await launchChromium();
try {
  await takePictures(browser, lab);
} finally {
  await browser.close();
  await lab.stop();
  await Deno.remove(COPY);
}
