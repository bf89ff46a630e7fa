/**
 * A JupyterHub on the loopback, which starts the JupyterLab of `.venv` for whoever logs in.
 *
 * @module
 */
import { join } from "node:path";
import { alone, JUPYTER_ENV, python, ROOT, VENV } from "./environment.ts";
import { freePort, untilAnswers } from "./jupyterlab.ts";

/** JupyterHub and what it needs, beside the packages of `.venv`. */
const HUB = join(VENV, "hub");
const PYTHON = join(HUB, "bin", "python");
const REQUIREMENTS = join(ROOT, "scripts", "notebooks", "jupyterhub_requirements.txt");
/** The proxy, which is of npm and runs under Deno. */
const PROXY = "npm:configurable-http-proxy@5.3.0";

/** A JupyterHub that runs. */
export interface Hub {
  /** The address. */
  readonly base: string;
  /** With which anybody may log in. */
  readonly password: string;
  /** Ends it, its proxy and the servers that it started. */
  readonly stop: () => Promise<void>;
}

async function succeeds(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], cwd: ROOT }).output();
  const [said, failed] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  if (success) return said!;
  throw new Error(`Cannot set up JupyterHub as ${[command, ...args.slice(0, 3)].join(" ")} failed: ${failed}`);
}

/**
 * Installs JupyterHub into `.venv/hub`, once.
 *
 * @throws {Error} When its packages cannot be had.
 */
export async function prepareHub(): Promise<void> {
  await alone(makeReady);
}

async function makeReady(): Promise<void> {
  await succeeds(Deno.execPath(), ["cache", "--no-lock", "--quiet", PROXY]);
  const wanted = await Deno.readTextFile(REQUIREMENTS);
  const stamp = join(HUB, "looking-glass.stamp");
  if (await Deno.readTextFile(stamp).catch(() => "") === wanted) return;
  const where = "import sysconfig; print(sysconfig.get_path('purelib'))";
  const below = new TextDecoder().decode((await python(["-c", where]).output()).stdout).trim();
  const made = await python(["-m", "venv", "--clear", HUB]).output();
  if (!made.success) throw new Error("Cannot set up JupyterHub as Python's venv module failed");
  await Deno.writeTextFile(join(await succeeds(PYTHON, ["-c", where]), "lab.pth"), `${below}\n`);
  await succeeds(PYTHON, ["-m", "pip", "install", "--disable-pip-version-check", "--quiet", "-r", REQUIREMENTS]);
  await Deno.writeTextFile(stamp, wanted);
}

/** The settings, of which JSON is Python too. */
async function configOf(folder: string, port: number, password: string): Promise<string> {
  const share = join(VENV, "share", "jupyter");
  const { denoDir }: { denoDir: string } = JSON.parse(await succeeds(Deno.execPath(), ["info", "--json"]));
  const environment = {
    ...JUPYTER_ENV,
    DENO_DIR: denoDir, // a person's home is another one there
    JUPYTER_PATH: share,
    JUPYTER_CONFIG_PATH: join(VENV, "etc", "jupyter"),
  };
  const args = [
    "--allow-root",
    `--LabApp.app_dir=${join(share, "lab")}`,
    "--LabApp.expose_app_in_browser=True",
    "--ContentsManager.allow_hidden=True",
  ];
  const settings: Readonly<Record<string, unknown>> = {
    "JupyterHub.bind_url": `http://127.0.0.1:${port}`,
    "JupyterHub.hub_bind_url": `http://127.0.0.1:${freePort()}`,
    "JupyterHub.authenticator_class": "dummy",
    "JupyterHub.spawner_class": "simple",
    "JupyterHub.db_url": "sqlite:///:memory:",
    "JupyterHub.cookie_secret_file": join(folder, "cookie_secret"),
    "ConfigurableHTTPProxy.api_url": `http://127.0.0.1:${freePort()}`,
    "ConfigurableHTTPProxy.command": [Deno.execPath(), "run", "-A", "--no-lock", "--quiet", PROXY],
    "ConfigurableHTTPProxy.pid_file": join(folder, "proxy.pid"),
    "DummyAuthenticator.password": password,
    "SimpleLocalProcessSpawner.home_dir_template": join(folder, "home"),
    "Spawner.env_keep": Object.keys(Deno.env.toObject()),
    "Spawner.cmd": [PYTHON, "-m", "jupyterhub.singleuser"],
    "Spawner.args": args,
    "Spawner.environment": environment,
    "Spawner.notebook_dir": ROOT,
    "Spawner.default_url": "/lab",
  };
  const lines = Object.entries(settings).map(([name, value]) => `c.${name} = ${JSON.stringify(value)}`);
  return [...lines, "c.Authenticator.allow_all = True", ""].join("\n");
}

/** Starts JupyterHub, whose own files are in a folder; it answers when this returns. */
export async function startHub(folder: string): Promise<Hub> {
  const [port, password] = [freePort(), crypto.randomUUID()];
  const config = join(folder, "jupyterhub_config.py");
  await Deno.writeTextFile(config, await configOf(folder, port, password));
  const process = new Deno.Command(PYTHON, {
    args: ["-m", "jupyterhub", "-f", config],
    cwd: folder,
    env: { ...JUPYTER_ENV, CONFIGPROXY_AUTH_TOKEN: crypto.randomUUID() },
    ...{ stdout: "null", stderr: "null" },
  }).spawn();
  const base = `http://127.0.0.1:${port}`;
  const stop = await untilAnswers(process, `${base}/hub/api/`, 240);
  return { base, password, stop };
}
