import type { Trace } from "../../../src/ask/trace/trace.ts";
import type { Sequence } from "../../../src/model/sequence.ts";

/** A stream that grows by what is added to it, the same everywhere. */
export function streamOf({ ...sequence }: Sequence, layers = 3, width = 4): Trace {
  const [T, size] = [sequence.tokens.length, sequence.tokens.length * width];
  const added = (seed: number) =>
    Float32Array.from({ length: layers * size }, (_, i) => Math.sin(0.9 * i + seed) * (1 + Math.floor(i / size)));
  const [attention, mlp] = [added(1), added(2)];
  const states = new Float32Array((layers + 1) * size);
  for (let i = 0; i < states.length; ++i) {
    states[i] = i < size ? Math.cos(i) : states[i - size]! + attention[i - size]! + mlp[i - size]!;
  }
  return {
    ...{ sequence, layers: Array.from({ length: layers }, (_, i) => i) },
    hiddenStates: { data: states, shape: [layers + 1, T, width] },
    attentionOutputs: { data: attention, shape: [layers, T, width] },
    mlpOutputs: { data: mlp, shape: [layers, T, width] },
  };
}
