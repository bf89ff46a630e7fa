/**
 * Neuron clusters as a view needs them: checked, by layer, with their numbers as shares of the largest.
 *
 * @module
 */
import type { NeuronClusters } from "../../src/analysis/clusters/clusters.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { spelled } from "../kit/characters.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectLength, expectShape } from "../kit/expect_shape.ts";
import { counted } from "../kit/numbers.ts";
import type { Pixels } from "../kit/pixel_image.ts";
import { signedPixels } from "../kit/signed_pixels.ts";

/** The most numbers and tokens in a page; `data` keeps all. */
const MOST_NUMBERS = 20_000;
export const MOST_TOKENS = 600;

/** The clusters of one layer. */
export interface ClusterLayer {
  readonly clusters: NeuronClusters;
  /** K. */
  readonly count: number;
  /** The largest mean activation without sign, or 1 when all are zero. */
  readonly largest: number;
  /** The same for each cluster. */
  readonly largestOf: readonly number[];
  /** The cluster that is shown at first: the one with the largest mean activation. */
  readonly start: number;
  readonly mean: (cluster: number, token: number) => number;
}

/** What is drawn. */
export interface ClustersShown {
  readonly sequence: Sequence;
  readonly layers: readonly ClusterLayer[];
  /** The layers that the page holds. */
  readonly open: readonly ClusterLayer[];
  readonly first: ClusterLayer;
}

function check(clusters: NeuronClusters): void {
  const fields = (clusters ?? {}) as Partial<NeuronClusters>;
  if (!isSequence(fields.sequence) || fields.centroids === undefined || !Array.isArray(fields.sizes)) {
    throw new TypeError(
      `Cannot draw ${nameOf(clusters)} as neuron clusters; pass what await neuronClusters() returned`,
    );
  }
  const { centroids, sequence, sizes } = clusters;
  const [K = 0] = centroids.shape ?? [];
  const T = sequence.tokens.length;
  if (K === 0 || T === 0) {
    throw new RangeError(
      `Cannot draw neuron clusters as there are ${counted(K, "cluster")} over ${counted(T, "token")}`,
    );
  }
  expectShape({ what: "the neuron clusters", field: "centroids" }, centroids, [K, T]);
  expectLength({ what: "the neuron clusters", field: "sizes" }, sizes, K);
}

function layerOf(clusters: NeuronClusters): ClusterLayer {
  check(clusters);
  const { centroids, sizes } = clusters;
  const width = centroids.shape[1]!;
  const largestOf = sizes.map((_, cluster) =>
    centroids.data.slice(cluster * width, (cluster + 1) * width).reduce(
      (most, mean) => Math.max(most, Math.abs(mean) || 0),
      0,
    )
  );
  return {
    clusters,
    count: sizes.length,
    largest: Math.max(...largestOf) || 1,
    start: largestOf.indexOf(Math.max(...largestOf)),
    largestOf: largestOf.map((one) => one || 1),
    mean: (cluster, token) => centroids.data[cluster * width + token] ?? 0,
  };
}

/**
 * Checks clusters and decides which layers are shown.
 *
 * @throws {TypeError} When they are none.
 * @throws {RangeError} When shapes or texts do not fit together, or the layer is not there.
 */
export function clustersShown(
  given: NeuronClusters | readonly NeuronClusters[],
  layer: number | undefined,
): ClustersShown {
  const all = Array.isArray(given) ? given as readonly NeuronClusters[] : [given as NeuronClusters];
  if (all.length === 0) throw new RangeError("Cannot draw neuron clusters as there are none: []");
  const layers = all.map(layerOf);
  const sequence = layers[0]!.clusters.sequence;
  const other = layers.find(({ clusters }) => clusters.sequence.tokenIds.join() !== sequence.tokenIds.join());
  if (other) {
    throw new RangeError(
      `Cannot draw neuron clusters of two texts together; layer ${other.clusters.layer} is of another`,
    );
  }
  const index = layer === undefined ? 0 : layers.findIndex(({ clusters }) => clusters.layer === layer);
  if (index < 0) {
    throw new RangeError(
      `Cannot show layer ${layer} as these are clustered: ${all.map((one) => one.layer).join(", ")}`,
    );
  }
  const perLayer = Math.max(...layers.map(({ count }) => count)) * Math.min(sequence.tokens.length, MOST_TOKENS);
  const count = Math.max(1, Math.min(layers.length, Math.floor(MOST_NUMBERS / perLayer)));
  const start = Math.max(0, Math.min(layers.length - count, index - Math.floor(count / 2)));
  return { sequence: spelled(sequence), layers, open: layers.slice(start, start + count), first: layers[index]! };
}

/** Clusters down, tokens across; scaled to the largest of all, or of each cluster. */
export function clustersRaster(
  { mean, count, largest, largestOf }: ClusterLayer,
  tokens: number,
  own: boolean,
): Pixels {
  return signedPixels(tokens, count, (x, y) => mean(y, x) / (own ? largestOf[y]! : largest));
}

/** The tokens where a cluster is most active, most active first. */
export function mostActive({ mean }: ClusterLayer, sequence: Sequence, cluster: number, count: number): number[] {
  return sequence.tokens.map((_, token) => token)
    .filter((token) => mean(cluster, token) > 0)
    .sort((a, b) => mean(cluster, b) - mean(cluster, a) || a - b)
    .slice(0, count);
}

/** A silhouette as text. */
export function silhouetteText(silhouette: number): string {
  return Number.isFinite(silhouette) ? silhouette.toFixed(3).replace("-", "−") : "none";
}
