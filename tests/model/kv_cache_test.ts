import { deepEqual, equal, notEqual, ok } from "@std/assert";
import { KVCache } from "../../src/model/kv_cache.ts";

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

Deno.test("KVCache.keep() forgets whole texts and leaves the rows of the others in their order", () => {
  const cache = new KVCache(2, 2);
  cache.append(rows(0, 4), rows(10, 4), [0, 0, 1, 2]);
  cache.append(rows(4, 3), rows(14, 3), [0, 1, 2]);
  deepEqual(cache.nextPositions([2, 0, 1, 0, 7, 2]), [2, 3, 2, 4, 0, 3]);
  cache.keep(new Set([0, 1, 2]));
  equal(cache.length, 7);
  cache.keep(new Set([0, 2]));
  deepEqual(cache.texts, [0, 0, 2, 0, 2]);
  const kept = [0, 1, 2, 3, 6, 7, 8, 9, 12, 13];
  deepEqual(cache.keys.map((keys) => [...keys]), [kept, kept.map((value) => value + 100)]);
  deepEqual([...cache.values[0]!], kept.map((value) => value + 20));
  cache.append(rows(50, 1), rows(60, 1), [2]);
  cache.rewind(5);
  cache.append(rows(70, 2), rows(80, 2));
  deepEqual(cache.texts, [0, 0, 2, 0, 2, 0, 0]);
  deepEqual([...cache.keys[0]!.subarray(10)], [140, 141, 142, 143]);
  deepEqual(cache.nextPositions([0, 2]), [5, 2]);
  cache.keep(new Set());
  deepEqual([cache.length, cache.keys[1]!.length], [0, 0]);
});

Deno.test("KVCache.appendFrom() copies which text the rows belong to", () => {
  const source = new KVCache(2, 2);
  source.append(rows(0, 3), rows(0, 3), [4, 5, 4]);
  const copy = new KVCache(2, 2);
  copy.append(rows(7, 1), rows(7, 1), [1]);
  copy.appendFrom(source, 1, 3);
  deepEqual(copy.texts, [1, 5, 4]);
});

Deno.test("KVCache frees what it has outgrown, and all when it is disposed", () => {
  const cache = new KVCache(2, 2);
  cache.append(rows(0, 1), rows(10, 1));
  const [outgrown] = cache.keys;
  cache.append(rows(1, 2), rows(11, 2));
  equal(outgrown!.buffer.byteLength, 0);
  deepEqual([...cache.keys[1]!], [100, 101, 102, 103, 104, 105]);
  const held = [...cache.keys, ...cache.values];
  cache[Symbol.dispose]();
  deepEqual(held.map(({ buffer }) => buffer.byteLength), [0, 0, 0, 0]);
  equal(cache.length, 0);
});

Deno.test("KVCache.assign() says anew which texts rows belong to, and keeps the lineage unless rows go", () => {
  const cache = new KVCache(2, 2);
  cache.append(rows(0, 4), rows(10, 4), [0, 0, 0, 1]);
  const { lineage } = cache;
  cache.assign([[0, 2], [0, 1], [2, 2], [3, -1]]);
  equal(cache.lineage, lineage);
  deepEqual([cache.texts, cache.lastTexts], [[0, 0, 2, 3], [2, 1, 2, -1]]);
  deepEqual(cache.nextPositions([0, 1, 2, 3, 2]), [2, 2, 2, 0, 3]);
  cache.append(rows(4, 1), rows(14, 1), [1]);
  deepEqual(cache.nextPositions([0, 1]), [2, 3]);
  const copy = new KVCache(2, 2);
  copy.append(rows(9, 1), rows(9, 1));
  copy.appendFrom(cache, 1, 3);
  deepEqual([copy.texts, copy.lastTexts], [[0, 0, 2], [0, 1, 2]]);
  cache.assign([[0, 1], undefined, [1, 1], undefined, [0, 0]]);
  ok(cache.lineage !== lineage);
  deepEqual([cache.texts, cache.lastTexts], [[0, 1, 0], [1, 1, 0]]);
  deepEqual([...cache.keys[0]!], [0, 1, 4, 5, 8, 9]);
  deepEqual(cache.nextPositions([0, 1]), [2, 2]);
  cache.rewind(1);
  deepEqual([cache.texts, cache.lastTexts], [[0], [1]]);
});

Deno.test("KVCache has another lineage when it has forgotten rows, and the same while rows are added", () => {
  const cache = new KVCache(2, 2);
  const { lineage } = cache;
  cache.append(rows(0, 3), rows(0, 3), [0, 0, 1]);
  cache.rewind(3);
  cache.rewind(4);
  cache.keep(new Set([0, 1]));
  cache.append(rows(3, 1), rows(3, 1), [1]);
  equal(cache.lineage, lineage);
  cache.rewind(3);
  equal(cache.length, 3);
  notEqual(cache.lineage, lineage, "a row was forgotten, and another may take its place");
  const rewound = cache.lineage;
  cache.append(rows(9, 1), rows(9, 1), [1]);
  equal(cache.lineage, rewound);
  cache.keep(new Set([1]));
  deepEqual(cache.texts, [1, 1]);
  notEqual(cache.lineage, rewound, "rows have moved");
  const kept = cache.lineage;
  cache.rewind(0);
  notEqual(cache.lineage, kept);
});

Deno.test("KVCache counts rows where there is a single block", () => {
  const cache = new KVCache(1, 2);
  cache.append([Float32Array.of(1, 2, 3, 4)], [Float32Array.of(5, 6, 7, 8)]);
  equal(cache.length, 2);
  deepEqual(cache.texts, [0, 0]);
});
