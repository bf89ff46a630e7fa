/**
 * The assertions of the tests: Node's, by their strict names. Deno 2.9 exports the loose `equal` and `deepEqual` from
 * `node:assert/strict`, so that `equal(1, "1")` would pass.
 *
 * @module
 */
export {
  deepStrictEqual,
  deepStrictEqual as deepEqual,
  doesNotThrow,
  fail,
  match,
  notDeepStrictEqual as notDeepEqual,
  notStrictEqual as notEqual,
  ok,
  rejects,
  strictEqual,
  strictEqual as equal,
  throws,
} from "node:assert/strict";
