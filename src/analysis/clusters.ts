import type { FloatTensor, Sequence, Tensor } from "../lm/types.ts";

/** The neurons of one block, grouped by when they are active. */
export interface NeuronClusters {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** The 0-based index of the block. */
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
