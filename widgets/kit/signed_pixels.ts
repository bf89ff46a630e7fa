/**
 * Signed numbers as pixels that let the page through: orange above zero, blue below, the stronger the larger.
 *
 * @module
 */
import { BLUE, ORANGE } from "./colours.ts";
import type { Pixels, Rgba } from "./pixel_image.ts";

const STEPS = 20;

/** Nothing, then orange up to the largest, then blue down to the smallest, then grey for what there cannot be. */
function paletteOf(opacity: number): readonly Rgba[] {
  return [
    [...ORANGE, 0],
    ...[ORANGE, BLUE].flatMap((colour) =>
      Array.from({ length: STEPS }, (_, step): Rgba => [...colour, Math.round(255 * opacity * (step + 1) / STEPS)])
    ),
    [128, 128, 128, 36],
  ];
}

function paletteIndex(share: number | undefined): number {
  if (share === undefined) return 2 * STEPS + 1;
  const step = Math.round(STEPS * Math.min(1, Math.abs(share) || 0));
  return step === 0 ? 0 : share < 0 ? STEPS + step : step;
}

/** A picture of shares from -1 to 1, row by row; `undefined` is grey. `opacity` is that of the largest. */
export function signedPixels(
  width: number,
  height: number,
  shareAt: (x: number, y: number) => number | undefined,
  opacity = 1,
): Pixels {
  const indices = Uint8Array.from(
    { length: width * height },
    (_, i) => paletteIndex(shareAt(i % width, Math.floor(i / width))),
  );
  return { width, height, indices, palette: paletteOf(opacity) };
}

/** The colours from -1, or from 0 where nothing is negative, to 1. */
export function signedLegend(signed: boolean): Pixels {
  const low = signed ? STEPS : 0;
  return signedPixels(STEPS + low + 1, 1, (x) => (x - low) / STEPS);
}
