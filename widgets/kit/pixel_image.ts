/**
 * Pictures of more cells than elements should be drawn for: a PNG with a palette, half a byte a pixel, or one when there
 * are more than 16 colours.
 *
 * @module
 */
import { zlibSync } from "npm:fflate@0.8.3/browser";
import { crc32 } from "../../src/base/crc32.ts";
import type { Rgb } from "./colours.ts";

/** Red, green, blue and opacity, 0 to 255: what lets the page's own background through. */
export type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

/** A picture of palette indices. */
export interface Pixels {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** The index of each pixel's colour, row by row. */
  readonly indices: Uint8Array;
  /** At most 256 colours. */
  readonly palette: readonly (Rgb | Rgba)[];
}

function bigEndian(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

function chunk(name: string, content: Uint8Array): Uint8Array {
  const body = new Uint8Array(4 + content.length);
  body.set(new TextEncoder().encode(name));
  body.set(content, 4);
  const whole = new Uint8Array(8 + body.length);
  whole.set(bigEndian(content.length));
  whole.set(body, 4);
  whole.set(bigEndian(crc32(body)), 4 + body.length);
  return whole;
}

/** Rows of pixels, each after a byte that says it is not filtered. */
function scanlines({ width, height, indices }: Pixels, depth: 4 | 8): Uint8Array {
  const perByte = 8 / depth;
  const row = 1 + Math.ceil(width / perByte);
  const lines = new Uint8Array(height * row);
  for (let y = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) {
      const shift = depth === 8 || x % 2 === 1 ? 0 : 4;
      lines[y * row + 1 + Math.floor(x / perByte)]! |= indices[y * width + x]! << shift;
    }
  }
  return lines;
}

/** A picture whose pixels are squares of `times` pixels. */
export function enlarged(pixels: Pixels, times: number): Pixels {
  return widened(pixels, times, times);
}

/** A picture whose pixels are rectangles of pixels. */
export function widened({ width, height, indices, palette }: Pixels, across: number, down: number): Pixels {
  const large = new Uint8Array(width * across * height * down);
  for (let i = 0; i < large.length; ++i) {
    const [x, y] = [i % (width * across), Math.floor(i / (width * across))];
    large[i] = indices[Math.floor(y / down) * width + Math.floor(x / across)]!;
  }
  return { width: width * across, height: height * down, indices: large, palette };
}

/**
 * A picture as a `data:` URL.
 *
 * @param pixels The picture.
 * @param level How hard zlib tries, from 1 to 9: big pictures take a second each at 9.
 * @returns A PNG.
 *
 * @example
 * ```ts
 * import { pngUrl } from "./pixel_image.ts";
 *
 * const url = pngUrl({ width: 2, height: 1, indices: Uint8Array.of(0, 1), palette: [[255, 255, 255], [232, 89, 12]] });
 * console.log(url.slice(0, 22)); // data:image/png;base64,
 * ```
 */
export function pngUrl(pixels: Pixels, level: 4 | 9 = 9): string {
  const { width, height, palette } = pixels;
  const depth = palette.length > 16 ? 8 : 4;
  const opacities = palette.map(([, , , alpha = 255]) => alpha);
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A),
    chunk("IHDR", Uint8Array.from([...bigEndian(width), ...bigEndian(height), depth, 3, 0, 0, 0])),
    chunk("PLTE", Uint8Array.from(palette.flatMap(([red, green, blue]) => [red, green, blue]))),
    ...(opacities.every((alpha) => alpha === 255) ? [] : [chunk("tRNS", Uint8Array.from(opacities))]),
    chunk("IDAT", zlibSync(scanlines(pixels, depth), { level })),
    chunk("IEND", new Uint8Array()),
  ];
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    file.set(part, offset);
    offset += part.length;
  }
  return `data:image/png;base64,${file.toBase64()}`;
}
