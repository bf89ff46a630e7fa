/**
 * All shards together.
 *
 * @module
 */
import type { CorpusCounts } from "../../analysis/corpus_results.ts";
import { asksOf } from "../asks/all.ts";
import type { CorpusStore, Manifest, ShardDone, Sums, Total, WrittenFile } from "../types.ts";
import { rowsOf, TOTAL, totalName, UnreadableFile, writeJson, writeTable } from "./files.ts";

/** Whether every shard is there: from the first to the one that no record follows. */
export function isComplete(done: ReadonlyMap<number, ShardDone>): boolean {
  const last = done.values().find(({ last }) => last);
  return last !== undefined && done.size > last.shard && done.keys().every((shard) => shard <= last.shard);
}

/** A shard whose tables cannot be read any more. */
export class DamagedShard extends Error {
  override readonly name = "DamagedShard";
  readonly shard: number;

  constructor(shard: number, cause: UnreadableFile) {
    super(cause.message, { cause });
    this.shard = shard;
  }
}

/**
 * Puts the shards of a complete job together, in their order, and writes what they say.
 *
 * @throws {DamagedShard} When a table of a shard is not what was written.
 */
export async function writeTotal(
  store: CorpusStore,
  manifest: Manifest,
  done: ReadonlyMap<number, ShardDone>,
  signal: AbortSignal,
): Promise<Total> {
  const shards = [...done.values()].sort((a, b) => a.shard - b.shard);
  const files: WrittenFile[] = [];
  const sums: Record<string, Sums> = {};
  for (const ask of asksOf(manifest.settings.ask)) {
    const merging = ask.merge(manifest.settings);
    for (const shard of shards) {
      signal.throwIfAborted();
      try {
        await merging.add(shard.sums[ask.name]!, rowsOf(store, shard));
      } catch (error) {
        throw error instanceof UnreadableFile ? new DamagedShard(shard.shard, error) : error;
      }
    }
    const answer = merging.end();
    for (const rows of answer.tables) {
      files.push(await writeTable(store, totalName(rows.table.name), rows, aboutTable(manifest)));
    }
    sums[ask.name] = answer.sums;
  }
  const total: Total = { version: 1, shards: shards.length, ...countsOf(shards), files, sums };
  await writeJson(store, TOTAL, total);
  return total;
}

/** What stands in the metadata of each table. */
export function aboutTable({ model, source, settings }: Manifest): Readonly<Record<string, unknown>> {
  return { model, source, settings };
}

/** The counts of shards together. */
export function countsOf(shards: Iterable<CorpusCounts>): CorpusCounts {
  const counts = { documents: 0, windows: 0, tokens: 0, problems: 0 };
  for (const shard of shards) {
    for (const name of Object.keys(counts) as (keyof CorpusCounts)[]) counts[name] += shard[name];
  }
  return counts;
}
