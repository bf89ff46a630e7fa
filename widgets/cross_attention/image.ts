/**
 * Attention to a source as an image: the head that is shown at first.
 *
 * @module
 */
import { drawDocument, Plot } from "../kit/chart.ts";
import { hex, OPACITY, ORANGE } from "../kit/colours.ts";
import { glyphText, visibleText } from "../kit/glyphs.ts";
import type { Html } from "../kit/html.ts";
import { weightOpacity } from "../kit/weight_pixels.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import { type CrossShown, pictureWords } from "./data.ts";

/** The longest label, in characters. */
const LABEL = 14;
const SIDE = 18;

interface Cell {
  readonly row: number;
  readonly column: number;
  readonly weight: number;
}

function labelOf(token: Token | undefined): string {
  const text = Array.from(token === undefined ? "" : glyphText(token));
  return visibleText(text.length > LABEL ? `${text.slice(0, LABEL - 1).join("")}…` : text.join(""));
}

/** Draws the source across and what was written down. */
export function drawCrossAttention(shown: CrossShown, title: string): Html {
  const { source, sequence, written, columns, pictures, first, weight } = shown;
  const picture = pictures[first]!;
  const across = Array.from({ length: columns }, (_, column) => column);
  const down = Array.from(written.keys());
  const cells: Cell[] = down.flatMap((row) =>
    across.map((column) => ({ row, column, weight: weight(picture, row, column) }))
  ).filter(({ weight }) => weight >= 0.001);
  const axis = { tickSize: 3, label: null } as const;
  const nameAcross = (column: number) => labelOf(source.tokens[column]);
  const nameDown = (row: number) => labelOf(sequence.tokens[written[row] ?? 0]);
  const [width, height] = [140 + SIDE * columns, 150 + SIDE * written.length];
  const plot: Plot.PlotOptions = {
    ...{ width, height, marginLeft: 110, marginTop: 100, marginRight: 30, marginBottom: 30, padding: 0 },
    x: { type: "band", domain: across },
    y: { type: "band", domain: down },
    marks: [
      Plot.cell(cells, {
        ...{ x: "column", y: "row", fill: hex(ORANGE) },
        fillOpacity: ({ weight }: Cell) => OPACITY * weightOpacity(weight),
        title: ({ row, column, weight }: Cell) =>
          `${nameDown(row)} looks at ${nameAcross(column)}: ${(100 * weight).toFixed(1)}%`,
      }),
      Plot.axisX(across, { ...axis, anchor: "top", tickFormat: nameAcross, tickRotate: -55, textAnchor: "start" }),
      Plot.axisY(down, { ...axis, tickFormat: nameDown }),
      Plot.text([pictureWords(shown, picture)], { frameAnchor: "bottom", dy: 20 }),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width, height, title });
}
