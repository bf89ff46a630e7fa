/** Several machines share a job over a real Redis server: workers and server are killed, and every shard is there once. */
import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { explainCorpus } from "../../../src/corpus/explain_corpus.ts";
import { openCorpus } from "../../../src/corpus/open/open.ts";
import { RecordCursor } from "../../../src/corpus/queue/cursor.ts";
import { forgetEnded, openQueue } from "../../../src/corpus/queue/engine.ts";
import { LanguageModel } from "../../../src/language_model.ts";
import { hasRedis, RedisServer } from "../../support/redis.ts";
import { memoryStore, sourceOf, TEXTS } from "../support.ts";

const IGNORED = !await hasRedis();
const WORKER = new URL("worker.ts", import.meta.url);
const TALE = Array.from({ length: 48 }, (_, i) => `The king had ${i} daughters, and each of them had ${i + 1} keys.`);

/** The rows of a corpus that stands in a folder. */
async function surpriseIn(out: string): Promise<unknown[]> {
  return await Array.fromAsync((await openCorpus(out)).rows("surprise"));
}

/** Waits until so many shards are there. */
async function untilShards(out: string, count: number): Promise<void> {
  for (let tries = 0; tries < 1200; ++tries) {
    const found = await Array.fromAsync(Deno.readDir(`${out}/shards`)).catch(() => []);
    if (found.length >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${count} shards were not there after a minute`);
}

Deno.test("RecordCursor reads on, and once more what is before", async () => {
  const cursor = new RecordCursor(
    sourceOf(Array.from({ length: 10 }, (_, i) => String(i))),
    new AbortController().signal,
  );
  const told = async (start: number, end: number) => {
    const { records, last } = await cursor.take(start, end);
    return [records.map(({ index }) => index).join(), last];
  };
  deepEqual(await Promise.all([told(0, 3), told(3, 5)]), [["0,1,2", false], ["3,4", false]]);
  deepEqual(await told(8, 10), ["8,9", true]);
  deepEqual(await told(1, 3), ["1,2", false]);
  deepEqual(await told(9, 12), ["9", true]);
  deepEqual(await told(12, 14), ["", true]);
  await cursor.close();
});

Deno.test("openQueue() says that no server answers", async () => {
  await rejects(openQueue("x", { url: "redis://me:secret@127.0.0.1:9", lease: 1000 }), {
    name: "Error",
    message:
      /^Cannot share a corpus over redis:\/\/127\.0\.0\.1:9 as no server answers: .*; start redis-server there, or/,
  });
});

const REFUSED: [unknown, string, RegExp][] = [
  [
    "http://127.0.0.1",
    "TypeError",
    /^Cannot explain a corpus with the queue "http:\/\/127\.0\.0\.1"; pass the address of/,
  ],
  ["", "TypeError", /with the queue ""; pass the address of a server, as redis:\/\/host:6379$/],
  [{ lease: 1000 }, "TypeError", /^Cannot share a corpus over a queue with url undefined; it must be given$/],
  [{ url: "redis://127.0.0.1", lease: 1 }, "RangeError", /with a lease of 1; pass 100 to 86,400,000 milliseconds$/],
];
Deno.test("explainCorpus() refuses what is no queue", async () => {
  equal(REFUSED.length, 4);
  for (const [queue, name, message] of REFUSED) {
    await rejects(explainCorpus(["x"], { ask: "surprise", out: memoryStore(), queue: queue as string }), {
      name,
      message,
    });
  }
  const both = { queue: "redis://127.0.0.1", shard: "0/2" };
  await rejects(explainCorpus(["x"], { ask: "surprise", out: memoryStore(), ...both }), {
    name: "TypeError",
    message: /^Cannot explain a corpus with both queue and shard "0\/2" as the queue gives shards; leave one out$/,
  });
});

Deno.test("forgetEnded() leaves a task that another machine has begun again, and says what else goes wrong", async () => {
  const removals: string[] = [];
  const job = (isCompleted: boolean, isFailed: boolean, problem = "") => ({
    isCompleted: () => Promise.resolve(isCompleted),
    isFailed: () => Promise.resolve(isFailed),
    remove: () => {
      removals.push(`${isCompleted}, ${isFailed}`);
      return problem ? Promise.reject(new Error(problem)) : Promise.resolve();
    },
  });
  await forgetEnded(undefined);
  await forgetEnded(job(false, false));
  await forgetEnded(job(true, false));
  await forgetEnded(job(false, true));
  await forgetEnded(job(true, false, "Job cut could not be removed because it is locked by another worker"));
  await rejects(forgetEnded(job(false, true, "the disk is full")), { name: "Error", message: "the disk is full" });
  deepEqual(removals, ["true, false", "false, true", "true, false", "false, true"]);
});

Deno.test({ name: "openQueue() lets several machines put in the same tasks at a time", ignore: IGNORED }, async () => {
  await using server = await RedisServer.start();
  await using queue = await openQueue("tasks", { url: server.url, lease: 1500 });
  await using other = await openQueue("tasks", { url: server.url, lease: 1500 });
  const stop = new AbortController();
  let done = 0;
  const perform = async () => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    ++done;
  };
  const working = Promise.all([queue, other].map((one) => one.work(2, perform, stop.signal)));
  for (let i = 0; i < 300; ++i) {
    await Promise.all([queue, other].map((one) => one.add(["a", "b", "c"])));
  }
  while ((await queue.counts()).open > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  deepEqual((await queue.counts()).failures, []);
  ok(done >= 3, `${done} were done`);
  stop.abort();
  await working;
});

Deno.test({ name: "openQueue() does each task, and those of one name once", ignore: IGNORED }, async () => {
  await using server = await RedisServer.start();
  await using queue = await openQueue("tasks", { url: server.url, lease: 1000 });
  const stop = new AbortController();
  const done: string[] = [];
  let fails = 1;
  const working = queue.work(2, async (name) => {
    if (name === "b" && fails-- > 0) throw new Error("it fails once");
    done.push(await Promise.resolve(name));
  }, stop.signal);
  await queue.add(["a", "b", "a", "c"]);
  while ((await queue.counts()).open > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  deepEqual(done.toSorted(), ["a", "b", "c"]);
  await queue.add(["a"]); // it has ended, and is asked for once more
  while ((await queue.counts()).open > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  deepEqual(done.toSorted(), ["a", "a", "b", "c"]);
  deepEqual((await queue.counts()).failures, []);
  stop.abort();
  await working;
});

Deno.test({ name: "explainCorpus() over a queue", ignore: IGNORED }, async (t) => {
  await using server = await RedisServer.start();
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "native" });
  const asked = { model, ask: "surprise", shardSize: 3, window: 64, overlap: 16 } as const;

  await t.step("gives what is given without, and nothing is left to do afterwards", async () => {
    const [alone, shared] = [memoryStore(), memoryStore()];
    await explainCorpus(sourceOf(TEXTS), { ...asked, out: alone });
    const { computed, total } = await explainCorpus(sourceOf(TEXTS), { ...asked, out: shared, queue: server.url });
    equal(computed.shards, Math.ceil(TEXTS.length / 3));
    deepEqual([...shared.files.keys()].sort(), [...alone.files.keys()].sort());
    for (const [name, bytes] of alone.files) deepEqual(shared.files.get(name), bytes, name);
    const again = await explainCorpus(sourceOf(TEXTS), { ...asked, out: shared, queue: server.url });
    equal(again.computed.shards, 0);
    deepEqual(again.total, total);
  });

  await t.step("ends with the reason where a document is bad and that is to stop", async () => {
    const bad = sourceOf(["One.", { problem: "it is no text" }]);
    await rejects(explainCorpus(bad, { ...asked, out: memoryStore(), queue: server.url, onError: "stop" }), {
      name: "Error",
      message: /^Cannot go on in memory as shard-0: Cannot explain document 1 \(text 1\) as it is no text; mend it/,
    });
  });

  await t.step("says that the source holds nothing", async () => {
    await rejects(explainCorpus(sourceOf([]), { ...asked, out: memoryStore(), queue: server.url }), {
      name: "Error",
      message: /^Cannot go on in memory as cut: Cannot explain texts as it holds no documents; /,
    });
  });

  await t.step("stops when it is told to, and gives its shards back", async () => {
    const out = memoryStore();
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("enough"));
    await rejects(
      explainCorpus(sourceOf(TEXTS), { ...asked, out, queue: server.url, signal: stop.signal, onProgress }),
      { name: "Error", message: "enough" },
    );
    const { total } = await explainCorpus(sourceOf(TEXTS), { ...asked, out, queue: server.url });
    equal(total!.documents, TEXTS.length);
  });
});

Deno.test({
  name: "explainCorpus() over a queue has every shard once when a worker and the server are killed",
  ignore: IGNORED,
}, async () => {
  const folder = await Deno.makeTempDir({ prefix: "looking-glass-queue-" });
  await using server = await RedisServer.start();
  const [source, out, alone] = [`${folder}/tale.txt`, `${folder}/shared`, `${folder}/alone`];
  await Deno.writeTextFile(source, TALE.join("\n"));
  const begin = () =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", WORKER.href, source, out, server.url],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  const [victim, ...others] = [begin(), begin(), begin()];
  try {
    await untilShards(out, 4);
    victim!.kill("SIGKILL");
    await untilShards(out, 8);
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.start();
    const outputs = await Promise.all(others.map((other) => other.output()));
    const said = outputs.map(({ stdout, stderr }) => {
      const text = new TextDecoder().decode(stdout);
      ok(text.startsWith("{"), new TextDecoder().decode(stderr));
      return JSON.parse(text) as { shards: number; documents: number };
    });
    deepEqual(said.map(({ documents }) => documents), [48, 48]);
    const read = { format: "lines" } as const;
    const load = { backend: "native", threads: 1 } as const;
    await explainCorpus(source, { ask: "surprise", out: alone, shardSize: 2, read, load, progress: false });
    const rows = await surpriseIn(out);
    equal(rows.length, 48);
    deepEqual(rows, await surpriseIn(alone));
    const shards = (await openCorpus(out)).shards.map(({ shard }) => shard);
    deepEqual(shards, [...Array(24).keys()]);
    match(await Deno.readTextFile(`${out}/manifest.json`), /"looking-glass corpus"/);
  } finally {
    for (const child of others) {
      try {
        child.kill("SIGKILL");
      } catch { // it has ended
      }
    }
    await victim!.output();
    await Deno.remove(folder, { recursive: true });
  }
});
