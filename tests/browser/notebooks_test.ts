import { deepEqual, equal, ok } from "@std/assert";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "npm:playwright-core@1.65.1";
import { launchChromium } from "../../scripts/notebooks/chromium.ts";
import { listNotebooks, OUT, prepareEnvironment, python, ROOT } from "../../scripts/notebooks/environment.ts";
import { drawNotebooks } from "../../scripts/notebooks/execute.ts";
import { type Lab, openNext, openNotebook, startLab } from "../../scripts/notebooks/jupyterlab.ts";
import { joined, readNotebook } from "../../scripts/notebooks/notebook.ts";
import { trustNotebooks } from "../../scripts/notebooks/trust.ts";
import { chooses } from "./saliency_rows.ts";
import { withPage } from "./support.ts";

const notebooks = await listNotebooks();

/** How many images the views of a notebook have. */
async function imagesIn(path: string): Promise<number> {
  const { cells } = await readNotebook(join(ROOT, path));
  const html = cells.flatMap(({ outputs = [] }) => outputs.map(({ data }) => joined(data?.["text/html"])));
  return html.join("").split(/<img\b/).length - 1;
}

/** The images that a page has in its outputs and that can be seen, and what is wrong with it. */
async function inspect(page: Page, outputs: string): Promise<{ images: number; broken: number }> {
  const images = page.locator(`${outputs} img`);
  const widths = await images.evaluateAll(async (all) => {
    await Promise.all(all.map((image) => (image as HTMLImageElement).decode().catch(() => undefined)));
    return all.map((image) => (image as HTMLImageElement).naturalWidth);
  });
  return { images: widths.length, broken: widths.filter((width) => width === 0).length };
}

async function opensPage(browser: Browser, url: string, images: number, scripts: boolean): Promise<void> {
  await withPage(browser, url, { javaScriptEnabled: scripts }, async (page) => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const seen = await inspect(page, ".jp-OutputArea-output");
      equal(seen.images, images);
      equal(seen.broken, 0);
    }
    if (url.endsWith("/01_saliency.html")) await chooses(page, scripts);
  });
}

Deno.test("notebooks are whole in a page, with scripts and without", async (t) => {
  await prepareEnvironment(() => {});
  const browser = await launchChromium();
  const folder = await Deno.makeTempDir();
  try {
    const paths = notebooks.map((path) => join(ROOT, path));
    await drawNotebooks(paths, folder);
    for (const path of notebooks) {
      const name = basename(path, ".ipynb");
      const [url, images] = [pathToFileURL(join(folder, `${name}.html`)).href, await imagesIn(path)];
      for (const scripts of [true, false]) {
        await t.step(`${name}, scripts ${scripts ? "on" : "off"}`, () => opensPage(browser, url, images, scripts));
      }
    }
  } finally {
    await browser.close();
    await Deno.remove(folder, { recursive: true });
  }
});

/** The arguments that docs/sharing.md tells nbconvert where a page must be sanitised, without the notebook. */
async function documentedArguments(): Promise<string[]> {
  const [command = ""] =
    /^jupyter nbconvert (?:.*\\\n)*.*$/m.exec(await Deno.readTextFile(join(ROOT, "docs/sharing.md"))) ??
      [];
  const words = command.replaceAll("\\\n", " ").match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  return words.slice(2).filter((word) => !word.endsWith(".ipynb")).map((word) => word.replaceAll('"', ""));
}

/** What a sanitised page should hold: the titles of a notebook's Markdown, and the text of each output. */
async function textOf(path: string): Promise<{ titles: string[]; outputs: string[] }> {
  const { cells } = await readNotebook(join(ROOT, path));
  const markdown = cells.filter((cell) => cell.cell_type === "markdown").map(({ source }) => joined(source)).join("\n");
  const outputs = cells.flatMap(({ outputs = [] }) =>
    outputs.map(({ data, text }) => joined(data?.["text/plain"] ?? text))
  );
  return {
    titles: Array.from(markdown.matchAll(/^#+ (.*)$/gm), ([, title]) => title!.replaceAll("`", "")),
    outputs: outputs.map((text) => text.trimEnd()).filter((text) => text !== ""),
  };
}

/** Markup of a view that is shown as text; a notebook may explain XML, and `</s>` is a token. */
const MARKUP =
  /<\/(?:b|button|code|dd|details|div|form|g|i|label|li|p|script|span|style|summary|svg|t[dhr]|table)>.{0,20}/g;

async function opensSanitised(page: Page, url: string, path: string): Promise<void> {
  await page.goto(url);
  const { titles, outputs } = await textOf(path);
  const shown = await page.locator(".jp-MarkdownOutput").locator("h1, h2").allTextContents();
  deepEqual(shown.map((title) => title.replace(/¶$/, "")), titles);
  const texts = await page.locator(".jp-OutputArea-output").allTextContents();
  deepEqual(texts.map((text) => text.trim()).filter((text) => text !== ""), outputs.map((text) => text.trim()));
  equal(
    await page.locator(".jp-OutputArea-output").locator("style, script, img, form, input, details, table").count(),
    0,
  );
  deepEqual((await page.locator("main").innerText()).match(MARKUP), null);
}

Deno.test("the command of docs/sharing.md makes a sanitised page that reads well", async (t) => {
  await prepareEnvironment(() => {});
  const browser = await launchChromium();
  const folder = await Deno.makeTempDir();
  try {
    const args = await documentedArguments();
    ok(args.some((arg) => arg.includes("SanitizeHTML")));
    const { success, stderr } = await python(["-m", "nbconvert", ...args, "--output-dir", folder, ...notebooks])
      .output();
    equal(success, true, new TextDecoder().decode(stderr));
    const page = await browser.newPage({ javaScriptEnabled: false });
    await page.route(/^https?:/, (route) => route.abort()); // scripts for mathematics, which nbconvert names
    for (const path of notebooks) {
      const url = pathToFileURL(join(folder, `${basename(path, ".ipynb")}.html`)).href;
      await t.step(path, () => opensSanitised(page, url, path));
    }
  } finally {
    await browser.close();
    await Deno.remove(folder, { recursive: true });
  }
});

/** Scrolls through the notebook that is open, as it was saved, and looks at its outputs. */
async function isWhole(page: Page, path: string, images: number, trusted: boolean): Promise<void> {
  equal(await page.evaluate("jupyterapp.shell.currentWidget.context.path"), path);
  const cells = await page.evaluate<number>("jupyterapp.shell.currentWidget.content.widgets.length");
  for (let cell = 0; cell < cells; cell += 2) {
    await page.evaluate(`jupyterapp.shell.currentWidget.content.scrollToItem(${cell})`);
  }
  const seen = await inspect(page, ".jp-OutputArea-output");
  equal(seen.broken, 0);
  equal(seen.images, images);
  const rules = await page.locator(".jp-RenderedHTML style").count();
  equal(rules > 0, trusted);
}

/** Opens notebooks one after another in a page of JupyterLab. */
async function openAll(
  t: Deno.TestContext,
  { lab, browser }: { readonly lab: Lab; readonly browser: Browser },
  paths: readonly string[],
  trusted: boolean,
): Promise<void> {
  const page = await openNotebook(browser, lab.url(paths[0]!), trusted ? "JupyterLab Dark" : "JupyterLab Light");
  const faults: string[] = [];
  page.on("dialog", (dialog) => (faults.push(dialog.message()), void dialog.dismiss()));
  try {
    for (const [i, path] of paths.entries()) {
      const images = await imagesIn(path);
      await t.step(`${basename(path, ".ipynb")}, ${trusted ? "trusted, dark" : "not trusted, light"}`, async () => {
        if (i > 0) await openNext(page, path);
        await isWhole(page, path, images, trusted);
        equal(faults.join(), "");
      });
    }
  } finally {
    await page.close();
  }
}

Deno.test("notebooks are whole in JupyterLab when they are opened again, trusted and not", async (t) => {
  await prepareEnvironment(() => {});
  await Deno.mkdir(OUT, { recursive: true });
  const copies = notebooks.map((path) => join(OUT, `${basename(path, ".ipynb")}.trusted.ipynb`));
  for (const [i, copy] of copies.entries()) {
    // A signature is that of the content, and the copy must not make the notebook itself trusted.
    const text = await Deno.readTextFile(join(ROOT, notebooks[i]!));
    await Deno.writeTextFile(copy, text.replace('"metadata": {}', '"metadata": {"copy": true}'));
  }
  await trustNotebooks(copies);
  const [lab, browser] = [await startLab(), await launchChromium()];
  try {
    await openAll(t, { lab, browser }, notebooks, false);
    await openAll(t, { lab, browser }, copies.map((copy) => `.out/${basename(copy)}`), true);
  } finally {
    await browser.close();
    await lab.stop();
    for (const copy of copies) await Deno.remove(copy);
  }
});
