/** The element types that graphs are built from, and their numbers in `TensorProto.DataType`. */
export const DTYPE_CODES = {
  float32: 1,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
} as const;

/** The type of a tensor's elements. */
export type DType = keyof typeof DTYPE_CODES;

/** The types that arithmetic runs in. */
export type FloatDType = "float32" | "float64";
