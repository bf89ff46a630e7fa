/** Attention to a source without a model: each head looks at something that can be told from its numbers. */
import type { Trace } from "../../../src/ask/trace/trace.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import { sequenceOf } from "../fixtures.ts";

/** A date in words. */
export const SOURCE = sequenceOf(["the", " third", " of", " March", ",", " 84", "</s>"], 7);
/** What was written after it. */
export const DATE: Sequence = { ...sequenceOf(["<s>", "1984", "-", "03", "-03", "</s>"], 1), source: SOURCE };

/** Attention `[L,H,T,E]` of a text to its source, or to itself as one; head 0 of layer 0 reads from the end. */
export function crossAttentionOf(sequence: Sequence, layers = 2, heads = 3): Trace {
  const { source = sequence } = sequence;
  const [T, E] = [sequence.tokens.length, source.tokens.length];
  const data = new Float32Array(layers * heads * T * E);
  for (let row = 0; row < layers * heads * T; ++row) {
    const position = row % T;
    const head = Math.floor(row / T) % heads;
    const layer = Math.floor(row / T / heads);
    const place = (layer + head) % 2 === 0 ? E - 1 - position : position;
    const powers = Array.from(
      { length: E },
      (_, column) => Math.exp(-Math.abs(column - place) / (head + layer / 2 + 0.1)),
    );
    const sum = powers.reduce((total, power) => total + power, 0);
    powers.forEach((power, column) => data[row * E + column] = power / sum);
  }
  return { sequence: { ...sequence, source }, crossAttention: { data, shape: [layers, heads, T, E] } };
}
