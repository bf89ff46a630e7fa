/**
 * The explorer as a picture: a text, and what may come next. It is what a notebook shows that is saved, printed or not
 * trusted.
 *
 * @module
 */
import type { Candidates } from "../../src/ask/reading/types.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import { SMALL_STYLE } from "../kit/chips.ts";
import { type Html, markup } from "../kit/html.ts";
import { predictionList, predictionWords } from "../kit/prediction_list.ts";
import { probabilityText } from "../kit/quantities.ts";
import { tokenLabel } from "../kit/token_text.ts";
import { partsOf, rootHtml } from "../kit/view.ts";
import { tokensView } from "../tokens/view.ts";

/** How many next tokens are shown. */
export const SHOWN = 10;

/** The picture as HTML. */
export function stillHtml({ sequence, predictions, entropy }: Candidates): Html {
  const [best] = predictions;
  const list = best && predictionList(predictions, best, { most: SHOWN, mark: "likeliest" });
  return rootHtml(undefined, [
    partsOf(tokensView(sequence)).html,
    markup`<div style="${SMALL_STYLE}">What may come next (entropy ${entropy.toFixed(2)} nats):</div>`,
    ...list ? [list] : [],
  ]);
}

/** The picture as text. */
export function stillText({ sequence, predictions }: Candidates): string {
  return `After ${JSON.stringify(sequence.text)}: ${predictionWords(predictions, SHOWN)}`;
}

/** Bars of what may come next, as an image. */
export function stillSvg({ predictions }: Candidates, title: string): Html {
  const bars = predictions.slice(0, SHOWN).map(({ token, probability }, i) => ({
    ...{ place: i, name: tokenLabel(token), probability },
    label: probabilityText(probability),
  }));
  const height = 26 * Math.max(1, bars.length) + 16;
  const y = "place";
  const plot: Plot.PlotOptions = {
    ...{ width: 480, height, marginTop: 8, marginBottom: 8, marginLeft: 140, marginRight: 70 },
    x: { axis: null },
    y: { type: "band", axis: null },
    marks: [
      Plot.barX(bars, { x: "probability", y, fill: "#e8590c", fillOpacity: 0.85, insetTop: 4, insetBottom: 4 }),
      Plot.text(bars, { x: 0, y, text: "name", textAnchor: "end", dx: -8, fontFamily: "monospace", fontSize: 13 }),
      Plot.text(bars, { x: "probability", y, text: "label", textAnchor: "start", dx: 6, fontSize: 12 }),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width: 480, height, title });
}
