/**
 * Runs a notebook for real, cell by cell, under the Deno kernel.
 *
 * @module
 */
import { basename, join } from "node:path";
import { python, ROOT } from "./environment.ts";

/** The files that an execution wrote. */
export interface Execution {
  /** The executed notebook. */
  readonly notebook: string;
  /** The same as a page. */
  readonly page: string;
}

async function runScript(...args: string[]): Promise<void> {
  const script = join(ROOT, "scripts", "notebooks", "execute.py");
  const { success, stderr } = await python([script, ...args], { stderr: "piped", stdout: "null" }).output();
  const said = new TextDecoder().decode(stderr).trim();
  if (!success) throw new Error(said.slice(Math.max(0, said.indexOf("Cannot execute"))));
}

/**
 * Executes a notebook; the notebook itself stays as it is.
 *
 * @param path The notebook.
 * @param folder Where the results are written.
 * @returns The paths of the results.
 * @throws {Error} If a cell fails; the message holds its error.
 */
export async function executeNotebook(path: string, folder: string): Promise<Execution> {
  await Deno.mkdir(folder, { recursive: true });
  const name = basename(path, ".ipynb");
  const execution = { notebook: join(folder, `${name}.ipynb`), page: join(folder, `${name}.html`) };
  await runScript(path, execution.notebook, execution.page);
  return execution;
}

/**
 * Executes notebooks one after another, without pages; the notebooks themselves stay as they are.
 *
 * @param paths The notebooks.
 * @param folder Where the executed ones are written, under their names.
 * @throws {Error} If cells fail, when all have been tried; those that did not fail have been written.
 */
export async function executeNotebooks(paths: readonly string[], folder: string): Promise<void> {
  await runScript("--all", folder, ...paths);
}

/**
 * Draws notebooks, with the outputs that they hold, as pages of their names.
 *
 * @param paths The notebooks.
 * @param folder Where the pages are written.
 */
export async function drawNotebooks(paths: readonly string[], folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await runScript("--draw", folder, ...paths);
}
