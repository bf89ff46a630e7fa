/**
 * Attention as an image: the thumbnails of all heads, and one head as a matrix beside the lines of its layer.
 *
 * @module
 */
import { type AttentionShown, earlierWeight } from "./attention_data.ts";
import { linesOf, lineWidth } from "./attention_lines.ts";
import { thumbnailGrid, weightOpacity } from "./attention_raster.ts";
import { headWords } from "./attention_words.ts";
import { categoryColour } from "./categories.ts";
import { drawDocument, Plot } from "./chart.ts";
import { hex, ORANGE } from "./colours.ts";
import { glyphText } from "./glyphs.ts";
import { pngUrl } from "./pixel_image.ts";

const THUMBNAIL = 28;
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
  const pitch = THUMBNAIL + GAP;
  const [width, height] = [heads * pitch - GAP, layers * pitch - GAP];
  const coarse = layers * heads > 200;
  const picture = thumbnailGrid(
    shown,
    Array.from({ length: layers }, (_, i) => i),
    THUMBNAIL / (coarse ? 2 : 1),
    GAP / (coarse ? 2 : 1),
  );
  const centre = (i: number) => i * pitch + THUMBNAIL / 2;
  const indices = (count: number) => Array.from({ length: count }, (_, i) => i);
  const frame = [{ x: shown.head * pitch, y: shown.layer * pitch }];
  return {
    width: Math.max(width + 80, 300),
    height: height + 50,
    marginLeft: 60,
    marginTop: 40,
    marginBottom: 10,
    marginRight: Math.max(width + 80, 300) - 60 - width,
    x: { type: "linear", domain: [0, width], axis: null },
    y: { type: "linear", domain: [0, height], reverse: true, axis: null },
    marks: [
      Plot.image([0], { x: width / 2, y: height / 2, width, height, src: () => pngUrl(picture) }),
      Plot.rect(frame, {
        x1: (d) => d.x - 1,
        x2: (d) => d.x + THUMBNAIL + 1,
        y1: (d) => d.y - 1,
        y2: (d) => d.y + THUMBNAIL + 1,
        stroke: "#222",
        strokeWidth: 2,
      }),
      Plot.text(shown.rollout ? [] : indices(heads), { x: centre, y: -12, text: (i) => String(i) }),
      Plot.text(indices(layers), {
        x: -12,
        y: centre,
        text: (i) => `${i === 0 ? "layer " : ""}${shown.blocks[i]}`,
        textAnchor: "end",
      }),
      Plot.text(shown.rollout ? [] : ["head"], { x: -12, y: -12, text: (name) => name, textAnchor: "end" }),
    ],
  };
}

function matrixPlot(shown: AttentionShown, layout: Layout): Plot.PlotOptions {
  const { layer, head, start } = shown;
  const { tokens, side, label, margin, top } = layout;
  const weight = shown.weights(layer, head);
  const first = start > 0 ? [-1] : [];
  const cells = tokens.flatMap((query) => [
    ...first.map((key) => ({ query, key, weight: earlierWeight(shown, weight, query) })),
    ...tokens.filter((key) => key <= query).map((key) => ({ query, key, weight: weight(query, key) })),
  ]);
  const unseen = tokens.flatMap((query) => tokens.filter((key) => key > query).map((key) => ({ query, key })));
  const columns = [...first, ...tokens];
  const columnLabel = (key: number) => key < 0 ? `before ${start}` : label(key);
  const width = margin + columns.length * side;
  return {
    width: width + top,
    height: top + tokens.length * side + 8,
    marginLeft: margin,
    marginTop: top,
    marginBottom: 8,
    marginRight: top,
    padding: 0,
    x: { type: "band", domain: columns },
    y: { type: "band", domain: [...tokens] },
    marks: [
      Plot.cell(unseen, { x: "key", y: "query", fill: "#f1f1f1" }),
      Plot.cell(cells.filter((one) => one.weight >= 0.001), {
        x: "key",
        y: "query",
        fill: hex(ORANGE),
        fillOpacity: (one: { weight: number }) => weightOpacity(one.weight),
        title: (one: { query: number; key: number; weight: number }) =>
          `${one.query} ${label(one.query)} → ${columnLabel(one.key)}: ${(100 * one.weight).toFixed(1)}%`,
      }),
      Plot.axisX(columns, {
        anchor: "top",
        tickRotate: -55,
        textAnchor: "start",
        tickFormat: columnLabel,
        tickSize: 3,
        label: null,
      }),
      Plot.axisY([...tokens], {
        tickFormat: (query: number) => `${label(query)}\u200E ${query}`,
        tickSize: 3,
        label: null,
      }),
    ],
  };
}

function linesPlot(shown: AttentionShown, layout: Layout): Plot.PlotOptions {
  const { tokens, side, label, margin, top } = layout;
  const lines = linesOf(shown, shown.layer);
  const text = { fontFamily: "monospace", fontSize: 10 } as const;
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
export function drawAttention(shown: AttentionShown, title: string): string {
  const layout = layOut(shown);
  const [grid, matrix, lines] = [gridPlot(shown), matrixPlot(shown, layout), linesPlot(shown, layout)];
  const { width: gridWidth = 0, height: gridHeight = 0 } = grid;
  const { width: matrixWidth = 0, height: matrixHeight = 0 } = matrix;
  const width = Math.max(gridWidth, matrixWidth, lines.width ?? 0, 480);
  const name = `${headWords(shown, shown.layer, shown.head)}: tokens down, what they look at across`;
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
