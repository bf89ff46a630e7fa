import { shown } from "../../base/words.ts";
import type { FieldSettings, Found } from "./piece.ts";

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
