/**
 * A saliency map as an image: explained tokens down, earlier tokens across.
 *
 * @module
 */
import type { Saliency } from "../../src/ask/saliency/definition.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import { BLUE, hex, ORANGE } from "../kit/colours.ts";
import { glyphText } from "../kit/glyphs.ts";
import type { Html } from "../kit/html.ts";
import { type ScoreFormat, scoreText } from "../kit/numbers.ts";
import { shortText, textWidth } from "../kit/text_width.ts";
import { definitionLine, formatOf, type Row } from "./rows.ts";

/** Above this many cells they carry no titles. */
const MOST_TITLES = 2500;

/** The most cells that are drawn: the strongest ones. */
const MOST_CELLS = 8000;

interface Cell {
  readonly column: number;
  readonly row: number;
  readonly score: number;
  readonly title: string;
}

function colourScale(signed: boolean, largest: number): Plot.ScaleOptions {
  return signed
    ? { type: "linear", domain: [-largest, 0, largest], range: [hex(BLUE), "#ffffff", hex(ORANGE)], interpolate: "rgb" }
    : { type: "linear", domain: [0, largest], range: ["#ffffff", hex(ORANGE)], interpolate: "rgb" };
}

/** Whether a map has more cells that show than an image holds. */
function heatmapNote(rows: readonly Row[]): string {
  const shown = rows.reduce((sum, row) => sum + row.ranked.length, 0);
  return shown > MOST_CELLS ? `The image holds the ${MOST_CELLS} largest of ${shown} scores.` : "";
}

/** Every cell whose colour differs from that of zero. */
function cellsOf(saliency: Saliency, rows: readonly Row[], largest: number, titled: boolean): Cell[] {
  const format = formatOf(saliency.options);
  const name = (position: number) => {
    const token = saliency.sequence.tokens[position];
    return `${position} ${token === undefined ? "" : glyphText(token)}`;
  };
  const cells = rows.flatMap((row, n) =>
    Array.from(row.scores, (score, column) => ({ column, row: n, score, title: "" }))
      .filter(({ score }) => Math.abs(score) >= 0.004 * largest)
      .map((one) =>
        titled ? { ...one, title: `${name(row.position)} ← ${name(one.column)}: ${scoreText(one.score, format)}` } : one
      )
  );
  if (cells.length <= MOST_CELLS) return cells;
  return cells.sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).slice(0, MOST_CELLS);
}

function ramp(format: ScoreFormat, largest: number, marginLeft: number): Plot.PlotOptions {
  const steps = 48;
  const low = format.signed ? -largest : 0;
  const at = (i: number) => low + (largest - low) * (i / steps);
  const ticks = format.signed ? [-largest, 0, largest] : [0, largest];
  return {
    width: marginLeft + 180,
    height: 34,
    marginLeft,
    marginRight: 30,
    marginTop: 2,
    marginBottom: 18,
    color: colourScale(format.signed, largest),
    x: { type: "linear", domain: [low, largest], axis: null },
    y: { axis: null },
    marks: [
      Plot.rect(Array.from({ length: steps }, (_, i) => i), {
        x1: at,
        x2: (i: number) => at(i + 1),
        fill: (i: number) => at(i + 0.5),
        shapeRendering: "crispEdges",
      }),
      Plot.axisX(ticks, { tickFormat: (score: number) => scoreText(score, format), anchor: "bottom", label: null }),
    ],
  };
}

interface Layout {
  readonly columns: number;
  readonly largest: number;
  readonly side: number;
  readonly columnLabel: (column: number) => string;
  readonly rowLabel: (row: number) => string;
  readonly marginLeft: number;
  readonly marginTop: number;
  readonly width: number;
  readonly height: number;
}

function layOut(saliency: Saliency, rows: readonly Row[]): Layout {
  const { tokens } = saliency.sequence;
  const { together, by } = saliency.options;
  const own = together || by ? 1 : 0;
  const columns = Math.max(1, rows.reduce((most, row) => Math.max(most, row.position), 0) + own);
  const side = columns > 128 ? 6 : columns > 48 ? 12 : 22;
  const columnLabel = (i: number) => tokens[i] === undefined ? "" : shortText(glyphText(tokens[i]), 16);
  const rowLabel = (n: number) => together ? "all explained" : columnLabel(rows[n]?.position ?? 0);
  const longest = (labels: string[]) => labels.reduce((most, label) => Math.max(most, textWidth(label)), 0);
  const marginLeft = 12 + 7 * longest(rows.map((_, n) => rowLabel(n)));
  const marginTop = 18 + 5.5 * longest(tokens.slice(0, columns).map((_, i) => columnLabel(i)));
  return {
    columns,
    largest: rows.reduce((most, row) => Math.max(most, row.largest), 0),
    side,
    columnLabel,
    rowLabel,
    marginLeft,
    marginTop,
    width: Math.max(marginLeft + columns * side + 24 + marginTop * 0.6, 600),
    height: marginTop + rows.length * side + 8,
  };
}

function mapPlot(saliency: Saliency, rows: readonly Row[], layout: Layout): Plot.PlotOptions {
  const { columns, largest, side, columnLabel, rowLabel, marginLeft, marginTop, width, height } = layout;
  const titled = rows.length * columns <= MOST_TITLES;
  const every = Math.ceil(12 / side);
  const top = { anchor: "top", tickRotate: -55, textAnchor: "start" } as const;
  const cells = cellsOf(saliency, rows, largest, titled);
  const channels = { x: "column", y: "row", fill: "score", ...(titled ? { title: "title" } : {}) };
  return {
    width,
    height,
    marginLeft,
    marginTop,
    marginRight: width - marginLeft - columns * side,
    marginBottom: 8,
    padding: 0,
    color: colourScale(saliency.options.reduce === "sum", largest),
    x: { type: "band", domain: Array.from({ length: columns }, (_, i) => i) },
    y: { type: "band", domain: rows.map((_, n) => n) },
    marks: [
      Plot.frame({ stroke: "#ddd" }),
      Plot.cell(cells, { ...channels, inset: side > 8 ? 0.5 : 0 }),
      Plot.axisX(thin(columns, every), { ...top, tickFormat: columnLabel, tickSize: 3, label: null }),
      Plot.axisY(thin(rows.length, every), { tickFormat: rowLabel, tickSize: 3, label: null }),
    ],
  };
}

function linesPlot(text: string, width: number): Plot.PlotOptions {
  const options = { frameAnchor: "left", dx: 8, textAnchor: "start", lineHeight: 1.4 } as const;
  return { width, height: 34, margin: 0, marks: [Plot.text([text], options)] };
}

/**
 * Draws a map with one scale of colours for all rows.
 *
 * @param saliency What was computed.
 * @param rows The rows to draw.
 * @param title What the image shows, for a screen reader.
 * @returns An SVG document.
 */
export function drawHeatmap(saliency: Saliency, rows: readonly Row[], title: string): Html {
  const layout = layOut(saliency, rows);
  const { width, height, largest, marginLeft } = layout;
  const pictures = [
    {
      plot: linesPlot(
        [definitionLine(saliency).replace(" · ", "\n"), heatmapNote(rows)].filter(Boolean).join(" · "),
        width,
      ),
      top: 6,
    },
    { plot: mapPlot(saliency, rows, layout), top: 40 },
    { plot: ramp(formatOf(saliency.options), largest, marginLeft), top: 40 + height },
  ];
  return drawDocument(pictures, { width, height: height + 80, title });
}

function thin(count: number, every: number): number[] {
  return Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every);
}
