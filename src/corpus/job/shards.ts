/**
 * The records of a source, cut into shards.
 *
 * @module
 */
import type { CorpusSource, ShardDone, SourceRecord } from "../types.ts";
import type { Shard } from "./shard.ts";

/** The shards of one machine of several: those whose number leaves `index` when it is divided by `count`. */
export interface Share {
  readonly index: number;
  readonly count: number;
}

/** Which shards are wanted. */
export interface Wanted {
  readonly shardSize: number;
  /** How many records are taken; all by default. */
  readonly limit?: number | undefined;
  readonly share: Share;
  /** Those that are there. */
  readonly done: ReadonlyMap<number, ShardDone>;
}

/** Whether a shard is to be computed here. */
function isMissing({ share, done }: Wanted, shard: number): boolean {
  return shard % share.count === share.index && !done.has(shard);
}

/** The last shard of the corpus, where somebody has found it. */
function knownLast(done: ReadonlyMap<number, ShardDone>): number | undefined {
  return done.values().find(({ last }) => last)?.shard;
}

/** The first shard at or after one that is missing; undefined where none is. */
function nextMissing(wanted: Wanted, from: number): number | undefined {
  const last = knownLast(wanted.done) ?? Infinity;
  for (let shard = from; shard <= last; ++shard) if (isMissing(wanted, shard)) return shard;
  return undefined;
}

/**
 * The shards that are missing, with their records. One record is read ahead, as the last shard says that it is the last.
 * Records of other shards are passed over.
 *
 * @throws {Error} When the source holds no record at all.
 */
export async function* missingShards(source: CorpusSource, wanted: Wanted, signal: AbortSignal): AsyncGenerator<Shard> {
  const { shardSize, limit = Infinity } = wanted;
  const first = nextMissing(wanted, 0);
  if (first === undefined) return;
  const start = first * shardSize;
  let records: SourceRecord[] = [];
  let next = start;
  const shardOf = (index: number) => Math.floor(index / shardSize);
  const taken = (last: boolean): Shard | undefined => {
    const shard = shardOf(next - 1);
    const own = records;
    records = [];
    return isMissing(wanted, shard) ? { shard, start: shard * shardSize, last, records: own } : undefined;
  };
  if (start >= limit) return;
  for await (const record of source.records(start, signal)) {
    if (record.index !== next) {
      throw new Error(`Cannot cut ${source.name} into shards as record ${record.index} came where ${next} was next`);
    }
    if (next > start && next % shardSize === 0) {
      const shard = taken(false);
      if (shard) yield shard;
      if (nextMissing(wanted, shardOf(next)) === undefined) return;
    }
    if (isMissing(wanted, shardOf(next))) records.push(record);
    ++next;
    if (next === limit) break;
  }
  if (next === 0) throw new Error(`Cannot explain ${source.name} as it holds no documents`);
  if (next === start) return;
  const shard = taken(true);
  if (shard) yield shard;
}
