/** A file of any length is explained in the memory of a shard. */
import { deepEqual, ok } from "@std/assert";

import type { Total } from "../../mod.ts";

const MB = 2 ** 20;
const LINES = 160_000;
/** Most documents are longer than may be, as reading them with a model would take hours; they are rows of a table. */
const LONG = JSON.stringify({ text: "so it goes on and on ".repeat(32) });
const SHORT = JSON.stringify({ text: "The keys to the cabinet are on the table." });
const COMMAND = new URL("../../scripts/corpus.ts", import.meta.url).href;

async function writeCorpus(path: string): Promise<number> {
  const block = new TextEncoder().encode(`${[SHORT, ...Array<string>(999).fill(LONG)].join("\n")}\n`);
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let i = 0; i < LINES / 1000; ++i) await file.write(block);
  return block.length * LINES / 1000;
}

/** The most memory that a process had resident, looked at until it ends; Linux only. */
async function mostResident(process: Deno.ChildProcess): Promise<number> {
  let most = 0;
  let ended = false;
  const end = process.status.then(() => ended = true);
  while (!ended) {
    const status = await Deno.readTextFile(`/proc/${process.pid}/status`).catch(() => "");
    most = Math.max(most, 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  return most;
}

Deno.test("deno task corpus reads a file of 100 MB with a heap of 64 MB", async () => {
  const folder = await Deno.makeTempDir({ prefix: "looking-glass-" });
  try {
    const source = `${folder}/corpus.jsonl`;
    const size = await writeCorpus(source);
    ok(size > 100 * MB, `${size} bytes`);
    const asked = ["--ask", "surprise", "--max-characters", "100", "--shard-size", "4000", "--out", `${folder}/out`];
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--v8-flags=--max-old-space-size=64", COMMAND, source, ...asked],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const [most, { success, stderr }] = await Promise.all([mostResident(process), process.output()]);
    ok(success, new TextDecoder().decode(stderr).slice(0, 2000)); // V8 ends a process that needs more
    const total: Total = JSON.parse(await Deno.readTextFile(`${folder}/out/total.json`));
    const { documents, problems, shards } = total;
    deepEqual([documents, problems, shards], [LINES / 1000, LINES - LINES / 1000, LINES / 4000]);
    if (Deno.build.os === "linux") ok(most > 0 && most < 500 * MB, `${most / MB} MB`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
