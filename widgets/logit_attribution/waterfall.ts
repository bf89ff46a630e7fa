/**
 * The steps from 0 to a logit as bars that begin where the one before ended.
 *
 * @module
 */
import { styling } from "../kit/css.ts";
import { tint } from "../kit/colours.ts";
import { PLAIN_ROW } from "../kit/chips.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { scoreText } from "../kit/numbers.ts";
import { type AttributionRows, finite, type Part, type Step } from "./rows.ts";

/** How contributions read. */
export const SIGNED = { percent: false, signed: true } as const;

/** From where to where the bars go: over all sums on the way, and 0. */
export interface Extent {
  readonly low: number;
  readonly high: number;
}

/** The steps, and the logit itself from 0. */
export function allSteps({ steps, logit }: AttributionRows): Step[] {
  return [...steps, { name: "logit", value: logit, start: 0 }];
}

/** What the bars take. */
export function extentOf(rows: AttributionRows): Extent {
  const ends = allSteps(rows).flatMap(({ start, value }) => [start, start + finite(value)]);
  const low = ends.reduce((least, end) => Math.min(least, end), 0);
  const high = ends.reduce((most, end) => Math.max(most, end), 0);
  return high > low ? { low, high } : { low, high: low + 1 };
}

/** Where something is between the ends, in percent. */
function percent(value: number, { low, high }: Extent): number {
  return Number((100 * (value - low) / (high - low)).toFixed(2));
}

const NAME = styling`padding:0 8px 0 0;text-align:left;font-weight:normal;white-space:nowrap`;
const NUMBER = styling`padding:0 8px 0 0;text-align:right;white-space:nowrap`;

function barRow({ name, value, start }: Step, extent: Extent): Html {
  const end = start + finite(value);
  const left = percent(Math.min(start, end), extent);
  const width = Number((percent(Math.max(start, end), extent) - left).toFixed(2));
  const sum = name === "logit" ? "" : `, ${scoreText(end, SIGNED)} in all`;
  const bar = styling`display:block;margin-left:${left}%;width:${width}%;min-width:1px;height:12px`;
  return markup`${PLAIN_ROW}<th scope="row" style="${NAME}">${name === "logit" ? markup`<b>logit</b>` : name}</th>\
<td style="${NUMBER}">${scoreText(value, SIGNED)}</td>\
<td style="padding:1px 0;width:70%;text-align:left"><span title="${name}: ${scoreText(value, SIGNED)}${sum}" \
style="${bar};background-color:${tint(value < 0 ? -0.8 : 0.8)}"></span></td></tr>`;
}

/** The bars, one below the other, with their numbers. */
export function waterfallHtml(rows: AttributionRows): Html {
  const extent = extentOf(rows);
  return barTable("part", allSteps(rows).map((step) => barRow(step, extent)));
}

/** Some parts by size, each from 0. */
export function partsHtml(kind: string, parts: readonly Part[]): Html {
  const values = parts.map(({ value }) => finite(value));
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  return barTable(kind, parts.map((part) => barRow({ ...part, start: 0 }, { low, high: high > low ? high : low + 1 })));
}

function barTable(kind: string, lines: readonly Html[]): Html {
  const head = styling`text-align:left;padding:0 8px 0 0`;
  return markup`<table style="border-collapse:collapse;font-size:12px;width:100%;max-width:760px"><thead><tr>\
<th scope="col" style="${head}">${kind}</th><th scope="col" style="${head};text-align:right">adds</th>\
<th scope="col" style="${head}">bar</th></tr></thead><tbody>${stacked(lines)}</tbody></table>`;
}
