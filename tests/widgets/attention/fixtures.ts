/** Attention without a model: each head looks at something that can be told from its numbers. */
import type { AttentionRollout, HeadScores } from "../../../src/analysis/attention.ts";
import type { Trace } from "../../../src/ask/trace/trace.ts";
import type { Sequence } from "../../../src/model/sequence.ts";

/** How a head looks at earlier tokens: before the softmax. */
function preference(layer: number, head: number, query: number, key: number): number {
  const kind = (layer + head) % 4;
  if (kind === 0) return key === query - 1 ? 3 : 0;
  if (kind === 1) return key === 0 ? 4 : 0;
  if (kind === 2) return 2 * Math.sin(key * (head + 1) + layer);
  return -Math.abs(query - key) / (layer + 1);
}

/** Attention `[L,H,T,T]` over a sequence, the same everywhere. */
export function attentionOf(sequence: Sequence, layers = 2, heads = 3): Trace {
  const length = sequence.tokens.length;
  const data = new Float32Array(layers * heads * length * length);
  for (let row = 0; row < layers * heads * length; ++row) {
    const query = row % length;
    const head = Math.floor(row / length) % heads;
    const layer = Math.floor(row / length / heads);
    const powers = Array.from({ length: query + 1 }, (_, key) => Math.exp(preference(layer, head, query, key)));
    const sum = powers.reduce((total, power) => total + power, 0);
    powers.forEach((power, key) => data[row * length + key] = power / sum);
  }
  return { sequence, attention: { data, shape: [layers, heads, length, length] } };
}

/** Scores `[L,H]` of each role: the head's number decides which is the strongest. */
export function headScoresOf(sequence: Sequence, layers = 2, heads = 3): HeadScores {
  const scores = (role: number) => ({
    data: Float32Array.from({ length: layers * heads }, (_, i) => i % 5 === role ? 0.875 : 0.125),
    shape: [layers, heads],
  });
  return {
    sequence,
    previousToken: scores(0),
    firstToken: scores(1),
    duplicateToken: scores(2),
    induction: scores(3),
  };
}

/** Rollout `[L,T,T]`: of every layer the attention of one head. */
export function rolloutOf(sequence: Sequence, layers = 3): AttentionRollout {
  const { data } = attentionOf(sequence, layers, 1).attention!;
  const length = sequence.tokens.length;
  return { sequence, rollout: { data, shape: [layers, length, length] } };
}
