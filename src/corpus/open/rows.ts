/**
 * Rows of the tables of a corpus: only the columns that are asked for are read, and no group of rows whose bounds say
 * that none of them is wanted.
 *
 * @module
 */
import { shown } from "../../base/words.ts";
import { openParquet, type ParquetTable } from "../parquet/read.ts";
import type { CorpusStore } from "../types.ts";

/** What a column must be: a value, or between two of them, both included. */
export type Where = string | number | boolean | { readonly from?: number; readonly to?: number };

/** One row. */
export type CorpusRow = Readonly<Record<string, unknown>>;

/** Which rows, and what of them. */
export interface Wanted {
  readonly columns: readonly string[];
  readonly where: Readonly<Record<string, Where>>;
}

/** Opens a Parquet file of a store. */
export async function openTable(store: CorpusStore, name: string): Promise<ParquetTable> {
  const size = await store.size(name);
  if (size === undefined) throw new Error(`Cannot read ${name} in ${store.name} as there is no such file`);
  return await openParquet({
    name: `${name} in ${store.name}`,
    size,
    read: (start, end) => store.readRange(name, start, end),
  });
}

/** The rows of one file that are wanted, in their order. */
export async function* rowsIn(table: ParquetTable, { columns, where }: Wanted): AsyncGenerator<CorpusRow> {
  const tests = Object.entries(where);
  const needed = [...new Set([...tests.map(([name]) => name), ...columns])];
  for (const group of table.groups.keys()) {
    if (tests.some(([column, test]) => cannotBeIn(table, group, column, test))) continue;
    const first = await table.read(group, tests.map(([name]) => name));
    const { start, end } = table.groups[group]!;
    const kept = Array.from({ length: end - start }, (_, row) => row)
      .filter((row) => tests.every(([column, test]) => fits(first[column]![row], test)));
    if (kept.length === 0) continue;
    const rest = await table.read(group, needed.filter((name) => !(name in first)));
    const found = { ...first, ...rest };
    for (const row of kept) yield Object.fromEntries(columns.map((name) => [name, found[name]![row]]));
  }
}

/** Texts are cut off in bounds, so that only those of numbers say anything. */
function cannotBeIn(table: ParquetTable, group: number, column: string, test: Where): boolean {
  const { least, greatest } = table.bounds(group, column) ?? {};
  if (typeof least !== "number" || typeof greatest !== "number") return false;
  const { from = -Infinity, to = Infinity } = rangeOf(test) ?? {};
  return greatest < from || least > to;
}

/** What a test allows numbers to be, where it is one of numbers. */
export function rangeOf(test: Where | undefined): { readonly from?: number; readonly to?: number } | undefined {
  if (typeof test === "number") return { from: test, to: test };
  return typeof test === "object" ? test : undefined;
}

function fits(value: unknown, test: Where): boolean {
  if (typeof test !== "object") return value === test;
  const { from = -Infinity, to = Infinity } = test;
  return typeof value === "number" && value >= from && value <= to;
}

/** Holds what is asked for to the columns that there are. */
export function expectWanted(
  table: string,
  names: readonly string[],
  columns: unknown,
  where: Readonly<Record<string, unknown>>,
): Wanted {
  const known = (name: unknown) => {
    if (typeof name === "string" && names.includes(name)) return name;
    throw new RangeError(`Cannot read column ${shown(name)} of ${table} as its columns are ${names.join(", ")}`);
  };
  if (columns !== undefined && !Array.isArray(columns)) {
    throw new TypeError(`Cannot read ${shown(columns)} as columns of ${table}; pass an array of names`);
  }
  for (const [name, test] of Object.entries(where)) {
    known(name);
    const isRange = typeof test === "object" && test !== null &&
      Object.entries(test).every(([side, value]) =>
        Object.hasOwn({ from: 0, to: 0 }, side) && (value === undefined || typeof value === "number")
      );
    if (isRange || ["string", "number", "boolean"].includes(typeof test)) continue;
    throw new TypeError(`Cannot read rows of ${table} where ${name} is ${shown(test)}; pass a value, or { from, to }`);
  }
  return { columns: (columns ?? names).map(known), where: where as Wanted["where"] };
}
