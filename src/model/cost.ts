/**
 * What a call will take, said beforehand.
 *
 * @module
 */
import { LONG_WORK } from "../base/options.ts";

/** An estimate of what a call takes beside the weights. It is meant to be a little too high rather than too low. */
export interface Cost {
  /** How many runs of the model there are, at most. Between two runs a call reports its progress and can be stopped. */
  readonly runs: number;
  /** The most bytes that one run takes, with what is kept from one run to the next. */
  readonly runBytes: number;
  /** The bytes of the numbers in the result. */
  readonly resultBytes: number;
  /** `runBytes + resultBytes`, which `maxMemory` must allow. */
  readonly bytes: number;
}

/** A limit on what a call may take. */
export interface MemoryOptions {
  /**
   * The most memory, in bytes, that the call may take beside the weights: for one run, what is kept between runs, and
   * the result. Work is cut into smaller runs to obey it; where that is not enough, the call is refused before it
   * begins. By default 4 GiB on native and, on wasm, nine tenths of what 4 GiB leave beside the weights.
   */
  readonly maxMemory?: number;
}

/** What readings of a text have in common. */
export const READING = { ...LONG_WORK, maxMemory: "a number" } as const;
