import { deepEqual, equal, ok, rejects } from "@std/assert";
import { layerSimilarity, linearCKA } from "../../src/analysis/mod.ts";
import type { FloatTensor } from "../../src/base/tensor.ts";
import { random } from "../checkpoint/random.ts";
import { equalsGolden, goldenTrace, sequenceOfIds, traceOf } from "./analysis_goldens.ts";

const BOUND = 1e-6;
const matrix = (shape: readonly [number, number], numbers: Iterable<number>): FloatTensor => {
  return { data: Float32Array.from(numbers), shape };
};

for (const prompt of ["long", "single"]) {
  Deno.test(`layerSimilarity() equals HSIC by centring matrices in numpy, prompt ${prompt}`, async () => {
    const { similarity } = await layerSimilarity(await goldenTrace(prompt, "hiddenStates"));
    await equalsGolden(similarity, `cka/${prompt}`, BOUND);
  });
}

Deno.test("layerSimilarity() of some blocks", async () => {
  const trace = await goldenTrace("single", "hiddenStates");
  const { data, shape: [, T, C] } = trace.hiddenStates!;
  const kept = [0, 3, 11].flatMap((state) => [...data.subarray(state * T! * C!, (state + 1) * T! * C!)]);
  const some = { ...trace, hiddenStates: { data: Float32Array.from(kept), shape: [3, T!, C!] }, layers: [2, 10] };
  const { similarity, layers } = await layerSimilarity(some);
  deepEqual(layers, [2, 10]);
  const all = await layerSimilarity(trace);
  equal(all.layers, undefined);
  equal(similarity.data[1], all.similarity.data[3]);
  equal(similarity.data[5], all.similarity.data[3 * 13 + 11]);
  await rejects(() => layerSimilarity({ ...some, layers: [2] }), {
    name: "RangeError",
    message: "Cannot read a trace of layers [2] as the recording of layers has length 2",
  });
});

Deno.test("linearCKA() is the same between tokens and between features", async () => {
  // 28 tokens of 12 features are compared between features, 9 tokens between tokens; both equal layerSimilarity().
  for (const prompt of ["long", "single"]) {
    const trace = await goldenTrace(prompt, "hiddenStates");
    const { data, shape: [S, T, C] } = trace.hiddenStates!;
    const state = (i: number) => matrix([T!, C!], data.subarray(i * T! * C!, (i + 1) * T! * C!));
    const { similarity } = await layerSimilarity(trace);
    for (let i = 0; i < S!; ++i) {
      const difference = Math.abs(await linearCKA(state(0), state(i)) - similarity.data[i]!);
      ok(difference <= BOUND, `${prompt} ${i}: ${difference}`);
    }
  }
});

Deno.test("linearCKA() does not see turns, scales and shifts, and compares different widths", async () => {
  const a = matrix([4, 2], [1, 0, 0, 1, 1, 1, -2, 3]);
  const turned = matrix(
    [4, 2],
    [5, 2, 3, 0, 3, 2, -1, -4].map((_, i) => {
      const [x, y] = [a.data[i - i % 2]!, a.data[i - i % 2 + 1]!];
      return (i % 2 === 0 ? -y : x) * 3 + 7;
    }),
  );
  ok(Math.abs(await linearCKA(a, turned) - 1) <= 1e-12);
  const oneColumn = matrix([4, 1], [1, 0, 1, -2]);
  // By hand: centred x = (1, 0, 1, -2), y = (0, 1, 1, 3) - 1.25; xx = 6, yy = 4.75, xy = -5.
  const expected = (6 ** 2 + 5 ** 2) / (6 * Math.hypot(6, 4.75, 5, 5));
  ok(Math.abs(await linearCKA(a, oneColumn) - expected) <= 1e-12);
});

Deno.test("linearCKA() of many tokens and few features, and the reverse", async () => {
  const draw = random(5);
  const [tall, wide] = [
    matrix([200, 3], Array.from({ length: 600 }, draw)),
    matrix([3, 200], Array.from({ length: 600 }, draw)),
  ];
  equal((await linearCKA(tall, tall)).toFixed(12), "1.000000000000");
  equal((await linearCKA(wide, wide)).toFixed(12), "1.000000000000");
});

Deno.test("CKA of a representation that is the same for all tokens is NaN", async () => {
  const same = matrix([3, 2], [1, 2, 1, 2, 1, 2]);
  const other = matrix([3, 2], [1, 2, 3, 4, 5, 7]);
  ok(Number.isNaN(await linearCKA(same, other)));
  ok(Number.isNaN(await linearCKA(other, same)));
  const { similarity } = await layerSimilarity(traceOf("hiddenStates", [2, 3, 2], [...same.data, ...other.data]));
  deepEqual([...similarity.data].map(Number.isNaN), [true, true, true, false]);
});

Deno.test("linearCKA() refuses what cannot be compared", async () => {
  const a = matrix([2, 2], [1, 2, 3, 4]);
  const refused = (other: FloatTensor, message: string) =>
    rejects(() => linearCKA(a, other), { name: "RangeError", message });
  await refused(matrix([3, 1], [1, 2, 3]), "Cannot compare representations of 2 and 3 tokens; give the same ones");
  await refused(matrix([2, 2], [1, 2, NaN, 4]), "Cannot compare a representation that holds NaN");
  await refused(matrix([2, 3], [1, 2]), "Cannot compare 2 numbers of shape [2, 3]; give a matrix [tokens, features]");
  await refused(matrix([2, 0], []), "Cannot compare 0 numbers of shape [2, 0]; give a matrix [tokens, features]");
  await rejects(() => linearCKA(matrix([1, 2], [1, 2]), matrix([1, 2], [1, 2])), {
    name: "RangeError",
    message: "Cannot compare representations on one token; CKA needs two",
  });
});

Deno.test("layerSimilarity() refuses one token and a trace without hidden states", async () => {
  await rejects(() => layerSimilarity(traceOf("hiddenStates", [2, 1, 2], [1, 2, 3, 4])), {
    name: "RangeError",
    message: "Cannot compare representations on one token; CKA needs two",
  });
  await rejects(() => layerSimilarity({ sequence: sequenceOfIds([1, 2]) }), {
    name: "TypeError",
    message: "Cannot compare layers as the trace has no hiddenStates; " +
      'record it with model.trace(sequence, { capture: ["hiddenStates"] })',
  });
});
