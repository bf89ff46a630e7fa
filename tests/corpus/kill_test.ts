/** A job that is killed at any moment, again and again, ends as one that never was: with the same bytes. */
import { deepEqual, ok } from "@std/assert";

import { folderStore } from "../../src/corpus/store/folder.ts";

const COMMAND = new URL("../../scripts/corpus.ts", import.meta.url).href;
const SHARDS = 60;
const SIZE = 4;
/** How often it is killed before it may end. */
const KILLS = 9;
/** How many shards a start may do, so that some are left on a machine of any speed. */
const MOST = 4;

/** Short texts with long ones between, so that shards take unequally long. */
function corpus(): string {
  const words = "the keys to cabinet are on table once upon a time there was fox dog saw cat and ran house".split(" ");
  const text = (i: number) =>
    Array.from({ length: 3 + (i * 7) % 23 }, (_, w) => words[(i * 5 + w * w) % words.length]).join(" ");
  return Array.from({ length: SHARDS * SIZE - 1 }, (_, i) => JSON.stringify({ text: text(i) })).join("\n");
}

function start(source: string, out: string, workers: number): Deno.ChildProcess {
  const asked = ["--ask", "surprise,heads", "--shard-size", String(SIZE), "--threads", "1"];
  const args = ["run", "-A", "--no-check", COMMAND, source, "--out", out, ...asked, "--workers", String(workers)];
  return new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "piped" }).spawn();
}

async function finish(process: Deno.ChildProcess): Promise<void> {
  const { success, stderr } = await process.output();
  ok(success, new TextDecoder().decode(stderr));
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Every file of a job, by its name. */
async function filesOf(out: string): Promise<Record<string, string>> {
  const store = folderStore(out);
  const names = (await Promise.all(["documents", "problems", "surprise", "shards", "total"].map((folder) => {
    return store.list(folder);
  }))).flat();
  const entries = [...names, "manifest.json", "total.json"].map(async (name) => {
    return [name, (await store.read(name))!.toHex()] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

Deno.test(`a job that is killed ${KILLS} times and started again ends with the bytes of an unbroken one`, async () => {
  const folder = await Deno.makeTempDir({ prefix: "looking-glass-" });
  try {
    const source = `${folder}/corpus.jsonl`;
    await Deno.writeTextFile(source, corpus());
    await finish(start(source, `${folder}/unbroken`, 1));
    const out = `${folder}/killed`;
    const store = folderStore(out);
    const progress: number[] = [];
    for (let kill = 0; kill < KILLS; ++kill) {
      const before = (await store.list("shards")).length;
      const process = start(source, out, kill % 3 === 2 ? 2 : 1);
      let ended = false;
      const end = process.output().then(() => ended = true);
      const atOnce = kill === 4; // before anything is done
      const done = async () => (await store.list("shards")).length - before;
      while (!ended && !atOnce && await done() === 0) await wait(2);
      const until = performance.now() + Math.random() * 120;
      while (performance.now() < until && await done() < MOST) await wait(2);
      ok(!ended, `start ${kill} ended before it was killed`);
      process.kill("SIGKILL");
      await end;
      progress.push((await store.list("shards")).length);
    }
    ok(progress.at(-1)! < SHARDS, `all shards were done before the last start: ${progress}`);
    deepEqual((await store.read("total.json")) ?? null, null);
    await finish(start(source, out, 2));
    const [found, expected] = [await filesOf(out), await filesOf(`${folder}/unbroken`)];
    deepEqual(Object.keys(found), Object.keys(expected));
    const differing = Object.keys(found).filter((name) => found[name] !== expected[name]);
    deepEqual(differing, [], `killed at ${progress}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
