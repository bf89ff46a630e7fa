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
  /**
   * The tokens in them: from `from` to before `to`. Before them stands a column of what a token gives to all before the
   * first token of its matrix; where the first matrix is none of those that follow each other, it has a column of its own,
   * the first.
   */
  readonly from: number;
  readonly to: number;
  /** How many such columns there are: one or two. */
  readonly before: number;
  /** The first tokens of the matrices that can be moved to, in order. */
  readonly pages: readonly number[];
  /** PNGs in base64, by the index of the layer. */
  readonly layers: ReadonlyMap<number, string>;
}

/** A weight in 8 bits; it comes back at most 1/510 off. */
function byteOf(weight: number): number {
  return Math.round(255 * Math.max(0, Math.min(1, weight || 0)));
}

/** The first tokens of matrices that follow each other, the last one at the end of the text. */
function followingPages({ start, end, length }: AttentionShown): number[] {
  const count = end - start;
  const later = Array.from({ length: Math.ceil(length / count) - 1 }, (_, i) => length - (i + 1) * count).reverse();
  return [0, ...later];
}

function layerPicture(
  shown: AttentionShown,
  layer: number,
  { from, to, before }: Omit<HeadPictures, "layers">,
): string {
  const { heads, start, end, length } = shown;
  const [rows, width] = [to - from, before + to - from];
  const following = followingPages(shown);
  const indices = new Uint8Array(width * rows * heads);
  for (let head = 0; head < heads; ++head) {
    const weight = shown.weights(layer, head);
    for (let query = from; query < to; ++query) {
      const row = (head * rows + query - from) * width;
      if (query >= start && query < end) indices[row] = byteOf(earlierWeight(weight, start, query));
      if (to - from === length && (before > 1 || query < start || query >= end)) {
        const first = following.findLast((page) => page <= query)!;
        indices[row + before - 1] = byteOf(earlierWeight(weight, first, query));
      }
      const last = Math.min(to - 1, lastKey(shown, query, length));
      for (let key = from; key <= last; ++key) indices[row + before + key - from] = byteOf(weight(query, key));
    }
  }
  const url = pngUrl({ width, height: rows * heads, indices, palette: PALETTE }, 4);
  return url.slice(url.indexOf(",") + 1);
}

/** As many layers as there is room for, those next to the first one before others. */
function picturesOf(shown: AttentionShown, from: number, to: number): HeadPictures {
  const { start, length } = shown;
  const following = to - from === length ? followingPages(shown) : [start];
  const pages = [...new Set([...following, start])].sort((a, b) => a - b);
  const place = { from, to, pages, before: following.includes(start) ? 1 : 2 };
  const near = Array.from({ length: shown.layers }, (_, layer) => layer)
    .sort((a, b) => Math.abs(a - shown.layer) - Math.abs(b - shown.layer));
  const layers = new Map<number, string>();
  let room = MOST_CHARACTERS;
  for (const layer of near) {
    const picture = layerPicture(shown, layer, place);
    room -= picture.length;
    if (room < 0) break;
    layers.set(layer, picture);
  }
  return { ...place, layers };
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
