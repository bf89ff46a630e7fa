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
  /** Where the numbers stand when they never leave the device that the model runs on; `data` is then empty. */
  readonly resident?: Resident | undefined;
}

/** Numbers that stay on the device that a model runs on. */
export interface Resident {
  /** Which of the caches there. */
  readonly rows: number;
  /** Which of its tensors. */
  readonly tensor: number;
}

/** Feeds an int64 `[n]`. */
export function idsFeed(value: Value, numbers: readonly number[], dims: readonly number[] = [numbers.length]): Feed {
  return { value, data: BigInt64Array.from(numbers, BigInt), dims };
}
