/** Factors without a model: factor k is active at every (k + 2)-th token. */
import type { ErrorCurve, Factors } from "../../../src/analysis/factors/types.ts";
import type { Sequence } from "../../../src/model/sequence.ts";

const NEURONS = 16;

/** Factors `[K,N]` of some texts, the same everywhere. */
export function factorsOf(sequences: readonly Sequence[], count = 3): Factors {
  const places = sequences.flatMap(({ tokens }, text) => tokens.map((_, position) => ({ text, position })));
  const N = places.length;
  const activity = Float32Array.from({ length: count * N }, (_, i) => {
    const [factor, token] = [Math.floor(i / N), i % N];
    return (token + factor) % (factor + 2) === 0 ? 1 + (token % 4) / 2 : 0.0625 * (token % 3);
  });
  const neurons = Float32Array.from({ length: count * NEURONS }, (_, i) => (i * 7) % NEURONS / 8);
  const factorsList = Array.from({ length: count }, (_, factor) => factor);
  return {
    sequences,
    layers: [0, 1],
    activity: { data: activity, shape: [count, N] },
    neurons: { data: neurons, shape: [count, NEURONS] },
    topNeurons: factorsList.map((factor) =>
      Array.from(neurons.subarray(factor * NEURONS, (factor + 1) * NEURONS), (weight, i) => ({
        layer: Math.floor(i / 8),
        neuron: i % 8,
        weight,
      })).sort((a, b) => b.weight - a.weight).slice(0, 6)
    ),
    topTokens: factorsList.map((factor) =>
      places.map((place, i) => ({ ...place, activity: activity[factor * N + i]! }))
        .sort((a, b) => b.activity - a.activity).slice(0, 6)
    ),
    error: 12.5,
    relativeError: 0.4125,
    iterations: 200,
    converged: false,
    seed: 0,
  };
}

/** An error that falls. */
export const CURVE: ErrorCurve = { factors: [1, 2, 3, 4, 6, 8], relativeErrors: [0.8, 0.55, 0.4125, 0.35, 0.3, 0.28] };
