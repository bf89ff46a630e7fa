/**
 * Pieces that the parts of an attention view share.
 *
 * @module
 */
import { glyphHtml } from "../kit/glyphs.ts";
import { type Html, markup } from "../kit/html.ts";
import type { AttentionShown } from "./data.ts";
import type { Sizes } from "./style.ts";

/** What is drawn, laid out. */
export interface Drawing extends AttentionShown, Sizes {
  /** The positions of the tokens in it. */
  readonly tokens: readonly number[];
}

/** Lays out a matrix. */
export function drawingOf(shown: AttentionShown): Drawing {
  const { start, end } = shown;
  const count = end - start;
  const side = Math.max(12, Math.min(24, Math.floor(440 / count)));
  const tokens = Array.from({ length: count }, (_, i) => start + i);
  const width = side * (count + (start > 0 ? 1 : 0));
  return { ...shown, side, width, height: side * count, thumbnail: 28, whole: 256, tokens };
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
