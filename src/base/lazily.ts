/**
 * What is made when it is first needed, and kept: for constants that take long to make.
 *
 * @param make Makes it.
 * @returns What was made, the same at each call.
 *
 * @example
 * ```ts
 * import { lazily } from "./lazily.ts";
 *
 * const segmenter = lazily(() => new Intl.Segmenter("en"));
 * console.log(segmenter() === segmenter()); // true
 * ```
 */
export function lazily<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => (made ??= { it: make() }).it;
}
