/**
 * Signed numbers as a grid: orange above zero, blue below. Its cells are a table with numbers; of too many cells for one,
 * a picture with a pixel for each.
 *
 * @module
 */
import type { Token } from "../../src/tokenizer/token.ts";
import { MONOSPACE, PLAIN_ROW } from "./chips.ts";
import { OPACITY, overlay } from "./colours.ts";
import { styling } from "./css.ts";
import { type Html, markup, stacked } from "./html.ts";
import { pixelsHtml } from "./image.ts";
import { axisDown, columnHeads, COLUMNS_RULE, framedPicture } from "./picture_labels.ts";
import { stepped } from "./ramp.ts";
import { scrollRegion, STICKY } from "./scroll_region.ts";
import { signedPixels } from "./signed_pixels.ts";

/** The most cells and columns of a table. */
const MOST_CELLS = 2400;
const MOST_COLUMNS = 100;

/** What a row or a column stands for. */
export interface GridLine {
  /** What is written beside it. */
  readonly head: Html;
  /** The same in a few letters of plain text. */
  readonly label: string;
  /** The same in words, for a hover. */
  readonly words: string;
  /** The number of a column. */
  readonly number: number;
  /** The token of a column, where it is one. */
  readonly token?: Token | undefined;
}

/** A grid of numbers. */
export interface SignedGrid {
  /** What it is, for a screen reader. */
  readonly name: string;
  /** What the heads of the columns are. */
  readonly corner: Html;
  /** From the top down. */
  readonly rows: readonly GridLine[];
  /** From the left. */
  readonly columns: readonly GridLine[];
  /** How strong the colour of a cell is, from -1 to 1. */
  readonly share: (row: number, column: number) => number;
  /** What stands in a cell. */
  readonly text: (row: number, column: number) => string;
  /** What a hover says below the words for the row and the column. */
  readonly title: (row: number, column: number) => string;
}

/** Whether a page has room for the numbers of all cells of `grids` such grids. */
export function gridFits({ rows, columns }: SignedGrid, grids = 1): boolean {
  return columns.length <= MOST_COLUMNS && rows.length * columns.length * grids <= MOST_CELLS;
}

/** A share that can be drawn: what is no number has no colour. */
export function drawnShare(share: number): number {
  return Math.max(-1, Math.min(1, share)) || 0;
}

const CELL = styling`padding:3px 6px;min-width:34px;text-align:right`;

function tableHtml({ corner, rows, columns, share, text, title }: SignedGrid): Html {
  const heads = columns.map(({ head, words }) =>
    markup`<th scope="col" title="${words}" style="padding:3px 6px;text-align:right;vertical-align:bottom;\
white-space:nowrap;font-weight:normal">${head}</th>`
  );
  const lines = rows.map(({ head, words }, row) => {
    const cells = columns.map((column, n) =>
      markup`<td title="${words}, ${column.words}\n${title(row, n)}" style="${CELL};background-color:${
        overlay(drawnShare(share(row, n)))
      }">${text(row, n)}</td>`
    );
    return markup`${PLAIN_ROW}<th scope="row" style="padding:3px 8px 3px 0;text-align:left;font-weight:normal;\
white-space:nowrap">${head}</th>${cells}</tr>`;
  });
  return markup`<table style="border-collapse:collapse;${MONOSPACE};font-size:12px"><thead>${PLAIN_ROW}\
<td style="padding:3px 8px 3px 0;text-align:left;vertical-align:bottom;white-space:nowrap"><span style="opacity:0.8">\
${corner}</span></td>${heads}</tr></thead><tbody>
${stacked(lines)}</tbody></table>`;
}

function pictureHtml({ name, rows, columns, share }: SignedGrid): Html {
  const across = Math.max(1, Math.min(24, Math.floor(1000 / columns.length)));
  const down = Math.max(2, Math.min(22, Math.floor(480 / rows.length)));
  const [width, height] = [columns.length, rows.length];
  const pixels = signedPixels(width, height, (x, y) => drawnShare(share(y, x)), OPACITY);
  const alt = `${name}: the table below holds the numbers`;
  const ticks = stepped(height, Math.max(2, Math.floor(height * down / 14)))
    .map((row) => ({ at: (row + 0.5) * down, text: rows[row]?.label ?? "" }));
  return framedPicture({
    picture: pixelsHtml(pixels, { width: width * across, height: height * down, alt }),
    left: axisDown(ticks),
    gap: 6,
    above: columnHeads(columns.map(({ token }) => token), {
      side: across,
      numberAt: (column) => columns[column]?.number ?? column,
    }),
  });
}

/** The grid as a table, or where `pixels` are asked for, as a picture. */
export function gridHtml(grid: SignedGrid, pixels: boolean): Html {
  return scrollRegion(grid.name, pixels ? pictureHtml(grid) : tableHtml(grid));
}

/** The rules of a view with grids, which has the class of {@linkcode STICKY}. */
export const GRID_RULES = styling`${STICKY.rule}.${STICKY.name}{${COLUMNS_RULE}.i{image-rendering:pixelated}}`;
