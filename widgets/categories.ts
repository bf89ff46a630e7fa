/**
 * Colours for things without order, such as attention heads, after Paul Tol's "muted" scheme for any colour vision
 * (personal.sron.nl/~pault); its darkest and lightest are moved to tones that show on white and on black. They repeat
 * after nine, so a colour is never the only sign.
 *
 * @module
 */
import type { Rgb } from "./colours.ts";

const COLOURS: readonly Rgb[] = [
  [204, 102, 119],
  [80, 110, 215],
  [178, 146, 30],
  [17, 140, 60],
  [55, 145, 200],
  [168, 66, 128],
  [45, 155, 138],
  [122, 119, 112],
  [180, 80, 180],
];

/** The colour of the `index`-th thing. */
export function categoryColour(index: number): Rgb {
  return COLOURS[index % COLOURS.length] ?? [128, 128, 128];
}
