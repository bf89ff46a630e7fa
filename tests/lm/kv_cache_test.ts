import { deepEqual, equal } from "@std/assert";
import { KVCache } from "../../src/lm/kv_cache.ts";

/** `count` rows of width 2 for each of two blocks, which hold their numbers from `from` on. */
const rows = (from: number, count: number) =>
  [0, 100].map((block) => Float32Array.from({ length: 2 * count }, (_, i) => block + 2 * from + i));

Deno.test("KVCache.appendFrom() adds copies of rows, of which later changes are not seen", () => {
  const source = new KVCache(2, 2);
  source.append(rows(0, 3), rows(10, 3));
  const copy = new KVCache(2, 2);
  copy.append(rows(7, 1), rows(17, 1));
  copy.appendFrom(source, 1, 3);
  copy.appendFrom(source, 2, 2);
  const expected = [[14, 15, 2, 3, 4, 5], [114, 115, 102, 103, 104, 105]];
  source.rewind(0);
  source.append(rows(50, 3), rows(50, 3));
  equal(copy.length, 3);
  deepEqual(copy.keys.map((keys) => [...keys]), expected);
  deepEqual(copy.values.map((values) => [...values]), expected.map((block) => block.map((value) => value + 20)));
});

Deno.test("KVCache.appendFrom() ends where the other cache ends", () => {
  const source = new KVCache(2, 2);
  source.append(rows(0, 3), rows(0, 3));
  source.rewind(2);
  const copy = new KVCache(2, 2);
  copy.appendFrom(source, 1, 9);
  equal(copy.length, 1);
  deepEqual([...copy.keys[0]!], [2, 3]);
});
