/**
 * Colours for things without order, such as attention heads, after Paul Tol's "muted" scheme for any colour vision
 * (personal.sron.nl/~pault); its darkest and lightest are moved to tones that show on white and on black. Those after
 * the first nine are each as far as can be from all before it in OKLab, among colours with a contrast of 3 to 1 on
 * white and on #111. They repeat after 36, and nobody tells so many apart, so a colour is never the only sign.
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
  [140, 20, 240],
  [240, 20, 240],
  [160, 70, 20],
  [160, 130, 240],
  [240, 20, 140],
  [240, 20, 20],
  [50, 100, 140],
  [240, 110, 20],
  [100, 100, 20],
  [160, 140, 170],
  [230, 100, 190],
  [120, 80, 170],
  [60, 170, 20],
  [190, 20, 60],
  [20, 80, 240],
  [190, 20, 240],
  [180, 110, 50],
  [20, 110, 90],
  [140, 90, 230],
  [160, 30, 180],
  [120, 140, 70],
  [120, 90, 120],
  [140, 110, 170],
  [200, 90, 240],
  [20, 130, 150],
  [210, 20, 190],
  [100, 70, 220],
];

/** The colour of the `index`-th thing. */
export function categoryColour(index: number): Rgb {
  return COLOURS[index % COLOURS.length] ?? [128, 128, 128];
}
