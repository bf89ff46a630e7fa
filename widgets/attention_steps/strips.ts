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

/** The width of a vector of a head on a page that has room, or a little more or less, and in a cell of a notebook. */
const [WIDE, NARROW] = [256, 128];
/** The most pixels in a row of heads, or of what they add: a cell of 700 px holds them. */
const ROW = 640;
/** How high a strip is. */
export const HEIGHT = 14;

function acrossOf(size: number, width: number): number {
  return Math.max(1, Math.min(16, Math.floor(width / size)));
}

/** How wide a vector of a head is, in pixels of the page: one for each number at least. */
export function stripWidths(size: number): { readonly narrow: number; readonly wide: number } {
  return { narrow: size * acrossOf(size, NARROW), wide: size * acrossOf(size, WIDE) };
}

/** Shares `count` parts of so many pixels out to rows of about the same length: the first part of each, and the one after its last. */
export function rowsOf(count: number, across: number): { readonly from: number; readonly to: number }[] {
  const rows = Math.ceil(count / Math.max(1, Math.floor(ROW / across)));
  const each = Math.ceil(count / rows);
  return Array.from({ length: Math.ceil(count / each) }, (_, row) => {
    return { from: row * each, to: Math.min(count, (row + 1) * each) };
  });
}

/** A vector as a row of pixels; `greatest` is what has the strongest colour. */
export function stripPixels(vector: Float32Array, greatest: number): Pixels {
  return signedPixels(vector.length, 1, (x) => drawnShare(vector[x]! / greatest), OPACITY * 1.5);
}

/** How a strip looks. */
export interface Strip {
  /** What has the strongest colour. */
  readonly greatest: number;
  /** The width in pixels of the page. */
  readonly width: number;
  /** What it is. */
  readonly alt: string;
  readonly className?: string;
  readonly style?: Css;
}

/** A vector as a picture. */
export function stripHtml(vector: Float32Array, { greatest, width, alt, className, style }: Strip): Html {
  return sharpPixels(stripPixels(vector, greatest), {
    ...{ width, height: HEIGHT, alt },
    className: className ? `i ${className}` : "i",
    style: styling`display:block${style && styling`;${style}`}`,
  });
}

/** Heads of a token side by side with a gap between. */
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
