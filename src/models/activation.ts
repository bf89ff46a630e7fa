import type { Graph, Value } from "../onnx/mod.ts";

/** The activation functions that are supported, by their Hugging Face names. */
export type ActivationFunction =
  | "gelu"
  | "gelu_fast"
  | "gelu_new"
  | "gelu_pytorch_tanh"
  | "relu"
  | "silu"
  | "swish"
  | "tanh";

/** Their names. */
export const ACTIVATION_FUNCTIONS: readonly ActivationFunction[] = [
  "gelu",
  "gelu_fast",
  "gelu_new",
  "gelu_pytorch_tanh",
  "relu",
  "silu",
  "swish",
  "tanh",
];

/** Writes an activation function into a graph. */
export function activate(g: Graph, name: ActivationFunction, x: Value): Value {
  switch (name) {
    case "gelu":
      return gelu(g, x);
    case "gelu_fast":
    case "gelu_new":
    case "gelu_pytorch_tanh":
      return g.geluTanh(x);
    case "relu":
      return g.relu(x);
    case "silu":
    case "swish":
      return g.mul(x, g.sigmoid(x));
    case "tanh":
      return g.tanh(x);
  }
}

/** The exact GELU, `x Φ(x)`. */
function gelu(g: Graph, x: Value): Value {
  const phi = g.add(g.floats([1], []), g.erf(g.mul(x, g.floats([Math.SQRT1_2], [])))); // 2 Φ(x)
  return g.mul(g.mul(x, g.floats([0.5], [])), phi);
}
