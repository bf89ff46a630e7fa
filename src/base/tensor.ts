/** An array of numbers with a shape, in row-major order. */
export interface Tensor {
  /** The numbers. */
  readonly data: Float32Array | Int32Array;
  /** The size of each axis; their product is `data.length`. */
  readonly shape: readonly number[];
}

/** A tensor of real numbers. */
export interface FloatTensor extends Tensor {
  /** The numbers. */
  readonly data: Float32Array;
}
