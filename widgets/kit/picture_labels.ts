/**
 * Labels beside a picture, in HTML: they take the colours of the page, light or dark, and can be selected. A picture
 * alone stays without text.
 *
 * @module
 */
import type { Token } from "../../src/tokenizer/token.ts";
import { MONOSPACE, PLAIN_ROW } from "./chips.ts";
import { styling } from "./css.ts";
import { glyphHtml } from "./glyphs.ts";
import { attributes, type Html, markup } from "./html.ts";

/** The narrowest column that has its token above it: as wide as a turned letter with its tails. */
export const LEAST_NAMED = 11;

/** What stands at the left of a picture stays in sight while that scrolls; the shadow is for a region with padding. */
export const KEPT_RULE =
  styling`.kept{position:sticky;left:0;z-index:1;background:var(--jp-layout-color0,Canvas);box-shadow:-4px 0 var(--jp-layout-color0,Canvas)}`;

/** Turns the names of columns; without it, or where they are too narrow, their numbers stay. */
export const COLUMNS_RULE =
  styling`.v{writing-mode:vertical-rl;display:inline-block!important;vertical-align:bottom;max-height:9em;overflow:visible clip;white-space:nowrap;\
padding-bottom:2px;line-height:${LEAST_NAMED}px}${KEPT_RULE}`;

/** Takes the place of a number. */
const BLANK = markup`&#160;`;

/** How columns are labelled. */
export interface ColumnLabels {
  /** The width of a column in pixels. */
  readonly side: number;
  /** The number of a column; by default its index. */
  readonly numberAt?: (column: number) => number;
  /** Whether they stand below the picture. */
  readonly below?: boolean;
  /** Whether the numbers are left out where the names are shown. */
  readonly bare?: boolean;
}

function columnHead(token: Token | undefined, number: string | Html, { side, below, bare }: ColumnLabels): Html {
  const name = markup`<span class="v" style="display:none;${MONOSPACE}${
    below ? styling`;vertical-align:top` : undefined
  }">${token === undefined ? "" : glyphHtml(token)}</span>`;
  const place = markup`<span${attributes({ class: bare && "w" })} style="display:block">${number}</span>`;
  return markup`<span style="display:inline-block;width:${side}px;text-align:center;vertical-align:${
    below ? "top" : "bottom"
  }">${below ? [place, name] : [name, place]}</span>`;
}

/** The tokens above their columns with some of their numbers; of narrow columns some numbers only. */
export function columnHeads(tokens: readonly (Token | undefined)[], labels: ColumnLabels): Html {
  const { side, numberAt = (column) => column } = labels;
  const every = Math.ceil((7 * String(numberAt(tokens.length - 1)).length + 4) / side);
  if (side >= LEAST_NAMED) {
    return markup`${
      tokens.map((token, i) => columnHead(token, i % every === 0 ? String(numberAt(i)) : BLANK, labels))
    }`;
  }
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((one) => one >= 2 * every) ?? 1000;
  const first = (step - numberAt(0) % step) % step; // where a round number stands
  const block = (columns: number, text: number | Html) =>
    markup`<span style="display:inline-block;width:${columns * side}px;text-align:left;overflow:hidden">${text}</span>`;
  const blocks = Array.from(
    { length: Math.floor((tokens.length - first) / step) },
    (_, i) => block(step, numberAt(first + i * step)),
  );
  return markup`${first > 0 && block(first, BLANK)}${blocks}`;
}

/** A label of an axis. */
export interface Tick {
  /** From the top or the left of the picture to the middle of the label, in pixels. */
  readonly at: number;
  /** The label. */
  readonly text: string;
}

const LINE = 12;
const WIDTH = 40;

/** Labels from the top down, the first at least half a line below it. */
export function axisDown(ticks: readonly Tick[]): Html {
  return markup`${
    ticks.map(({ at, text }, i) => {
      const before = i === 0 ? LINE / 2 : (ticks[i - 1]?.at ?? 0) + LINE;
      return markup`<span style="display:block;height:${LINE}px;line-height:${LINE}px;margin:${
        Math.round(
          at - before,
        )
      }px 0 0;text-align:right">${text}</span>`;
    })
  }`;
}

/** Labels from the left, the first at least half a label from it. */
export function axisAcross(ticks: readonly Tick[]): Html {
  return markup`${
    ticks.map(({ at, text }, i) => {
      const before = i === 0 ? WIDTH / 2 : (ticks[i - 1]?.at ?? 0) + WIDTH;
      return markup`<span style="display:inline-block;width:${WIDTH}px;margin:0 0 0 ${
        Math.round(at - before)
      }px;text-align:center">${text}</span>`;
    })
  }`;
}

/** A picture with labels at its sides. */
export interface FramedPicture {
  readonly picture: Html;
  /** From the top down; they touch the picture but for `gap` pixels. */
  readonly left: Html;
  readonly gap: number;
  /** From the left. */
  readonly above?: Html;
  /** From the left. */
  readonly below?: Html;
}

/** Cells that leave nothing to the styles of a host: a label that moves by a pixel says something else. */
const CORNER = markup`<td class="kept" style="padding:0"></td>`;
const SIDE = styling`vertical-align:top;text-align:left;white-space:nowrap`;

/** A picture between its labels. */
export function framedPicture({ picture, left, gap, above, below }: FramedPicture): Html {
  const across = (labels: Html | undefined) =>
    labels && markup`${PLAIN_ROW}${CORNER}<td style="padding:0 0 0 ${gap}px;${SIDE}">${labels}</td></tr>`;
  return markup`<table role="presentation" style="border-collapse:collapse;font-size:11px"><tbody>${across(above)}\
${PLAIN_ROW}<td class="kept" style="padding:0;${SIDE}">${left}</td><td style="padding:0 0 0 ${gap}px;${SIDE}">${picture}</td></tr>\
${across(below)}</tbody></table>`;
}
