/**
 * Vectors as tables: what each row is like, and its first numbers.
 *
 * @module
 */
import { dataTable, textTable } from "../kit/chips.ts";
import type { Html } from "../kit/html.ts";
import { counted, numberText } from "../kit/numbers.ts";
import { shortText } from "../kit/text_width.ts";
import type { Block } from "./data.ts";

/** The most rows of a table, and the most numbers of one. */
const MOST_ROWS = 300;
const MOST_NUMBERS = 8;

function rowsOf({ name, rows, parts, partName, width, value }: Block): string[][] {
  return rows.flatMap((row, r) =>
    Array.from({ length: parts }, (_, part) => {
      let [least, greatest, squares] = [Infinity, -Infinity, 0];
      for (let column = 0; column < width; ++column) {
        const one = value(part, r, column);
        least = Math.min(least, one);
        greatest = Math.max(greatest, one);
        squares += one * one;
      }
      const first = Array.from({ length: Math.min(width, MOST_NUMBERS) }, (_, c) => numberText(value(part, r, c), 4));
      const place = parts > 1 ? `${row} ${partName} ${part}`.trim() : row;
      return [
        ...[name, shortText(place, 32), numberText(Math.sqrt(squares), 4)],
        ...[numberText(least, 4), numberText(greatest, 4)],
        `${first.join(" ")}${width > MOST_NUMBERS ? " …" : ""}`,
      ];
    })
  );
}

const NAMES = ["vectors", "row", "length", "least", "greatest", "numbers"];

function firstRows(blocks: readonly Block[]): { rows: string[][]; left: number } {
  const count = blocks.reduce((sum, { rows, parts }) => sum + rows.length * parts, 0);
  const most = Math.max(1, Math.floor(MOST_ROWS / blocks.length));
  const rows = blocks.flatMap((block) =>
    rowsOf({ ...block, rows: block.rows.slice(0, Math.ceil(most / block.parts)) }).slice(0, most)
  );
  return { rows, left: count - rows.length };
}

/** As HTML. */
export function numbersTable(blocks: readonly Block[]): Html {
  const { rows, left } = firstRows(blocks);
  const more = left > 0 ? [["…", `${counted(left, "more row")}, in the data of the view`, "", "", "", ""]] : [];
  return dataTable(NAMES, [...rows, ...more], { isNumber: (column) => column >= 2 && column <= 4 });
}

/** As plain text. */
export function vectorsText(blocks: readonly Block[]): string {
  const { rows, left } = firstRows(blocks);
  const heads = blocks.map(({ name, shape }) => `${name} ${shape}`).join(", ");
  const more = left > 0 ? `\n… ${counted(left, "more row")}` : "";
  return `${heads}\n${textTable([NAMES, ...rows])}${more}`;
}
