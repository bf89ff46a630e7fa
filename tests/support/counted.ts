/**
 * The cases of a table that is read from a file or a folder, which must be as many as were written: a loop over a table
 * that has shrunk passes as well.
 *
 * @throws {Error} When there are more or fewer.
 */
export function counted<T>(cases: readonly T[], count: number): readonly T[] {
  if (cases.length === count) return cases;
  throw new Error(`Cannot test ${cases.length} cases where ${count} were written; look for those that are missing`);
}
