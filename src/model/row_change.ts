/**
 * Changes of places that have a row for each token, as a table: what a row is multiplied by, and what is added then.
 *
 * @module
 */
import type { FloatTensor } from "../base/tensor.ts";
import { shown } from "../base/words.ts";
import { type CheckedChange, indices, type Widths } from "./change.ts";

/** What the rows of a place become: entry 0 is that of all positions which have none of their own. */
export interface RowTable {
  /** The width of a row. */
  readonly width: number;
  /** `[K, width]`, what is multiplied by. */
  readonly scale: Float32Array;
  /** `[K, width]`, what is added then. */
  readonly shift: Float32Array;
  /** The entries of positions. */
  readonly entries: ReadonlyMap<number, number>;
}

/** Puts a change behind those that a table has. */
export function compileRows(change: CheckedChange, { width, units }: Widths, before?: RowTable): RowTable {
  const columns = columnsOf(change, width, units);
  const positions = change.positions;
  const table = extended(before ?? unchanged(width), positions ?? []);
  const given = change.add ?? change.set;
  const rows = rowsOf(change, given, columns.length);
  const numbers = given?.data;
  const apply = (entry: number, row: number) => {
    for (const [i, column] of columns.entries()) {
      const at = entry * width + column;
      if (change.add) {
        table.shift[at]! += numbers![row * columns.length + i]!;
        continue;
      }
      const factor = change.set ? 0 : change.scale!;
      table.scale[at]! *= factor;
      table.shift[at] = change.set ? numbers![row * columns.length + i]! : table.shift[at]! * factor;
    }
  };
  if (positions) positions.forEach((position, i) => apply(table.entries.get(position)!, rows === 1 ? 0 : i));
  else for (let entry = 0; entry < table.scale.length / width; ++entry) apply(entry, 0);
  return table;
}

/** The table that changes nothing. */
function unchanged(width: number): RowTable {
  return { width, scale: new Float32Array(width).fill(1), shift: new Float32Array(width), entries: new Map() };
}

/** A copy with an entry for each of some positions, which are so far changed as all are. */
function extended({ width, scale, shift, entries }: RowTable, positions: readonly number[]): RowTable {
  const all = new Map(entries);
  let count = scale.length / width;
  for (const position of positions) if (!all.has(position)) all.set(position, count++);
  const grown = (rows: Float32Array) => {
    const copy = new Float32Array(count * width);
    copy.set(rows);
    for (let entry = rows.length / width; entry < count; ++entry) copy.set(rows.subarray(0, width), entry * width);
    return copy;
  };
  return { width, scale: grown(scale), shift: grown(shift), entries: all };
}

/** The columns that are changed: all, or those of some heads or neurons. */
function columnsOf(change: CheckedChange, width: number, units: Widths["units"]): readonly number[] {
  for (const name of ["heads", "neurons"] as const) {
    if (change[name] === undefined || units?.name === name) continue;
    const where = name === "heads" ? '"z" and "pattern"' : '"neurons"';
    throw new TypeError(`Cannot change ${name} at "${change.site}"; ${name} are named at ${where}`);
  }
  const chosen = units && change[units.name];
  if (!chosen) return Array.from({ length: width }, (_, column) => column);
  const { name, size } = units;
  const list = indices(name.slice(0, -1), chosen, width / size);
  return list.flatMap((unit) => Array.from({ length: size }, (_, i) => unit * size + i));
}

/** How many rows of numbers there are: one for all positions, or one for each. */
function rowsOf({ site, positions }: CheckedChange, numbers: FloatTensor | undefined, width: number): number {
  if (numbers === undefined) return 1;
  const { data: { length }, shape } = numbers;
  const most = positions?.length ?? 1;
  // A row may have axes of its own, as of heads; rows do not stand in columns.
  const isByRow = shape.length === 1 || shape.some((_, i) => shape.slice(i).reduce((a, b) => a * b, 1) === width);
  if (isByRow && length === width) return 1;
  if (isByRow && positions && length === most * width) return most;
  const fitting = positions
    ? `${width}, or ${most} positions x ${width}`
    : `${width}; with positions, as many for each`;
  const advice = shape.length === 3 ? "; of a trace, which holds all layers, take those of one" : "";
  const found = shape.length === 1 ? `${length} numbers` : `numbers of the shape ${shown(shape)}`;
  throw new RangeError(`Cannot put ${found} at "${site}"; pass ${fitting}${advice}`);
}
