import { openParquet, type ParquetFile, type ParquetTable } from "../parquet/read.ts";
import { messageOf } from "../../base/words.ts";
import { documentOf, expectColumns } from "./fields.ts";
import type { FieldSettings, Format, Piece } from "./piece.ts";
import type { SourceFile } from "./source_file.ts";

/** Rows of a table; a group of them is in memory at once. */
export const PARQUET: Format = {
  async *pieces(file, from, settings, signal) {
    const bytes = await file.parquet(signal);
    try {
      const table = await opened(bytes);
      expectColumns(file, table.columns, settings);
      for (const [group, { start, end }] of table.groups.entries()) {
        if (end > from.offset) yield* rowsOf(file, table, group, Math.max(start, from.offset), settings);
        signal.throwIfAborted();
      }
    } finally {
      bytes.close?.();
    }
  },
  async count(file, signal) {
    const bytes = await file.parquet(signal);
    try {
      return (await opened(bytes)).rows;
    } finally {
      bytes.close?.();
    }
  },
  at: (record) => ({ offset: record, line: record }),
};

/** What is wrong with the file itself is said once, where its name stands already. */
async function opened(file: ParquetFile): Promise<ParquetTable> {
  return await openParquet(file).catch((error: unknown) => {
    throw error instanceof SyntaxError ? new SyntaxError(messageOf(error.cause), { cause: error }) : error;
  });
}

async function* rowsOf(
  file: SourceFile,
  table: ParquetTable,
  group: number,
  from: number,
  settings: FieldSettings,
): AsyncGenerator<Piece> {
  const { start, end } = table.groups[group]!;
  const names = [settings.field, ...(settings.id === undefined ? [] : [settings.id])];
  const found = await table.read(group, names).catch((error: unknown) => {
    if (error instanceof SyntaxError) return messageOf(error.cause ?? error);
    throw error;
  });
  for (let row = from; row < end; ++row) {
    const id = `${file.name}#${row}`;
    const next = { offset: row + 1, line: row + 1 };
    if (typeof found === "string") {
      yield { next, found: () => ({ id, problem: `its group of rows is damaged: ${found}` }) };
    } else yield { next, found: () => documentOf(id, settings, (name) => found[name]![row - start]) };
  }
}
