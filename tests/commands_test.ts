import { deepEqual, equal, match } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

/** Runs a command of this repository in an empty folder. */
async function run(script: string, args: readonly string[]) {
  const cwd = await Deno.makeTempDir({ prefix: "looking-glass-" });
  try {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL(script, ROOT).href, ...args],
      cwd,
    });
    const { code, stdout } = await command.output();
    return { code, said: new TextDecoder().decode(stdout), left: [...Deno.readDirSync(cwd)].map(({ name }) => name) };
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

for (
  const [script, usage] of [
    ["scripts/bundle.ts", /^deno task bundle \[folder\]\n/m],
    ["bench/sizes.ts", /^deno task bench:sizes \[shape \.\.\.\]\n/m],
    ["scripts/ok.ts", /the gates are fmt, lint, browser, tests/],
  ] as const
) {
  Deno.test(`${script} says how it is used, and does nothing, when it is asked or does not understand`, async () => {
    for (const [flag, expected] of [["--help", 0], ["--nope", 2]] as const) {
      const { code, said, left } = await run(script, [flag]);
      equal(code, expected);
      match(said, usage);
      deepEqual(left, []);
    }
  });
}
