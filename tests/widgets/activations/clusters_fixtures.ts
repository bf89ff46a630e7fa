/** Neuron clusters without a model: cluster k is active at every (k + 2)-th token, and the largest hardly anywhere. */
import type { NeuronClusters } from "../../../src/analysis/clusters/clusters.ts";
import type { Sequence } from "../../../src/model/sequence.ts";

/** The clusters of a layer, the same everywhere. */
export function clustersOf(sequence: Sequence, layer = 0, count = 3): NeuronClusters {
  const T = sequence.tokens.length;
  const sizes = Array.from({ length: count }, (_, cluster) => 2 * (count - cluster) ** 2);
  const centroids = Float32Array.from({ length: count * T }, (_, i) => {
    const [cluster, token] = [Math.floor(i / T), i % T];
    if (cluster === 0) return token % 2 === 0 ? -0.0625 : 0.03125;
    return (token + layer) % (cluster + 1) === 0 ? 0.75 * cluster + token % 3 / 4 : -0.125;
  });
  const clusterOf = Int32Array.from(sizes.flatMap((size, cluster) => Array.from({ length: size }, () => cluster)));
  return {
    sequence,
    layer,
    clusterOf: { data: clusterOf, shape: [clusterOf.length] },
    centroids: { data: centroids, shape: [count, T] },
    sizes,
    silhouette: 0.25 - layer / 8,
    inertia: 1.5,
    seed: 0,
  };
}
