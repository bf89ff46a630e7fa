/**
 * `deno task lab` opens the notebooks in JupyterLab; it installs what is missing into `.venv` first.
 * `deno task lab --headless [notebook]` executes them and writes pages into `.out` instead.
 * Other arguments go to JupyterLab, such as `--no-browser` or `--port=8899`.
 *
 * @module
 */
import { relative } from "node:path";
import { listNotebooks, OUT, prepareEnvironment, python, ROOT } from "./notebooks/environment.ts";
import { executeNotebook } from "./notebooks/execute.ts";
import { trustNotebooks } from "./notebooks/trust.ts";

const FIRST = "notebooks/01_saliency.ipynb";

function say(message: string): void {
  // deno-lint-ignore no-console
  console.log(message);
}

async function cacheModule(): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["cache", "mod.ts"], cwd: ROOT }).output();
  if (!success) say('Cannot cache the packages of mod.ts; "deno cache mod.ts" says why. The kernel will try again');
}

async function executeAll(notebooks: readonly string[]): Promise<void> {
  for (const notebook of notebooks) {
    const start = performance.now();
    const { page, notebook: executed } = await executeNotebook(notebook, OUT);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    say(`${notebook} ran in ${seconds} s: ${relative(ROOT, page)} and ${relative(ROOT, executed)}`);
  }
}

/**
 * JupyterLab ends its kernels when it is told to terminate, but asks back on Ctrl-C, and without a terminal leaves
 * them behind; so it runs in a process group of its own and this process tells it. Windows has no such signal.
 */
async function openLab(args: readonly string[]): Promise<number> {
  const windows = Deno.build.os === "windows";
  const root = !windows && Deno.uid() === 0 ? ["--allow-root"] : [];
  const own = args.some((arg) => arg.endsWith(".ipynb")) ? [] : [FIRST];
  const settings = ["--ServerApp.answer_yes=True", "--MultiKernelManager.default_kernel_name=deno", ...root];
  const command = ["-m", "jupyterlab", ...settings, ...own, ...args];
  const lab = python(command, { stdin: "null", stdout: "inherit", stderr: "inherit", detached: !windows }).spawn();
  const end = () => {
    if (!windows) lab.kill("SIGTERM");
  };
  const signals: Deno.Signal[] = windows ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) Deno.addSignalListener(signal, end);
  return (await lab.status).code;
}

async function main(args: readonly string[]): Promise<number> {
  await prepareEnvironment(say);
  await cacheModule();
  if (!args.includes("--headless")) {
    await trustNotebooks(await listNotebooks()); // or they would show without their style rules and scripts
    return await openLab(args);
  }
  const named = args.filter((arg) => arg !== "--headless");
  await executeAll(named.length > 0 ? named : await listNotebooks());
  return 0;
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  // deno-lint-ignore no-console
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
