/**
 * Shares of attention as pixels. Colour is the square root of the weight, so that what is spread thinly shows as well.
 *
 * @module
 */
import { ORANGE } from "./colours.ts";
import type { Pixels, Rgba } from "./pixel_image.ts";

/** The strongest colour; the one after it marks tokens that cannot be seen yet. */
const STRONGEST = 14;
/** The colour of tokens that cannot be seen yet. */
export const UNSEEN = 15;
const [RED, GREEN, BLUE] = ORANGE;

const PALETTE: readonly Rgba[] = [
  ...Array.from({ length: STRONGEST + 1 }, (_, level): Rgba => [RED, GREEN, BLUE, Math.round(255 * level / STRONGEST)]),
  [128, 128, 128, 36],
];

/** The opacity of a weight. */
export function weightOpacity(weight: number): number {
  return Math.sqrt(Math.min(1, Math.max(0, weight || 0)));
}

/** The colour of a weight. */
export function weightLevel(weight: number): number {
  return Math.round(STRONGEST * weightOpacity(weight));
}

/** A picture of colours. */
export function weightPixels(width: number, height: number, indices: Uint8Array): Pixels {
  return { width, height, palette: PALETTE, indices };
}

/** The colours from nothing to all, with the weights of the marks below them. */
export function legendImage(): Pixels {
  return weightPixels(STRONGEST + 1, 1, Uint8Array.from({ length: STRONGEST + 1 }, (_, level) => level));
}
