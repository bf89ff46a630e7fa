/**
 * The files of a job: what they are called, and how they are written and read.
 *
 * @module
 */
import { parseJsonWithin } from "../../base/json.ts";
import { messageOf } from "../../base/words.ts";
import { sha256Hasher } from "../../hub/hash.ts";
import type { ReadRows } from "../asks/ask.ts";
import { openParquet } from "../parquet/read.ts";
import { writeParquet } from "../parquet/write.ts";
import type { CorpusStore, Manifest, ShardDone, TableRows, Total, WrittenFile } from "../types.ts";

export const MANIFEST = "manifest.json";
export const TOTAL = "total.json";
const SHARDS = "shards";

/** A number as names of files have it, so that they sort. */
export const padded = (shard: number) => String(shard).padStart(6, "0");
export const partName = (table: string, shard: number) => `${table}/part-${padded(shard)}.parquet`;
export const totalName = (table: string) => `total/${table}.parquet`;
export const doneName = (shard: number) => `${SHARDS}/${padded(shard)}.json`;

/** A file of a job that is not what was written. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
}

async function sha256Of(bytes: Uint8Array): Promise<string> {
  const hash = await sha256Hasher();
  hash.update(bytes);
  return hash.digest();
}

/** Writes an object as JSON that people can read. */
export async function writeJson(store: CorpusStore, name: string, value: object): Promise<void> {
  await store.write(name, new TextEncoder().encode(JSON.stringify(value, undefined, 1) + "\n"));
}

/** Writes a table, and says what was written. */
export async function writeTable(
  store: CorpusStore,
  name: string,
  rows: TableRows,
  about: Readonly<Record<string, unknown>>,
): Promise<WrittenFile> {
  const bytes = await writeParquet(rows, about);
  await store.write(name, bytes);
  return { name, bytes: bytes.length, sha256: await sha256Of(bytes) };
}

/**
 * Reads a JSON file of a job; undefined where there is none.
 *
 * @throws {UnreadableFile} When it is no JSON of this format.
 */
async function readJsonFile<T extends { readonly version: number }>(
  store: CorpusStore,
  name: string,
): Promise<T | undefined> {
  const bytes = await store.read(name);
  if (!bytes) return undefined;
  try {
    const value = parseJsonWithin(new TextDecoder("utf-8", { fatal: true }).decode(bytes), {
      length: 2 ** 26,
      values: 2 ** 22,
    });
    if (typeof value !== "object" || value === null) throw new TypeError("it is no object");
    const version = Reflect.get(value, "version");
    if (version !== 1) throw new TypeError(`it has version ${version} where this package writes 1`);
    return value as T;
  } catch (error) {
    throw new UnreadableFile(`Cannot read ${name} in ${store.name}: ${messageOf(error)}`);
  }
}

/** The manifest of a job; undefined where it has not begun. */
export const readManifest = (store: CorpusStore) => readJsonFile<Manifest>(store, MANIFEST);
/** What all shards say; undefined where some are missing. */
export const readTotal = (store: CorpusStore) => readJsonFile<Total>(store, TOTAL);

/**
 * The shards that are done. What is damaged, or lacks a file of its size, is not done: it is computed again.
 *
 * @returns Those that are done, by number, and what is wrong with others.
 */
export async function readDone(
  store: CorpusStore,
  shardSize: number,
): Promise<{ readonly done: ReadonlyMap<number, ShardDone>; readonly damaged: ReadonlyMap<number, string> }> {
  const [done, damaged] = [new Map<number, ShardDone>(), new Map<number, string>()];
  for (const name of await store.list(SHARDS)) {
    const shard = Number(name.match(/^shards\/(\d{6,})\.json$/)?.[1] ?? NaN);
    if (!Number.isSafeInteger(shard)) continue;
    try {
      done.set(shard, await readShard(store, shard, shardSize));
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      damaged.set(shard, error.message);
    }
  }
  return { done, damaged };
}

async function readShard(store: CorpusStore, shard: number, shardSize: number): Promise<ShardDone> {
  const name = doneName(shard);
  const found = await readJsonFile<ShardDone>(store, name);
  if (!found) throw new UnreadableFile(`Cannot read ${name} in ${store.name} as it is gone`);
  const { files, start, end, last, sums } = found as Partial<ShardDone>;
  const isWhole = found.shard === shard && Array.isArray(files) && start === shard * shardSize &&
    typeof sums === "object";
  if (!isWhole || !(end! > start && end! <= start + shardSize) || typeof last !== "boolean") {
    throw new UnreadableFile(`Cannot use ${name} in ${store.name} as it does not describe shard ${shard}`);
  }
  for (const file of found.files) {
    const size = await store.size(file.name);
    if (size === file.bytes) continue;
    const is = size === undefined ? "is missing" : `has ${size} bytes`;
    throw new UnreadableFile(
      `Cannot use shard ${shard} in ${store.name} as ${file.name} ${is} where ${file.bytes} were written`,
    );
  }
  return found;
}

/**
 * Reads the tables of a shard that is done, as columns; each file is compared with what was written.
 *
 * @throws {UnreadableFile} When it is missing or differs.
 */
export function rowsOf(store: CorpusStore, { shard, files }: ShardDone): ReadRows {
  return async function* (table) {
    const name = partName(table, shard);
    const file = files.find((one) => one.name === name);
    const bytes = file && await store.read(name);
    if (!bytes || await sha256Of(bytes) !== file.sha256) {
      throw new UnreadableFile(`Cannot read ${name} in ${store.name} as it is not what was written`);
    }
    const read = (start: number, end: number) => Promise.resolve(bytes.subarray(start, end));
    const opened = await openParquet({ name, size: bytes.length, read });
    for (const group of opened.groups.keys()) yield await opened.read(group, opened.columns);
  };
}
