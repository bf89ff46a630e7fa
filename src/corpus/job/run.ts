/**
 * A job from its beginning, or from where it was cut, to its end.
 *
 * @module
 */
import type { CorpusCounts } from "../../analysis/corpus_results.ts";
import type { CorpusSource, CorpusStore, Manifest, ShardDone, Total } from "../types.ts";
import { doneName, partName, readDone, readTotal, writeJson, writeTable } from "./files.ts";
import type { ExplainedShard, Shard, ShardWatch } from "./shard.ts";
import { missingShards, type Share } from "./shards.ts";
import { aboutTable, countsOf, DamagedShard, isComplete, writeTotal } from "./total.ts";

/** Explains shards, one or several at a time. */
export interface Executor {
  /** How many at a time. */
  readonly width: number;
  /** Explains one. */
  explain(shard: Shard, watch: ShardWatch): Promise<ExplainedShard>;
}

/** What a job needs. */
export interface Job {
  readonly source: CorpusSource;
  readonly store: CorpusStore;
  readonly manifest: Manifest;
  readonly executor: Executor;
  readonly share: Share;
  /** Computes what is missing together with other machines; here alone, where nothing is given. */
  readonly compute?: (job: Job, done: ReadonlyMap<number, ShardDone>) => Promise<readonly ShardDone[]>;
  readonly signal: AbortSignal;
  /** Hears how many documents and tokens were explained since the last time. */
  readonly onRead: (documents: number, tokens: number) => void;
  /** Hears how many documents are done already, before any is explained. */
  readonly onBegin: (documents: number) => void;
}

/** What came of a job. */
export interface JobOutcome {
  /** What was computed now. */
  readonly computed: CorpusCounts & { readonly shards: number };
  /** What is there in all, as far as it could be seen. */
  readonly there: CorpusCounts & { readonly shards: number };
  /** What was damaged, and computed once more. */
  readonly mended: readonly string[];
  /** All together, once all shards are there. */
  readonly total?: Total;
}

/** Computes what is missing, and puts it together when all is there. */
export async function runJob(job: Job): Promise<JobOutcome> {
  const { store, manifest } = job;
  const { shardSize } = manifest.settings;
  const found = await readDone(store, shardSize);
  const mended = [...found.damaged.values()];
  const before = countsOf(ownOf(job, found.done));
  job.onBegin(before.documents + before.problems);
  const computed: ShardDone[] = [];
  let done = found.done;
  for (;;) {
    computed.push(...await (job.compute ?? computeMissing)(job, done));
    done = (await readDone(store, shardSize)).done;
    if (!isComplete(done)) break;
    try {
      const total = await totalOf(job, done, computed.length > 0);
      return { computed: counted(computed), there: counted([...done.values()]), mended, total };
    } catch (error) {
      if (!(error instanceof DamagedShard) || mended.includes(error.message)) throw error;
      mended.push(error.message);
      done = new Map([...done].filter(([shard]) => shard !== error.shard));
      job = { ...job, share: { index: 0, count: 1 }, compute: computeMissing }; // whoever notices mends it
    }
  }
  return { computed: counted(computed), there: counted([...done.values()]), mended };
}

/** The total that is there, unless shards have been added since. */
async function totalOf({ store, manifest, signal }: Job, done: ReadonlyMap<number, ShardDone>, isStale: boolean) {
  const found = isStale ? undefined : await readTotal(store).catch(() => undefined);
  const isWhole = found && (await Promise.all(found.files.map(async ({ name, bytes }) => {
    return await store.size(name) === bytes;
  }))).every((same) => same);
  return isWhole ? found : await writeTotal(store, manifest, done, signal);
}

function ownOf({ share }: Job, done: ReadonlyMap<number, ShardDone>): readonly ShardDone[] {
  return [...done.values()].filter(({ shard }) => shard % share.count === share.index);
}

function counted(shards: readonly ShardDone[]): CorpusCounts & { readonly shards: number } {
  return { shards: shards.length, ...countsOf(shards) };
}

/** Explains the shards that are missing, as many at a time as can be, and writes each when it is done. */
async function computeMissing(job: Job, done: ReadonlyMap<number, ShardDone>): Promise<readonly ShardDone[]> {
  const { source, executor, share, manifest: { settings } } = job;
  const failing = new AbortController();
  const signal = AbortSignal.any([job.signal, failing.signal]);
  const computed: ShardDone[] = [];
  const running = new Set<Promise<void>>();
  const begin = (shard: Shard) => {
    const work = explainAndWrite({ ...job, signal }, shard).then((one) => {
      computed.push(one);
      running.delete(work);
    });
    work.catch(() => {}); // it is awaited below; until then it must not end the program
    running.add(work);
  };
  const wanted = { shardSize: settings.shardSize, limit: settings.limit, share, done };
  try {
    for await (const shard of missingShards(source, wanted, signal)) {
      begin(shard);
      if (running.size >= executor.width) await Promise.race(running);
    }
    await Promise.all(running);
  } catch (error) {
    failing.abort(error);
    await Promise.allSettled(running);
    job.signal.throwIfAborted();
    throw error;
  }
  return computed;
}

/** Explains a shard and writes what was found. */
export async function explainAndWrite(job: Job, shard: Shard): Promise<ShardDone> {
  const { executor, store, manifest, signal, onRead } = job;
  const explained = await executor.explain(shard, { signal, onRead });
  signal.throwIfAborted();
  return await writeShard(store, manifest, shard, explained);
}

/** Writes the tables of a shard, and then that it is done. */
export async function writeShard(
  store: CorpusStore,
  manifest: Manifest,
  { shard, start, records, last }: Shard,
  { tables, sums, ...counts }: ExplainedShard,
): Promise<ShardDone> {
  const files = [];
  for (const rows of tables) {
    files.push(await writeTable(store, partName(rows.table.name, shard), rows, { ...aboutTable(manifest), shard }));
  }
  const { documents, windows, tokens, problems } = counts;
  const done: ShardDone = {
    ...{ version: 1, shard, start, end: start + records.length, last },
    ...{ documents, windows, tokens, problems, files, sums },
  };
  await writeJson(store, doneName(shard), done);
  return done;
}
