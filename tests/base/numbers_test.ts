import { deepEqual, equal, ok } from "@std/assert";
import { argmax, firstNonFiniteIndex, free, logitsRow, logSumExp, rankOf, topK } from "../../src/base/numbers.ts";
import { createRandom } from "../../src/base/random.ts";

const random = createRandom(7);
/** Many scores are equal, so that ties are tried. */
const scores = Float32Array.from({ length: 400 }, () => Math.floor(random() * 60) - 30);

Deno.test("topK lists what sorting lists, ties by index, for every k", () => {
  const sorted = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
  for (let k = 0; k <= scores.length; ++k) deepEqual(topK(scores, k), sorted.slice(0, k));
});

Deno.test("argmax and rankOf agree with sorting", () => {
  const sorted = scores.toSorted().reverse();
  equal(argmax(scores), topK(scores, 1)[0]);
  for (const [index, score] of scores.entries()) equal(rankOf(scores, index), sorted.indexOf(score) + 1);
});

Deno.test("logSumExp neither overflows nor loses small terms", () => {
  equal(logSumExp(Float32Array.of(10000, 10000)), 10000 + Math.LN2);
  ok(Math.abs(logSumExp(Float32Array.of(-3, -3, -3)) - (Math.log(3) - 3)) < 1e-15);
});

Deno.test("logSumExp equals the sum of Math.exp within 1e-13, at any distance of the scores", () => {
  for (const width of [1e-6, 0.003, 1, 30, 200]) {
    const own = Float32Array.from({ length: 5000 }, () => width * random() - 7);
    const max = Math.max(...own);
    const expected = max + Math.log(own.reduce((sum, score) => sum + Math.exp(score - max), 0));
    ok(Math.abs(logSumExp(own) - expected) < 1e-13, `${logSumExp(own)} is not ${expected}`);
  }
});

Deno.test("firstNonFiniteIndex finds NaN and infinities", () => {
  equal(firstNonFiniteIndex(Float32Array.of(1, 2)), -1);
  for (const bad of [NaN, Infinity, -Infinity]) {
    equal(firstNonFiniteIndex(Float32Array.of(1, bad, bad)), 1);
    equal(firstNonFiniteIndex(Float32Array.of(bad, 1)), 0);
  }
});

Deno.test("free() frees whole buffers once, and leaves those that others see a part of", () => {
  const whole = Float32Array.of(1, 2, 3);
  const part = Float32Array.of(4, 5, 6).subarray(1);
  const shared = new Float32Array(new SharedArrayBuffer(8));
  free(whole, part, shared, new Float32Array(0));
  free(whole);
  deepEqual([whole.length, part.length, shared.length], [0, 2, 2]);
  deepEqual([...part], [5, 6]);
});

Deno.test("logitsRow() is one row of logits", () => {
  const logits = Float32Array.from({ length: 12 }, (_, i) => i);
  deepEqual([0, 1, 2].map((r) => [...logitsRow(logits, r, 3)]), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]);
});
