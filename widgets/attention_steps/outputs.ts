/**
 * What comes of a head: all heads side by side, and what they add together. Long vectors go on in a next row.
 *
 * @module
 */
import { placeWords } from "../kit/chips.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { sharpPixels } from "../kit/image.ts";
import type { StepsShown } from "./data.ts";
import { formula, panels, type Scales, sub } from "./parts.ts";
import { headsPixels, HEIGHT, rowsOf, stripHtml } from "./strips.ts";

/** Pixels between two heads. */
const GAP = 4;

/** How wide a number is where there are many. */
function acrossOf({ heads, size }: StepsShown): number {
  return heads * size > 400 ? 1 : 2;
}

/** The heads of the query's token side by side, with the one that is drawn above a line. */
function headsHtml(shown: StepsShown, scales: Scales): Html {
  const { heads, size, head, merged, sequence } = shown;
  const across = acrossOf(shown);
  const gap = Math.ceil(GAP / across);
  const [pitch, width] = [(size + gap) * across, size * across];
  const rows = rowsOf(heads, pitch);
  return stacked(rows.map(({ from, to }) => {
    const line = panels(shown, (n) => {
      const some = merged(n).subarray(from * size, to * size);
      const pixels = headsPixels(some, { size, heads: to - from, greatest: scales.values, gap });
      const which = rows.length === 1 ? "all heads" : `heads ${from} to ${to - 1}`;
      const alt = `The sums of ${which} of ${placeWords(sequence, n)}`;
      return sharpPixels(pixels, { width: pixels.width * across, height: HEIGHT, alt });
    });
    const frame = head >= from && head < to && markup`<div style="margin:2px 0 0 ${(head - from) * pitch}px">\
<div style="width:${width}px;border-bottom:3px solid"></div>\
<div style="font-size:11px;line-height:14px;white-space:nowrap">head ${head}</div></div>`;
    return markup`<div style="margin:0 0 4px">${line}${frame}</div>`;
  }));
}

/** What is added to the query's token. */
function addedHtml(shown: StepsShown, scales: Scales): Html {
  const { output, sequence } = shown;
  const across = acrossOf(shown);
  const rows = rowsOf(output(0).length, across);
  return stacked(rows.map(({ from, to }) => {
    const which = rows.length === 1 ? "" : `, numbers ${from} to ${to - 1}`;
    const line = panels(shown, (n) =>
      stripHtml(output(n).subarray(from, to), {
        ...{ greatest: scales.outputs, width: (to - from) * across },
        alt: `What is added to ${placeWords(sequence, n)}${which}`,
      }));
    return markup`<div style="margin:0 0 4px">${line}</div>`;
  }));
}

/** The heads of the query's token, and what comes of them. */
export function outputsHtml(shown: StepsShown, scales: Scales): Html {
  const { heads, size, layer, output } = shown;
  const stage = (words: Html, picture: Html) =>
    markup`<div style="margin:10px 0 2px;font-size:12px">${words}</div>${picture}`;
  const sums = formula(markup`[z${sub(0)} … z${sub(heads - 1)}]`);
  const projected = formula(markup`[z${sub(0)} … z${sub(heads - 1)}] W${sub("O")} + b`);
  return markup`${
    stage(markup`The ${heads} heads side by side, ${sums}, ${heads * size} numbers`, headsHtml(shown, scales))
  }${
    stage(
      markup`Projected, ${projected}: what layer ${layer}’s attention adds to the token, ${output(0).length} numbers`,
      addedHtml(shown, scales),
    )
  }`;
}
