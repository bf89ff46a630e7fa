/**
 * The weights of heads as pictures of 8 bits, a pixel a weight, which a script of the page reads: so every head opens,
 * where rules for all would be too many.
 *
 * @module
 */
import { ORANGE } from "../kit/colours.ts";
import { pngUrl, type Rgba } from "../kit/pixel_image.ts";
import { weightOpacity } from "../kit/weight_pixels.ts";
import { type AttentionShown, earlierWeight, lastKey } from "./data.ts";

/** The most weights that pictures of a whole text are tried for, and the most characters of all pictures in a page. */
const MOST_WHOLE = 8_000_000;
export const MOST_CHARACTERS = 1_300_000;

/** Weight n/255 in the colour of its weight. */
const PALETTE: readonly Rgba[] = Array.from(
  { length: 256 },
  (_, level) => [...ORANGE, Math.round(255 * weightOpacity(level / 255))],
);

/** The pictures of some layers: the heads of each below each other, tokens down and what they look at across. */
export interface HeadPictures {
  /** The tokens in them: from `from` to before `to`. The first column is what a token gives to all before `start`. */
  readonly from: number;
  readonly to: number;
  /** PNGs in base64, by the index of the layer. */
  readonly layers: ReadonlyMap<number, string>;
}

/** A weight in 8 bits; it comes back at most 1/510 off. */
function byteOf(weight: number): number {
  return Math.round(255 * Math.max(0, Math.min(1, weight || 0)));
}

function layerPicture(shown: AttentionShown, layer: number, from: number, to: number): string {
  const { heads, start, end, length } = shown;
  const [rows, width] = [to - from, 1 + to - from];
  const indices = new Uint8Array(width * rows * heads);
  for (let head = 0; head < heads; ++head) {
    const weight = shown.weights(layer, head);
    for (let query = from; query < to; ++query) {
      const row = (head * rows + query - from) * width;
      if (start > 0 && query >= start && query < end) indices[row] = byteOf(earlierWeight(shown, weight, query));
      const last = Math.min(to - 1, lastKey(shown, query, length));
      for (let key = from; key <= last; ++key) indices[row + 1 + key - from] = byteOf(weight(query, key));
    }
  }
  const url = pngUrl({ width, height: rows * heads, indices, palette: PALETTE }, 4);
  return url.slice(url.indexOf(",") + 1);
}

/** As many layers as there is room for, those next to the first one before others. */
function picturesOf(shown: AttentionShown, from: number, to: number): HeadPictures {
  const near = Array.from({ length: shown.layers }, (_, layer) => layer)
    .sort((a, b) => Math.abs(a - shown.layer) - Math.abs(b - shown.layer));
  const layers = new Map<number, string>();
  let room = MOST_CHARACTERS;
  for (const layer of near) {
    const picture = layerPicture(shown, layer, from, to);
    room -= picture.length;
    if (room < 0) break;
    layers.set(layer, picture);
  }
  return { from, to, layers };
}

/**
 * The pictures of what rules cannot open: of the whole text where there is room for all layers, else of the tokens in
 * the matrix. Nothing where rules open all there is.
 */
export function headPictures(shown: AttentionShown): HeadPictures | undefined {
  const { layers, heads, length, start, end, open } = shown;
  if (open.length === layers && end - start === length) return undefined;
  const whole = length ** 2 * heads * layers <= MOST_WHOLE ? picturesOf(shown, 0, length) : undefined;
  return whole?.layers.size === layers ? whole : picturesOf(shown, start, end);
}
