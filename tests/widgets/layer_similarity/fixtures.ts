/** How alike layers are without a model: the further apart, the less. */
import type { LayerSimilarity } from "../../../src/analysis/similarity.ts";
import type { Sequence } from "../../../src/model/sequence.ts";

/** The similarity of the embeddings and `layers` layers, the same everywhere. */
export function layerSimilarityOf(sequence: Sequence, layers = 6): LayerSimilarity {
  const count = layers + 1;
  const data = Float32Array.from({ length: count * count }, (_, i) => {
    const [row, column] = [Math.floor(i / count), i % count];
    return 1 - Math.abs(row - column) / (2 * count) - (row !== column && (row === 0 || column === 0) ? 0.125 : 0);
  });
  return { sequence, similarity: { data, shape: [count, count] } };
}
