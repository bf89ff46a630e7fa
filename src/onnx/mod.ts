/**
 * Write ONNX models in TypeScript: operators that check their operands as they are written, and an encoder.
 *
 * ```ts
 * import { encodeModel, Graph } from "./mod.ts";
 *
 * const g = new Graph();
 * const x = g.input("x", "float32", ["T", 4]);
 * const w = g.floats([1, 0, 0, 1, 0, 0, 0, 0], [4, 2]);
 * g.output(g.gemm(x, w)); // [T, 2]
 * const model: Uint8Array = encodeModel(g);
 * ```
 *
 * @module
 */
export { type Cut, cut, type InHalves, type KeptValue } from "./cut.ts";
export { type DType, type FloatDType } from "./dtype.ts";
export { encodeModel } from "./encode.ts";
export {
  type Attribute,
  GraphScope,
  type Initializer,
  type InitializerData,
  type MatrixInPanels,
  type Node,
  type OpName,
  type QuantizedMatrix,
  type ScaledMatrix,
  type Value,
} from "./graph.ts";
export { inPanels } from "./in_panels.ts";
export { Graph } from "./ops.ts";
export { packedCodes, packedOnce } from "./packed_once.ts";
export { type Dim, type Shape } from "./shape.ts";
