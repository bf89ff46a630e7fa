/**
 * A saliency map as a picture between labels of HTML, so that it takes the colours of its page.
 *
 * @module
 */
import type { Saliency } from "../../src/ask/saliency/definition.ts";
import { MONOSPACE, placeWords, PLAIN_ROW, SMALL_STYLE } from "../kit/chips.ts";
import { tint } from "../kit/colours.ts";
import { styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { pixelsHtml } from "../kit/image.ts";
import { counted, scoreText } from "../kit/numbers.ts";
import { columnHeads, COLUMNS_RULE, LEAST_NAMED } from "../kit/picture_labels.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { signedLegend, signedPixels } from "../kit/signed_pixels.ts";
import { tokenHtml } from "../kit/token_text.ts";
import { rootHtml } from "../kit/view.ts";
import { definitionLine, formatOf, type Row } from "./rows.ts";
import { scoreTable } from "./table.ts";
import { colourWords, introHtml, questionWords, readingDetails } from "./words.ts";

/** The width of a map whose columns have their tokens above them, as far as these allow it: a cell of 700 px holds it. */
const WIDTH = 540;

/** Above this many cells the map is a picture, whose cells have no titles. */
const MOST_CELLS = 1200;

interface Map {
  readonly saliency: Saliency;
  readonly rows: readonly Row[];
  /** How many tokens can have a score in any row. */
  readonly columns: number;
  readonly largest: number;
  /** The size of a cell in pixels. */
  readonly side: number;
}

function mapOf(saliency: Saliency, rows: readonly Row[]): Map {
  const { together, by } = saliency.options;
  const columns = Math.max(1, rows.reduce((most, row) => Math.max(most, row.position), 0) + (together || by ? 1 : 0));
  const side = columns > 320 ? 2 : columns > 128 ? 4 : Math.max(LEAST_NAMED, Math.min(22, Math.floor(WIDTH / columns)));
  return { saliency, rows, columns, side, largest: rows.reduce((most, row) => Math.max(most, row.largest), 0) };
}

/** The score of an earlier token; nothing of a later one. */
function scoreAt({ saliency, rows }: Map, row: number, column: number): number | undefined {
  const { together, by } = saliency.options;
  const one = rows[row];
  if (one === undefined || (!together && column >= one.position + (by ? 1 : 0))) return undefined;
  return one.scores[column] ?? 0;
}

function cellHtml(map: Map, row: number, column: number): Html {
  const { saliency, rows, side, largest } = map;
  const score = scoreAt(map, row, column);
  const style = styling`padding:0;width:${side}px;height:${side}px;min-width:${side}px;background-color:`;
  if (score === undefined) return markup`<td style="${style}rgba(128,128,128,0.14)"></td>`;
  const { sequence, options } = saliency;
  const from = placeWords(sequence, column, options.by);
  const to = options.together ? "all explained tokens" : placeWords(sequence, rows[row]?.position ?? 0, options.by);
  const title = `${scoreText(score, formatOf(options))}\nfrom ${from}\nfor ${to}`;
  return markup`<td title="${title}" style="${style}${tint(score / largest)}"></td>`;
}

function cellsHtml(map: Map, row: number): Html {
  const { rows, columns, side, largest } = map;
  if (rows.length * columns <= MOST_CELLS) {
    return markup`${Array.from({ length: columns }, (_, column) => cellHtml(map, row, column))}`;
  }
  if (row > 0) return markup``;
  const pixels = signedPixels(columns, rows.length, (column, at) => {
    const score = scoreAt(map, at, column);
    return score === undefined ? undefined : score / largest;
  });
  const size = { width: columns * side, height: rows.length * side, alt: "" };
  return markup`<td colspan="${columns}" rowspan="${rows.length}" style="padding:0;text-align:left;vertical-align:top">${
    pixelsHtml(pixels, size)
  }</td>`;
}

function rowHead({ saliency, rows, side }: Map, row: number): Html {
  const { sequence, options } = saliency;
  const position = rows[row]?.position ?? 0;
  const token = sequence.tokens[position];
  const every = side < LEAST_NAMED ? Math.ceil(20 / side) : 1;
  const place = side < LEAST_NAMED || token === undefined
    ? markup`${position}`
    : markup`${tokenHtml(token)} ${position}`;
  const name = options.together ? "all explained" : place;
  return markup`<td class="kept" style="padding:0 6px 0 0;height:${side}px;line-height:${side}px;text-align:right;white-space:nowrap">${
    row %
          every === 0
      ? name
      : ""
  }</td>`;
}

function legendHtml({ saliency, largest, rows }: Map): Html {
  const format = formatOf(saliency.options);
  const low = format.signed ? -largest : 0;
  const width = format.signed ? 240 : 160;
  const marks = (format.signed ? [low, 0, largest] : [0, largest]).map((mark, i, all) =>
    markup`<span style="display:inline-block;width:${width / all.length}px;text-align:${
      i === 0 ? "left" : i === all.length - 1 ? "right" : "center"
    }">${scoreText(mark, format)}</span>`
  );
  const words = rows.length === 1 ? "" : " one scale for all rows";
  const alt = `Colours from ${scoreText(low, format)} to ${scoreText(largest, format)}`;
  const style = styling`display:block;border:1px solid #888`;
  return markup`<div style="font-size:11px;margin:6px 0">${
    pixelsHtml(signedLegend(format.signed), { width, height: 10, alt, className: "s", style })
  }${marks}${words}</div>`;
}

/** The map with its labels and its legend. */
function heatmapPicture(saliency: Saliency, given: readonly Row[], words: string): Html {
  const map = mapOf(saliency, given);
  const { rows, columns, side } = map;
  const heads = columnHeads(saliency.sequence.tokens.slice(0, columns), { side });
  const lines = rows.map((_, row) => markup`${PLAIN_ROW}${rowHead(map, row)}${cellsHtml(map, row)}</tr>`);
  const table = markup`<table role="presentation" style="border-collapse:collapse;font-size:11px"><tbody>\
${PLAIN_ROW}<td class="kept" style="padding:0 6px 2px 0;text-align:right;vertical-align:bottom;white-space:nowrap">explained ↓ from →</td>\
<td colspan="${columns}" style="padding:0;text-align:left;vertical-align:bottom;white-space:nowrap;font-size:11px">${heads}</td></tr>
${stacked(lines)}</tbody></table>`;
  const picture = markup`<div role="img" aria-label="${words}" style="${MONOSPACE}">${table}</div>`;
  return markup`${scrollRegion("Map", picture)}${legendHtml(map)}`;
}

/** All pairs as one picture, and the table that says the same; `note` tells what is left out. */
export function heatmapHtml(
  saliency: Saliency,
  rows: readonly Row[],
  { title, note }: { readonly title: string; readonly note: string },
): Html {
  const unit = saliency.options.by ?? "token";
  const { contrast } = saliency.options;
  const format = formatOf(saliency.options);
  const colours = `${colourWords(format, unit, contrast)} Grey: ${unit}s that come later.`;
  const size = `${counted(rows.length, "row")} by ${counted(saliency.sequence.tokens.length, "column")}`;
  const words = `${title}: a heat map of ${size}; the table below holds its numbers`;
  const E = saliency.sequence.sourceLength ?? 0;
  const source = E > 0 ? ` The first ${counted(E, "column")}: the source.` : "";
  const body = markup`${
    introHtml(
      `${
        questionWords(format, unit, contrast)
      } A row for each explained ${unit}, a column for each earlier one.${source}`,
    )
  }
${heatmapPicture(saliency, rows, words)}
<div style="${SMALL_STYLE}">${note}</div>
${readingDetails(colours, definitionLine(saliency))}
${scoreTable(saliency, rows)}`;
  const name = contentName(htmlText(body));
  const rules = styling`.${name}{${COLUMNS_RULE}.i{image-rendering:pixelated}}`;
  return rootHtml(name, [body, markup`<style>${rules}</style>`]);
}
