import { deepEqual, equal, ok, rejects } from "@std/assert";
import { silhouettes } from "../../../src/analysis/clusters/silhouette.ts";
import { neuronClusters, type NeuronClustersOptions, silhouetteCurve } from "../../../src/analysis/mod.ts";
import { Pace } from "../../../src/analysis/pace.ts";
import type { Trace } from "../../../src/ask/trace/trace.ts";
import type { Progress } from "../../../src/base/progress.ts";
import { random } from "../../checkpoint/random.ts";
import { counted } from "../../support/counted.ts";
import { FACTS, golden, goldenTrace, layersOf, sequenceOfIds, traceOf } from "../analysis_goldens.ts";

const LONG = await goldenTrace("long", "activations");
const TRACES: Readonly<Record<string, Trace>> = { long: LONG, single: await goldenTrace("single", "activations") };
const pace = new Pace();

/** Neuron m of block `layer` as the point of its activations, scaled as asked. */
function pointsOf({ activations }: Trace, layer: number, scale: "none" | "unit"): number[][] {
  const [, T, M] = activations!.shape as [number, number, number];
  return Array.from({ length: M }, (_, m) => {
    const row = Array.from({ length: T }, (_, t) => activations!.data[(layer * T + t) * M + m]!);
    const norm = scale === "unit" ? Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) : 1;
    return row.map((value) => value / norm);
  });
}

const near = (actual: number, expected: number, bound: number) =>
  ok(Math.abs(actual - expected) <= bound, `${actual} != ${expected}`);

/** Three groups of neurons that nobody could mistake, in the order 0, 1, 2, 0, 0, 1, 0, and the groups by size. */
const GROUPS = [0, 1, 2, 0, 0, 1, 0];
const APART = traceOf("activations", [2, 2, 7], [
  ...Array(14).fill(0),
  ...[0, 10, -10, 0.1, -0.1, 10.1, 0],
  ...[0, 10, 10, 0.2, 0, 10, 0.3],
]);

for (
  const [name, { prompt, layer, clusters, scale, silhouette, inertia }] of counted(Object.entries(FACTS.clusters), 3)
) {
  Deno.test(`silhouettes() equals scikit-learn's silhouette_score: ${name}`, async () => {
    const labels = Int32Array.from((await golden(`clusters/${name}/labels`)).data);
    const [found] = await silhouettes(pointsOf(TRACES[prompt]!, layer, scale), [labels], pace);
    near(found!, silhouette, 1e-9);
  });

  Deno.test(`neuronClusters() is as tight as the best of ten of scikit-learn's KMeans: ${name}`, async () => {
    const seeds = [0, 1, 2, 3, 4];
    const found = await Promise.all(
      seeds.map((seed) => neuronClusters(TRACES[prompt]!, { layer, clusters, scale, seed })),
    );
    const best = Math.min(...found.map((result) => result.inertia));
    ok(best <= 1.02 * inertia && best >= 0.98 * inertia, `${best} instead of ${inertia}`);
  });

  Deno.test(`neuronClusters() describes what it found: ${name}`, async () => {
    const trace = TRACES[prompt]!;
    const T = trace.sequence.tokenIds.length;
    const { clusterOf, sizes, centroids, ...found } = await neuronClusters(trace, { layer, clusters, scale });
    const labels = Int32Array.from(clusterOf.data);
    deepEqual(sizes, Array.from(sizes, (_, k) => labels.filter((label) => label === k).length));
    deepEqual(sizes, sizes.toSorted((a, b) => b - a));
    const points = pointsOf(trace, layer, scale);
    near(found.silhouette, (await silhouettes(points, [labels], pace))[0]!, 1e-12);
    deepEqual(centroids.shape, [sizes.length, T]);
    const raw = pointsOf(trace, layer, "none");
    for (const k of sizes.keys()) {
      const members = raw.filter((_, m) => labels[m] === k);
      for (let t = 0; t < T; ++t) {
        near(centroids.data[k * T + t]!, members.reduce((sum, row) => sum + row[t]!, 0) / members.length, 1e-6);
      }
    }
  });
}

Deno.test("neuronClusters() finds groups that are apart, the largest first", async () => {
  for (const seed of [0, 1, 2]) {
    const found = await neuronClusters(APART, { layer: 1, clusters: 3, seed });
    deepEqual([...found.clusterOf.data], GROUPS);
    deepEqual(found.sizes, [4, 2, 1]);
    deepEqual([...found.centroids.data], [0, 0.125, 10.05, 10, -10, 10].map(Math.fround));
    // By hand: sums of squares in x 0.02, 0.005, 0 and in y 0.0675, 0, 0; over seven neurons.
    near(found.inertia, (0.02 + 0.0675 + 0.005) / 7, 1e-7);
    equal(found.seed, seed);
    equal(found.layer, 1);
  }
});

Deno.test("neuronClusters() with unit scale groups by when neurons are active, however strongly", async () => {
  // Two that rise and two that fall, one of each a hundred times stronger, and one that is silent.
  const trace = traceOf("activations", [1, 2, 5], [1, 2, 100, 200, 0, 2, 1, 200, 100, 0]);
  const { clusterOf, inertia } = await neuronClusters(trace, { layer: 0, clusters: 3, scale: "unit" });
  const [a, b, c, d, silent] = clusterOf.data;
  ok(a === c && b === d && a !== b && silent !== a && silent !== b, `${clusterOf.data}`);
  near(inertia, 0, 1e-12);
  const { clusterOf: raw } = await neuronClusters(trace, { layer: 0, clusters: 3 });
  ok(raw.data[0] === raw.data[1] && raw.data[0] === raw.data[4], `${raw.data}`);
});

Deno.test("neuronClusters() gives the same clusters again, and reads blocks by their index", async () => {
  const options: NeuronClustersOptions = { layer: 10, clusters: 6 };
  const found = await neuronClusters(LONG, options);
  equal(found.seed, 0);
  deepEqual(await neuronClusters(LONG, { ...options, seed: 0 }), found);
  ok((await neuronClusters(LONG, { ...options, seed: 1 })).inertia !== found.inertia);
  deepEqual(await neuronClusters(layersOf(LONG, "activations", [2, 10]), options), found);
});

Deno.test("neuronClusters() of one token", async () => {
  const one = traceOf("activations", [1, 1, 4], [0, 5, 0.1, 5.1]);
  const { clusterOf, centroids } = await neuronClusters(one, { layer: 0, clusters: 2 });
  deepEqual(clusterOf.data, Int32Array.of(0, 1, 0, 1));
  deepEqual(centroids.shape, [2, 1]);
});

Deno.test("silhouettes() is 0 for a point that is alone and for equal points, whatever the clusters are called", async () => {
  // By hand: point 0 is alone, the others have a = 1 and b = 4 and 5.
  const [alone, renamed] = await silhouettes(
    [[0], [4], [5]],
    [Int32Array.of(0, 1, 1), Int32Array.of(1, 0, 0)],
    pace,
  );
  near(alone!, (0 + 3 / 4 + 4 / 5) / 3, 1e-12);
  equal(renamed, alone);
  deepEqual(await silhouettes([[1], [1], [1], [1]], [Int32Array.of(0, 0, 1, 1)], pace), [0]);
});

Deno.test("silhouetteCurve() has the numbers of neuronClusters()", async () => {
  const curve = await silhouetteCurve(LONG, { layer: 10, clusters: [2, 5], seed: 1, scale: "unit" });
  const each = await Promise.all([2, 5].map((clusters) => {
    return neuronClusters(LONG, { layer: 10, clusters, seed: 1, scale: "unit" });
  }));
  deepEqual(curve, {
    clusters: [2, 5],
    silhouettes: each.map(({ silhouette }) => silhouette),
    inertias: each.map(({ inertia }) => inertia),
  });
});

Deno.test("silhouetteCurve() is highest at the number of groups there are", async () => {
  const draw = random(1);
  const centres = [[0, 0, 9], [9, 0, 0], [0, 9, 0], [9, 9, 9]];
  const neurons = Array.from({ length: 80 }, (_, m) => centres[m % 4]!.map((value) => value + draw()));
  const trace = traceOf("activations", [1, 3, 80], [0, 1, 2].flatMap((t) => neurons.map((neuron) => neuron[t]!)));
  const { clusters, silhouettes, inertias } = await silhouetteCurve(trace, { layer: 0 });
  equal(clusters[silhouettes.indexOf(Math.max(...silhouettes))], 4);
  ok(inertias[0]! > inertias[2]!);
});

Deno.test("neuronClusters() and silhouetteCurve() tell how far they are and hear an abort", async () => {
  const seen: Progress[] = [];
  const onProgress = (progress: Progress) => void seen.push(progress);
  await neuronClusters(LONG, { layer: 0, clusters: 3, onProgress });
  deepEqual(seen, [
    { task: "clusters", completed: 1, total: 2, message: "Found 3 clusters" },
    { task: "clusters", completed: 2, total: 2, message: "Measured 3 clusters" },
  ]);
  seen.length = 0;
  await silhouetteCurve(LONG, { layer: 0, clusters: [2, 3], onProgress });
  deepEqual(seen.map(({ completed, total }) => [completed, total]), [[1, 3], [2, 3], [3, 3]]);

  const signal = AbortSignal.abort(new Error("before"));
  await rejects(neuronClusters(LONG, { layer: 0, clusters: 3, signal }), /^Error: before$/);
  const controller = new AbortController();
  let calls = 0;
  const abort = () => {
    ++calls;
    controller.abort(new Error("enough"));
  };
  const options = { layer: 0, clusters: [2, 3, 4], onProgress: abort, signal: controller.signal };
  await rejects(silhouetteCurve(LONG, options), /^Error: enough$/);
  equal(calls, 1);
});

Deno.test("neuronClusters() refuses what cannot be clustered", async () => {
  const refused = async (trace: Trace, options: NeuronClustersOptions, name: string, message: string) => {
    await rejects(neuronClusters(trace, options), { name, message });
    await rejects(silhouetteCurve(trace, { ...options, clusters: [options.clusters] }), { name, message });
  };
  for (const clusters of [1, 48, 2.5, NaN]) {
    const message = `Cannot make ${clusters} clusters of 48 neurons; use 2 to 47`;
    await refused(LONG, { layer: 0, clusters }, "RangeError", message);
  }
  await refused(
    LONG,
    { layer: 12, clusters: 2 },
    "RangeError",
    "Cannot cluster neurons in layer 12 as the trace holds layers 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
  );
  await refused(
    traceOf("activations", [1, 1, 4], [1, 1, 2, 2]),
    { layer: 0, clusters: 3 },
    "RangeError",
    "Cannot make 3 clusters as only 2 neurons differ",
  );
  await refused(
    LONG,
    { layer: 0, clusters: 2, seed: NaN },
    "RangeError",
    "Cannot seed with NaN as a seed must be a whole number",
  );
  const scale = JSON.parse('"max"');
  const message = 'Cannot scale neurons by "max"; use "none" or "unit"';
  await refused(LONG, { layer: 0, clusters: 2, scale }, "TypeError", message);
  const missing = 'the trace has no activations; record it with model.trace(sequence, { capture: ["activations"] })';
  const without = { sequence: sequenceOfIds([1]) };
  await refused(without, { layer: 0, clusters: 2 }, "TypeError", `Cannot cluster neurons as ${missing}`);
  const damaged = traceOf("activations", [1, 1, 3], [1, NaN, 2]);
  const found = "the trace has NaN at activations[0, 0, 1]";
  await refused(damaged, { layer: 0, clusters: 2 }, "RangeError", `Cannot cluster neurons as ${found}`);
  await rejects(silhouetteCurve(LONG, { layer: 0, clusters: [] }), {
    name: "RangeError",
    message: "Cannot compare no number of clusters; give some",
  });
});
