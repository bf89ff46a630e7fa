/**
 * One picture that holds many heads: a thumbnail and a matrix are pieces of it, so a page carries
 * each weight once. Heads go across, layers down.
 *
 * @module
 */
import { type Css, styling } from "../kit/css.ts";
import { type Pixels, pngUrl } from "../kit/pixel_image.ts";
import type { AttentionShown } from "./data.ts";
import { headMatrix, headThumbnail } from "./raster.ts";

/** The most pixels of a head over a text that is longer than a matrix, and of all heads together. */
const MOST_WHOLE = 64;
const MOST_PIXELS = 400_000;

function spriteOf(
  { heads, layer, head }: AttentionShown,
  layers: readonly number[],
  draw: (layer: number, head: number) => Pixels,
): Pixels {
  const { width, height, palette } = draw(layer, head);
  const across = width * heads;
  const indices = new Uint8Array(across * height * layers.length);
  layers.forEach((layer, row) => {
    for (let head = 0; head < heads; ++head) {
      const one = draw(layer, head);
      for (let y = 0; y < height; ++y) {
        indices.set(one.indices.subarray(y * width, (y + 1) * width), (row * height + y) * across + head * width);
      }
    }
  });
  return { width: across, height: height * layers.length, indices, palette };
}

/** The tokens in the matrix, a pixel a weight, of the layers that have rules. */
export function matrixSprite(shown: AttentionShown): string {
  return pngUrl(spriteOf(shown, shown.open, (layer, head) => headMatrix(shown, shown.weights(layer, head))));
}

/** The whole text of every head; nothing when the matrices hold all of it. */
export function wholeSprite(shown: AttentionShown): string | undefined {
  const { start, end, length, layers, heads, open } = shown;
  if (end - start === length && open.length === layers) return undefined;
  const side = Math.max(16, Math.min(MOST_WHOLE, Math.floor(Math.sqrt(MOST_PIXELS / (layers * heads)))));
  const all = Array.from({ length: layers }, (_, layer) => layer);
  return pngUrl(spriteOf(shown, all, (layer, head) => headThumbnail(shown, shown.weights(layer, head), side)));
}

/**
 * The rule of something that shows a piece of a sprite of some rows, by the number `--h` of its head and a variable for
 * its row; sizes are lengths of CSS.
 */
export function pieceRule(heads: number, rows: number, row: "--l" | "--o", width: Css, height: Css): Css {
  return styling`background-size:calc(${heads}*${width}) calc(${rows}*${height});\
background-position:calc(var(--h)*-1*${width}) calc(var(${row})*-1*${height})`;
}
