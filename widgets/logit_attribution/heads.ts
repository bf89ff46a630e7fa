/**
 * What heads give, as a grid: layers down, heads across.
 *
 * @module
 */
import { PLAIN_ROW } from "../kit/chips.ts";
import { overlay } from "../kit/colours.ts";
import { styling } from "../kit/css.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { scoreText } from "../kit/numbers.ts";
import { type AttributionRows, finite, largestOf } from "./rows.ts";
import { SIGNED } from "./waterfall.ts";

/** Grids of more heads have their numbers in titles only. */
const MOST_NUMBERS = 16;
/** The most heads of a page. */
const MOST_CELLS = 4096;

/** The layers whose heads are drawn: all, or the last ones. */
export function shownLayers({ layers, heads }: AttributionRows): number[] {
  const count = Math.max(1, Math.min(layers, Math.floor(MOST_CELLS / heads)));
  return Array.from({ length: count }, (_, i) => layers - count + i);
}

/** The heads that are drawn of each layer. */
export function shownHeads({ heads }: AttributionRows): number[] {
  return Array.from({ length: Math.min(heads, MOST_CELLS) }, (_, head) => head);
}

/** Whether the cells have numbers in them. */
export function isNumbered({ heads }: AttributionRows): boolean {
  return heads <= MOST_NUMBERS;
}

/** The largest size that a head gives. */
export function largestHead(rows: AttributionRows): number {
  return largestOf(shownLayers(rows).flatMap((layer) => shownHeads(rows).map((head) => rows.headAt(layer, head))));
}

/** A number that fits into a cell. */
export function cellText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const text = Math.abs(value) < 1000 ? value.toFixed(2) : value.toExponential(0);
  return text.replace("-", "−");
}

/** The grid. */
export function headsHtml(rows: AttributionRows): Html {
  const numbered = isNumbered(rows);
  const largest = largestHead(rows);
  const size = numbered ? styling`padding:3px 6px;text-align:right` : styling`width:12px;height:12px;padding:0`;
  const cell = (layer: number, head: number) => {
    const value = rows.headAt(layer, head);
    const colour = overlay(finite(value) / largest);
    return markup`<td title="layer ${layer}, head ${head}: ${
      scoreText(value, SIGNED)
    }" style="${size};background-color:${colour}">${numbered ? cellText(value) : ""}</td>`;
  };
  const heads = shownHeads(rows);
  const names = heads.map((head) => {
    if (!numbered && head % 5 !== 0) return markup`<td style="padding:0"></td>`;
    const padding = numbered ? 6 : 0;
    return markup`<th scope="col" style="padding:2px ${padding}px;text-align:right;font-weight:normal">${head}</th>`;
  });
  const lines = shownLayers(rows).map((layer) =>
    markup`${PLAIN_ROW}<th scope="row" style="padding:0 6px;text-align:right;font-weight:normal;white-space:nowrap">\
layer ${layer}</th>${heads.map((head) => cell(layer, head))}</tr>`
  );
  return markup`<table style="border-collapse:collapse;font-size:12px"><thead><tr><td style="padding:0 6px">head</td>\
${names}</tr></thead><tbody>${stacked(lines)}</tbody></table>`;
}
