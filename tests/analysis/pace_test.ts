/** Every analysis that takes long on a long text lets the event loop turn, tells how far it is, and can be stopped. */
import { deepEqual, equal, ok, rejects } from "@std/assert";
import * as analysis from "../../src/analysis/mod.ts";
import type { Progress } from "../../src/base/progress.ts";
import { random } from "../checkpoint/random.ts";
import { CAPTUM, saliencyOf, sequenceOf } from "../widgets/fixtures.ts";
import { traceOf } from "./analysis_goldens.ts";

interface Long {
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

const draw = random(1);
const numbers = (count: number) => Float32Array.from({ length: count }, draw);
const hidden = traceOf("hiddenStates", [3, 300, 700], numbers(3 * 300 * 700));
const attention = traceOf("attention", [2, 8, 512, 512], numbers(2 * 8 * 512 * 512));
const activations = traceOf("activations", [1, 300, 400], numbers(300 * 400));
const matrix = { data: hidden.hiddenStates!.data.subarray(0, 400 * 500), shape: [400, 500] };
const text = sequenceOf(Array.from({ length: 600 }, (_, i) => ` word${i}`), 1);
const map = saliencyOf(text, CAPTUM);

const vectors = {
  ...{ sequences: [], pooling: "mean", normalize: false } as const,
  vectors: { data: numbers(2000 * 400), shape: [2000, 400] },
};
const labels = Array.from({ length: 2000 }, (_, i) => `class ${i % 5}`);

/** Work of several parts; the names are those of the functions. */
const CALLS: Readonly<Record<string, (options: Long) => Promise<unknown>>> = {
  agreement: (options) => analysis.agreement(map, map, options),
  attentionRollout: (options) => analysis.attentionRollout(attention, options),
  errorCurve: (options) => analysis.errorCurve(activations, { ...options, factors: [2, 3], maxIterations: 3 }),
  headScores: (options) => analysis.headScores(attention, options),
  layerSimilarity: (options) => analysis.layerSimilarity(hidden, options),
  linearCKA: ({ signal }) => analysis.linearCKA(matrix, matrix, { ...signal && { signal } }),
  neuronClusters: (options) => analysis.neuronClusters(activations, { ...options, layer: 0, clusters: 4 }),
  neuronFactors: (options) => analysis.neuronFactors(activations, { ...options, factors: 3, maxIterations: 20 }),
  trainClassifier: (options) => analysis.trainClassifier(vectors, labels, { ...options, maxIterations: 30 }),
  silhouetteCurve: (options) => analysis.silhouetteCurve(activations, { ...options, layer: 0, clusters: [2, 3] }),
};

for (const [name, call] of Object.entries(CALLS)) {
  Deno.test(`${name}() lets the event loop turn, tells how far it is, and stops`, async () => {
    let turns = 0;
    const timer = setInterval(() => ++turns, 0);
    const heard: Progress[] = [];
    await call({ onProgress: (progress) => heard.push(progress) });
    clearInterval(timer);
    ok(turns >= 2, `${turns} turns`);
    if (name !== "linearCKA") {
      ok(heard.length > 0);
      ok(heard.every(({ completed, total }, i) => completed >= (heard[i - 1]?.completed ?? 0) && completed <= total));
      equal(new Set(heard.map(({ task }) => task)).size, 1);
    }

    const reason = new Error("enough");
    const controller = new AbortController();
    const stopped = call({ signal: controller.signal });
    setTimeout(() => controller.abort(reason)); // the work has begun
    await rejects(stopped, reason);
    await rejects(call({ signal: AbortSignal.abort(reason) }), reason);
  });
}

Deno.test("all analyses that take a signal are tried", () => {
  const asynchronous = Object.entries(analysis).filter(([, value]) => value.constructor.name === "AsyncFunction");
  const files = ["saveResults", "loadResults", "encodeResults", "decodeResults"]; // tests/analysis/results
  deepEqual(
    asynchronous.map(([name]) => name).filter((name) => !files.includes(name)).toSorted(),
    Object.keys(CALLS).toSorted(),
  );
});
