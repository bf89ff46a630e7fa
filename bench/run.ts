/**
 * Measures Looking Glass and its peers side by side, one process after another, and prints the ratios. Builds what it
 * needs on its first run: the peers' environments and a random checkpoint of GPT-2 small's shape, in `.out/bench`.
 *
 *     deno task bench
 *
 * @module
 */
const ROOT = new URL("../", import.meta.url);
const OUT = new URL(".out/bench/", ROOT);
const CHECKPOINT = ".out/bench/gpt2-small-random";
const ORACLE = ".venv-oracle/bin/python";
const ECCO = ".out/bench/ecco-venv/bin/python";
const Q8 = "native, q8";
const ROUNDS = 2;

/** 23 tokens, as many as the example of "The Illustrated GPT-2" has. */
const PROMPT = Array.from({ length: 23 }, (_, i) => (i * 997 + 13) % 50000);

/** What one process printed. */
interface Report {
  readonly name: string;
  readonly versions?: Readonly<Record<string, string>>;
  readonly tokenIds: readonly number[];
  readonly seconds: readonly number[];
  readonly secondsPerStep?: readonly number[];
  readonly firstLoad?: number;
  readonly laterLoads?: readonly number[];
  readonly generate?: readonly number[];
  readonly explain?: readonly number[];
  readonly rssBytes: number;
  readonly peakRssBytes: number;
}

const say = (message: string) => {
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(message);
};

async function run(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(command, { args: [...args], cwd: ROOT, stderr: "inherit" })
    .output();
  if (!success) throw new Error(`Cannot go on as this failed: ${command} ${args.join(" ")}`);
  return new TextDecoder().decode(stdout);
}

const exists = (path: string) => Deno.stat(new URL(path, ROOT)).then(() => true, () => false);

async function prepare(): Promise<void> {
  await Deno.mkdir(OUT, { recursive: true });
  if (!await exists(ORACLE)) {
    say("Installing the peers' libraries in .venv-oracle ...");
    await run("python3", ["-m", "venv", ".venv-oracle"]);
    await run(ORACLE, ["-m", "pip", "install", "-q", "-r", "scripts/requirements-oracle.txt"]);
  }
  if (!await exists(ECCO)) {
    say("Installing Ecco 0.1.2 in .out/bench/ecco-venv ...");
    await run("python3", ["-m", "venv", ".out/bench/ecco-venv"]);
    await run(ECCO, ["-m", "pip", "install", "-q", "-r", "bench/peers/ecco_requirements.txt"]);
    await run(ECCO, ["-m", "pip", "install", "-q", "--no-deps", "ecco==0.1.2"]);
  }
  if (!await exists(`${CHECKPOINT}/model.safetensors`)) await run(ORACLE, ["bench/make_random_gpt2.py"]);
}

async function measure(label: string, command: string, args: readonly string[]): Promise<Report> {
  say(`  measuring ${label} ...`);
  return JSON.parse((await run(command, args)).trim().split("\n").at(-1)!);
}

/** Both orders of a pair see the same disturbances: every program is measured once in each round. */
async function measureAll(): Promise<Map<string, Report[]>> {
  const prompt = JSON.stringify(PROMPT);
  const deno = ["run", "-A", "--quiet", "bench/ours.ts", CHECKPOINT, prompt];
  const programs: readonly (readonly [string, string, readonly string[]])[] = [
    ["native", Deno.execPath(), [...deno, "native"]],
    ["Ecco", ECCO, ["bench/peers/ecco_explain.py", CHECKPOINT, prompt]],
    ["wasm", Deno.execPath(), [...deno, "wasm"]],
    ["Hugging Face", ORACLE, ["bench/peers/hf_generate.py", CHECKPOINT, prompt]],
    ["wasm, prepack", Deno.execPath(), [...deno, "wasm", "prepack"]],
    [Q8, Deno.execPath(), [...deno, "native", "q8"]],
    ["PyTorch loop", ORACLE, ["bench/peers/torch_loop.py", CHECKPOINT, prompt]],
  ];
  const reports = new Map<string, Report[]>(programs.map(([label]) => [label, []]));
  for (let round = 1; round <= ROUNDS; ++round) {
    say(`round ${round} of ${ROUNDS}`);
    for (const [label, command, args] of programs) reports.get(label)!.push(await measure(label, command, args));
  }
  return reports;
}

/** The least of all measurements: what the program takes when nothing else disturbs it. */
const least = (reports: readonly Report[], pick: (report: Report) => readonly number[] | number | undefined) =>
  Math.min(...reports.flatMap((report) => pick(report) ?? []));

function table(reports: ReadonlyMap<string, readonly Report[]>, weightBytes: number): string[] {
  const of = (label: string) => reports.get(label)!;
  const time = (label: string) => least(of(label), ({ seconds }) => seconds);
  const step = (label: string) => least(of(label), ({ secondsPerStep }) => secondsPerStep);
  const explain = (label: string) => least(of(label), ({ explain, seconds }) => explain ?? seconds);
  const memory = (label: string) => Math.max(...of(label).map(({ rssBytes }) => rssBytes)) / weightBytes;
  const row = (what: string, own: string, peer: string, ratio: string) => `| ${what} | ${own} | ${peer} | ${ratio} |`;
  const compare = (what: string, own: number, peer: number, name: string) =>
    row(what, `${(own * 1000).toFixed(0)} ms`, `${name} ${(peer * 1000).toFixed(0)} ms`, `${(peer / own).toFixed(2)}x`);
  const ours = ["native", "wasm", "wasm, prepack"];
  return [
    "| what | Looking Glass | peer | ratio |",
    "| --- | --- | --- | --- |",
    ...ours.map((name) =>
      compare(`generate 20 tokens after 23 and explain them, ${name}`, time(name), time("Ecco"), "Ecco 0.1.2")
    ),
    ...ours.map((name) =>
      compare(`explain 20 tokens, ${name}`, explain(name), explain("PyTorch loop"), "PyTorch loop")
    ),
    ...ours.map((name) => compare(`one decode step, ${name}`, step(name), step("Hugging Face"), "Hugging Face")),
    compare(`one decode step, ${Q8}`, step(Q8), step("native"), "float32"),
    ...["native", Q8, "wasm"].map((name) => {
      const first = least(of(name), ({ firstLoad }) => firstLoad);
      const later = least(of(name), ({ laterLoads }) => laterLoads);
      return row(`ready, ${name}`, `${first.toFixed(2)} s first, ${later.toFixed(2)} s later in a process`, "", "");
    }),
    ...["native", Q8, "wasm", "Hugging Face", "Ecco"].map((name) =>
      row(`resident memory, ${name}`, "", "weights", `${memory(name).toFixed(2)}x`)
    ),
  ];
}

await prepare();
const reports = await measureAll();
// Random weights prefer hardly any token, so that 8 bits may choose others.
const [first, ...others] = [...reports].flatMap(([label, of]) => label === Q8 ? [] : of);
const same = others.every(({ tokenIds }) => tokenIds.join() === first!.tokenIds.join());
const { size } = await Deno.stat(new URL(`${CHECKPOINT}/model.safetensors`, ROOT));
const versions = Object.assign({}, ...[...reports.values()].flat().map((report) => report.versions ?? {}));
const cpu = (await Deno.readTextFile("/proc/cpuinfo")).match(/model name\s*:\s*(.*)/)?.[1];
say(`\n${new Date().toISOString().slice(0, 10)}, ${navigator.hardwareConcurrency} cores of ${cpu}`);
say(`Deno ${Deno.version.deno}, ${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ")}`);
say(`GPT-2 small's shape, random weights, ${(size / 1e6).toFixed(0)} MB; least of ${ROUNDS} rounds of 5`);
say(`All programs wrote the same tokens: ${same ? "yes" : "NO"}\n`);
say(table(reports, size).join("\n"));
if (!same) Deno.exit(1);
