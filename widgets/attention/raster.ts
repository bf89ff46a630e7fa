/**
 * Attention as small pictures.
 *
 * @module
 */
import type { Pixels } from "../kit/pixel_image.ts";
import { UNSEEN, weightLevel, weightPixels } from "../kit/weight_pixels.ts";
import { type AttentionShown, earlierWeight, type HeadWeights, lastKey } from "./data.ts";

/** The whole text, at most `most` pixels wide; a pixel is the largest weight of what falls on it. */
export function headThumbnail(shown: AttentionShown, weight: HeadWeights, most: number): Pixels {
  const { length } = shown;
  const side = Math.min(length, most);
  const pixels = new Uint8Array(side * side).fill(UNSEEN);
  const place = (token: number) => Math.floor(token * side / length);
  for (let query = 0; query < length; ++query) {
    for (let key = 0; key <= lastKey(shown, query, length); ++key) {
      const at = place(query) * side + place(key);
      const level = weightLevel(weight(query, key));
      const before = pixels[at] ?? 0;
      pixels[at] = before === UNSEEN ? level : Math.max(before, level);
    }
  }
  return weightPixels(side, side, pixels);
}

/** The tokens that are shown, a pixel a weight; the first column is what they give to all earlier ones, if any. */
export function headMatrix(shown: AttentionShown, weight: HeadWeights): Pixels {
  const { start, end } = shown;
  const extra = start > 0 ? 1 : 0;
  const width = end - start + extra;
  const pixels = new Uint8Array(width * (end - start)).fill(UNSEEN);
  for (let query = start; query < end; ++query) {
    const row = (query - start) * width;
    if (extra > 0) pixels[row] = weightLevel(earlierWeight(weight, start, query));
    for (let key = start; key <= lastKey(shown, query); ++key) {
      pixels[row + extra + key - start] = weightLevel(weight(query, key));
    }
  }
  return weightPixels(width, end - start, pixels);
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
  return weightPixels(width, height, pixels);
}
