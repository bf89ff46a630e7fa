/**
 * Where the numbers of coordinate descent are in the memory of a module.
 *
 * @module
 */
import type { ClippedActivations } from "./clipped.ts";

/** The bytes of a double. */
export const DOUBLE = 8;
/** The bytes of an entry. */
export const ENTRY = 8;
/** How many neurons go through all steps at a time: few enough that their entries stay in the fastest cache. */
export const ROWS_AT_A_TIME = 64;

/** Where things are in the memory of a kernel. */
export interface Layout {
  /** How many doubles of a row are in registers at a time: even. */
  readonly block: number;
  /** How many doubles a row has. */
  readonly stride: number;
  /** W, a row for each token. */
  readonly activity: number;
  /** H, a row for each neuron. */
  readonly neurons: number;
  /** X Hᵀ, a row for each token. */
  readonly cross: number;
  /** The Gram matrix that is added up. */
  readonly gram: number;
  /** For each row of the scaled Gram matrix what is taken off the others, in two parts: see `improve`. */
  readonly upper: number;
  readonly lower: number;
  /** The diagonal of the Gram matrix that a step divides by, and its reciprocal. */
  readonly curvature: number;
  readonly reciprocal: number;
  /** Rows of Xᵀ W, {@linkcode ROWS_AT_A_TIME} of them. */
  readonly gathered: number;
  /** Where each neuron's entries begin, as addresses; one more than neurons. */
  readonly starts: number;
  /**
   * For each entry where its token's row begins, from the first row on, as int32, and its activation, as float32; a neuron
   * with an odd number of them has one more, of 0, as loops take two at a time.
   */
  readonly entries: number;
  /** The end of all that. */
  readonly bytes: number;
}

/** The most doubles of a row that are in registers at a time, of which a processor has 16 pairs. */
const MOST_BLOCK = 12;
/** The layout for some activations and a number of factors. */
export function layoutOf({ tokens, neurons, starts, token }: ClippedActivations, factors: number): Layout {
  const blocks = Math.ceil(factors / MOST_BLOCK);
  const block = 2 * Math.ceil(factors / blocks / 2);
  const stride = blocks * block;
  let bytes = 0;
  const place = (size: number) => {
    const address = bytes;
    bytes += Math.ceil(size / 16) * 16;
    return address;
  };
  return {
    block,
    stride,
    activity: place(tokens * stride * DOUBLE),
    cross: place(tokens * stride * DOUBLE),
    gram: place(stride ** 2 * DOUBLE),
    upper: place(stride ** 2 * DOUBLE),
    lower: place(block * stride * DOUBLE),
    curvature: place(stride * DOUBLE),
    reciprocal: place(stride * DOUBLE),
    gathered: place(ROWS_AT_A_TIME * stride * DOUBLE),
    neurons: place(neurons * stride * DOUBLE),
    starts: place(starts.length * 4),
    entries: place((token.length + neurons) * ENTRY),
    bytes,
  };
}
