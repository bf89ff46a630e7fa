import { shown } from "../../base/words.ts";

/**
 * Some of the layers, heads or positions, in rising order without repetition; all by default.
 *
 * @throws {RangeError} When there is none, or one does not exist.
 */
export function chosen(
  verb: string,
  what: string,
  list: readonly number[] | undefined,
  count: number,
): readonly number[] {
  if (list === undefined) return Array.from({ length: count }, (_, i) => i);
  if (list.length === 0) {
    throw new RangeError(`Cannot ${verb} an empty list of ${what}; name some, or leave them out for all`);
  }
  const wrong = list.find((index) => !Number.isInteger(index) || index < 0 || index >= count);
  if (wrong === undefined) return [...new Set(list)].sort((a, b) => a - b);
  throw new RangeError(
    `Cannot ${verb} ${what.slice(0, -1)} ${shown(wrong)} as there are the ${what} 0 to ${count - 1}`,
  );
}
