/**
 * What all questions to a corpus have in common. Each is one unit: its tables, what must be seen while texts are read,
 * what it makes of that for a shard, and how shards become a whole.
 *
 * @module
 */
import type { AskedModel } from "../../ask/question.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Needs, Seen } from "../reading/pack.ts";
import type { ReadDocument } from "../reading/windows.ts";
import type { AskName, CorpusSettings, Sums, TableRows, TableSchema } from "../types.ts";

/** Whom a question is asked, and how. */
export interface AskContext {
  readonly model: AskedModel<ModelRunner>;
  readonly settings: CorpusSettings;
  readonly signal: AbortSignal;
}

/** A question to a corpus. */
export interface CorpusAsk {
  readonly name: AskName;
  /** What it writes of each shard. */
  readonly tables: readonly TableSchema[];
  /** What it writes of the whole. */
  readonly totals: readonly TableSchema[];
  /** What must be seen. */
  readonly needs: Needs;
  /**
   * Refuses a model that cannot be asked, and settings that make no sense.
   *
   * @throws {TypeError | RangeError | Error} With the reason, and what can be done.
   */
  expect(model: AskedModel<ModelRunner>, settings: CorpusSettings): void;
  /** Begins a shard. */
  begin(context: AskContext): ShardWork;
  /** Begins to put shards together. */
  merge(settings: CorpusSettings): Merging;
}

/** A shard that is being explained. Documents come in order, and each is whole before the next one begins. */
export interface ShardWork {
  /** Hears what was seen of a document in a run. */
  take?(seen: Seen): void;
  /** Hears that all of a document has been seen. */
  finish?(document: ReadDocument): void | Promise<void>;
  /** Hears that no document follows, and gives what is to be written. */
  end(): Promise<ShardAnswer> | ShardAnswer;
}

/** What a question says about a shard, or about all of them. */
export interface ShardAnswer {
  /** The rows of each table, in the order of the tables. */
  readonly tables: readonly TableRows[];
  /** What can be added up, as JSON. */
  readonly sums: Sums;
}

/** The rows of a table of a shard, as columns, some at a time. */
export type ReadRows = (table: string) => AsyncIterable<Readonly<Record<string, ArrayLike<unknown>>>>;

/** Shards that are put together, in their order. */
export interface Merging {
  /** Takes a shard. */
  add(sums: Sums, read: ReadRows): void | Promise<void>;
  /** What all of them say. */
  end(): ShardAnswer;
}

/** The columns by which a row names its document. */
export const DOCUMENT_COLUMNS: TableSchema["columns"] = [
  { name: "document", type: "int64", about: "the number of the document in the source, from 0" },
  { name: "id", type: "string", about: "what the source calls it" },
];

/** Adds up numbers that stand under the same names, and lists place by place. */
export class Adding {
  readonly #sums: Record<string, number | number[]> = {};

  /** Adds the numbers of a shard. */
  add(sums: Sums): void {
    for (const [name, value] of Object.entries(sums)) {
      const before = this.#sums[name];
      if (typeof value === "number") this.#sums[name] = (before as number ?? 0) + value;
      else {
        const list = value as readonly number[];
        this.#sums[name] = before ? (before as number[]).map((sum, i) => sum + list[i]!) : [...list];
      }
    }
  }

  /** What they are together. */
  get sums(): Readonly<Record<string, number | number[]>> {
    return this.#sums;
  }
}

/** The merging of a question whose sums add up, without tables. */
export function adding(): Merging {
  const all = new Adding();
  return { add: (sums) => all.add(sums), end: () => ({ tables: [], sums: all.sums }) };
}

/** Rows that are gathered one by one. */
export class Rows {
  readonly #table: TableSchema;
  readonly #columns: Record<string, unknown[]>;

  constructor(table: TableSchema) {
    this.#table = table;
    this.#columns = Object.fromEntries(table.columns.map(({ name }) => [name, []]));
  }

  /** Adds a row; a value that is missing is none. */
  push(row: Readonly<Record<string, unknown>>): void {
    for (const [name, column] of Object.entries(this.#columns)) column.push(row[name] ?? null);
  }

  /** All of them. */
  rows(): TableRows {
    return { table: this.#table, columns: this.#columns };
  }
}
