/**
 * Runs every gate, as `deno task ok` and `deno task test`: the ones that are named, or all. Says at the end which
 * failed and how long each took.
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

function say(message: string): void {
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(message);
}

async function passes(name: string): Promise<boolean> {
  say(`\n── ${name}: deno ${GATES[name]!.join(" ")}`);
  const stdout = name === "docs" ? "null" : "inherit"; // deno doc prints all of the documentation
  const { success } = await new Deno.Command(Deno.execPath(), { args: [...GATES[name]!], cwd: ROOT, stdout }).spawn()
    .status;
  return success;
}

const asked = Deno.args.length > 0 ? Deno.args : Object.keys(GATES);
const unknown = asked.filter((name) => !(name in GATES));
if (unknown.length > 0) {
  const help = unknown.includes("--help");
  say(`${help ? "" : `Cannot run ${unknown.join(", ")}; `}the gates are ${Object.keys(GATES).join(", ")}`);
  Deno.exit(help ? 0 : 2);
}
const results: { name: string; success: boolean; seconds: number }[] = [];
for (const name of asked) {
  const start = performance.now();
  results.push({ name, success: await passes(name), seconds: (performance.now() - start) / 1000 });
}
say("");
for (const { name, success, seconds } of results) {
  say(`${success ? "ok    " : "FAILED"} ${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s`);
}
Deno.exit(results.every(({ success }) => success) ? 0 : 1);
