/**
 * The icon of the explorer: bars of what is likely, under a looking glass.
 *
 * @module
 */
import { pngUrl, type Rgba } from "../../widgets/kit/pixel_image.ts";

/** Points in a square of 1, from above. */
type Inside = (x: number, y: number) => boolean;

const bar = (top: number, width: number): Inside => (x, y) => x > 0.2 && x < 0.2 + width && y > top && y < top + 0.1;
const BARS: readonly Inside[] = [bar(0.26, 0.5), bar(0.42, 0.32), bar(0.58, 0.2)];
const RING: Inside = (x, y) => Math.abs(Math.hypot(x - 0.56, y - 0.5) - 0.2) < 0.035;
/** The handle goes down to the right. */
const HANDLE: Inside = (x, y) => Math.abs(x - 0.56 - (y - 0.5)) < 0.055 && x + y > 1.06 + 0.31 && x + y < 1.06 + 0.56;

const PAPER: Rgba = [250, 248, 245, 255];
const ORANGE: Rgba = [232, 89, 12, 255];
const INK: Rgba = [30, 30, 36, 255];
/** Each corner of a pixel is looked at so many times in each direction. */
const SAMPLES = 3;
const SHADES = 9;

/** How much of a pixel something covers, 0 to {@linkcode SHADES}. */
function shade(inside: (x: number, y: number) => boolean, px: number, py: number, size: number): number {
  let count = 0;
  for (let i = 0; i < SAMPLES * SAMPLES; ++i) {
    const [dx, dy] = [(i % SAMPLES + 0.5) / SAMPLES, (Math.floor(i / SAMPLES) + 0.5) / SAMPLES];
    if (inside((px + dx) / size, (py + dy) / size)) ++count;
  }
  return count;
}

function mixed(under: Rgba, over: Rgba, share: number): Rgba {
  const at = (i: number) => Math.round(under[i]! + (over[i]! - under[i]!) * share);
  return [at(0), at(1), at(2), 255];
}

/** The icon as a PNG of so many pixels in each direction. */
export function iconPng(size: number): Uint8Array<ArrayBuffer> {
  const palette: Rgba[] = [];
  for (let bars = 0; bars <= SHADES; ++bars) {
    for (let glass = 0; glass <= SHADES; ++glass) {
      palette.push(mixed(mixed(PAPER, ORANGE, bars / SHADES), INK, glass / SHADES));
    }
  }
  const indices = new Uint8Array(size * size);
  for (let i = 0; i < indices.length; ++i) {
    const [px, py] = [i % size, Math.floor(i / size)];
    const bars = shade((x, y) => BARS.some((inside) => inside(x, y)), px, py, size);
    const glass = shade((x, y) => RING(x, y) || HANDLE(x, y), px, py, size);
    indices[i] = bars * (SHADES + 1) + glass;
  }
  return Uint8Array.fromBase64(pngUrl({ width: size, height: size, indices, palette }).split(",")[1]!);
}
