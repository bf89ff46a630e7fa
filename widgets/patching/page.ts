/**
 * Patching as a page, as an image and as plain text.
 *
 * @module
 */
import { dataTable, SMALL_STYLE, tableDetails, textTable } from "../kit/chips.ts";
import { drawDocument } from "../kit/chart.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { evenly, legendHtml } from "../kit/ramp.ts";
import { STICKY } from "../kit/scroll_region.ts";
import { GRID_RULES, gridFits, gridHtml } from "../kit/signed_grid.ts";
import { gridColumn } from "../kit/signed_grid_chart.ts";
import { tokenLabel } from "../kit/token_text.ts";
import { rootHtml } from "../kit/view.ts";
import type { Measured, PatchingDrawing } from "./data.ts";
import { patchingGrid } from "./grid.ts";
import {
  amountText,
  differingPositions,
  HEADINGS,
  introLines,
  legendOf,
  likenessWords,
  metricText,
  strongestWords,
} from "./words.ts";

/** The most rows of a table, and the most lines of one in plain text. */
const MOST_ROWS = 600;
const MOST_LINES = 200;

/** The names of the columns of a table whose rows are positions or heads. */
function namesOf(drawing: PatchingDrawing): string[] {
  if (drawing.patching.columns === "heads") return ["head"];
  return ["position", "corrupted", ...(differingPositions(drawing).length > 0 ? ["clean"] : [])];
}

function namesAt({ patching: { columns, indices }, clean, corrupted }: PatchingDrawing, column: number): string[] {
  const index = indices[column] ?? 0;
  if (columns === "heads") return [String(index)];
  const [token, other] = [corrupted.tokens[index], clean.tokens[index]];
  const differs = token?.id !== other?.id;
  return [String(index), token ? tokenLabel(token) : "", differs && other ? tokenLabel(other) : ""];
}

/** Positions or heads down, some layers across. */
function rowsOf(
  drawing: PatchingDrawing,
  rows: readonly number[],
  text: (row: number, column: number) => string,
  most: number,
): { readonly heads: string[]; readonly lines: string[][] } {
  const { layers, indices } = drawing.patching;
  const names = namesOf(drawing);
  return {
    heads: [...names, ...rows.map((row) => `layer ${layers[row]}`)],
    lines: indices.slice(0, most).map((_, column) => [
      ...namesAt(drawing, column).slice(0, names.length),
      ...rows.map((row) => text(row, column)),
    ]),
  };
}

function metricTable(drawing: PatchingDrawing, which: Measured, pixels: boolean): Html {
  const { patching, metric } = drawing;
  const { layers, indices, columns } = patching;
  const rows = evenly(layers.length, pixels ? 7 : 13);
  const text = (row: number, column: number) => metricText(patching.metric, metric(which, row, column));
  const { heads, lines } = rowsOf(drawing, rows, text, MOST_ROWS);
  const some = [
    rows.length < layers.length && `${rows.length} of ${layers.length} layers`,
    lines.length < indices.length && `${lines.length} of ${indices.length} ${columns}`,
  ].filter((part) => part !== false);
  const summary = `The metric as a table, ${HEADINGS[which].toLowerCase()}${
    some.length > 0 ? `: ${some.join(", ")}` : ""
  }`;
  const first = namesOf(drawing).length;
  return tableDetails(summary, dataTable(heads, lines, { isNumber: (column) => column >= first }));
}

function pictureHtml(drawing: PatchingDrawing, which: Measured, pixels: boolean): Html {
  return markup`<div style="font-size:14px;margin:10px 0 0"><b>${HEADINGS[which]}</b></div>
<div style="${SMALL_STYLE}">${strongestWords(drawing, which)}</div>
${gridHtml(patchingGrid(drawing, which), pixels)}`;
}

/** The page of a patching. */
export function patchingHtml(drawing: PatchingDrawing): Html {
  const { patching: { layers, indices, columns }, shown } = drawing;
  const pixels = shown.some((which) => !gridFits(patchingGrid(drawing, which), shown.length));
  const note = pixels
    ? `${indices.length} ${columns} in ${layers.length} layers are too many for numbers: one pixel stands for each. The data of the view keeps all.`
    : "";
  const { words, swatches } = legendOf(drawing);
  const small = (line: string) => line !== "" && markup`<div style="${SMALL_STYLE}">${line}</div>\n`;
  const content = markup`${introLines(drawing).map(small)}${
    stacked(shown.map((which) => pictureHtml(drawing, which, pixels)))
  }
${legendHtml(words, swatches)}
${[likenessWords(drawing), note].map(small)}${stacked(shown.map((which) => metricTable(drawing, which, pixels)))}
<style>${GRID_RULES}</style>`;
  return rootHtml(STICKY.name, [content]);
}

/** An image of a patching. */
export function drawPatching(drawing: PatchingDrawing, title: string): Html {
  const words = [...introLines(drawing), likenessWords(drawing)].filter((line) => line !== "").join("\n");
  const grids = drawing.shown.map((which) => patchingGrid(drawing, which));
  const { pictures, width, height } = gridColumn({ words, grids, legend: legendOf(drawing) });
  return drawDocument(pictures, { width, height, title });
}

/** A patching as plain text. */
export function patchingText(drawing: PatchingDrawing): string {
  const { patching: { layers, indices }, shown } = drawing;
  const parts = shown.map((which) => {
    const text = (row: number, column: number) => amountText(drawing, which, row, column);
    const { heads, lines } = rowsOf(drawing, evenly(layers.length, 13), text, MOST_LINES);
    const more = indices.length > MOST_LINES ? `\n… and ${indices.length - MOST_LINES} more` : "";
    return `${HEADINGS[which]}. ${strongestWords(drawing, which)}\n${textTable([heads, ...lines])}${more}`;
  });
  return [...introLines(drawing), ...parts, likenessWords(drawing)].filter((line) => line !== "").join("\n");
}
