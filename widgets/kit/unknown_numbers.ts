/**
 * Says that some numbers are none: a picture has no colour for NaN, and would leave it out in silence.
 *
 * @module
 */
import { counted } from "./numbers.ts";

/** How many numbers of what is drawn are looked at: a trace may hold more than a notebook waits for. */
const MOST = 1 << 24;
/** How deep arrays and objects are looked into. */
const DEPTH = 8;

/** What a view leaves out, in words; nothing when all of its numbers are numbers. */
export function unknownNote(data: unknown): string {
  const count = countNaN(data, { left: MOST, seen: new Set() }, DEPTH);
  if (count === 0) return "";
  return `${counted(count, "number")} of the data ${count === 1 ? "is" : "are"} NaN, and ${
    count === 1 ? "has" : "have"
  } no colour and no place in an order.`;
}

/** How far a search may go, and what it has met. */
interface Search {
  left: number;
  readonly seen: Set<object>;
}

function countNaN(value: unknown, search: Search, depth: number): number {
  if (Number.isNaN(value)) return 1;
  if (typeof value !== "object" || value === null || depth === 0 || search.left <= 0) return 0;
  if (search.seen.has(value)) return 0;
  search.seen.add(value);
  if (value instanceof Float32Array || value instanceof Float64Array) {
    const length = Math.min(value.length, search.left);
    let count = 0;
    for (let i = 0; i < length; ++i) count += Number(Number.isNaN(value[i]));
    search.left -= length;
    return count;
  }
  if (ArrayBuffer.isView(value)) return 0;
  const items = Object.values(value);
  search.left -= items.length;
  return items.reduce((sum, item) => sum + countNaN(item, search, depth - 1), 0);
}
