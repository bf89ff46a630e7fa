/**
 * Opens the notebooks in a real JupyterLab, runs them, tries hover, click and keys there, and writes the pictures of
 * `docs/screenshots`: one of each notebook, and the first one in the dark and as it is before it is trusted. Those of the
 * others in the dark go to `.out/dark`, to be looked at.
 * `deno task notebooks:screenshots [notebook]`; the committed notebooks are not touched.
 *
 * @module
 */
import { basename, join, relative } from "node:path";
import type { Browser, Locator, Page } from "npm:playwright-core@1.65.1";
import { launchChromium } from "./chromium.ts";
import { listNotebooks, OUT, prepareEnvironment, ROOT } from "./environment.ts";
import { type Lab, openNotebook, runAll, startLab } from "./jupyterlab.ts";

const PICTURES = join(ROOT, "docs", "screenshots");
/** The same on dark, to be looked at. */
const DARK = join(OUT, "dark");

/** More than this is too much for a reader of the documents. */
const MOST_BYTES = 150_000;

/** The picture of a notebook. */
interface Scene {
  /** The view that stands in the middle. */
  readonly view: (page: Page) => Locator;
  /** What the pointer rests on, in the view. */
  readonly hover?: string;
}

const outputs = (page: Page) => page.locator(".jp-OutputArea-output");
const maps = (page: Page) => page.locator(".jp-OutputArea div.h:has(> form)");
const form = (page: Page, label: RegExp) => outputs(page).filter({ has: page.getByRole("form", { name: label }) });

/** By the number that a notebook's name begins with. */
const SCENES: Readonly<Record<string, Scene>> = {
  "01": { view: (page) => maps(page).first(), hover: ".o2" },
  "02": { view: (page) => outputs(page).filter({ hasText: "looking-glass-6m: GPT-2 with 6 layers" }).first() },
  "03": { view: (page) => form(page, /^Predictions of each layer/).first() },
  "04": { view: (page) => form(page, /^Factors/).first() },
  "05": { view: (page) => form(page, /^Attention$/).first() },
  "06": { view: (page) => form(page, /^How the next word is drawn$/).first() },
  "07": { view: (page) => outputs(page).filter({ hasText: "Rank of each token" }) },
  "08": { view: (page) => outputs(page).filter({ hasText: /praise, probability/ }).first() },
  "09": { view: (page) => outputs(page).filter({ hasText: "Attention to the source" }).first() },
  "10": { view: (page) => form(page, /^Predictions of each layer/).first() },
  "11": { view: (page) => outputs(page).filter({ hasText: "The corrupted text is run" }).first() },
  "12": { view: (page) => outputs(page).filter({ hasText: "131 documents of 12_corpus.jsonl" }).first() },
  "13": { view: (page) => maps(page).first() },
  "14": { view: (page) => form(page, /^Music$/).first() },
};

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

/** Brings a view to the middle, or its top where it is tall; twice, as JupyterLab draws cells when they come near. */
async function show(page: Page, view: Locator): Promise<void> {
  for (let time = 0; time < 2; ++time) {
    await view.evaluate((element) => {
      const tall = element.getBoundingClientRect().height > innerHeight - 160;
      element.scrollIntoView({ block: tall ? "start" : "center" });
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    });
    await page.waitForTimeout(500);
  }
}

async function picture(page: Page, view: Locator, path: string, hover?: string): Promise<void> {
  await show(page, view);
  if (hover !== undefined) await view.locator(hover).first().hover();
  await page.waitForTimeout(300);
  const { length } = await page.screenshot({ path });
  say(`${relative(ROOT, path)}, ${Math.round(length / 1000)} kB`);
  if (length <= MOST_BYTES) return;
  say(`Cannot keep ${basename(path)} as it has more than ${MOST_BYTES / 1000} kB; show less`);
  Deno.exitCode = 1;
}

/** Opens a copy, which may be saved and trusted; it stands where `../mod.ts` is the module too, beside what it reads. */
async function withCopy(notebook: string, use: (path: string) => Promise<void>): Promise<void> {
  const name = basename(notebook, ".ipynb");
  const copies: string[] = [];
  const copy = async (from: string, to: string) => {
    await Deno.copyFile(join(ROOT, "notebooks", from), join(OUT, to));
    copies.push(join(OUT, to));
  };
  try {
    await copy(`${name}.ipynb`, `${name}.lab.ipynb`);
    for await (const file of Deno.readDir(join(ROOT, "notebooks"))) {
      if (file.isFile && file.name.startsWith(name.slice(0, 3)) && !file.name.endsWith(".ipynb")) {
        await copy(file.name, file.name);
      }
    }
    await use(`.out/${name}.lab.ipynb`);
  } finally {
    for (const path of copies) await Deno.remove(path);
  }
}

/** Ends the kernel too; the next page would go on counting its cells. */
async function close(page: Page): Promise<void> {
  await page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.shutdown()");
  await page.close();
}

/** The first notebook as it is before it is trusted, and in the dark. */
async function firstAgain(browser: Browser, lab: Lab, path: string): Promise<void> {
  const untrusted = await openNotebook(browser, lab.url(path), "JupyterLab Light");
  await picture(untrusted, untrusted.locator(".jp-OutputArea form").first(), join(PICTURES, "lab_untrusted.png"));
  await close(untrusted);
  const dark = await openNotebook(browser, lab.url(path), "JupyterLab Dark");
  await runAll(dark);
  await picture(dark, maps(dark).nth(4), join(PICTURES, "lab_dark.png"));
  await close(dark);
}

async function takePicture(browser: Browser, lab: Lab, path: string): Promise<void> {
  const name = basename(path, ".lab.ipynb");
  const { view, hover } = SCENES[name.slice(0, 2)]!;
  const page = await openNotebook(browser, lab.url(path), "JupyterLab Light");
  await page.setViewportSize({ width: 1100, height: 760 }); // the widest views fit
  await runAll(page);
  await show(page, view(page));
  if (name.startsWith("01")) await tryKeys(page, view(page));
  await picture(page, view(page), join(PICTURES, `${name}.png`), hover);
  await page.evaluate(`jupyterapp.commands.execute("apputils:change-theme", { theme: "JupyterLab Dark" })`);
  await picture(page, view(page), join(DARK, `${name}.png`), hover);
  await close(page);
}

await prepareEnvironment(say);
await Deno.mkdir(PICTURES, { recursive: true });
await Deno.mkdir(DARK, { recursive: true });
const lab = await startLab();
const browser = await launchChromium();
try {
  for (const notebook of Deno.args.length > 0 ? Deno.args : await listNotebooks()) {
    await withCopy(notebook, async (path) => {
      if (notebook.includes("/01")) await firstAgain(browser, lab, path);
      await takePicture(browser, lab, path);
    });
  }
} finally {
  await browser.close();
  await lab.stop();
}
