/**
 * What the forms of a saliency view say alike.
 *
 * @module
 */
import { type Html, markup } from "./html.ts";
import type { ScoreFormat } from "./numbers.ts";
import { legendHtml } from "./ramp.ts";

/** The question that the view answers. */
export function introHtml(words: string): Html {
  return markup`<div style="font-size:14px;margin:4px 0">${words}</div>`;
}

/** What the colours mean. */
export function colourWords({ signed }: ScoreFormat, unit: string): string {
  return signed
    ? `Orange speaks for the explained ${unit}, blue against it.`
    : `The stronger the orange, the more a ${unit} counts.`;
}

/** The colours of a row: its scores as shares of its largest. */
export function rowLegend({ signed }: ScoreFormat, unit: string): Html {
  const shares = signed ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1];
  const swatches = shares.map((share) => ({ share, label: `${share < 0 ? "−" : ""}${Math.abs(share)}` }));
  return legendHtml(`Score, as a share of the largest in the row of the explained ${unit}:`, swatches);
}
