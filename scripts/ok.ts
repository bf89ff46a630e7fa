/**
 * Runs every gate, as `deno task ok` and `deno task test`: the ones that are named, or all. Two commands run at a time,
 * on Linux each on its half of the cores; who has ended takes the next. Up to five tests that failed are then run
 * once more, alone; what passes only then is named at the end, with what failed and how long each command took.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { planned, runAgain } from "./ok/again.ts";
import { laneWords } from "./ok/cores.ts";
import { NAMES, partsOf } from "./ok/gates.ts";
import { reportOf } from "./ok/report.ts";
import { prepared, print, type Result, run } from "./ok/run.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Runs the gates of these names and gives whether all have passed. */
async function runGates(asked: readonly string[], folder: string): Promise<boolean> {
  const waiting = partsOf(asked);
  const lanes = (await laneWords(2)).map(async (before, lane) => {
    const done: Result[] = [];
    for (let part = waiting.shift(); part; part = waiting.shift()) {
      done.push(await run(await prepared(part, ROOT, folder), { root: ROOT, speaks: lane === 0, before }));
    }
    return done;
  });
  const results = (await Promise.all(lanes)).flat();
  const mended = await runAgain(planned(results), (part) => run(part, { root: ROOT, speaks: true }));
  print(reportOf(results, mended));
  return results.every((one) => one.success || mended.has(one));
}

const asked = Deno.args.length > 0 ? Deno.args : NAMES;
const unknown = asked.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) {
  const help = unknown.includes("--help");
  print(`${help ? "" : `Cannot run ${unknown.join(", ")}; `}the gates are ${NAMES.join(", ")}`);
  Deno.exit(help ? 0 : 2);
}
const folder = await Deno.makeTempDir({ prefix: "looking-glass-" });
try {
  if (!await runGates(asked, folder)) Deno.exitCode = 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}
