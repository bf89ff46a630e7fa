/**
 * Pieces that the parts of an attention view share.
 *
 * @module
 */
import { glyphHtml } from "../kit/glyphs.ts";
import { type Html, markup } from "../kit/html.ts";
import { type HeadPictures, headPictures } from "./bytes.ts";
import type { AttentionShown } from "./data.ts";

/** What is drawn, laid out; sizes are in pixels. */
export interface Drawing extends AttentionShown {
  /** The height of a row of the matrix. */
  readonly side: number;
  readonly width: number;
  readonly height: number;
  readonly thumbnail: number;
  /** The picture of a text that is longer than the matrix. */
  readonly whole: number;
  /** The positions of the tokens in it. */
  readonly tokens: readonly number[];
  /** The weights that a script reads, where rules cannot hold them all. */
  readonly pictures: HeadPictures | undefined;
}

/** The most tokens of a matrix whose cells say their numbers. */
const MOST_NUMBERS = 12;

/** Whether the cells of the matrix say their numbers. */
export function hasNumbers({ start, length }: AttentionShown): boolean {
  return start === 0 && length <= MOST_NUMBERS;
}

/** The size of a thumbnail where there is no rule that fits it to its page: heads share a row. */
export function thumbnailSide(heads: number): number {
  return Math.max(28, Math.min(56, Math.floor(660 / heads) - 4));
}

/** Whether the heads of a layer can be opened only where scripts run. */
export function isScripted({ open, pictures }: Drawing, layer: number): boolean {
  return !open.includes(layer) && pictures?.layers.has(layer) === true;
}

/** Lays out a matrix. */
export function drawingOf(shown: AttentionShown): Drawing {
  const { start, end } = shown;
  const count = end - start;
  const side = Math.max(12, Math.min(24, Math.floor(440 / count)));
  const tokens = Array.from({ length: count }, (_, i) => start + i);
  const width = side * (count + (start > 0 ? 1 : 0));
  const whole = shown.length * Math.max(1, Math.round(400 / shown.length));
  const thumbnail = thumbnailSide(shown.heads);
  return { ...shown, side, width, height: side * count, thumbnail, whole, tokens, pictures: headPictures(shown) };
}

/** The numbers from 0 to before `count`. */
export function each(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** A token as HTML. */
export function tokenHtml({ sequence }: AttentionShown, position: number): Html {
  const token = sequence.tokens[position];
  return token === undefined ? markup`` : glyphHtml(token);
}
