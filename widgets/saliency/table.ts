/**
 * The numbers of a saliency map: as an HTML table, and as plain text.
 *
 * @module
 */
import type { Saliency } from "../../src/ask/saliency/definition.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { dataTable, roleOf, tableDetails, textTable } from "../kit/chips.ts";
import { glyphText } from "../kit/glyphs.ts";
import type { Html } from "../kit/html.ts";
import { scoreText } from "../kit/numbers.ts";
import { definitionLine, formatOf, type Row } from "./rows.ts";

/** Above this many cells the table holds the largest scores of each row only. */
const MOST_CELLS = 4000;
const LARGEST = 5;
const MOST_LINES = 40;

function nameOf(sequence: Sequence, position: number): string {
  const token = sequence.tokens[position];
  return `${position} ${token === undefined ? "" : glyphText(token)}`;
}

function rowName({ sequence, options }: Saliency, row: Row): string {
  return options.together ? "all explained" : nameOf(sequence, row.position);
}

/** Earlier tokens down, explained tokens across. */
function fullTable(saliency: Saliency, rows: readonly Row[]): Html {
  const { sequence } = saliency;
  const format = formatOf(saliency.options);
  const { together, by } = saliency.options;
  const last = rows.reduce((most, row) => Math.max(most, row.position), 0) + (together || by ? 1 : 0);
  const lines = Array.from({ length: last }, (_, i) => [
    nameOf(sequence, i),
    roleOf(sequence, i),
    ...rows.map((row) => i < row.position + (by ? 1 : 0) || together ? scoreText(row.scores[i] ?? 0, format) : ""),
  ]);
  const names = rows.map((row) => rowName(saliency, row));
  return dataTable([by ?? "token", "origin", ...names], lines, { isNumber: (column) => column > 1 });
}

function largestOf(saliency: Saliency, row: Row): string[] {
  const format = formatOf(saliency.options);
  return row.ranked.slice(0, LARGEST).map((position) =>
    `${nameOf(saliency.sequence, position)} ${scoreText(row.scores[position] ?? 0, format)}`
  );
}

function largestTable(saliency: Saliency, rows: readonly Row[]): Html {
  const lines = rows.map((row) => [rowName(saliency, row), ...largestOf(saliency, row)]);
  return dataTable(["explained", "largest", "2nd", "3rd", "4th", "5th"], lines);
}

/** The scores as a table behind a line that opens it. */
export function scoreTable(saliency: Saliency, rows: readonly Row[]): Html {
  const cells = rows.length * saliency.sequence.tokens.length;
  return cells <= MOST_CELLS
    ? tableDetails("Scores as a table: earlier tokens down, explained tokens across", fullTable(saliency, rows))
    : tableDetails(`The ${LARGEST} largest scores of each explained token as a table`, largestTable(saliency, rows));
}

/** The definition and the largest scores of each row, as plain text. */
export function scoreLines(saliency: Saliency, rows: readonly Row[]): string {
  const lines = rows.slice(0, MOST_LINES).map((row) => [rowName(saliency, row), ...largestOf(saliency, row)]);
  const more = rows.length > MOST_LINES ? `\n… and ${rows.length - MOST_LINES} more explained tokens` : "";
  return `${definitionLine(saliency)}\n${
    textTable([["explained", "largest scores of earlier tokens"], ...lines])
  }${more}`;
}
