/**
 * Corpora and places in memory.
 *
 * @module
 */
import { openParquet } from "../../src/corpus/parquet/read.ts";
import type { CorpusSource, CorpusStore, SourceRecord } from "../../src/corpus/types.ts";

/** Records as a source. */
export function sourceOf(given: readonly (string | { readonly problem: string })[], name = "texts"): CorpusSource {
  const recordOf = (one: typeof given[number], index: number): SourceRecord =>
    typeof one === "string" ? { index, id: `text ${index}`, text: one } : { index, id: `text ${index}`, ...one };
  return {
    name,
    fingerprint: () => Promise.resolve(JSON.stringify(given).slice(0, 1000) + given.length),
    async *records(start, signal) {
      for (let i = start; i < given.length; ++i) {
        signal.throwIfAborted();
        yield await Promise.resolve(recordOf(given[i]!, i));
      }
    },
    progress: () => undefined,
    close: () => Promise.resolve(),
  };
}

/** A place in memory; `files` is what is there. */
export interface MemoryStore extends CorpusStore {
  readonly files: Map<string, Uint8Array>;
}

/** A place in memory. `onWrite` hears the name of what is written, before it is, and may throw. */
export function memoryStore(onWrite: (name: string) => unknown = () => {}): MemoryStore {
  const files = new Map<string, Uint8Array>();
  return {
    name: "memory",
    files,
    read: (name) => Promise.resolve(files.get(name)),
    readRange: (name, start, end) => Promise.resolve(files.get(name)!.slice(start, end)),
    size: (name) => Promise.resolve(files.get(name)?.length),
    async write(name, bytes) {
      await Promise.resolve(onWrite(name));
      files.set(name, bytes.slice());
    },
    list: (folder) => Promise.resolve([...files.keys()].filter((name) => name.startsWith(`${folder}/`)).sort()),
  };
}

/** All rows of a Parquet file of a store. */
export async function rowsIn(store: CorpusStore, name: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const bytes = (await store.read(name))!;
  const table = await openParquet({
    name,
    size: bytes.length,
    read: (start, end) => Promise.resolve(bytes.subarray(start, end)),
  });
  const rows: Record<string, unknown>[] = [];
  for (const [group, { start, end }] of table.groups.entries()) {
    const columns = await table.read(group, table.columns);
    for (let row = 0; row < end - start; ++row) {
      rows.push(Object.fromEntries(table.columns.map((column) => [column, columns[column]![row]])));
    }
  }
  return rows;
}

/** All rows of a table, in the order of shards. */
export async function tableOf(
  store: CorpusStore,
  table: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const names = await store.list(table);
  return (await Promise.all(names.map((name) => rowsIn(store, name)))).flat();
}

/** Texts of some lengths, from two tokens to several windows. */
export const TEXTS: readonly string[] = [
  "The keys to the cabinet are on the table.",
  "Once upon a time there was a fox, and the fox had a friend.",
  "One, two, three, four, five, one, two, three, four, five.",
  "Yes",
  "I think that the answer is no. I think that the answer is yes. I think that the answer is no.",
  "The children of the teachers were in the garden when the rain began, and they ran into the house. ".repeat(12),
  "A",
  "The dog saw the cat. The cat saw the dog. The dog ran.",
];
