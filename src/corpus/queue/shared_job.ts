/**
 * A job that several machines share by a queue. One of them counts the shards and puts them in; each is computed by
 * whoever takes it, and at once by another when that one dies. What is written twice is written alike, so every shard is
 * there once.
 *
 * @module
 */
import { delay } from "../../hub/retry.ts";
import { sha256Hasher } from "../../hub/hash.ts";
import { doneName, readDone } from "../job/files.ts";
import { explainAndWrite, type Job } from "../job/run.ts";
import { isComplete } from "../job/total.ts";
import type { ShardDone } from "../types.ts";
import { RecordCursor } from "./cursor.ts";
import { openQueue, type QueueSettings, type TaskQueue } from "./engine.ts";

/** The task that puts all others in, and how these are called. */
const CUT = "cut";
const SHARD = "shard-";

/** How often it is asked whether all is done, in milliseconds. */
const PAUSE = 500;

/**
 * Computes shards until all are there, whoever computed them.
 *
 * @returns Those that were computed here.
 * @throws {Error} When there is no server, or a shard has failed here or elsewhere.
 */
export async function computeShared(
  job: Job,
  done: ReadonlyMap<number, ShardDone>,
  settings: QueueSettings,
): Promise<readonly ShardDone[]> {
  if (isComplete(done)) return [];
  await using queue = await openQueue(await nameOf(job), settings);
  const over = new AbortController();
  const signal = AbortSignal.any([job.signal, over.signal]);
  const cursor = new RecordCursor(job.source, signal);
  const computed: ShardDone[] = [];
  const own = { ...job, signal };
  const perform = async (task: string) => {
    if (task === CUT) return await queue.add(await missingTasks(own));
    const done = await computeOne(own, cursor, Number(task.slice(SHARD.length)));
    if (done) computed.push(done);
  };
  const working = queue.work(job.executor.width, perform, signal);
  try {
    await untilComplete(job, queue, working);
    return computed;
  } finally {
    over.abort();
    await working;
    await cursor.close().catch(() => {}); // what was read when the job was stopped
  }
}

/** Looks now and then whether all is there; where nothing is left to do and something is missing, it is put in again. */
async function untilComplete(job: Job, queue: TaskQueue, working: Promise<void>): Promise<void> {
  const { store, manifest: { settings }, signal } = job;
  const unlessStopped = async <T>(asked: Promise<T>): Promise<T> => {
    const answer = await Promise.race([asked, working]); // a server that is gone answers when it is back
    signal.throwIfAborted();
    return answer as T;
  };
  await unlessStopped(queue.forgetFailures());
  await unlessStopped(queue.add([CUT]));
  for (;;) {
    const { open, failures } = await unlessStopped(queue.counts());
    if (failures.length > 0) {
      throw new Error(`Cannot go on in ${store.name} as ${failures.join("; ")}; mend that, then start again to go on`);
    }
    if (open === 0) {
      const { done } = await readDone(store, settings.shardSize);
      if (isComplete(done)) return await unlessStopped(queue.clear()).catch(() => {}); // others clear it too
      await unlessStopped(queue.add([CUT]));
    }
    await delay(PAUSE, signal);
  }
}

/** The tasks of shards that are not there. The records are counted, and not looked at more than that takes. */
async function missingTasks({ source, store, manifest: { settings }, signal }: Job): Promise<readonly string[]> {
  const { shardSize, limit = Infinity } = settings;
  const { done } = await readDone(store, shardSize);
  let count = 0;
  for await (const { index } of source.records(0, signal)) {
    if (index >= limit) break;
    count = index + 1;
  }
  if (count === 0) throw new Error(`Cannot explain ${source.name} as it holds no documents`);
  const shards = Array.from({ length: Math.ceil(count / shardSize) }, (_, shard) => shard);
  return shards.filter((shard) => !done.has(shard)).map((shard) => SHARD + shard);
}

/** Computes a shard, unless somebody has done so meanwhile. */
async function computeOne(job: Job, cursor: RecordCursor, shard: number): Promise<ShardDone | undefined> {
  const { store, manifest: { settings } } = job;
  const { shardSize, limit = Infinity } = settings;
  if (await store.size(doneName(shard)) !== undefined) {
    if ((await readDone(store, shardSize)).done.has(shard)) return undefined;
  }
  const start = shard * shardSize;
  const end = Math.min(start + shardSize, limit);
  const { records, last } = await cursor.take(start, end);
  if (records.length === 0) throw new Error(`Cannot explain shard ${shard} as the source ends before it`);
  return await explainAndWrite(job, { shard, start, records, last: last || end >= limit });
}

/** All that asks for the same of the same, and writes to a place of the same name, is one job. */
async function nameOf({ manifest, store }: Job): Promise<string> {
  const { source: { fingerprint }, model: { files, changes, dtype }, settings } = manifest;
  const hash = await sha256Hasher();
  hash.update(new TextEncoder().encode(JSON.stringify([store.name, fingerprint, files, changes, dtype, settings])));
  return `looking-glass-${hash.digest().slice(0, 32)}`;
}
