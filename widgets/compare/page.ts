/**
 * The difference of two results as a page, as an image and as plain text.
 *
 * @module
 */
import { dataTable, SMALL_STYLE, tableDetails, textTable } from "../kit/chips.ts";
import { drawDocument } from "../kit/chart.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { legendHtml, type Swatch } from "../kit/ramp.ts";
import { STICKY } from "../kit/scroll_region.ts";
import { GRID_RULES, gridFits, gridHtml } from "../kit/signed_grid.ts";
import { gridColumn } from "../kit/signed_grid_chart.ts";
import { rootHtml } from "../kit/view.ts";
import { differenceGrid, differenceWords, differentCells, largestOf, numberText, type Pair } from "./difference.ts";

/** The most lines of a table of a page, and of plain text. */
const MOST_ROWS = 300;
const MOST_LINES = 40;

/** What is drawn. */
export interface DifferencePage {
  /** The numbers. */
  readonly pairs: readonly Pair[];
  /** What the results are called. */
  readonly labels: readonly [first: string, second: string];
  /** In what the results differ beside these numbers; lines. */
  readonly notes: readonly string[];
}

function introLine({ labels: [first, second] }: DifferencePage): string {
  return `“${second}” minus “${first}”: orange is more in “${second}”, blue is less.`;
}

function swatchesOf({ pairs }: DifferencePage): Swatch[] {
  const [pair] = pairs;
  const largest = largestOf(pairs);
  return [-1, -0.5, 0, 0.5, 1].map((share) => ({
    share,
    label: pair === undefined ? "" : numberText(pair, share * largest, true),
  }));
}

/** The largest differences, a line each. */
function linesOf(pair: Pair, labels: DifferencePage["labels"], most: number) {
  const heads = ["row", "column", ...labels, "difference"];
  const lines = differentCells(pair, most).map(({ row, column, first, second }) => [
    row.label,
    `${column.number} ${column.token === undefined ? "" : column.label}`.trim(),
    numberText(pair, first),
    numberText(pair, second),
    numberText(pair, second - first, true),
  ]);
  return { heads, lines };
}

function tableHtml(pair: Pair, labels: DifferencePage["labels"]): Html {
  const { heads, lines } = linesOf(pair, labels, MOST_ROWS);
  const summary = `${pair.name}: the largest differences as a table`;
  return tableDetails(summary, dataTable(heads, lines, { isNumber: (column) => column > 1 }));
}

/** The page of a difference. */
export function differenceHtml(page: DifferencePage): Html {
  const { pairs, labels, notes } = page;
  const largest = largestOf(pairs);
  const grids = pairs.map((pair) => differenceGrid(pair, largest));
  const pixels = grids.some((grid) => !gridFits(grid, grids.length));
  const small = (line: string) => markup`<div style="${SMALL_STYLE}">${line}</div>\n`;
  const pictures = pairs.map((pair, n) =>
    markup`<div style="font-size:14px;margin:10px 0 0"><b>${pair.name}</b></div>
${small(differenceWords(pair))}${gridHtml(grids[n]!, pixels)}`
  );
  const many = pixels ? ["There are too many numbers for cells: one pixel stands for each. The results keep all."] : [];
  const content = markup`${[introLine(page), ...notes].map(small)}${stacked(pictures)}
${legendHtml("Difference:", swatchesOf(page))}
${many.map(small)}${stacked(pairs.map((pair) => tableHtml(pair, labels)))}
<style>${GRID_RULES}</style>`;
  return rootHtml(STICKY.name, [content]);
}

/** The image of a difference. */
export function drawDifference(page: DifferencePage, title: string): Html {
  const { pairs, notes } = page;
  const largest = largestOf(pairs);
  const words = [introLine(page), ...notes, ...pairs.map((pair) => `${pair.name}: ${differenceWords(pair)}`)].join(
    "\n",
  );
  const grids = pairs.map((pair) => differenceGrid(pair, largest));
  const legend = { words: "Difference", swatches: swatchesOf(page) };
  const { pictures, width, height } = gridColumn({ words, grids, legend });
  return drawDocument(pictures, { width, height, title });
}

/** A difference as plain text. */
export function differenceText(page: DifferencePage): string {
  const { pairs, labels, notes } = page;
  const parts = pairs.map((pair) => {
    const { heads, lines } = linesOf(pair, labels, MOST_LINES);
    return `${pair.name}: ${differenceWords(pair)}${lines.length > 0 ? `\n${textTable([heads, ...lines])}` : ""}`;
  });
  return [introLine(page), ...notes, ...parts].join("\n");
}
