/**
 * Attention as an image: the thumbnails of all heads, and one head as a matrix beside the lines of its layer.
 *
 * @module
 */
import { categoryColour } from "../kit/categories.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import { hex, ORANGE } from "../kit/colours.ts";
import { glyphText } from "../kit/glyphs.ts";
import type { Html } from "../kit/html.ts";
import { pngUrl } from "../kit/pixel_image.ts";
import { weightOpacity } from "../kit/weight_pixels.ts";
import { type AttentionShown, earlierWeight, lastKey } from "./data.ts";
import { linesOf, lineWidth } from "./lines.ts";
import { thumbnailSide } from "./parts.ts";
import { thumbnailGrid } from "./raster.ts";
import { headWords } from "./words.ts";

const GAP = 4;
const LINES = 150;

interface Layout {
  readonly tokens: readonly number[];
  readonly side: number;
  readonly label: (position: number) => string;
  readonly margin: number;
  readonly top: number;
}

function layOut({ sequence, start, end }: AttentionShown): Layout {
  const tokens = Array.from({ length: end - start }, (_, i) => start + i);
  const label = (position: number) => {
    const token = sequence.tokens[position];
    const text = Array.from(token === undefined ? "" : glyphText(token));
    return text.length > 16 ? `${text.slice(0, 15).join("")}…` : text.join("");
  };
  const longest = tokens.reduce((most, position) => Math.max(most, Array.from(label(position)).length), 4);
  return { tokens, side: tokens.length > 24 ? 14 : 20, label, margin: 16 + 8 * longest, top: 14 + 5.5 * longest };
}

/** All heads in one picture of pixels, with the numbers of layers and heads beside it. */
function gridPlot(shown: AttentionShown): Plot.PlotOptions {
  const { layers, heads } = shown;
  const pitch = thumbnailSide(heads) + GAP;
  const [width, height] = [heads * pitch - GAP, layers * pitch - GAP];
  const whole = Math.max(width + 80, 300);
  return {
    width: whole,
    height: height + 50,
    marginLeft: 60,
    marginTop: 40,
    marginBottom: 10,
    marginRight: whole - 60 - width,
    x: { type: "linear", domain: [0, width], axis: null },
    y: { type: "linear", domain: [0, height], reverse: true, axis: null },
    marks: gridMarks(shown, width, height),
  };
}

function gridMarks(shown: AttentionShown, width: number, height: number): Plot.Markish[] {
  const { layers, heads, rollout, blocks } = shown;
  const side = thumbnailSide(heads);
  const pitch = side + GAP;
  const indices = (count: number) => Array.from({ length: count }, (_, i) => i);
  const shrink = layers * heads > 200 ? 2 : 1;
  const src = pngUrl(thumbnailGrid(shown, indices(layers), side / shrink, GAP / shrink));
  const centre = (i: number) => i * pitch + side / 2;
  const beside = { x: -12, textAnchor: "end" } as const;
  return [
    Plot.image([0], { x: width / 2, y: height / 2, width, height, src: () => src }),
    Plot.rect([0], {
      x1: shown.head * pitch - 1,
      x2: shown.head * pitch + side + 1,
      y1: shown.layer * pitch - 1,
      y2: shown.layer * pitch + side + 1,
      stroke: "#222",
      strokeWidth: 2,
    }),
    Plot.text(rollout ? [] : indices(heads), { x: centre, y: -12, text: (i) => String(i) }),
    Plot.text(indices(layers), { ...beside, y: centre, text: (i) => `${i === 0 ? "layer " : ""}${blocks[i]}` }),
    Plot.text(rollout ? [] : ["head"], { ...beside, y: -12, text: (name) => name }),
  ];
}

interface Cell {
  readonly query: number;
  readonly key: number;
  readonly weight: number;
}

/** The weights among the tokens that are shown; of the key -1 is what a token gives to all earlier ones. */
function cellsOf(shown: AttentionShown, tokens: readonly number[]): Cell[] {
  const weight = shown.weights(shown.layer, shown.head);
  return tokens.flatMap((query) => [
    ...(shown.start > 0 ? [{ query, key: -1, weight: earlierWeight(weight, shown.start, query) }] : []),
    ...tokens.filter((key) => key <= lastKey(shown, query)).map((key) => ({ query, key, weight: weight(query, key) })),
  ]).filter((one) => one.weight >= 0.001);
}

function matrixMarks(shown: AttentionShown, { tokens, label }: Layout, columns: readonly number[]): Plot.Markish[] {
  const columnLabel = (key: number) => key < 0 ? `before ${shown.start}` : label(key);
  const unseen = tokens.flatMap((query) =>
    tokens.filter((key) => key > lastKey(shown, query)).map((key) => ({ query, key }))
  );
  const place = { x: "key", y: "query" } as const;
  const title = ({ query, key, weight }: Cell) =>
    `${query} ${label(query)} → ${columnLabel(key)}: ${(100 * weight).toFixed(1)}%`;
  const top = { anchor: "top", tickRotate: -55, textAnchor: "start", tickSize: 3, label: null } as const;
  const rowLabel = (query: number) => `${label(query)}\u200E ${query}`;
  return [
    Plot.cell(unseen, { ...place, fill: "#f1f1f1" }),
    Plot.cell(cellsOf(shown, tokens), {
      ...place,
      fill: hex(ORANGE),
      fillOpacity: ({ weight }: Cell) => weightOpacity(weight),
      title,
    }),
    Plot.axisX(columns, { ...top, tickFormat: columnLabel }),
    Plot.axisY([...tokens], { tickFormat: rowLabel, tickSize: 3, label: null }),
  ];
}

function matrixPlot(shown: AttentionShown, layout: Layout): Plot.PlotOptions {
  const { tokens, side, margin, top } = layout;
  const columns = [...(shown.start > 0 ? [-1] : []), ...tokens];
  return {
    width: margin + columns.length * side + top,
    height: top + tokens.length * side + 8,
    marginLeft: margin,
    marginTop: top,
    marginBottom: 8,
    marginRight: top,
    padding: 0,
    x: { type: "band", domain: columns },
    y: { type: "band", domain: [...tokens] },
    marks: matrixMarks(shown, layout, columns),
  };
}

function linesPlot(shown: AttentionShown, layout: Layout): Plot.PlotOptions {
  const { tokens, side, label, margin, top } = layout;
  const lines = linesOf(shown, shown.layer);
  const text = { fontFamily: "monospace", fontSize: 11 } as const;
  return {
    width: 2 * margin + LINES,
    height: top + tokens.length * side + 8,
    marginLeft: margin,
    marginRight: margin,
    marginTop: top,
    marginBottom: 8,
    x: { type: "linear", domain: [0, 1], axis: null },
    y: { type: "band", domain: [...tokens], padding: 0, axis: null },
    marks: [
      Plot.link(lines, {
        x1: 0,
        x2: 1,
        y1: "query",
        y2: "key",
        stroke: (line: { head: number }) => hex(categoryColour(line.head)),
        strokeWidth: (line: { weight: number }) => lineWidth(line.weight),
        strokeOpacity: (line: { head: number }) => line.head === shown.head ? 0.9 : 0.12,
      }),
      Plot.text(tokens, { ...text, x: 0, y: (i) => i, text: label, textAnchor: "end", dx: -6 }),
      Plot.text(tokens, { ...text, x: 1, y: (i) => i, text: label, textAnchor: "start", dx: 6 }),
    ],
  };
}

function titlePlot(text: string, width: number): Plot.PlotOptions {
  return {
    width,
    height: 20,
    margin: 0,
    marks: [Plot.text([text], { frameAnchor: "left", dx: 8, textAnchor: "start", fontSize: 12 })],
  };
}

/**
 * Draws all heads as thumbnails, the first head as a matrix, and the lines of its layer.
 *
 * @param shown What is drawn.
 * @param title What the image shows, for a screen reader.
 * @returns An SVG document.
 */
export function drawAttention(shown: AttentionShown, title: string): Html {
  const layout = layOut(shown);
  const [grid, matrix, lines] = [gridPlot(shown), matrixPlot(shown, layout), linesPlot(shown, layout)];
  const { width: gridWidth = 0, height: gridHeight = 0 } = grid;
  const { width: matrixWidth = 0, height: matrixHeight = 0 } = matrix;
  const width = Math.max(gridWidth, matrixWidth, lines.width ?? 0, 480);
  const name = `${headWords(shown, shown.layer, shown.head)}: tokens down, what they ${
    shown.rollout ? "are made of" : "look at"
  } across`;
  const linesWords = shown.rollout
    ? "The same as lines, as wide as the weight"
    : `All heads of layer ${shown.blocks[shown.layer]}, each in its colour, head ${shown.head} strongest`;
  const below = gridHeight + 20;
  const pictures = [
    { plot: grid, top: 0 },
    { plot: titlePlot(name, width), top: below },
    { plot: matrix, top: below + 20 },
    {
      plot: titlePlot(linesWords, width),
      top: below + 20 + matrixHeight,
    },
    { plot: lines, top: below + 40 + matrixHeight - layout.top + 20 },
  ];
  return drawDocument(pictures, { width, height: below + 60 + 2 * matrixHeight - layout.top, title });
}
