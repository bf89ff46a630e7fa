import { shown } from "../../base/words.ts";

const PART = /^[\w=-][\w.=-]{0,199}$/;

/**
 * Holds the name of a file of a corpus to what every store can have, so that no name leads out of it: parts of letters,
 * digits and `_ = - .` with `/` between, none of which begins with a dot.
 *
 * @throws {TypeError} When it is another name.
 */
export function checkName(task: string, name: string): string {
  if (typeof name === "string" && name.length <= 800 && name.split("/").every((part) => PART.test(part))) return name;
  const advice = "use letters, digits and _ = - . with / between, as in documents/part-000000.parquet";
  throw new TypeError(`Cannot ${task} ${shown(name)} of a corpus as it is no such name; ${advice}`);
}

/** Holds a part of a file to what can be asked for. */
export function checkRange(name: string, start: number, end: number): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start) return;
  throw new RangeError(`Cannot read bytes ${start} to ${end} of ${name}; pass whole numbers, the smaller one first`);
}
