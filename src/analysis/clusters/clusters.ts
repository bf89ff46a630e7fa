import type { Trace } from "../../ask/trace/trace.ts";
import { expectOptions, LONG_WORK, type OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { expectSeed } from "../../base/random.ts";
import type { FloatTensor, Tensor } from "../../base/tensor.ts";
import type { Sequence } from "../../model/sequence.ts";
import { watched } from "../../model/watch.ts";
import { showing } from "../../show/showing.ts";

import { Pace } from "../pace.ts";
import { expectFinite, indexOfLayer, recordedLayers, recordedTensor } from "../recorded.ts";
import { silhouettes } from "./silhouette.ts";

/** The neurons of one layer, grouped by when they are active. */
export interface NeuronClusters {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** The 0-based index of the layer. */
  readonly layer: number;
  /** Int32 `[M]`, the cluster of each neuron, below K. */
  readonly clusterOf: Tensor;
  /** `[K, T]`, the mean activation of each cluster at each token; clusters in falling order of size. */
  readonly centroids: FloatTensor;
  /** How many neurons each cluster has. */
  readonly sizes: readonly number[];
  /** The mean silhouette of all neurons, from -1 to 1: how much nearer a neuron is to its cluster than to the next. */
  readonly silhouette: number;
  /** The mean squared distance of a neuron to its centroid. */
  readonly inertia: number;
  /** What the start was drawn with. */
  readonly seed: number;
}

/** How the quality of a clustering changes with the number of clusters. */
export interface SilhouetteCurve {
  /** The numbers of clusters. */
  readonly clusters: readonly number[];
  /** The mean silhouette with each. */
  readonly silhouettes: readonly number[];
  /** The mean squared distance of a neuron to its centroid with each. */
  readonly inertias: readonly number[];
}

/** What the clusterings of {@linkcode neuronClusters} and {@linkcode silhouetteCurve} have in common. */
export interface ClusteringOptions {
  /** The 0-based index of the layer. */
  readonly layer: number;
  /**
   * What is compared: activations as they are ("none"), or divided by the norm of each neuron over the text ("unit"),
   * which groups neurons by when they are active, however strongly.
   *
   * @default {"none"}
   */
  readonly scale?: "none" | "unit";
  /**
   * What the start is drawn with.
   *
   * @default {0}
   */
  readonly seed?: number;
  /** Called as the work goes on. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops the work; so does the Stop button of a notebook. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode neuronClusters}. */
export interface NeuronClustersOptions extends ClusteringOptions {
  /** How many clusters, at least 2. */
  readonly clusters: number;
}

/** Options of {@linkcode silhouetteCurve}. */
export interface SilhouetteCurveOptions extends ClusteringOptions {
  /**
   * The numbers of clusters.
   *
   * @default {[2, 3, 4, 5, 6, 8, 10]}
   */
  readonly clusters?: readonly number[];
}

const CLUSTERING = { layer: "a number", scale: "anything", seed: "a number", ...LONG_WORK } as const;

const NEURON_CLUSTERS: OptionTable<NeuronClustersOptions> = {
  task: "cluster neurons",
  kinds: { clusters: "a number", ...CLUSTERING },
  required: ["layer", "clusters"],
};

const SILHOUETTE_CURVE: OptionTable<SilhouetteCurveOptions> = {
  task: "compare numbers of clusters",
  kinds: { clusters: "an array", ...CLUSTERING },
  required: ["layer"],
};

/** Neurons as points: one coordinate for each token. */
interface Points {
  readonly rows: readonly number[][];
  readonly T: number;
}

/** Lloyd's algorithm has always come to rest long before. */
const MAX_ITERATIONS = 300;

/**
 * Groups the neurons of one layer by k-means: each neuron is the point of its activations at the T tokens, distances are
 * Euclidean, the start is k-means++ with the given seed (npm's `ml-kmeans`), and it runs until no neuron moves. The
 * silhouette (Rousseeuw 1987, https://doi.org/10.1016/0377-0427(87)90125-7) is the mean over all neurons and equals
 * scikit-learn's `silhouette_score`. With `scale: "unit"` silhouette and inertia are of the scaled points; centroids are
 * mean activations in either case. A cluster that loses all its neurons on the way is left out.
 *
 * @throws {TypeError} When the trace has no activations, or `scale` is neither "none" nor "unit".
 * @throws {RangeError} When the layer was not recorded, or there are fewer different neurons than clusters.
 * @throws The signal's reason, when it is aborted.
 *
 * @example When the largest group is most active
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { argmax, neuronClusters } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = model.sequence("The keys to the cabinet");
 * const trace = await model.trace(sequence, { capture: ["activations"] });
 * const { centroids, sizes, silhouette } = await neuronClusters(trace, { layer: 3, clusters: 4, scale: "unit" });
 * const strongest = argmax(centroids.data.subarray(0, sequence.tokens.length));
 * console.log(sizes[0], sequence.tokens[strongest]!.text, silhouette);
 * ```
 */
export async function neuronClusters(trace: Trace, options: NeuronClustersOptions): Promise<NeuronClusters> {
  options = expectOptions(options, NEURON_CLUSTERS);
  return await watched(options, (options) => findClusters(trace, options));
}

async function findClusters(trace: Trace, options: NeuronClustersOptions): Promise<NeuronClusters> {
  const { layer, clusters, scale = "none", seed = 0, onProgress } = options;
  const [activations, points] = pointsOf(trace, layer, scale);
  expectClusters(clusters, points, seed);
  const pace = new Pace(options.signal);
  const labels = await kMeans(points, clusters, seed, pace);
  onProgress?.({ task: "clusters", completed: 1, total: 2, message: `Found ${clusters} clusters` });
  const clusterOf = bySize(labels);
  const [silhouette] = await silhouettes(points.rows, [clusterOf], pace);
  onProgress?.({ task: "clusters", completed: 2, total: 2, message: `Measured ${clusters} clusters` });
  const sizes = sizesOf(clusterOf);
  return showing("NeuronClusters", {
    sequence: trace.sequence,
    layer,
    clusterOf: { data: clusterOf, shape: [clusterOf.length] },
    centroids: { data: Float32Array.from(centroidsOf(activations, clusterOf).flat()), shape: [sizes.length, points.T] },
    sizes,
    silhouette: silhouette!,
    inertia: inertiaOf(points, clusterOf),
    seed,
  });
}

/**
 * The silhouette and the inertia with different numbers of clusters, to choose one: see {@linkcode neuronClusters}. A
 * high silhouette is a good place; inertia always falls.
 *
 * @throws {TypeError} When the trace has no activations, or `scale` is neither "none" nor "unit".
 * @throws {RangeError} When the layer was not recorded, or there are fewer different neurons than clusters.
 * @throws The signal's reason, when it is aborted.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { silhouetteCurve } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const trace = await model.trace(model.sequence("The keys to the cabinet"), { capture: ["activations"] });
 * const { clusters, silhouettes } = await silhouetteCurve(trace, { layer: 3, scale: "unit", clusters: [2, 4, 8] });
 * clusters.forEach((count, i) => console.log(count, silhouettes[i]!.toFixed(3)));
 * ```
 */
export async function silhouetteCurve(trace: Trace, options: SilhouetteCurveOptions): Promise<SilhouetteCurve> {
  options = expectOptions(options, SILHOUETTE_CURVE);
  return await watched(options, (options) => measureSilhouettes(trace, options));
}

async function measureSilhouettes(trace: Trace, options: SilhouetteCurveOptions): Promise<SilhouetteCurve> {
  const { layer, clusters = [2, 3, 4, 5, 6, 8, 10], scale = "none", seed = 0, onProgress } = options;
  const [, points] = pointsOf(trace, layer, scale);
  if (clusters.length === 0) throw new RangeError("Cannot compare no number of clusters; give some");
  clusters.forEach((count) => expectClusters(count, points, seed));
  const pace = new Pace(options.signal);
  const total = clusters.length + 1;
  const labelings: Int32Array[] = [];
  for (const count of clusters) {
    labelings.push(bySize(await kMeans(points, count, seed, pace)));
    onProgress?.({ task: "clusters", completed: labelings.length, total, message: `Found ${count} clusters` });
  }
  const measured = await silhouettes(points.rows, labelings, pace);
  onProgress?.({ task: "clusters", completed: total, total, message: "Measured all clusters" });
  const inertias = labelings.map((labels) => inertiaOf(points, labels));
  return showing("SilhouetteCurve", { clusters, silhouettes: measured, inertias });
}

/** The activations of each neuron of a layer, and what of them is compared. */
function pointsOf(trace: Trace, layer: number, scale: "none" | "unit"): [readonly number[][], Points] {
  if (scale !== "none" && scale !== "unit") {
    throw new TypeError(`Cannot scale neurons by ${JSON.stringify(scale)}; use "none" or "unit"`);
  }
  const task = "cluster neurons";
  const recorded = recordedTensor(trace, "activations", task);
  const [L, T, M] = recorded.shape as [number, number, number];
  const start = indexOfLayer(recordedLayers(trace, L), layer, task) * T * M;
  expectFinite(recorded, "activations", task, start, start + T * M);
  const { data } = recorded;
  const activations = Array.from({ length: M }, (_, m) => {
    return Array.from({ length: T }, (_, t) => data[start + t * M + m]!);
  });
  return [activations, { rows: scale === "none" ? activations : activations.map(toUnit), T }];
}

/** A row divided by its norm; one of zeros stays as it is. */
function toUnit(row: readonly number[]): number[] {
  const norm = Math.hypot(...row) || 1;
  return row.map((value) => value / norm);
}

function expectClusters(clusters: number, { rows }: Points, seed: number): void {
  const most = rows.length - 1;
  if (!Number.isInteger(clusters) || clusters < 2 || clusters > most) {
    throw new RangeError(`Cannot make ${clusters} clusters of ${rows.length} neurons; use 2 to ${most}`);
  }
  expectSeed(seed);
  const different = new Set<string>();
  for (const row of rows) {
    if (different.size === clusters) return;
    different.add(row.join());
  }
  if (different.size < clusters) {
    throw new RangeError(`Cannot make ${clusters} clusters as only ${different.size} neurons differ`);
  }
}

async function kMeans({ rows }: Points, clusters: number, seed: number, pace: Pace): Promise<number[]> {
  const { kmeansGenerator } = await import("npm:ml-kmeans@7.0.1"); // 40 ms that only clustering should pay
  await pace.turn();
  const options = { seed, initialization: "kmeans++", tolerance: 0, maxIterations: MAX_ITERATIONS } as const;
  let labels: number[] = [];
  for (const step of kmeansGenerator([...rows], clusters, options)) {
    labels = step.clusters;
    await pace.turn();
  }
  return labels;
}

/** Numbers clusters anew, the largest first; of equal ones, that of the first neuron. */
function bySize(labels: readonly number[]): Int32Array {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const order = [...counts].sort(([, a], [, b]) => b - a).map(([label]) => label);
  return Int32Array.from(labels, (label) => order.indexOf(label));
}

function sizesOf(clusterOf: Int32Array): number[] {
  const sizes: number[] = [];
  for (const cluster of clusterOf) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  return sizes;
}

/** The mean row of each cluster. */
function centroidsOf(rows: readonly (readonly number[])[], clusterOf: Int32Array): number[][] {
  const sizes = sizesOf(clusterOf);
  const centroids = sizes.map(() => new Array<number>(rows[0]!.length).fill(0));
  rows.forEach((row, m) => {
    const centroid = centroids[clusterOf[m]!]!;
    row.forEach((value, t) => centroid[t]! += value / sizes[clusterOf[m]!]!);
  });
  return centroids;
}

function inertiaOf({ rows }: Points, clusterOf: Int32Array): number {
  const centroids = centroidsOf(rows, clusterOf);
  const squares = rows.map((row, m) => {
    const centroid = centroids[clusterOf[m]!]!;
    return row.reduce((sum, value, t) => sum + (value - centroid[t]!) ** 2, 0);
  });
  return squares.reduce((sum, square) => sum + square, 0) / rows.length;
}
