import { deepEqual, equal, ok } from "@std/assert";
import { classify, trainClassifier } from "../../../src/analysis/mod.ts";
import { counted } from "../../support/counted.ts";
import { maxAbsDifference } from "../../support/goldens.ts";

interface Case {
  readonly name: string;
  readonly C: number;
  readonly width: number;
  readonly vectors: readonly number[];
  readonly labels: readonly number[];
  readonly train: number;
  readonly weights: readonly number[];
  readonly bias: readonly number[];
  readonly probabilities: readonly number[];
  readonly confusion: readonly number[];
  readonly loss: number;
}

const { cases } = JSON.parse(
  await Deno.readTextFile(new URL("../../goldens/classifier/golden.json", import.meta.url)),
) as { cases: readonly Case[] };

const nameOf = (label: number) => `class ${label}`;

for (const golden of counted(cases, 6)) {
  Deno.test(`trainClassifier() and classify() equal scikit-learn's LogisticRegression: ${golden.name}`, async () => {
    const { C: inverseStrength, width, train } = golden;
    const labels = golden.labels.map(nameOf);
    const embeddingsOf = (vectors: readonly number[]) => ({
      sequences: [],
      vectors: { data: Float32Array.from(vectors), shape: [vectors.length / width, width] },
      ...{ pooling: "mean", normalize: false } as const,
    });
    const known = embeddingsOf(golden.vectors.slice(0, train * width));
    const classifier = await trainClassifier(known, labels.slice(0, train), { inverseStrength });
    const { classes, weights, bias, loss, converged } = classifier;
    const K = classes.length;
    deepEqual(classes, Array.from({ length: K }, (_, k) => nameOf(k)));
    ok(converged);
    ok(Math.abs(loss / golden.loss - 1) < 1e-8, `${loss}, not ${golden.loss}`);

    // Of two classes scikit-learn has the weights of the second, from those of the first.
    const own = (numbers: Float32Array) => {
      if (K > 2) return numbers;
      const half = numbers.length / 2;
      return numbers.slice(half).map((x, i) => x - numbers[i]!);
    };
    const scale = Math.max(...golden.weights.map(Math.abs));
    ok(maxAbsDifference(own(weights.data), golden.weights) < 1e-5 * scale, "weights");
    ok(maxAbsDifference(own(bias.data), golden.bias) < 1e-5 * Math.max(1, ...golden.bias.map(Math.abs)), "bias");

    const held = embeddingsOf(golden.vectors.slice(train * width));
    const found = classify(held, classifier, { labels: labels.slice(train) });
    ok(maxAbsDifference(found.probabilities.data, golden.probabilities) < 1e-5, "probabilities");
    deepEqual([...found.confusion!.data], golden.confusion);
    const right = golden.confusion.filter((_, i) => i % (K + 1) === 0).reduce((a, b) => a + b, 0);
    equal(found.accuracy, right / (golden.labels.length - train));
  });
}
