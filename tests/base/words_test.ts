import { ok, strictEqual as equal } from "@std/assert";
import { shown } from "../../src/base/words.ts";

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
const VALUES: [unknown, string][] = [
  ['a "b"', '"a \\"b\\""'],
  [[1, null], "[1,null]"],
  [undefined, "undefined"],
  [10n, "10"],
  [NaN, "NaN"],
  [Symbol("s"), "Symbol(s)"],
  [cyclic, "[object Object]"],
];
for (const [value, text] of VALUES) {
  Deno.test(`shown() writes ${text}`, () => equal(shown(value), text));
}

Deno.test("shown() cuts long values off, never through a character", () => {
  for (const filler of ["", "x"]) {
    const text = shown(filler + "😀".repeat(100));
    ok(text.length <= 80 && text.endsWith("…") && text.isWellFormed(), text);
  }
});

Deno.test("shown() reads no more than it writes of what would be 2^64 values", () => {
  let lists: unknown = 1;
  let records: unknown = "x".repeat(1e6);
  for (let i = 0; i < 64; ++i) [lists, records] = [[lists, lists], { a: records, b: records }];
  equal(shown(lists), "[".repeat(64) + "1,1],[1,1]],[[1…");
  ok(shown(records).startsWith('{"a":{"a":'));
  equal(shown({ a: undefined, b: [undefined, NaN, { c: () => 1 }] }), '{"b":[null,null,{}]}');
});
