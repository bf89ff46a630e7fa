/**
 * One picture that holds every head that can be opened: a thumbnail and a matrix are pieces of it, so a page carries
 * each weight once. Heads go across, layers down.
 *
 * @module
 */
import { type Css, styling } from "../kit/css.ts";
import { type Pixels, pngUrl } from "../kit/pixel_image.ts";
import type { AttentionShown } from "./data.ts";
import { headMatrix, headThumbnail } from "./raster.ts";

/** The most pixels of a head over a text that is longer than a matrix. */
const MOST_WHOLE = 64;

function spriteOf(shown: AttentionShown, draw: (layer: number, head: number) => Pixels): Pixels {
  const { open, heads, layer, head } = shown;
  const { width, height, palette } = draw(layer, head);
  const across = width * heads;
  const indices = new Uint8Array(across * height * open.length);
  open.forEach((layer, row) => {
    for (let head = 0; head < heads; ++head) {
      const one = draw(layer, head);
      for (let y = 0; y < height; ++y) {
        indices.set(one.indices.subarray(y * width, (y + 1) * width), (row * height + y) * across + head * width);
      }
    }
  });
  return { width: across, height: height * open.length, indices, palette };
}

/** The tokens in the matrix, a pixel a weight. */
export function matrixSprite(shown: AttentionShown): string {
  return pngUrl(spriteOf(shown, (layer, head) => headMatrix(shown, shown.weights(layer, head))));
}

/** The whole text of each head; nothing when the matrix holds it. */
export function wholeSprite(shown: AttentionShown): string | undefined {
  if (shown.end - shown.start === shown.length) return undefined;
  return pngUrl(spriteOf(shown, (layer, head) => headThumbnail(shown, shown.weights(layer, head), MOST_WHOLE)));
}

/** The rule of something that shows a piece of a sprite, by the numbers `--h` of its head and `--l` of its layer. */
export function pieceRule({ heads, open }: AttentionShown, width: number, height: number): Css {
  return styling`background-size:${heads * width}px ${open.length * height}px;\
background-position:calc(var(--h)*${-width}px) calc(var(--l)*${-height}px)`;
}
