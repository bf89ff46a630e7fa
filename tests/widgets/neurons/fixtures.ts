/** Activations without a model: as many neurons as the clusters of `clustersOf` have, most of them silent mostly. */
import type { Trace } from "../../../src/ask/trace/trace.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import { clustersOf } from "../activations/clusters_fixtures.ts";
import { KEYS } from "../fixtures.ts";
import { generator } from "../lens_fixtures.ts";

/** Two layers, which the trace calls 0 and 3, of M neurons; M is 28 where there are 3 clusters. */
export function neuronTraceOf(sequence: Sequence = KEYS, count = 3): Trace {
  const next = generator(17);
  const T = sequence.tokens.length;
  const M = clustersOf(sequence, 0, count).clusterOf.data.length;
  const data = Float32Array.from({ length: 2 * T * M }, () => next() < 0.8 ? -0.17 * next() : 4 * next() ** 2);
  return { sequence, layers: [0, 3], activations: { data, shape: [2, T, M] } };
}
