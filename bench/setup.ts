/**
 * Makes what the programs need on the first run, in `.out` and `.venv-oracle`: the checkpoint, the texts, the peers'
 * Python environments from their pinned files, and the checkpoint exported to ONNX. Nothing but packages is downloaded.
 *
 * @module
 */
import { run } from "./process.ts";
import { CHECKPOINT, type Need, PYTHON, ROOT } from "./programs.ts";
import { type Measurement, promptOf, type Task, type Text, TEXTS } from "./protocol.ts";

const SETUP_SECONDS = 1800;
const EXPORTED = `${CHECKPOINT}-onnx`;

/** Tells what is being done. */
export type Say = (message: string) => void;

const exists = (path: string) => Deno.stat(new URL(path, ROOT)).then(() => true, () => false);

async function must(command: string, ...args: readonly string[]): Promise<readonly string[]> {
  const { lines, failure } = await run(command, args, { seconds: SETUP_SECONDS });
  if (failure !== undefined) throw new Error(`${[command, ...args.slice(0, 4)].join(" ")}: ${failure}`);
  return lines;
}

/** Makes a Python environment, if it is not there. */
async function environment(python: string, base: string, install: () => Promise<unknown>): Promise<void> {
  if (await exists(python)) return;
  const folder = python.replace("/bin/python", "");
  try {
    await must(base, "-m", "venv", folder);
    await install();
  } catch (error) {
    await Deno.remove(new URL(folder, ROOT), { recursive: true }).catch(() => {});
    throw error;
  }
}

/** Makes an environment that sees the packages of `.venv-oracle` after its own. */
async function onTopOfOracle(python: string, requirements: string): Promise<void> {
  await environment(python, PYTHON.oracle, async () => {
    const where = ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"];
    const [below] = await must(PYTHON.oracle, ...where);
    const [own] = await must(python, ...where);
    await Deno.writeTextFile(`${own}/oracle.pth`, `${below}\n`);
    await must(python, "-m", "pip", "install", "-q", "--no-deps", "-r", requirements);
  });
}

const SETUPS: Readonly<Record<Need, () => Promise<void>>> = {
  oracle: () =>
    environment(PYTHON.oracle, "python3", () => {
      return must(PYTHON.oracle, "-m", "pip", "install", "-q", "-r", "scripts/requirements-oracle.txt");
    }),
  ecco: () =>
    environment(PYTHON.ecco, "python3", async () => {
      await must(PYTHON.ecco, "-m", "pip", "install", "-q", "-r", "bench/peers/ecco_requirements.txt");
      await must(PYTHON.ecco, "-m", "pip", "install", "-q", "--no-deps", "ecco==0.1.2");
    }),
  inseq: async () => {
    await SETUPS.oracle();
    await onTopOfOracle(PYTHON.inseq, "bench/peers/inseq_requirements.txt");
  },
  transformerlens: async () => {
    await SETUPS.oracle();
    await onTopOfOracle(PYTHON.transformerlens, "bench/peers/transformerlens_requirements.txt");
  },
  onnx: async () => {
    if (await exists(`${EXPORTED}/onnx/model.onnx`)) return;
    await SETUPS.oracle();
    await onTopOfOracle(PYTHON.exporter, "bench/peers/export_requirements.txt");
    const command = PYTHON.exporter.replace("python", "optimum-cli");
    const task = ["--task", "text-generation-with-past"];
    await must(command, "export", "onnx", "--model", CHECKPOINT, ...task, EXPORTED);
    await Deno.mkdir(new URL(`${EXPORTED}/onnx`, ROOT), { recursive: true });
    const place = (path: string) => new URL(`${EXPORTED}/${path}`, ROOT);
    await Deno.rename(place("model.onnx"), place("onnx/model.onnx"));
  },
};

/** Makes the checkpoint, if it is not there. */
export async function prepareCheckpoint(say: Say): Promise<void> {
  if (await exists(`${CHECKPOINT}/model.safetensors`)) return;
  say("making the checkpoint ...");
  await Deno.mkdir(new URL(".out/bench", ROOT), { recursive: true });
  await SETUPS.oracle();
  await must(PYTHON.oracle, "bench/make_random_gpt2.py");
}

/** Makes the checkpoint and the texts, which everything is measured on. */
export async function prepareTexts(threads: number, say: Say): Promise<Readonly<Record<string, Text>>> {
  await Deno.mkdir(new URL(".out/bench", ROOT), { recursive: true });
  const file = new URL(`${CHECKPOINT}/texts.json`, ROOT);
  const known = await Deno.readTextFile(file).then(
    (json): Readonly<Record<string, Text>> => JSON.parse(json),
    () => {},
  );
  const same = ([name, { given, written }]: [string, { given: number; written: number }]) => {
    const { promptLength, tokenIds = [] } = known?.[name] ?? {};
    return promptLength === given && tokenIds.length === given + written;
  };
  if (known && Object.entries(TEXTS).every(same)) return known;
  await prepareCheckpoint(say);
  say("making the texts ...");
  await SETUPS.oracle();
  const prompts = Object.entries(TEXTS).map(([name, { given, written }]) => {
    return [name, { tokenIds: [...promptOf(given), ...Array(written).fill(0)], promptLength: given }] as const;
  });
  const rows = Object.keys(TEXTS).map((name) => `write ${name}`);
  const task: Task = {
    checkpoint: CHECKPOINT,
    threads,
    rows,
    repeat: 1,
    budget: 1,
    texts: Object.fromEntries(prompts),
  };
  const lines = await must(PYTHON.oracle, "bench/peers/transformers_peer.py", JSON.stringify(task));
  const answers = lines.map((line): Measurement => JSON.parse(line)).filter(({ answer }) => answer);
  const texts = Object.fromEntries(answers.map(({ row, answer }): [string, Text] => {
    const name = row.replace("write ", "");
    return [name, { tokenIds: answer!, promptLength: TEXTS[name]!.given }];
  }));
  await Deno.writeTextFile(file, JSON.stringify(texts));
  return texts;
}

/** Makes what some programs need; says why where that fails. */
export async function prepareNeeds(needs: ReadonlySet<Need>, say: Say): Promise<ReadonlyMap<Need, string>> {
  const failures = new Map<Need, string>();
  for (const need of needs) {
    try {
      say(`looking for what is needed: ${need} ...`);
      await SETUPS[need]();
    } catch (error) {
      failures.set(need, `cannot set up: ${error instanceof Error ? error.message : error}`);
    }
  }
  return failures;
}
