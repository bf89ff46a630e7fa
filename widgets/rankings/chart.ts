/**
 * How tokens rank after each layer, as an image: layers down, tokens across.
 *
 * @module
 */
import { drawDocument, type Frame, type Picture, Plot } from "../kit/chart.ts";
import { hex } from "../kit/colours.ts";
import type { Html } from "../kit/html.ts";
import { pngUrl } from "../kit/pixel_image.ts";
import { wholeText } from "../kit/quantities.ts";
import { rankShare, rankTicks } from "../kit/ranks.ts";
import { shareColour, stepped } from "../kit/ramp.ts";
import { textWidth } from "../kit/text_width.ts";
import { tokenLabel } from "../kit/token_text.ts";
import { type RankingMatrix, rankWords } from "./matrix.ts";

/** Above this many cells the image is a grid of pixels. */
const MOST_CELLS = 1500;
const PALETTE = 64;
const MARGIN_LEFT = 64;

interface Cell {
  readonly column: number;
  readonly layer: number;
  readonly rank: number;
  readonly title: string;
}

interface Layout {
  readonly across: number;
  readonly down: number;
  readonly marginTop: number;
  readonly width: number;
  readonly height: number;
  readonly labelled: readonly number[];
}

function labelOf({ columns }: RankingMatrix, n: number): string {
  const token = columns[n]?.token;
  return token === undefined ? `id ${n}` : tokenLabel(token);
}

function layOut(matrix: RankingMatrix): Layout {
  const count = matrix.columns.length;
  const drawn = count * matrix.layers <= MOST_CELLS;
  const across = drawn && count <= 32 ? 44 : Math.max(1, Math.min(24, Math.floor(1000 / count)));
  const down = drawn ? 22 : Math.max(6, Math.min(22, Math.floor(480 / matrix.layers)));
  const labelled = stepped(count, Math.max(2, Math.floor(count * across / 14)));
  const longest = labelled.reduce((most, n) => Math.max(most, textWidth(labelOf(matrix, n))), 0);
  const marginTop = 16 + 5.4 * longest;
  const wide = MARGIN_LEFT + count * across;
  return {
    across,
    down,
    marginTop,
    width: Math.ceil(Math.max(wide + 24 + marginTop * 0.7, 640)),
    height: Math.ceil(marginTop + matrix.layers * down + 6),
    labelled,
  };
}

function cellMarks({ columns, ceiling }: RankingMatrix, { across }: Layout): Plot.Markish[] {
  const cells = columns.flatMap((column, n): Cell[] =>
    column.ranks.map((rank, layer) => ({
      column: n,
      layer,
      rank,
      title: `${column.words}\nlayer ${layer}: ${rankWords(column, layer)}`,
    }))
  );
  const place = { x: "column", y: "layer", title: "title" } as const;
  const fill = ({ rank }: Cell) => hex(shareColour(rankShare(rank, ceiling)));
  const number = { ...place, text: ({ rank }: Cell) => wholeText(rank), fontVariant: "tabular-nums" } as const;
  return [
    Plot.cell(cells, { ...place, fill, inset: across > 8 ? 0.5 : 0 }),
    ...(across < 40 ? [] : [
      Plot.text(cells.filter(({ rank }) => rank > 1), number),
      Plot.text(cells.filter(({ rank }) => rank === 1), { ...number, fontWeight: "bold" }),
    ]),
  ];
}

function pixelMarks({ columns, layers, ceiling }: RankingMatrix, { across, down }: Layout): Plot.Markish[] {
  const indices = Uint8Array.from({ length: layers * columns.length }, (_, i) => {
    const rank = columns[i % columns.length]?.ranks[Math.floor(i / columns.length)] ?? ceiling;
    return Math.round((PALETTE - 1) * rankShare(rank, ceiling));
  });
  const palette = Array.from({ length: PALETTE }, (_, i) => shareColour(i / (PALETTE - 1)));
  const src = pngUrl({ width: columns.length, height: layers, indices, palette });
  const size = { width: columns.length * across, height: layers * down, preserveAspectRatio: "none" };
  return [Plot.image([0], { src: () => src, ...size, imageRendering: "pixelated", frameAnchor: "middle" })];
}

function matrixPlot(matrix: RankingMatrix, layout: Layout): Plot.PlotOptions {
  const { across, down, width, height, marginTop, labelled } = layout;
  const { columns, layers } = matrix;
  const drawn = columns.length * layers <= MOST_CELLS;
  return {
    width,
    height,
    marginLeft: MARGIN_LEFT,
    marginTop,
    marginRight: width - MARGIN_LEFT - columns.length * across,
    marginBottom: 6,
    padding: 0,
    x: { type: "band", domain: columns.map((_, n) => n) },
    y: { type: "band", domain: Array.from({ length: layers }, (_, layer) => layer) },
    marks: [
      ...(drawn ? cellMarks(matrix, layout) : pixelMarks(matrix, layout)),
      Plot.frame({ stroke: "#ddd" }),
      Plot.axisX(labelled, {
        anchor: "top",
        tickRotate: -55,
        textAnchor: "start",
        tickFormat: (n: number) => labelOf(matrix, n),
        tickSize: 3,
        label: null,
      }),
      Plot.axisY(stepped(layers, Math.max(2, Math.floor(layers * down / 11))), {
        tickFormat: (layer: number) => `layer ${layer}`,
        tickSize: 0,
        label: null,
      }),
    ],
  };
}

function legendPlot({ ceiling }: RankingMatrix, width: number): Plot.PlotOptions {
  const ticks = rankTicks(ceiling);
  const side = 52;
  return {
    width,
    height: 44,
    marginLeft: MARGIN_LEFT,
    marginRight: width - MARGIN_LEFT - side * ticks.length,
    marginTop: 4,
    marginBottom: 22,
    padding: 0,
    x: { type: "band", domain: ticks, axis: null },
    marks: [
      Plot.cell(ticks, {
        x: (tick: number) => tick,
        fill: (tick: number) => hex(shareColour(rankShare(tick, ceiling))),
      }),
      Plot.frame({ stroke: "#ddd" }),
      Plot.text(ticks, { x: (tick: number) => tick, text: (tick: number) => wholeText(tick) }),
      Plot.text(["rank, 1 is the most likely token; logarithmic scale"], {
        frameAnchor: "bottom-left",
        dy: 16,
        text: (words: string) => words,
      }),
    ],
  };
}

/** Draws the ranks with the line that says what they are. */
export function drawRankings(matrix: RankingMatrix, definition: string, title: string): Html {
  const layout = layOut(matrix);
  const { width, height } = layout;
  const words: Plot.PlotOptions = {
    width,
    height: 36,
    margin: 0,
    marks: [Plot.text([definition], { frameAnchor: "left", dx: 8, textAnchor: "start", lineWidth: (width - 16) / 11 })],
  };
  const pictures: Picture[] = [
    { plot: words, top: 2 },
    { plot: matrixPlot(matrix, layout), top: 36 },
    { plot: legendPlot(matrix, width), top: 40 + height },
  ];
  const frame: Frame = { width, height: height + 92, title };
  return drawDocument(pictures, frame);
}
