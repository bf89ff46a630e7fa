/**
 * JupyterLab in `.venv`, with the Deno that runs this script as its kernel. Nothing is written outside the clone.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the clone. */
export const ROOT: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where executed notebooks and the like are written. */
export const OUT: string = join(ROOT, ".out");

/** Where JupyterLab is. */
export const VENV: string = join(ROOT, ".venv");
const WINDOWS = Deno.build.os === "windows";
const PYTHON = WINDOWS ? join(VENV, "Scripts", "python.exe") : join(VENV, "bin", "python");
const STAMP = join(VENV, "looking-glass.stamp");
const OLDEST = [3, 10] as const;

/** Keeps what Jupyter writes inside the clone. */
export const JUPYTER_ENV: Readonly<Record<string, string>> = {
  JUPYTER_CONFIG_DIR: join(VENV, "jupyter", "config"),
  JUPYTER_DATA_DIR: join(VENV, "jupyter", "data"),
  JUPYTER_RUNTIME_DIR: join(VENV, "jupyter", "runtime"),
  JUPYTER_PLATFORM_DIRS: "1",
  JUPYTER_PREFER_ENV_PATH: "1",
  IPYTHONDIR: join(VENV, "ipython"),
  PYDEVD_DISABLE_FILE_VALIDATION: "1",
};

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

interface Outcome {
  readonly success: boolean;
  readonly text: string;
}

async function capture(command: string, args: readonly string[]): Promise<Outcome> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], cwd: ROOT }).output();
    const decoder = new TextDecoder();
    return { success, text: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    return { success: false, text: String(error) };
  }
}

async function isUsable([command = "", ...args]: readonly string[]): Promise<boolean> {
  const { success, text } = await capture(command, [...args, "--version"]);
  const [, major = 0, minor = 0] = /Python (\d+)\.(\d+)/.exec(text)?.map(Number) ?? [];
  return success && (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]));
}

async function findPython(): Promise<readonly string[]> {
  for (const candidate of [["python3"], ["python"], ["py", "-3"]]) {
    if (await isUsable(candidate)) return candidate;
  }
  throw new Error(
    `Cannot set up JupyterLab as Python ${OLDEST.join(".")} or newer is not found: tried python3, python and py -3. ` +
      "Install it from https://www.python.org/downloads/ or with your package manager, then run this again",
  );
}

async function makeVenv(): Promise<void> {
  const [command = "", ...args] = await findPython();
  const { success, text } = await capture(command, [...args, "-m", "venv", "--clear", VENV]);
  if (success) return;
  throw new Error(
    `Cannot make .venv as Python's venv module failed: ${text.trim()}\n` +
      'On Debian and Ubuntu, "apt install python3-venv" adds it; then run this again',
  );
}

async function installPackages(): Promise<void> {
  const args = ["-m", "pip", "install", "--disable-pip-version-check", "--quiet", "-r", "requirements.txt"];
  const { success, text } = await capture(PYTHON, args);
  if (!success) throw new Error(`Cannot install requirements.txt as pip failed: ${text.trim()}`);
}

/** Writes a file where it is another one: a Jupyter that runs may be reading it. */
async function writeChanged(path: string, text: string): Promise<void> {
  if (await Deno.readTextFile(path).catch(() => undefined) !== text) await Deno.writeTextFile(path, text);
}

/** The kernel names this Deno by its path, so a moved clone or a cleared npx cache heals itself. */
async function writeKernelSpec(): Promise<void> {
  const spec = {
    argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
    // deno-lint-ignore camelcase
    display_name: "Deno",
    language: "typescript",
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
  };
  const folder = join(VENV, "share", "jupyter", "kernels", "deno");
  await Deno.mkdir(folder, { recursive: true });
  await writeChanged(join(folder, "kernel.json"), JSON.stringify(spec, undefined, 1));
}

/** No question about news, no check for updates. */
async function writeLabSettings(): Promise<void> {
  const settings = {
    "@jupyterlab/apputils-extension:notification": { fetchNews: "false", checkForUpdates: false },
  };
  const folder = join(VENV, "share", "jupyter", "lab", "settings");
  await Deno.mkdir(folder, { recursive: true });
  await writeChanged(join(folder, "overrides.json"), JSON.stringify(settings, undefined, 1));
}

/** Does something that only one program may do at a time; the others wait. */
export async function alone(work: () => Promise<void>): Promise<void> {
  await Deno.mkdir(OUT, { recursive: true });
  using file = await Deno.open(join(OUT, "environment.lock"), { create: true, write: true });
  await file.lock(true);
  await work();
}

/**
 * Makes `.venv` ready: it is built once, and again when `requirements.txt` or the place of the clone changed.
 *
 * @param say Told what takes long.
 */
export async function prepareEnvironment(say: (message: string) => void): Promise<void> {
  await alone(() => makeReady(say));
}

async function makeReady(say: (message: string) => void): Promise<void> {
  const stamp = `${ROOT}\n${await Deno.readTextFile(join(ROOT, "requirements.txt"))}`;
  const found = await Deno.readTextFile(STAMP).catch(() => "");
  if (found !== stamp || !(await exists(PYTHON))) {
    say("Setting up JupyterLab in .venv (240 MB, once) ...");
    await makeVenv();
    await installPackages();
    await Deno.writeTextFile(STAMP, stamp);
  }
  await writeKernelSpec();
  await writeLabSettings();
}

/**
 * The notebooks of the clone.
 *
 * @returns Paths relative to the root, in order.
 */
export async function listNotebooks(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(join(ROOT, "notebooks"))) {
    if (name.endsWith(".ipynb")) names.push(`notebooks/${name}`);
  }
  return names.sort();
}

/**
 * A command of the Python in `.venv`.
 *
 * @param args What Python is told.
 * @param options How the process is connected.
 * @returns The command, not yet started.
 */
export function python(args: readonly string[], options: Deno.CommandOptions = {}): Deno.Command {
  return new Deno.Command(PYTHON, { cwd: ROOT, ...options, args: [...args], env: { ...JUPYTER_ENV, ...options.env } });
}
