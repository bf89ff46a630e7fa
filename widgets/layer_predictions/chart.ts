/**
 * What each layer would predict, as an image: layers down, the best tokens across, and a line that follows one.
 *
 * @module
 */
import { drawDocument, Plot } from "../kit/chart.ts";
import type { Html } from "../kit/html.ts";
import { type Box, boxMarks, CELL } from "../kit/prediction_boxes.ts";
import { informationText, type InformationUnit, ordinalText } from "../kit/quantities.ts";
import { textWidth } from "../kit/text_width.ts";
import { tokenLabel } from "../kit/token_text.ts";
import { followedWords, layerDefinition, type LayerTable } from "./rows.ts";

/** The most predictions of a row. */
const MOST_COLUMNS = 10;
const LINE = 30;
const BOX = 22;
const TOP = 78;

interface Label {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

function cellsOf({ rows, followed }: LayerTable, left: number): Box[] {
  return rows.flatMap(({ predictions }, row) =>
    predictions.slice(0, MOST_COLUMNS).map(({ token, tokenId, probability }, i) => ({
      x: left + i * CELL,
      y: TOP + row * LINE,
      token: tokenLabel(token, 9),
      probability,
      framed: tokenId === followed,
    }))
  );
}

/** From the followed token of a layer to that of the next. */
function linksOf(cells: readonly Box[]): { x1: number; x2: number; y1: number; y2: number }[] {
  const trail = cells.filter(({ framed }) => framed);
  return trail.slice(1).flatMap((cell, i) => {
    const before = trail[i];
    if (before === undefined || cell.y - before.y !== LINE) return [];
    return [{ x1: before.x + CELL / 2, x2: cell.x + CELL / 2, y1: before.y + BOX, y2: cell.y }];
  });
}

function measureLabels({ rows }: LayerTable, x: number, unit: InformationUnit): Label[] {
  const text = (nats: number) => informationText(nats, unit);
  return rows.flatMap(({ entropy, divergence }, row) => [
    { x: x + 86, y: TOP + row * LINE + BOX / 2, text: text(entropy) },
    { x: x + 198, y: TOP + row * LINE + BOX / 2, text: text(divergence) },
  ]).concat([
    { x: x + 86, y: TOP - 12, text: `entropy (${unit})` },
    { x: x + 198, y: TOP - 12, text: `KL to output (${unit})` },
  ]);
}

/** Draws the table with the line. */
export function drawLayerPredictions(table: LayerTable, unit: InformationUnit, title: string): Html {
  const { rows } = table;
  const left = 22 + 6.7 * rows.reduce((most, { label }) => Math.max(most, textWidth(label)), 0);
  const cells = cellsOf(table, left);
  const columns = rows.reduce((most, { predictions }) => Math.max(most, Math.min(MOST_COLUMNS, predictions.length)), 0);
  const measures = measureLabels(table, left + columns * CELL, unit);
  const width = Math.max(560, left + columns * CELL + 212);
  const height = TOP + rows.length * LINE + 6;
  const heads = Array.from(
    { length: columns },
    (_, i) => ({ x: left + i * CELL + 5, y: TOP - 12, text: ordinalText(i + 1) }),
  );
  const labels = rows.map(({ label }, row) => ({ x: 10, y: TOP + row * LINE + BOX / 2, text: label }));
  const right = { x: "x", y: "y", text: "text", textAnchor: "end", fontVariant: "tabular-nums" } as const;
  const words = [layerDefinition(table), followedWords(table)].map((text, i) => ({ x: 10, y: 16 + 18 * i, text }));
  const plot: Plot.PlotOptions = {
    width,
    height,
    margin: 0,
    x: { type: "identity", axis: null },
    y: { type: "identity", axis: null },
    marks: [
      Plot.link(linksOf(cells), { x1: "x1", x2: "x2", y1: "y1", y2: "y2", stroke: "#222", strokeWidth: 2 }),
      ...boxMarks(cells, { height: BOX, frame: 2, tabular: true }),
      Plot.text([...labels, ...heads, ...words], { x: "x", y: "y", text: "text", textAnchor: "start" }),
      Plot.text(measures, right),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width, height, title });
}
