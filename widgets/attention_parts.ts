/**
 * Pieces that the parts of an attention view share.
 *
 * @module
 */
import type { AttentionShown, HeadWeights } from "./attention_data.ts";
import { headName } from "./attention_style.ts";
import { glyphHtml } from "./glyphs.ts";

/** What is drawn, laid out. */
export interface Drawing extends AttentionShown {
  /** The height of a row of the matrix. */
  readonly side: number;
  /** The width of the matrix. */
  readonly width: number;
  /** The positions of the tokens in it. */
  readonly tokens: readonly number[];
}

/** Lays out a matrix. */
export function drawingOf(shown: AttentionShown): Drawing {
  const { start, end } = shown;
  const count = end - start;
  const side = Math.max(12, Math.min(24, Math.floor(440 / count)));
  const tokens = Array.from({ length: count }, (_, i) => start + i);
  return { ...shown, side, width: side * (count + (start > 0 ? 1 : 0)), tokens };
}

/** The numbers from 0 to before `count`. */
export function each(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** The class and style of something that is shown while a head is open. */
export function panel(shown: AttentionShown, layer: number, head: number): string {
  const first = layer === shown.layer && head === shown.head;
  return `class="p p${headName(layer, head)}" style="display:${first ? "block" : "none"}"`;
}

/** Something for each head that can be opened, of which one is shown. */
export function forHeads(
  shown: AttentionShown,
  draw: (layer: number, head: number, weight: HeadWeights) => string,
): string {
  return shown.open.flatMap((layer) => each(shown.heads).map((head) => draw(layer, head, shown.weights(layer, head))))
    .join("\n");
}

/** A token as HTML. */
export function tokenHtml({ sequence }: AttentionShown, position: number): string {
  const token = sequence.tokens[position];
  return token === undefined ? "" : glyphHtml(token);
}
