import { shown } from "../../base/words.ts";
import type { FieldSettings, Found } from "./piece.ts";
import type { SourceFile } from "./source_file.ts";

/**
 * Holds the columns of a file to those that are asked for.
 *
 * @throws {RangeError} When one is missing.
 */
export function expectColumns(file: SourceFile, columns: readonly string[], { field, id }: FieldSettings): void {
  const missing = [field, ...(id === undefined ? [] : [id])].find((name) => !columns.includes(name));
  if (missing === undefined) return;
  const names = columns.map((name) => shown(name)).join(", ").slice(0, 400);
  throw new RangeError(
    `Cannot read ${file.name} as it has no column ${shown(missing)}; its columns are ${names}: pass one as field or id`,
  );
}

/**
 * The document of a record.
 *
 * @param place The id where no field is one: the file and the line.
 * @param valueOf The value of a field; undefined where there is none.
 */
export function documentOf(
  place: string,
  { field, id: idField }: FieldSettings,
  valueOf: (field: string) => unknown,
): Found {
  const id = idField === undefined ? place : valueOf(idField);
  if (id === undefined || id === null) return { id: place, problem: `it has no field ${shown(idField)}` };
  if (typeof id !== "string" && typeof id !== "number" && typeof id !== "bigint") {
    return { id: place, problem: `its field ${shown(idField)} is ${shown(id)}, which is no id` };
  }
  const text = valueOf(field);
  const problem = text === undefined || text === null
    ? `it has no field ${shown(field)}`
    : `its field ${shown(field)} is ${shown(text)}, which is no text`;
  return typeof text === "string" ? { id: String(id), text } : { id: String(id), problem };
}
