/**
 * Runs every gate, as `deno task ok` and `deno task test`: the ones that are named, or all. The tests run on one core
 * most of the time, so what drives kernels and browsers runs beside them. Says at the end which failed and how long each
 * took.
 *
 * @module
 */
const ROOT = new URL("../", import.meta.url);
const EXPORTS = ["mod.ts", "src/onnx/mod.ts", "src/analysis/mod.ts", "widgets/mod.ts"];

/** Each gate is one `deno` command. */
const GATES: Readonly<Record<string, readonly string[]>> = {
  fmt: ["fmt", "--check", "--quiet"],
  lint: ["lint", "--quiet"],
  check: ["check", "--quiet", "mod.ts", "src", "widgets", "guide", "tests", "scripts", "bench"],
  docs: ["doc", "--lint", ...EXPORTS],
  examples: ["test", "-A", "--doc", "--quiet", "mod.ts", "src", "widgets", "guide", "README.md"],
  tests: ["test", "-A", "--quiet", "--ignore=tests/notebooks,tests/browser", "tests"],
  notebooks: ["test", "-A", "--quiet", "tests/notebooks"],
  browser: ["test", "-A", "--quiet", "tests/browser"],
};

/** The gates that run one after another beside the rest; notebooks come last, as they put files where lint would look. */
const BESIDE = ["examples", "browser", "notebooks"];

function say(message: string): void {
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(message);
}

interface Result {
  readonly name: string;
  readonly success: boolean;
  readonly seconds: number;
  /** The end of what it said, from where it lists what failed. */
  readonly end: string;
}

/** What a gate says, which is shown as it says it where it speaks. */
async function heard(stream: ReadableStream<Uint8Array>, speaks: boolean): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    if (speaks) await Deno.stdout.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

/** From the list of failed tests on, or the last lines. */
function endOf(text: string): string {
  const list = text.lastIndexOf("FAILURES");
  return list >= 0 ? text.slice(list) : text.trimEnd().split("\n").slice(-12).join("\n");
}

/** Runs a gate; what it says is shown as it says it, or when it has ended where another gate speaks meanwhile. */
async function run(name: string, speaks: boolean): Promise<Result> {
  const start = performance.now();
  const title = `\n── ${name}: deno ${GATES[name]!.join(" ")}`;
  if (speaks) say(title);
  const child = new Deno.Command(Deno.execPath(), {
    args: [...GATES[name]!],
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const isSaid = name !== "docs"; // deno doc prints all of the documentation
  const [stdout, stderr] = await Promise.all([heard(child.stdout, speaks && isSaid), heard(child.stderr, speaks)]);
  const { success } = await child.status;
  if (!speaks) say([title, stdout, stderr].join("\n"));
  return { name, success, seconds: (performance.now() - start) / 1000, end: endOf(isSaid ? stdout + stderr : stderr) };
}

const asked = Deno.args.length > 0 ? Deno.args : Object.keys(GATES);
const unknown = asked.filter((name) => !(name in GATES));
if (unknown.length > 0) {
  const help = unknown.includes("--help");
  say(`${help ? "" : `Cannot run ${unknown.join(", ")}; `}the gates are ${Object.keys(GATES).join(", ")}`);
  Deno.exit(help ? 0 : 2);
}
const lanes = [Object.keys(GATES).filter((name) => !BESIDE.includes(name)), BESIDE]
  .map((names) => names.filter((name) => asked.includes(name)))
  .filter((names) => names.length > 0);
const results = (await Promise.all(lanes.map(async (names, lane) => {
  const done: Result[] = [];
  for (const name of names) done.push(await run(name, lane === 0));
  return done;
}))).flat();
for (const { name, success, end } of results) if (!success) say(`\n── ${name} failed:\n${end}`);
say("");
for (const { name, success, seconds } of results) {
  say(`${success ? "ok    " : "FAILED"} ${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s`);
}
Deno.exit(results.every(({ success }) => success) ? 0 : 1);
