/**
 * What the forms of a saliency view say alike.
 *
 * @module
 */
import type { Word } from "../../src/model/sequence.ts";
import { SMALL_STYLE } from "../kit/chips.ts";
import { glyphText } from "../kit/glyphs.ts";
import { type Html, markup } from "../kit/html.ts";
import { type ScoreFormat, scoreText } from "../kit/numbers.ts";
import { legendHtml } from "../kit/ramp.ts";
import type { Row } from "./rows.ts";

/** The question that the view answers. */
export function introHtml(words: string): Html {
  return markup`<div style="font-size:14px;margin:4px 0">${words}</div>`;
}

/** What the colours mean. */
export function colourWords({ signed }: ScoreFormat, unit: string, contrast: Word | undefined): string {
  if (!signed) return `The stronger the orange, the more a ${unit} counts.`;
  const against = contrast === undefined ? "blue against it" : `blue for ${contrastText(contrast)} in its place`;
  return `Orange speaks for the explained ${unit}, ${against}.`;
}

/** What a word of a contrast begins with, which is what is compared. */
export function contrastText({ tokens }: Word): string {
  return tokens[0] === undefined ? "another" : `“${glyphText(tokens[0])}”`;
}

/** The question that a map answers about each explained token. */
export function questionWords({ signed }: ScoreFormat, unit: string, contrast: Word | undefined): string {
  const rather = contrast === undefined ? "" : ` rather than to ${contrastText(contrast)}`;
  return signed
    ? `Which earlier ${unit}s speak for this one${rather.replace(" to ", " for ")}, and which against it?`
    : `Which earlier ${unit}s led to this one${rather}?`;
}

/** The colours of the row that is shown, with the scores that they stand for: the same numbers as the tokens have. */
export function rowLegend(format: ScoreFormat, rows: readonly Row[], first: number): Html {
  const shares = format.signed ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1];
  const swatches = shares.map((share) => {
    const labels = rows.map(({ largest }) => scoreText(share * largest, format));
    return { share, label: labels[first] ?? "", labels };
  });
  return legendHtml("Score:", swatches);
}

/** What the colours and the numbers mean, behind a line that opens it: a notebook may draw many maps. */
export function readingDetails(colours: string, definition: string): Html {
  return markup`<details style="${SMALL_STYLE}"><summary style="cursor:pointer">How to read this map</summary>\
<div>${colours}</div><div>${definition}</div></details>`;
}
