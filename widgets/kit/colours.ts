/**
 * Colours that read on light and dark pages and with any colour vision: one hue for sizes, orange against blue for
 * signed numbers. They lie over the page's own background, so the text keeps the page's own colour.
 *
 * @module
 */
import { type Css, styling } from "./css.ts";

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** What speaks for a token, or a size without sign. */
export const ORANGE: Rgb = [232, 89, 12];

/** What speaks against a token. */
export const BLUE: Rgb = [33, 102, 172];

/** The opacity of the largest score; more would make text hard to read (7 to 1 is kept on white and on #111). */
export const OPACITY = 0.6;

/** A colour for a share from -1 to 1 of the largest score; translucent by its size, or solid. */
export function overlay(share: number, solid = false): Css {
  const alpha = solid ? 1 : Math.min(1, Math.abs(share)) * OPACITY;
  return rgba(share < 0 ? BLUE : ORANGE, Number(alpha.toFixed(3)));
}

/** The colour of a cell without text, as strong as its share. */
export function tint(share: number): Css {
  return rgba(share < 0 ? BLUE : ORANGE, Number(Math.min(1, Math.abs(share)).toFixed(3)) || 0);
}

/** The colour of `overlay` as a CSS expression over `--s`, a number from -100 to 100, and for signed scores `--p`, 1 above 0. */
export function overlayOfVariable(signed: boolean, solid = false): Css {
  const size = signed ? styling`max(var(--s),-1*var(--s))` : styling`var(--s)`;
  const [red, green, blue] = ORANGE.map((plus, i) => {
    const minus = BLUE[i] ?? 0;
    return signed ? styling`calc(${minus} + ${plus - minus}*var(--p))` : plus;
  });
  return styling`rgba(${red},${green},${blue},${solid ? 1 : styling`calc(${size}*${OPACITY / 100})`})`;
}

/** A colour in a style. */
export function rgb([red, green, blue]: Rgb): Css {
  return styling`rgb(${red},${green},${blue})`;
}

/** A colour that lets the page through; the opacity may be an expression. */
export function rgba([red, green, blue]: Rgb, alpha: number | Css): Css {
  return styling`rgba(${red},${green},${blue},${alpha})`;
}

/** A colour as `#rrggbb`. */
export function hex(colour: Rgb): string {
  return `#${colour.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}
