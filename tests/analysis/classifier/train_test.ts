import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { classify, trainClassifier } from "../../../src/analysis/mod.ts";
import type { Embeddings } from "../../../mod.ts";
import { descend } from "../../../src/analysis/classifier/lbfgs.ts";

function embeddingsOf(rows: readonly (readonly number[])[]): Embeddings {
  const vectors = { data: Float32Array.from(rows.flat()), shape: [rows.length, rows[0]?.length ?? 0] };
  return { sequences: [], vectors, pooling: "mean", normalize: false };
}

const FOUR = embeddingsOf([[1, 0], [0.9, 0.1], [0, 1], [0.2, 0.8]]);
const LABELS = ["b", "b", "a", "a"];

Deno.test("trainClassifier() gives the same numbers each time", async () => {
  const [first, second] = [await trainClassifier(FOUR, LABELS), await trainClassifier(FOUR, LABELS)];
  deepEqual(first, second);
  deepEqual(first.classes, ["a", "b"]);
  equal(first.iterations < 50 && first.converged, true);
  const [a, b] = [first.weights.data.subarray(0, 2), first.weights.data.subarray(2)];
  ok(a.every((weight, i) => Math.abs(weight + b[i]!) < 1e-6), "two classes have weights of opposite signs");
});

Deno.test("trainClassifier() says when it has not come to rest", async () => {
  const { converged, iterations } = await trainClassifier(FOUR, LABELS, { maxIterations: 1, inverseStrength: 1e6 });
  deepEqual([converged, iterations], [false, 1]);
});

Deno.test("trainClassifier() refuses vectors, labels and options that make no sense", async () => {
  const nan = embeddingsOf([[1, 0], [NaN, 0], [0, 1], [1, 1]]);
  const torn = { ...FOUR, vectors: { ...FOUR.vectors, shape: [3, 2] } };
  const cases: readonly (readonly [Embeddings, readonly string[], object, string, RegExp])[] = [
    [
      undefined as never,
      LABELS,
      {},
      "TypeError",
      /^Cannot train a classifier with undefined; pass what await model.enc/,
    ],
    [Promise.resolve(FOUR) as never, LABELS, {}, "TypeError", /^Cannot train a classifier with a promise; pass/],
    [torn, LABELS, {}, "RangeError", /^Cannot train a classifier with 8 numbers of shape \[3, 2\]; pass \[N, C\]$/],
    [nan, LABELS, {}, "RangeError", /^Cannot train a classifier as vector 1 holds NaN$/],
    [
      FOUR,
      ["a", "b"],
      {},
      "RangeError",
      /^Cannot train a classifier with 2 labels as there are 4 texts; pass one for e/,
    ],
    [FOUR, "aabb" as never, {}, "TypeError", /^Cannot train a classifier with labels "aabb"; pass an array of texts$/],
    [
      FOUR,
      ["a", 1 as never, "a", "b"],
      {},
      "TypeError",
      /^Cannot train a classifier with 1 as labels\[1\]; pass texts su/,
    ],
    [
      FOUR,
      ["a", "a", "a", "a"],
      {},
      "RangeError",
      /^Cannot train a classifier of one class, "a"; give texts of two at/,
    ],
    [
      FOUR,
      LABELS,
      { inverseStrength: 0 },
      "RangeError",
      /^Cannot train with inverseStrength 0 as it must be a number >/,
    ],
    [FOUR, LABELS, { maxIterations: 1.5 }, "RangeError", /^Cannot train with maxIterations 1.5 as it must be a whole/],
  ];
  equal(cases.length, 10);
  for (const [embeddings, labels, options, name, message] of cases) {
    await rejects(trainClassifier(embeddings, labels, options), { name, message });
  }
});

Deno.test("classify() counts what is taken for what, and refuses vectors made in another way", async () => {
  const classifier = await trainClassifier(FOUR, LABELS);
  const { confusion, accuracy, predicted, probabilities } = classify(FOUR, classifier, {
    labels: ["b", "a", "a", "a"],
  });
  deepEqual(predicted, ["b", "b", "a", "a"]);
  deepEqual([...confusion!.data], [2, 1, 0, 1]);
  equal(accuracy, 0.75);
  for (let n = 0; n < 4; ++n) {
    const sum = probabilities.data[2 * n]! + probabilities.data[2 * n + 1]!;
    ok(Math.abs(sum - 1) < 1e-6, `row ${n} sums to ${sum}`);
  }
  equal(classify(FOUR, classifier).accuracy, undefined);
  const cases: readonly (readonly [Embeddings, object, string, RegExp])[] = [
    [{ ...FOUR, pooling: "cls" }, {}, "TypeError", /^Cannot classify vectors of pooling "cls" and normalize false as/],
    [
      { ...FOUR, normalize: true },
      {},
      "TypeError",
      /trained with pooling "mean" and normalize false; encode the texts th/,
    ],
    [
      embeddingsOf([[1, 2, 3]]),
      {},
      "RangeError",
      /^Cannot classify by 2 weights for each class as vectors have 3 numb/,
    ],
    [FOUR, { labels: ["a", "b", "c", "a"] }, "RangeError", /^Cannot find the label "c" among the classes "a", "b"$/],
    [FOUR, { labels: ["a"] }, "RangeError", /^Cannot classify with 1 labels as there are 4 texts/],
  ];
  equal(cases.length, 5);
  for (const [embeddings, options, name, message] of cases) {
    throws(() => classify(embeddings, classifier, options), { name, message });
  }
});

Deno.test("descend() finds the minimum of Rosenbrock's function, (1, 1)", () => {
  const rosenbrock = (point: Float64Array, gradient: Float64Array) => {
    const [x, y] = point as unknown as [number, number];
    gradient.set([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]);
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
  };
  const all = [...descend(rosenbrock, Float64Array.of(-1.2, 1))];
  const { point, steps } = all.at(-1)!;
  ok(Math.hypot(point[0]! - 1, point[1]! - 1) < 1e-6 && steps < 100, `${point} after ${steps} steps`);
  ok(all.every(({ value }, i) => i === 0 || value < all[i - 1]!.value), "each step gains");
});
