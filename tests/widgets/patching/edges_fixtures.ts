import type { HeadEdges } from "../../../src/ask/patching/types.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import { CLEAN, CORRUPTED, DIFFERENCE } from "./fixtures.ts";
import { generator } from "../lens_fixtures.ts";

/** Edges of some layers and heads, of which a quarter is 0. */
export function edgesOf(corrupted: Sequence = CORRUPTED, clean: Sequence = CLEAN, layers = 4, heads = 3): HeadEdges {
  const next = generator(3);
  const tensor = () => {
    const data = new Float32Array((layers * heads) ** 2);
    data.forEach((_, i) => {
      const [from, to] = [Math.floor(i / (heads * layers * heads)), Math.floor(i / heads) % layers];
      if (from < to) data[i] = Math.max(-0.2, 2 * (next() - 0.5) ** 3);
    });
    return { data, shape: [layers, heads, layers, heads] };
  };
  return {
    ...{ clean, corrupted, position: corrupted.tokens.length, metric: DIFFERENCE, cleanValue: 3, corruptedValue: -1 },
    ...{ query: tensor(), key: tensor(), value: tensor() },
  };
}
