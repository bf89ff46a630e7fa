import { inflateSync } from "node:zlib";
import { equal, ok } from "@std/assert";
import { deflate } from "../../widgets/deflate.ts";

/** Bytes that repeat often, or never. */
function bytesOf(count: number, kinds: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: count }, () => (state = (state * 1103515245 + 12345) & 0x7FFFFFFF) % kinds);
}

Deno.test("zlib reads what deflate() wrote, of any length and variety", () => {
  for (const count of [0, 1, 2, 3, 4, 257, 258, 259, 1000, 40_000, 70_000]) {
    for (const kinds of [1, 2, 16, 256]) {
      const bytes = bytesOf(count, kinds);
      equal(inflateSync(deflate(bytes)).equals(bytes), true, `${count} bytes of ${kinds}`);
    }
  }
});

Deno.test("deflate() makes what repeats small: at all distances and lengths", () => {
  const part = bytesOf(30_000, 256);
  const twice = new Uint8Array(60_000);
  twice.set(part);
  twice.set(part, 30_000);
  const small = deflate(twice);
  equal(inflateSync(small).equals(twice), true);
  ok(small.length < 34_000, `${small.length}`);
  ok(deflate(new Uint8Array(70_000)).length < 500);
});
