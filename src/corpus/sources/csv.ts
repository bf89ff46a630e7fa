import { type CsvRecord, csvRecords } from "./csv_records.ts";
import { documentOf, expectColumns } from "./fields.ts";
import { BEGINNING, type FieldSettings, type Format, type Found } from "./piece.ts";
import type { SourceFile } from "./source_file.ts";
import { unpacked, unpackedName } from "./unpack.ts";

/** Columns whose names stand in the first record. */
export const CSV: Format = {
  async *pieces(file, from, settings, signal) {
    let names = from.offset > 0 ? await namesOf(file, settings, signal) : undefined;
    for await (const record of recordsOf(file, from, settings, signal)) {
      if (names === undefined) names = expectNames(file, settings, record);
      else {
        const columns = names;
        yield { next: record.next, found: () => foundIn(record, columns, file.name, settings) };
      }
    }
  },
};

function recordsOf(file: SourceFile, from: typeof BEGINNING, settings: FieldSettings, signal: AbortSignal) {
  const separator = settings.separator ?? (/\.tsv$/i.test(unpackedName(file.name)) ? "\t" : ",");
  return csvRecords(unpacked(file.name, file.bytes(from.offset, signal)), from, separator, settings.longest);
}

async function namesOf(file: SourceFile, settings: FieldSettings, signal: AbortSignal): Promise<readonly string[]> {
  for await (const record of recordsOf(file, BEGINNING, settings, signal)) return expectNames(file, settings, record);
  return [];
}

function expectNames(
  file: SourceFile,
  settings: FieldSettings,
  { fields, problem }: CsvRecord,
): readonly string[] {
  if (fields === undefined) throw new SyntaxError(`its first record, of the names of columns, is none: ${problem}`);
  expectColumns(file, fields, settings);
  return fields;
}

function foundIn(record: CsvRecord, columns: readonly string[], file: string, settings: FieldSettings): Found {
  const id = `${file}:${record.line}`;
  const { fields, problem = "it is no record" } = record;
  if (fields === undefined) return { id, problem };
  if (fields.length !== columns.length) {
    return { id, problem: `it has ${fields.length} fields where the first record has ${columns.length}` };
  }
  return documentOf(id, settings, (name) => fields[columns.indexOf(name)]);
}
