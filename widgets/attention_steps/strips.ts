/**
 * Vectors as strips of coloured pixels.
 *
 * @module
 */
import { OPACITY } from "../kit/colours.ts";
import { type Css, styling } from "../kit/css.ts";
import type { Html } from "../kit/html.ts";
import { sharpPixels } from "../kit/image.ts";
import type { Pixels } from "../kit/pixel_image.ts";
import { drawnShare } from "../kit/signed_grid.ts";
import { signedPixels } from "../kit/signed_pixels.ts";

/** The width of a vector of a head on the page, or a little more or less. */
const WIDTH = 256;
/** How high a strip is. */
export const HEIGHT = 14;

/** How wide a number is. */
export function acrossOf(size: number): number {
  return Math.max(1, Math.min(16, Math.floor(WIDTH / size)));
}

/** A vector as a row of pixels; `greatest` is what has the strongest colour. */
export function stripPixels(vector: Float32Array, greatest: number): Pixels {
  return signedPixels(vector.length, 1, (x) => drawnShare(vector[x]! / greatest), OPACITY * 1.5);
}

/** How a strip looks. */
export interface Strip {
  /** What has the strongest colour. */
  readonly greatest: number;
  /** The width of a number in pixels of the page. */
  readonly across: number;
  /** What it is. */
  readonly alt: string;
  readonly className?: string;
  readonly style?: Css;
}

/** A vector as a picture. */
export function stripHtml(vector: Float32Array, { greatest, across, alt, className, style }: Strip): Html {
  return sharpPixels(stripPixels(vector, greatest), {
    ...{ width: vector.length * across, height: HEIGHT, alt },
    className: className ? `i ${className}` : "i",
    style: styling`display:block${style && styling`;${style}`}`,
  });
}

/** Heads of a token side by side with a gap between, and how wide a number of them is. */
export function headsPixels(
  merged: Float32Array,
  { size, heads, greatest, gap }: { size: number; heads: number; greatest: number; gap: number },
): Pixels {
  const pitch = size + gap;
  return signedPixels(heads * pitch - gap, 1, (x) => {
    const [head, d] = [Math.floor(x / pitch), x % pitch];
    return d < size ? drawnShare(merged[head * size + d]! / greatest) : 0;
  }, OPACITY * 1.5);
}
