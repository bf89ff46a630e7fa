/** The type of a tensor's elements. */
export type DType = "float32" | "float64" | "float16" | "bfloat16" | "int64" | "int8" | "uint8" | "bool";

/** The types that arithmetic runs in. */
export type FloatDType = "float32" | "float64";

/** The number of each type in ONNX's `TensorProto.DataType`. */
export const DTYPE_CODES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
} as const satisfies Record<DType, number>;
