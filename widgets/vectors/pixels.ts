/**
 * Matrices as pictures, and their numbers in half precision for a pointer that moves over them.
 *
 * @module
 */
import { OPACITY } from "../kit/colours.ts";
import type { Pixels } from "../kit/pixel_image.ts";
import { drawnShare } from "../kit/signed_grid.ts";
import { signedPixels } from "../kit/signed_pixels.ts";
import { type Block, sizeOf } from "./data.ts";

/** The most pixels across and down; what is larger has several numbers to a pixel. */
const MOST_ACROSS = 1024;
const MOST_DOWN = 512;
/** The most pixels of all pictures of a view. */
const MOST_PIXELS = 1 << 19;
/** The most numbers of a view that a pointer finds. */
const MOST_FOUND = 1 << 16;

/** How the pictures of a view are laid out: the same for all, so that one that is four times as wide looks so. */
export interface Layout {
  /** How many columns, and how many rows, share a pixel. */
  readonly columns: number;
  readonly rows: number;
  /** The width of a pixel on the page. */
  readonly across: number;
  /** Whether a pointer finds the numbers. */
  readonly found: boolean;
}

/** The width of a block in pixels, with the gaps between its parts. */
export function pixelWidth({ parts, width }: Block, { columns, across }: Layout): number {
  return parts * Math.ceil(width / columns) + (parts - 1) * gapOf(across);
}

/** Between two parts, in pixels of the picture. */
export function gapOf(across: number): number {
  return Math.max(1, Math.round(4 / across));
}

/** How high a row is on the page. */
export function downOf({ rows }: Block, layout: Layout): number {
  return Math.max(1, Math.min(18, Math.floor(480 / Math.ceil(rows.length / layout.rows))));
}

/** The layout of some blocks. */
export function layOut(blocks: readonly Block[]): Layout {
  const widest = Math.max(...blocks.map(({ parts, width }) => parts * width));
  const tallest = Math.max(...blocks.map(({ rows }) => rows.length));
  let [columns, rows] = [Math.ceil(widest / MOST_ACROSS), Math.ceil(tallest / MOST_DOWN)];
  const pixels = () =>
    blocks.reduce(
      (sum, one) => sum + Math.ceil(one.width / columns) * one.parts * Math.ceil(one.rows.length / rows),
      0,
    );
  while (pixels() > MOST_PIXELS) {
    if (columns < rows) ++columns;
    else ++rows;
  }
  const across = Math.max(1, Math.min(14, Math.floor(640 * columns / widest)));
  const numbers = blocks.reduce((sum, one) => sum + sizeOf(one), 0);
  return { columns, rows, across, found: columns === 1 && rows === 1 && numbers <= MOST_FOUND };
}

/** The number of a rectangle that is farthest from zero. */
function farthest({ value, width, rows }: Block, part: number, [top, left]: [number, number], layout: Layout): number {
  let most = 0;
  for (let row = top; row < Math.min(rows.length, top + layout.rows); ++row) {
    for (let column = left; column < Math.min(width, left + layout.columns); ++column) {
      const one = value(part, row, column);
      if (Math.abs(one) > Math.abs(most)) most = one;
    }
  }
  return most;
}

/** A block as a picture. */
export function blockPixels(block: Block, layout: Layout): Pixels {
  const { columns, rows, across } = layout;
  const pitch = Math.ceil(block.width / columns) + gapOf(across);
  const height = Math.ceil(block.rows.length / rows);
  const share = (x: number, y: number) => {
    const [part, column] = [Math.floor(x / pitch), x % pitch];
    if (column >= pitch - gapOf(across)) return 0;
    return drawnShare(farthest(block, part, [y * rows, column * columns], layout) / block.strongest);
  };
  return signedPixels(pixelWidth(block, layout), height, share, OPACITY * 1.5);
}

/** The numbers of a block, part by part and row by row, in half precision. */
export function foundNumbers(block: Block): string {
  const { parts, rows, width } = block;
  const halves = new DataView(new ArrayBuffer(2 * sizeOf(block)));
  let at = 0;
  for (let part = 0; part < parts; ++part) {
    for (let row = 0; row < rows.length; ++row) {
      for (let column = 0; column < width; ++column) halves.setFloat16(2 * at++, block.value(part, row, column), true);
    }
  }
  return new Uint8Array(halves.buffer).toBase64();
}
