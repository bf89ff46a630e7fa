/**
 * Layers down, tokens across, a pixel for each: what is too large for a table of words.
 *
 * @module
 */
import type { Token } from "../../src/tokenizer/token.ts";
import { OPACITY, ORANGE } from "./colours.ts";
import type { Css } from "./css.ts";
import { type Html, markup } from "./html.ts";
import { pixelsHtml, type PixelsPlace } from "./image.ts";
import { axisDown, columnHeads, framedPicture } from "./picture_labels.ts";
import type { Pixels, Rgba } from "./pixel_image.ts";
import { stepped } from "./ramp.ts";

/** Sizes as cells that let the page through. */
const PALETTE: readonly Rgba[] = Array.from({ length: 64 }, (_, i) => [...ORANGE, Math.round(255 * OPACITY * i / 63)]);

/** A picture of shares from 0 to 1, row by row. */
export function sharePixels(width: number, height: number, shareAt: (x: number, y: number) => number): Pixels {
  const indices = Uint8Array.from({ length: width * height }, (_, i) => {
    return Math.round((PALETTE.length - 1) * shareAt(i % width, Math.floor(i / width)));
  });
  return { width, height, indices, palette: PALETTE };
}

/** One of several pictures in the same place. */
export interface LayerShares {
  /** From 0 to 1. */
  readonly shareAt: (column: number, layer: number) => number;
  /** What it shows, for who cannot see it. */
  readonly alt: string;
  /** Classes, and the inline style; by default it is shown. */
  readonly className?: string;
  readonly style?: Css;
}

/** What is drawn. */
export interface LayerGrid {
  readonly tokens: readonly (Token | undefined)[];
  /** The number of a column. */
  readonly numberAt: (column: number) => number;
  readonly layers: number;
  readonly pictures: readonly LayerShares[];
}

/** The pictures between their labels. */
export function layerGrid({ tokens, numberAt, layers, pictures }: LayerGrid): Html {
  const across = Math.max(1, Math.min(24, Math.floor(1000 / tokens.length)));
  const down = Math.max(6, Math.min(22, Math.floor(480 / layers)));
  const size = { width: tokens.length * across, height: layers * down };
  const drawn = pictures.map(({ shareAt, alt, className, style }) => {
    const place: PixelsPlace = { ...size, alt, ...className && { className }, ...style && { style } };
    return pixelsHtml(sharePixels(tokens.length, layers, shareAt), place);
  });
  const ticks = stepped(layers, Math.floor(layers * down / 14)).map((layer) => ({
    at: (layer + 0.5) * down,
    text: `layer ${layer}`,
  }));
  const above = columnHeads(tokens, { side: across, numberAt });
  return framedPicture({ picture: markup`${drawn}`, left: axisDown(ticks), gap: 6, above });
}
