import type { Trace } from "../../../src/ask/trace/trace.ts";
import type { FloatTensor } from "../../../src/base/tensor.ts";
import type { Sequence } from "../../../src/model/sequence.ts";

function wave(shape: readonly number[], seed: number): FloatTensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return {
    data: Float32Array.from({ length: size }, (_, i) => 1.5 * Math.sin(0.7 * i + seed) * Math.cos(0.2 * i)),
    shape,
  };
}

/** What attention computes of queries, keys and values that are the same everywhere; keys and values are of one head. */
export function attentionStepsOf({ ...sequence }: Sequence, layers = 2, heads = 2, size = 4): Trace & {
  readonly attention: FloatTensor;
  readonly headSums: FloatTensor;
} {
  const T = sequence.tokens.length;
  const [queries, keys, values] = [
    wave([layers, heads, T, size], 1),
    wave([layers, 1, T, size], 2),
    wave([layers, 1, T, size], 3),
  ];
  const scale = 1 / Math.sqrt(size);
  const attention = new Float32Array(layers * heads * T * T);
  const headSums = new Float32Array(layers * T * heads * size);
  for (let row = 0; row < layers * heads * T; ++row) {
    const [layer, head, query] = [Math.floor(row / (heads * T)), Math.floor(row / T) % heads, row % T];
    const at = (key: number, d: number) => (layer * T + key) * size + d;
    const powers = Array.from({ length: query + 1 }, (_, key) => {
      let score = 0;
      for (let d = 0; d < size; ++d) score += queries.data[row * size + d]! * keys.data[at(key, d)]!;
      return Math.exp(scale * score);
    });
    const sum = powers.reduce((total, power) => total + power, 0);
    powers.forEach((power, key) => {
      attention[row * T + key] = power / sum;
      for (let d = 0; d < size; ++d) {
        headSums[((layer * T + query) * heads + head) * size + d]! += power / sum * values.data[at(key, d)]!;
      }
    });
  }
  return {
    ...{ sequence, layers: Array.from({ length: layers }, (_, i) => 3 + i), queries, keys, values },
    attentionScales: Array.from({ length: layers }, () => scale),
    attention: { data: attention, shape: [layers, heads, T, T] },
    headSums: { data: headSums, shape: [layers, T, heads * size] },
    attentionOutputs: wave([layers, T, heads * size + 1], 4),
  };
}
