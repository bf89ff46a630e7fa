/**
 * A grid of signed numbers as a part of an image.
 *
 * @module
 */
import { type Picture, Plot } from "./chart.ts";
import { BLUE, hex, OPACITY, ORANGE, type Rgb } from "./colours.ts";
import { pngUrl } from "./pixel_image.ts";
import { stepped, type Swatch } from "./ramp.ts";
import { drawnShare, gridFits, type SignedGrid } from "./signed_grid.ts";
import { signedPixels } from "./signed_pixels.ts";
import { textWidth } from "./text_width.ts";

/** Pictures below each other, and the room that they take. */
export interface Column {
  /** The pictures. */
  readonly pictures: readonly Picture[];
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/** The colour of a share on white. */
function signedColour(share: number): string {
  const alpha = OPACITY * Math.abs(drawnShare(share));
  const blend = (channel: number) => Math.round(255 + (channel - 255) * alpha);
  const [red, green, blue] = share < 0 ? BLUE : ORANGE;
  return hex([blend(red), blend(green), blend(blue)] as Rgb);
}

interface Layout {
  readonly numbered: boolean;
  readonly drawn: boolean;
  readonly across: number;
  readonly down: number;
  readonly labelled: readonly number[];
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function layOut(grid: SignedGrid): Layout {
  const { rows, columns } = grid;
  const drawn = gridFits(grid);
  const numbered = drawn && columns.length <= 32;
  const across = numbered ? 44 : Math.max(1, Math.min(24, Math.floor(1000 / columns.length)));
  const down = drawn ? 22 : Math.max(2, Math.min(22, Math.floor(480 / rows.length)));
  const labelled = stepped(columns.length, Math.max(2, Math.floor(columns.length * across / 14)));
  const widest = (texts: readonly string[]) => texts.reduce((most, text) => Math.max(most, textWidth(text)), 0);
  const left = 16 + 6.7 * widest(rows.map(({ label }) => label));
  const top = 16 + 5.4 * widest(labelled.map((n) => columns[n]?.label ?? ""));
  const width = Math.ceil(Math.max(left + columns.length * across + 24 + top * 0.7, 640));
  return { numbered, drawn, across, down, labelled, left, top, width, height: Math.ceil(top + rows.length * down + 6) };
}

interface Cell {
  readonly row: number;
  readonly column: number;
}

function cellMarks(grid: SignedGrid, { across, numbered }: Layout): Plot.Markish[] {
  const { rows, columns, share, text, title } = grid;
  const cells = rows.flatMap((_, row) => columns.map((_, column): Cell => ({ row, column })));
  const place = {
    x: "column",
    y: "row",
    title: ({ row, column }: Cell) => `${rows[row]?.words}, ${columns[column]?.words}\n${title(row, column)}`,
  } as const;
  const fill = ({ row, column }: Cell) => signedColour(share(row, column));
  const number = ({ row, column }: Cell) => text(row, column);
  return [
    Plot.cell(cells, { ...place, fill, inset: across > 8 ? 0.5 : 0 }),
    ...(numbered ? [Plot.text(cells, { ...place, text: number, fontVariant: "tabular-nums" })] : []),
  ];
}

function pixelMarks({ rows, columns, share }: SignedGrid, { across, down }: Layout): Plot.Markish[] {
  const [width, height] = [columns.length, rows.length];
  const src = pngUrl(signedPixels(width, height, (x, y) => drawnShare(share(y, x)), OPACITY));
  const size = { width: width * across, height: height * down, preserveAspectRatio: "none" };
  return [Plot.image([0], { src: () => src, ...size, imageRendering: "pixelated", frameAnchor: "middle" })];
}

/** A grid with its labels. */
export function gridPlot(grid: SignedGrid): { plot: Plot.PlotOptions; width: number; height: number } {
  const layout = layOut(grid);
  const { drawn, across, down, labelled, left, top, width, height } = layout;
  const { rows, columns } = grid;
  const marked = stepped(rows.length, Math.max(2, Math.floor(rows.length * down / 11)));
  const plot: Plot.PlotOptions = {
    ...{ width, height, marginLeft: left, marginTop: top, marginBottom: 6, padding: 0 },
    marginRight: width - left - columns.length * across,
    x: { type: "band", domain: columns.map((_, n) => n) },
    y: { type: "band", domain: rows.map((_, row) => row) },
    marks: [
      ...(drawn ? cellMarks(grid, layout) : pixelMarks(grid, layout)),
      Plot.frame({ stroke: "#ddd" }),
      Plot.axisX(labelled, {
        ...{ anchor: "top", tickRotate: -55, textAnchor: "start", tickSize: 3, label: null },
        tickFormat: (n: number) => columns[n]?.label ?? "",
      }),
      Plot.axisY(marked, { tickFormat: (row: number) => rows[row]?.label ?? "", tickSize: 0, label: null }),
    ],
  };
  return { plot, width, height };
}

/** Words that wrap at the width of an image. */
function wordsPlot(words: string, width: number): { plot: Plot.PlotOptions; height: number } {
  const columns = (width - 16) / 6;
  const height = 10 + words.split("\n").reduce((sum, line) => sum + 13 * Math.ceil((textWidth(line) + 1) / columns), 0);
  const mark = Plot.text([words], {
    ...{ frameAnchor: "top-left", dx: 8, dy: 4, textAnchor: "start", lineAnchor: "top" },
    ...{ lineWidth: (width - 16) / 11, lineHeight: 1.3 },
  });
  return { plot: { width, height, margin: 0, marks: [mark] }, height };
}

function legendPlot(words: string, swatches: readonly Swatch[], width: number): Plot.PlotOptions {
  const side = 60;
  return {
    ...{ width, height: 44, marginLeft: 8, marginTop: 4, marginBottom: 22, padding: 0 },
    marginRight: width - 8 - side * swatches.length,
    x: { type: "band", domain: swatches.map((_, n) => n), axis: null },
    marks: [
      Plot.cell(swatches, { x: (_: Swatch, n: number) => n, fill: ({ share }: Swatch) => signedColour(share) }),
      Plot.frame({ stroke: "#ddd" }),
      Plot.text(swatches, { x: (_: Swatch, n: number) => n, text: ({ label }: Swatch) => label }),
      Plot.text([words.replace(/:$/, "")], { frameAnchor: "bottom-left", dy: 16, textAnchor: "start" }),
    ],
  };
}

/** What is said above grids, each with its own words, and the legend of all of them. */
export interface GridPage {
  /** Above all; lines. */
  readonly words: string;
  /** The grids. */
  readonly grids: readonly SignedGrid[];
  /** What the colours say. */
  readonly legend: { readonly words: string; readonly swatches: readonly Swatch[] };
}

/** Grids below each other as the pictures of a document. */
export function gridColumn({ words, grids, legend }: GridPage): Column {
  const drawn = grids.map(gridPlot);
  const width = drawn.reduce((most, one) => Math.max(most, one.width), 0);
  const head = wordsPlot(words, width);
  const pictures: Picture[] = [{ plot: head.plot, top: 2 }];
  let top = head.height + 4;
  drawn.forEach((one, n) => {
    if (grids.length > 1) {
      const name = wordsPlot(grids[n]?.name ?? "", width);
      pictures.push({ plot: name.plot, top });
      top += name.height;
    }
    pictures.push({ plot: one.plot, top });
    top += one.height + 8;
  });
  pictures.push({ plot: legendPlot(legend.words, legend.swatches, width), top });
  return { pictures, width, height: top + 52 };
}
