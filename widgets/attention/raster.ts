/**
 * Attention as small pictures. Colour is the square root of the weight, so that what is spread thinly shows as well.
 *
 * @module
 */
import { ORANGE } from "../kit/colours.ts";
import type { Pixels, Rgba } from "../kit/pixel_image.ts";
import { type AttentionShown, earlierWeight, type HeadWeights } from "./data.ts";

/** The strongest colour; the one after it marks tokens that cannot be seen yet. */
const STRONGEST = 14;
const UNSEEN = 15;
const [RED, GREEN, BLUE] = ORANGE;

const PALETTE: readonly Rgba[] = [
  ...Array.from({ length: STRONGEST + 1 }, (_, level): Rgba => [RED, GREEN, BLUE, Math.round(255 * level / STRONGEST)]),
  [128, 128, 128, 36],
];

/** The opacity of a weight. */
export function weightOpacity(weight: number): number {
  return Math.sqrt(Math.min(1, Math.max(0, weight || 0)));
}

function levelOf(weight: number): number {
  return Math.round(STRONGEST * weightOpacity(weight));
}

function image(width: number, height: number, indices: Uint8Array): Pixels {
  return { width, height, palette: PALETTE, indices };
}

/** The whole text, at most `most` pixels wide; a pixel is the largest weight of what falls on it. */
export function headThumbnail({ length }: AttentionShown, weight: HeadWeights, most: number): Pixels {
  const side = Math.min(length, most);
  const pixels = new Uint8Array(side * side).fill(UNSEEN);
  const place = (token: number) => Math.floor(token * side / length);
  for (let query = 0; query < length; ++query) {
    for (let key = 0; key <= query; ++key) {
      const at = place(query) * side + place(key);
      const level = levelOf(weight(query, key));
      const before = pixels[at] ?? 0;
      pixels[at] = before === UNSEEN ? level : Math.max(before, level);
    }
  }
  return image(side, side, pixels);
}

/** The tokens that are shown, a pixel a weight; the first column is what they give to all earlier ones, if any. */
export function headMatrix(shown: AttentionShown, weight: HeadWeights): Pixels {
  const { start, end } = shown;
  const extra = start > 0 ? 1 : 0;
  const width = end - start + extra;
  const pixels = new Uint8Array(width * (end - start)).fill(UNSEEN);
  for (let query = start; query < end; ++query) {
    const row = (query - start) * width;
    if (extra > 0) pixels[row] = levelOf(earlierWeight(shown, weight, query));
    for (let key = start; key <= query; ++key) pixels[row + extra + key - start] = levelOf(weight(query, key));
  }
  return image(width, end - start, pixels);
}

/** The thumbnails of some layers in a grid, each of `side` pixels with `gap` between. */
export function thumbnailGrid(
  shown: AttentionShown,
  layers: readonly number[],
  side: number,
  gap: number,
): Pixels {
  const pitch = side + gap;
  const [width, height] = [shown.heads * pitch - gap, layers.length * pitch - gap];
  const pixels = new Uint8Array(width * height);
  layers.forEach((layer, row) => {
    for (let head = 0; head < shown.heads; ++head) {
      const small = headThumbnail(shown, shown.weights(layer, head), side);
      for (let y = 0; y < side; ++y) {
        for (let x = 0; x < side; ++x) {
          const [from, to] = [Math.floor(y * small.height / side), Math.floor(x * small.width / side)];
          pixels[(row * pitch + y) * width + head * pitch + x] = small.indices[from * small.width + to] ?? 0;
        }
      }
    }
  });
  return image(width, height, pixels);
}

/** The colours from nothing to all, with the weights of the marks below them. */
export function legendImage(): Pixels {
  return image(STRONGEST + 1, 1, Uint8Array.from({ length: STRONGEST + 1 }, (_, level) => level));
}
