/**
 * Does one thing many times and looks at what the process holds. `deno task soak` does everything, prints the resident
 * memory on the way, and takes minutes; `deno task soak load wasm` does what is named: activities, backends or both.
 */
import { equal, ok } from "@std/assert";
import { checkpointCopy } from "../support/goldens.ts";
import type { Holdings } from "../support/soak.ts";

const SOAK = Deno.args.includes("--soak");
const BACKENDS = ["wasm", "native"];

/** How often each is done: in each run of the tests, and in a soak. */
const ROUNDS: Readonly<Record<string, { readonly test: number; readonly soak: number }>> = {
  load: { test: 150, soak: 1000 },
  steps: { test: 500, soak: 1000 }, // of ten each
  failedLoad: { test: 50, soak: 300 },
  inside: { test: 40, soak: 300 },
  disposedWhileRunning: { test: 0, soak: 200 },
  explain: { test: 0, soak: 200 },
  tree: { test: 0, soak: 200 },
  cancelled: { test: 0, soak: 400 },
  refused: { test: 0, soak: 600 },
};

/** What is named of `all`; everything, when nothing of it is. */
function chosen(all: readonly string[]): readonly string[] {
  const named = all.filter((one) => Deno.args.includes(one));
  return named.length > 0 ? named : all;
}

const unknown = Deno.args.filter((one) => SOAK && one !== "--soak" && !BACKENDS.includes(one) && !(one in ROUNDS));
if (unknown.length > 0) {
  const known = [...Object.keys(ROUNDS), ...BACKENDS].join(", ");
  throw new RangeError(`Cannot soak ${unknown.join(", ")} as there is no such activity or backend; use ${known}`);
}

/** Until then caches fill. V8's young generation has a fixed size, as its growth hides slopes. */
const SETTLED = 0.6;

/** The most that resident memory may grow by in the rounds after that, in MiB; loads leave free lists of allocators. */
const MOST_MIB: Readonly<Record<string, number>> = { load: 14, steps: 3 };
const DEFAULT_MIB = 8;

/** A copy whose load fails late, when the weights are read. */
const damaged = () =>
  checkpointCopy("f32", async (directory) => {
    const path = `${directory}/model.safetensors`;
    const file = await Deno.readFile(path);
    const view = new DataView(file.buffer);
    view.setFloat32(8 + Number(view.getBigUint64(0, true)) + 400, NaN, true);
    await Deno.writeFile(path, file);
  });

/** In a process of its own, where garbage can be collected before memory is read. */
async function soak(backend: string, activity: string, rounds: number): Promise<readonly Holdings[]> {
  await using good = await checkpointCopy("f32");
  await using bad = await damaged();
  const script = new URL("../support/soak.ts", import.meta.url);
  const args = [good.directory, bad.directory, backend, activity, String(rounds)];
  const flags = [
    "run",
    "-A",
    "--v8-flags=--expose-gc,--min-semi-space-size=1,--max-semi-space-size=1",
    script.href,
    ...args,
  ];
  const { stdout, success } = await new Deno.Command(Deno.execPath(), { args: flags, stderr: "inherit" }).output();
  ok(success);
  return JSON.parse(new TextDecoder().decode(stdout));
}

for (const activity of chosen(Object.keys(ROUNDS))) {
  const { test, soak: most } = ROUNDS[activity]!;
  const rounds = SOAK ? most : test;
  for (const backend of chosen(BACKENDS)) {
    if (rounds === 0) continue;
    Deno.test(`${activity} ${rounds} times on ${backend} does not leak`, async () => {
      const samples = await soak(backend, activity, rounds);
      const mib = samples.map(({ rss }) => rss / 2 ** 20);
      // deno-lint-ignore no-console -- what the task is for
      if (SOAK) console.log(`${backend} ${activity} x ${rounds}: ${mib.map((one) => one.toFixed(1)).join(" ")} MiB`);
      const settled = SETTLED * samples.length - 1;
      equal(samples.at(-1)!.files, samples[settled]!.files);
      const grown = mib.at(-1)! - mib[settled]!;
      ok(grown < (MOST_MIB[activity] ?? DEFAULT_MIB), `resident memory grew by ${grown.toFixed(1)} MiB: ${mib}`);
    });
  }
}
