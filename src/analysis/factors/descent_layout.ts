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
  /** N. */
  readonly tokens: number;
  /** N, or one more so that it is even. */
  readonly evenTokens: number;
  /** W, a row for each token; and one of 0 where tokens are odd. */
  readonly activity: number;
  /** H, a row for each neuron. */
  readonly neurons: number;
  /** For each row of the scaled Gram matrix what is taken off the others, in two parts: see `improve`. */
  readonly upper: number;
  readonly lower: number;
  /** The diagonal of the Gram matrix that a step divides by, and its reciprocal. */
  readonly curvature: number;
  readonly reciprocal: number;
  /** Between which neurons `products` goes: two int32. */
  readonly range: number;
  /** In how many parts neurons are shared out. Each has sums of its own: those of the first are at the next addresses. */
  readonly parts: number;
  /** How far the sums of two parts are apart. */
  readonly partBytes: number;
  /** Four doubles: the sizes of the projected gradient, or the squares of what is left and of all: see `error`. */
  readonly sums: number;
  /** The Gram matrix of H, or of W. */
  readonly gram: number;
  /** X Hᵀ, a row for each token. */
  readonly cross: number;
  /** Rows of Xᵀ W, {@linkcode ROWS_AT_A_TIME} of them, or what else is needed for a moment. */
  readonly scratch: number;
  /** X Xᵀ, `[N, N]`, where H is later; with room only if it is asked for. */
  readonly square: number;
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
/** So many products of an entry and a factor are worth a part: 0.4 ms of an iteration. */
const PRODUCTS_OF_PART = 2 ** 19;
const MOST_PARTS = 32;

/**
 * The parts must not depend on the machine, as they say in which order sums are added. A part has at least 16 times as many
 * neurons as factors, so that the sums of all are small beside what is added up.
 */
function partsOf(neurons: number, products: number, stride: number): number {
  const parts = Math.min(products / PRODUCTS_OF_PART, neurons / stride / 16, MOST_PARTS);
  return Math.max(1, Math.floor(parts));
}

/**
 * The layout for some activations and a number of factors.
 *
 * @param square Whether it has room for the products of tokens.
 */
export function layoutOf(
  { tokens, neurons, starts, token }: ClippedActivations,
  factors: number,
  square: boolean,
): Layout {
  const blocks = Math.ceil(factors / MOST_BLOCK);
  const block = 2 * Math.ceil(factors / blocks / 2);
  const stride = blocks * block;
  const evenTokens = 2 * Math.ceil(tokens / 2);
  const parts = partsOf(neurons, token.length * stride, stride);
  let bytes = 0;
  const place = (size: number) => {
    const address = bytes;
    bytes += Math.ceil(size / 16) * 16;
    return address;
  };
  const shared = {
    ...{ block, stride, tokens, evenTokens, parts },
    activity: place(evenTokens * stride * DOUBLE),
    upper: place(stride ** 2 * DOUBLE),
    lower: place(block * stride * DOUBLE),
    curvature: place(stride * DOUBLE),
    reciprocal: place(stride * DOUBLE),
    range: place(2 * 4),
  };
  const before = bytes;
  const ofParts = {
    sums: place(4 * DOUBLE),
    gram: place(stride ** 2 * DOUBLE),
    cross: place(tokens * stride * DOUBLE),
    scratch: place(Math.max(ROWS_AT_A_TIME * stride, 2 * (tokens + 1)) * DOUBLE),
    partBytes: bytes - before,
  };
  bytes = before + parts * ofParts.partBytes;
  const rows = place(Math.max(neurons * stride, square ? tokens ** 2 : 0) * DOUBLE);
  return {
    ...shared,
    ...ofParts,
    ...{ neurons: rows, square: rows },
    starts: place(starts.length * 4),
    entries: place((token.length + neurons) * ENTRY),
    bytes,
  };
}
