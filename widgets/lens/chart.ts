/**
 * The lens over a whole text as an image: layers down, positions across.
 *
 * @module
 */
import { drawDocument, Plot } from "../kit/chart.ts";
import { hex } from "../kit/colours.ts";
import type { Html } from "../kit/html.ts";
import type { InformationUnit } from "../kit/quantities.ts";
import { shareColour } from "../kit/ramp.ts";
import { isolated } from "../kit/text_width.ts";
import { cellShare, colourWords, frameWords, type LensColour, lensDefinition, type LensTable } from "./data.ts";

/** The most positions and layers with words. */
const MOST_COLUMNS = 40;
const MOST_LAYERS = 48;
const [CELL, LINE, LEFT, TOP] = [74, 20, 62, 80];

interface Box {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly fill: string;
  readonly right: boolean;
}

function boxesOf(table: LensTable, colour: LensColour, columns: number, layers: number): Box[] {
  return table.columns.slice(0, columns).flatMap(({ cells }, n) =>
    cells.slice(-layers).map((cell, row) => ({
      x: LEFT + n * CELL,
      y: TOP + row * LINE,
      text: isolated(cell.word),
      fill: hex(shareColour(cellShare(table, cell, colour))),
      right: cell.right,
    }))
  );
}

interface Label {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** The lines above, the positions with their tokens, and the layers. */
function labelsOf(table: LensTable, lines: readonly string[], columns: number, layers: number): Label[] {
  return [
    ...lines.map((text, i) => ({ x: 8, y: 16 + 16 * i, text })),
    ...table.columns.slice(0, columns).flatMap(({ position, word }, n) => [
      { x: LEFT + n * CELL + 4, y: TOP - 26, text: String(position) },
      { x: LEFT + n * CELL + 4, y: TOP - 12, text: isolated(word) },
    ]),
    ...Array.from({ length: layers }, (_, row) => {
      return { x: 8, y: TOP + row * LINE + LINE / 2, text: `layer ${table.layers - layers + row}` };
    }),
  ];
}

function boxMarks(boxes: readonly Box[]): Plot.Markish[] {
  const corners = { x1: "x", y1: "y", x2: ({ x }: Box) => x + CELL - 2, y2: ({ y }: Box) => y + LINE - 2, rx: 2 };
  return [
    Plot.rect(boxes, { ...corners, fill: "fill", stroke: "#ddd" }),
    Plot.rect(boxes.filter(({ right }) => right), { ...corners, stroke: "#222", strokeWidth: 1.5 }),
    Plot.text(boxes, {
      ...{ text: "text", textAnchor: "start", fontFamily: "monospace" },
      x: ({ x }: Box) => x + 4,
      y: ({ y }: Box) => y + LINE / 2 - 1,
    }),
  ];
}

/** Draws the first positions, and the last layers. */
export function drawLens(table: LensTable, colour: LensColour, unit: InformationUnit, title: string): Html {
  const columns = Math.min(MOST_COLUMNS, table.columns.length);
  const layers = Math.min(MOST_LAYERS, table.layers);
  const all = columns === table.columns.length && layers === table.layers;
  const cut = all ? "" : ` Drawn: the first ${columns} positions and the last ${layers} layers.`;
  const better = colour === "rank" ? "better" : "larger";
  const lines = [
    lensDefinition(table),
    `${colourWords(colour, unit).replace(":", ";")} the stronger the colour, the ${better}. ${frameWords(table)}${cut}`,
  ];
  const width = Math.max(820, LEFT + columns * CELL + 8);
  const height = TOP + layers * LINE + 8;
  const plot: Plot.PlotOptions = {
    ...{ width, height, margin: 0 },
    x: { type: "identity", axis: null },
    y: { type: "identity", axis: null },
    color: { type: "identity" },
    marks: [
      ...boxMarks(boxesOf(table, colour, columns, layers)),
      Plot.text(labelsOf(table, lines, columns, layers), { x: "x", y: "y", text: "text", textAnchor: "start" }),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width, height, title });
}
