import { shown } from "../../base/words.ts";
import type { Scope } from "./checks.ts";
import { type ExpectedKinds, isResultKind, type NamedResults, problemOf, type ResultKind } from "./kinds.ts";
import type { PlainRecord } from "./plain.ts";

/**
 * The kind of each result, each of which is what it says. A kind that came later is plain data here, and fields that came
 * later are dropped, so that a view meets none that nobody has checked.
 */
export function checkedKinds(
  results: NamedResults,
  kinds: PlainRecord,
  scope: Scope,
  fail: (problem: string) => Error,
): Readonly<Record<string, ResultKind>> {
  return Object.fromEntries(
    Object.entries(results).map(([name, result]) => {
      const kind = isResultKind(kinds[name]) ? kinds[name] : "data";
      const problem = problemOf(kind, result, name, scope);
      if (problem) throw fail(`${problem}, which is wrong for ${kind}`);
      return [name, kind];
    }),
  );
}

/**
 * Refuses results that are not there, or not of the kinds that the caller expects.
 *
 * @throws {TypeError} Says which.
 */
export function expectKinds(
  file: string,
  results: NamedResults,
  kinds: Readonly<Record<string, ResultKind>>,
  expected: ExpectedKinds,
  scope: Scope,
): void {
  for (const [name, kind] of Object.entries(expected)) {
    if (!isResultKind(kind)) {
      throw new TypeError(`Cannot expect ${name} to be ${shown(kind)}, which is no kind of result`);
    }
    if (!Object.hasOwn(results, name)) {
      const found = Object.keys(results).join(", ");
      throw new TypeError(`Cannot find ${name} in ${file}, which holds ${found === "" ? "nothing" : found}`);
    }
    if (kind === kinds[name]) continue;
    const problem = kinds[name] === "data" ? problemOf(kind, results[name], name, scope) : `it is ${kinds[name]}`;
    if (problem && kind !== "data") throw new TypeError(`Cannot use ${name} of ${file} as ${kind}: ${problem}`);
  }
}
