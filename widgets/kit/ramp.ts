/**
 * The colours of sizes: from nothing to the largest, and what they stand for.
 *
 * @module
 */
import { cssString, styling } from "./css.ts";
import { attributes, type Html, markup } from "./html.ts";
import { OPACITY, ORANGE, overlay, type Rgb } from "./colours.ts";

/** The colour that `overlay(share)` has on white. */
export function shareColour(share: number): Rgb {
  const alpha = Math.max(0, Math.min(1, share)) * OPACITY;
  const blend = (channel: number) => Math.round(255 + (channel - 255) * alpha);
  return [blend(ORANGE[0]), blend(ORANGE[1]), blend(ORANGE[2])];
}

/** How strong the colour of a probability is: its square root, so that a tenth can be told from a hundredth. */
export function probabilityShare(probability: number): number {
  return Math.sqrt(Math.max(0, Math.min(1, probability)));
}

/** The legend of {@linkcode probabilityShare}. */
export function probabilityLegend(words: string = "Probability:"): Html {
  const swatches = [0, 0.01, 0.1, 0.3, 1].map((probability) => ({
    share: probabilityShare(probability),
    label: `${Math.round(100 * probability)}%`,
  }));
  return legendHtml(words, swatches);
}

/** One colour of a legend, and what it says. */
export interface Swatch {
  /** From 0 to 1, or from -1 where numbers have a sign. */
  readonly share: number;
  /** The number that it stands for. */
  readonly label: string;
  /** What it stands for in each of several rows, of which style rules show one; the rules are the view's own. */
  readonly labels?: readonly string[];
}

/** A legend: colours in a row, each with its number, and words for the whole. */
export function legendHtml(words: string, swatches: readonly Swatch[]): Html {
  const boxes = swatches.map(({ share, label, labels }) => {
    const own = labels?.map((text, n) => styling`;--l${n}:${cssString(text)}`);
    const style = styling`min-width:34px;padding:1px 5px;text-align:center;background-color:${overlay(share)}${own}`;
    return markup`<span${attributes({ class: labels && "k" })} style="display:inline-block;${style}">${label}</span>`;
  });
  return markup`<div style="font-size:12px;margin:4px 0">${words} <span style="white-space:nowrap">${boxes}</span></div>`;
}

/** Whole numbers from 0 to before `count`, at most `most` of them at equal distances; the last is always there. */
export function evenly(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round(i * (count - 1) / (most - 1)));
}

/** Whole numbers from 0 to before `count` at one distance, the least that leaves at most `most` of them. */
export function stepped(count: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(count / most));
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}

/** Round numbers from 0 up to `largest`, at one distance of 1, 2 or 5 times a power of ten; at most `most` of them. */
export function roundTicks(largest: number, most: number): number[] {
  const least = largest / (most - 1);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= least * (1 - 1e-9)) ?? least;
  return Array.from({ length: Math.floor(largest / step + 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}
