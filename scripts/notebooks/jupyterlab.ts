/**
 * A real JupyterLab on the loopback, and a browser that opens notebooks in it.
 *
 * @module
 */
import type { Browser, Page } from "npm:playwright-core@1.65.1";
import { python } from "./environment.ts";

/** A port that is free now. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** A notebook that is open in JupyterLab. */
interface Panel {
  readonly context: {
    readonly ready: Promise<void>;
    readonly sessionContext: { readonly ready: Promise<void>; shutdown(): Promise<void> };
  };
  dispose(): void;
}

/** What JupyterLab shows of itself in its page. */
interface JupyterApp {
  readonly shell: { readonly currentWidget: Panel };
  readonly commands: { execute(id: string, args: Readonly<Record<string, string>>): Promise<Panel> };
}

/** A JupyterLab that runs. */
export interface Lab {
  /** The address of a notebook, by its path from the root of the clone. */
  readonly url: (path: string) => string;
  /** Ends it, and its kernels. */
  readonly stop: () => Promise<void>;
}

/** Starts JupyterLab in the clone; it answers when this returns. */
export async function startLab(): Promise<Lab> {
  const port = freePort();
  const token = crypto.randomUUID();
  const process = python([
    "-m",
    "jupyterlab",
    "--no-browser",
    `--port=${port}`,
    "--allow-root",
    "--ServerApp.port_retries=0",
    `--IdentityProvider.token=${token}`,
    "--ContentsManager.allow_hidden=True",
    "--LabApp.expose_app_in_browser=True",
  ], { stdout: "null", stderr: "null" }).spawn();
  const base = `http://127.0.0.1:${port}`;
  const stop = await untilAnswers(process, `${base}/api/status?token=${token}`, 120);
  return { url: (path) => `${base}/lab/tree/${path}?token=${token}&reset`, stop };
}

/** Waits for a server that was started, four times a second, and returns what ends it. */
export async function untilAnswers(
  process: Deno.ChildProcess,
  address: string,
  attempts: number,
): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < attempts; ++attempt) {
    const answer = await fetch(address).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return async () => {
    process.kill("SIGTERM");
    await process.status;
  };
}

/** Opens the notebook; its kernel is ready when this returns. */
export async function openNotebook(browser: Browser, url: string, theme: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1000, height: 640 }, deviceScaleFactor: 1 });
  await page.goto(url);
  await notebookReady(page, theme);
  return page;
}

/** Waits for the notebook that a page opens, and its kernel, and puts the rest aside. */
export async function notebookReady(page: Page, theme: string): Promise<void> {
  await page.waitForFunction("globalThis.jupyterapp?.shell?.currentWidget?.context?.isReady", undefined, {
    timeout: 60_000,
  });
  await page.evaluate(`(async () => {
    await jupyterapp.shell.currentWidget.context.sessionContext.ready;
    await jupyterapp.commands.execute("apputils:change-theme", { theme: "${theme}" });
    if (!jupyterapp.shell.leftCollapsed) await jupyterapp.commands.execute("application:toggle-left-area");
  })()`);
}

/** Opens a notebook, by its path from the root of the clone, in the place of the one that the page has open. */
export async function openNext(page: Page, path: string): Promise<void> {
  await page.evaluate(async (path) => {
    const { jupyterapp } = globalThis as unknown as { readonly jupyterapp: JupyterApp };
    const { currentWidget } = jupyterapp.shell;
    await currentWidget.context.sessionContext.shutdown();
    currentWidget.dispose();
    const next = await jupyterapp.commands.execute("docmanager:open", { path, factory: "Notebook" });
    await next.context.ready;
    await next.context.sessionContext.ready;
  }, path);
}

/** Runs all cells; a cell that fails is an error, also one that the page does not show. */
export async function runAll(page: Page): Promise<void> {
  await page.evaluate(`jupyterapp.commands.execute("notebook:run-all-cells")`);
  await page.waitForFunction(`document.querySelectorAll(".jp-OutputArea").length > 0 &&
    ![...document.querySelectorAll(".jp-InputPrompt")].some((prompt) => prompt.textContent.includes("*"))`);
  const errors = await page.evaluate<string[]>(`jupyterapp.shell.currentWidget.context.model.toJSON().cells
    .flatMap(({ outputs = [] }) => outputs)
    .filter((output) => output.output_type === "error").map(({ ename, evalue }) => ename + ": " + evalue)`);
  if (errors.length > 0) throw new Error(`Cannot go on as a cell failed in JupyterLab: ${errors[0]}`);
}
