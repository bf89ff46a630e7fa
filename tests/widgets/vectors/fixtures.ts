import type { FloatTensor } from "../../../src/base/tensor.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import type { VectorsShown } from "../../../widgets/mod.ts";

/** Numbers of both signs, the same everywhere. */
export function numbersOf(shape: readonly number[], seed = 1): FloatTensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const data = Float32Array.from({ length: size }, (_, i) => 2 * Math.sin(1.7 * i * seed + seed) * Math.cos(0.31 * i));
  return { data, shape };
}

/** Rows of a text: few numbers, heads side by side, and a stack of heads. */
export function vectorsOf({ tokens }: Sequence, width = 12): Record<string, VectorsShown> {
  const T = tokens.length;
  return {
    embeddings: { tensor: numbersOf([T, width]) },
    heads: { tensor: numbersOf([2, T, 2 * width], 2), at: [1], parts: 2, partName: "head" },
    rows: { tensor: numbersOf([T + 3, width], 3), rows: [T, T + 2], names: ["first", "second"] },
  };
}
