/**
 * Runs every gate, as `deno task ok` and `deno task test`: the ones that are named, or all. Two run at a time, as the
 * tests run on one core most of the time; who has ended takes the next. Says at the end which failed and how long each
 * took.
 *
 * @module
 */
const ROOT = new URL("../", import.meta.url);
const EXPORTS = ["mod.ts", "src/onnx/mod.ts", "src/analysis/mod.ts", "widgets/mod.ts"];
/** Types are what the gate of that name looks at. */
const TEST = ["test", "-A", "--quiet", "--no-check"];
const LARGE = ["tests/notebooks", "tests/browser", "tests/ask", "tests/language_model"];

/**
 * Each gate is some `deno` commands. Those that take long come early, so that none is left alone at the end; notebooks
 * come last, as they put files where `lint` looks.
 */
const GATES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  fmt: [["fmt", "--check", "--quiet"]],
  lint: [["lint", "--quiet"]],
  browser: [[...TEST, "tests/browser"]],
  check: [["check", "--quiet", "mod.ts", "src", "widgets", "guide", "tests", "scripts", "bench"]],
  tests: [[...TEST, "tests/language_model"], [...TEST, "tests/ask"], [...TEST, `--ignore=${LARGE}`, "tests"]],
  docs: [["doc", "--lint", ...EXPORTS]],
  examples: [["test", "-A", "--doc", "--quiet", "mod.ts", "src", "widgets", "guide", "README.md"]],
  notebooks: [[...TEST, "tests/notebooks"]],
};

function say(message: string): void {
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(message);
}

/** One command of a gate. */
interface Part {
  readonly name: string;
  readonly args: readonly string[];
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

/** The list of failed tests, which `deno test` prints last, or the last lines. */
function endOf(stdout: string, stderr: string): string {
  const list = stdout.lastIndexOf("FAILURES");
  return list >= 0 ? stdout.slice(list).trimEnd() : (stdout + stderr).trimEnd().split("\n").slice(-12).join("\n");
}

/** Runs a command; what it says is shown as it says it, or when it has ended where another one speaks meanwhile. */
async function run({ name, args }: Part, speaks: boolean): Promise<Result> {
  const start = performance.now();
  const title = `\n── ${name}: deno ${args.join(" ")}`;
  if (speaks) say(title);
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const isSaid = name !== "docs"; // deno doc prints all of the documentation
  const [stdout, stderr] = await Promise.all([heard(child.stdout, speaks && isSaid), heard(child.stderr, speaks)]);
  const { success } = await child.status;
  if (!speaks) say([title, stdout, stderr].join("\n"));
  return { name, success, seconds: (performance.now() - start) / 1000, end: endOf(isSaid ? stdout : "", stderr) };
}

/** The commands of the gates that are asked for, in their order. */
function parts(asked: readonly string[]): Part[] {
  return Object.entries(GATES).filter(([name]) => asked.includes(name)).flatMap(([name, commands]) =>
    commands.map((args, i) => ({ name: commands.length > 1 ? `${name} ${i + 1}` : name, args }))
  );
}

const asked = Deno.args.length > 0 ? Deno.args : Object.keys(GATES);
const unknown = asked.filter((name) => !(name in GATES));
if (unknown.length > 0) {
  const help = unknown.includes("--help");
  say(`${help ? "" : `Cannot run ${unknown.join(", ")}; `}the gates are ${Object.keys(GATES).join(", ")}`);
  Deno.exit(help ? 0 : 2);
}
const waiting = parts(asked);
const results = (await Promise.all([true, false].map(async (speaks) => {
  const done: Result[] = [];
  for (let part = waiting.shift(); part; part = waiting.shift()) done.push(await run(part, speaks));
  return done;
}))).flat();
say("");
for (const { name, success, seconds } of results) {
  say(`${success ? "ok    " : "FAILED"} ${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s`);
}
for (const { name, success, end } of results) if (!success) say(`\n── ${name} failed:\n${end}`);
Deno.exit(results.every(({ success }) => success) ? 0 : 1);
