/**
 * Notebooks with live views, in a real JupyterLab.
 *
 * @module
 */
import { join, relative } from "node:path";
import type { Locator, Page } from "npm:playwright-core@1.65.1";
import { OUT, ROOT } from "../../scripts/notebooks/environment.ts";
import { codeNotebook } from "../../scripts/notebooks/notebook.ts";

/** Where the notebooks are; gone after the test. */
export const FOLDER = join(OUT, "live");

/** How long something may take that a person would wait for, on a machine that does other things too. */
export const PATIENT = { timeout: 60_000 } as const;

/** What the imports of each notebook are. */
export const IMPORTS = `import { explorerView, LanguageModel, saliencyView } from "../../mod.ts";
const model = await LanguageModel.fromPretrained(undefined, { backend: "native" });
const live = async (text, options = {}, asked = model) =>
  saliencyView(await asked.saliency(asked.sequence(text), { ...options }), { live: asked });`;

/** A notebook of code cells, and its path from the root of the clone. */
export async function writeNotebook(name: string, cells: readonly string[], folder = FOLDER): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, name), JSON.stringify(codeNotebook(cells)));
  return relative(ROOT, join(folder, name)).replaceAll("\\", "/");
}

/** The notebook that is in front. */
export const FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden)";

/** The output of a cell of the notebook in front. */
export function outputOf(page: Page, cell: number): Locator {
  return page.locator(`${FRONT} .jp-Notebook-cell[data-windowed-list-index="${cell}"] .jp-OutputArea-output`).last();
}

/** A live view in an output. */
export interface LiveView {
  readonly output: Locator;
  readonly text: Locator;
  readonly field: (name: string) => Locator;
  readonly status: Locator;
  readonly alert: Locator;
  /** Waits until it says that it is live. */
  readonly ready: () => Promise<void>;
  /** Waits until it shows these words. */
  readonly shows: (words: RegExp) => Promise<void>;
}

/** The live view in the output of a cell. */
export function liveIn(page: Page, cell: number): LiveView {
  const output = outputOf(page, cell);
  const status = output.locator('form [role="status"]');
  return {
    ...{ output, status, alert: output.locator('form [role="alert"]') },
    text: output.locator("textarea"),
    field: (name) => output.locator(`form [name="${name}"]`),
    ready: () => status.filter({ hasText: "Live: edit" }).waitFor(PATIENT),
    shows: (words) => output.locator("label.o, .o").filter({ hasText: words }).first().waitFor(PATIENT),
  };
}

/** What the page runs of JupyterLab's own. */
export async function command(page: Page, name: string): Promise<void> {
  await page.evaluate(`jupyterapp.commands.execute(${JSON.stringify(name)})`);
}

/** Runs one cell, and waits for its end. */
export async function runCell(page: Page, cell: number): Promise<void> {
  await selectCell(page, cell);
  await page.evaluate(`jupyterapp.commands.execute("notebook:run-cell")`);
}

/** Runs one cell, and does not wait. */
export async function startCell(page: Page, cell: number): Promise<void> {
  await selectCell(page, cell);
  await page.evaluate(`jupyterapp.commands.execute("notebook:run-cell"), 0`);
}

/** Makes a cell the active one. */
export async function selectCell(page: Page, cell: number): Promise<void> {
  await page.evaluate(`(async () => {
    const { content } = jupyterapp.shell.currentWidget;
    content.activeCellIndex = ${cell};
    await content.scrollToItem(${cell});
  })()`);
}

/** The outputs of a notebook, saved. */
export async function saved(page: Page, name: string): Promise<{ plain: string; html: string }[]> {
  await command(page, "docmanager:save");
  const { cells } = JSON.parse(await Deno.readTextFile(join(FOLDER, name)));
  const outputs = cells.flatMap(({ outputs }: { outputs: { data?: Record<string, string | string[]> }[] }) => outputs);
  return outputs.filter(({ data }: { data?: unknown }) => data).map(({ data }: { data: Record<string, unknown> }) => ({
    plain: [data["text/plain"]].flat().join(""),
    html: [data["text/html"]].flat().join(""),
  }));
}
