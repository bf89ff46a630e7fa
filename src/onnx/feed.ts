import type { Value } from "./graph.ts";

/** The numbers for one input of a graph. */
export interface Feed {
  /** The input. */
  readonly value: Pick<Value, "name" | "dtype">;
  /** The numbers; bytes for bool. */
  readonly data: Float32Array | BigInt64Array | Uint8Array;
  /** Their shape. */
  readonly dims: readonly number[];
  /**
   * What stays the same object while numbers are only added behind those that were fed before: a worker is then sent
   * the new ones only.
   */
  readonly lineage?: object;
}

/** Feeds an int64 `[n]`. */
export function idsFeed(value: Value, numbers: readonly number[], dims: readonly number[] = [numbers.length]): Feed {
  return { value, data: BigInt64Array.from(numbers, BigInt), dims };
}
