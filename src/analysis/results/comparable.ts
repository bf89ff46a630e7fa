/**
 * Which results can be compared number by number: those of one kind, about the same things.
 *
 * @module
 */
import { shown } from "../../base/words.ts";
import type { Scope } from "./checks.ts";
import type { SavedResults } from "./format.ts";
import { kindOf, problemOf, type ResultKind, type ResultKinds } from "./kinds.ts";
import { isRecord } from "./plain.ts";
import { subjectOf } from "./subjects.ts";

/**
 * The kind of both results.
 *
 * @throws {TypeError} When they are of different kinds, or not what their kind says.
 */
export function expectSameKind(a: unknown, b: unknown, scope: Scope, name?: string): ResultKind {
  const [first, second] = [kindOf(a), kindOf(b)];
  const what = name ?? "results";
  if (first !== second || isSaved(a) !== isSaved(b)) {
    const kinds = [a, b].map((value, i) => isSaved(value) ? "a loaded file" : [first, second][i]);
    throw new TypeError(`Cannot compare ${what} of different kinds: ${kinds.join(" and ")}`);
  }
  for (const value of [a, b]) {
    const problem = value === undefined || value instanceof Promise
      ? `${shown(value)} is no result; await it first`
      : problemOf(first, value, first, scope);
    if (problem) throw new TypeError(`Cannot compare ${what}: ${problem}`);
  }
  return first;
}

/** In what two results of a kind are not about the same things, as `different texts: … and …`; nothing when they are. */
export function otherSubject(a: unknown, b: unknown, kind: ResultKind): string | undefined {
  type Result = ResultKinds[typeof kind]; // expectSameKind() has looked
  const [first, second] = [subjectOf(kind, a as Result), subjectOf(kind, b as Result)];
  const other = Object.entries(first).find(([name, value]) => !same(value, second[name]));
  if (other === undefined) return undefined;
  const [name, value] = other;
  return `different ${name}: ${shown(value)} and ${shown(second[name])}`;
}

/** Whether something is what a file was loaded as. */
export function isSaved(value: unknown): value is SavedResults {
  return isRecord(value) && isRecord(value.results) && isRecord(value.kinds);
}

/** Whether two pieces of plain data are the same; those that are compared here have no NaN. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
