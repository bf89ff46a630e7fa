import type { Graph, Value } from "../onnx/mod.ts";

/** The V ones that {@linkcode sumOverVocabulary} takes, `[V, 1]`. */
export function vocabularyOnes(g: Graph, V: number): Value {
  return g.add(g.zeros(g.ints([V, 1]), [V, 1]), g.floats([1], []));
}

/**
 * The sum over the last axis, the V tokens of a vocabulary, which keeps its place with size 1. It is a matrix product:
 * on wasm ReduceSum adds one by one, which loses a digit over 50,257 numbers.
 */
export function sumOverVocabulary(g: Graph, x: Value, ones: Value): Value {
  return g.matmul(x, ones); // [..., V] x [V, 1] -> [..., 1]
}
