/**
 * A model as a picture: from the token ids through the layers to the logits.
 *
 * @module
 */
import type { ModelSummary } from "../../src/models/summary.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import type { Html } from "../kit/html.ts";
import { type Anatomy, anatomyOf, type Layer } from "./anatomy.ts";

/** The fill of each part; its text is dark, so it reads wherever the picture stands. */
export const PART_FILLS = {
  embedding: "#bcd6f0",
  attention: "#ffd3b0",
  mlp: "#c4e3c0",
  norm: "#e2e2e2",
  unembedding: "#bcd6f0",
} as const;

const WIDTH = 620;
const LINE = "#888";
const PLAIN = "#f4f4f4";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly fill: string;
  readonly lines: readonly string[];
}

interface Wire {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

interface Diagram {
  readonly boxes: readonly Box[];
  /** Lines without a head. */
  readonly wires: readonly Wire[];
  /** Lines with one. */
  readonly arrows: readonly Wire[];
  readonly pluses: readonly { readonly x: number; readonly y: number }[];
  readonly frame: { readonly y1: number; readonly y2: number };
  readonly height: number;
}

/** The x of the residual stream, the boxes on it, and those beside it, which read it and write to it. */
const STREAM = 130;
const MAIN = { x: 10, width: 240 };
const SIDE = { x: 340, width: 262 };
const SIDE_CENTRE = SIDE.x + SIDE.width / 2;

/** Lines, boxes and pluses, and what stands on the stream, from top to bottom. */
interface Piece extends Pick<Diagram, "arrows" | "boxes" | "pluses" | "wires"> {
  readonly stops: readonly Stop[];
  readonly end: number;
}

/** What stands on the stream. */
interface Stop {
  readonly top: number;
  readonly bottom: number;
}

const plusStop = (y: number): Stop => ({ top: y - 10, bottom: y + 10 });
const boxStop = ({ y, height }: Box): Stop => ({ top: y, bottom: y + height });
const heightOf = (lines: readonly string[]) => 21 + 15 * lines.length;

/** A norm on the stream itself. */
const streamNorm = (y: number, line: string): Box => ({
  x: 35,
  width: 190,
  y,
  height: 22,
  fill: PART_FILLS.norm,
  lines: [line],
});

/**
 * A branch off the stream: a norm, if it stands before, then what it feeds, then back with a plus. It reads the stream at
 * `y`, or where `from` says.
 */
function branch(y: number, { part, norm, lines }: Layer, { layout, from = y }: BranchOptions): Piece {
  const before = layout !== "norms after" && norm !== undefined
    ? [{ ...SIDE, y: y + 12, height: 22, fill: PART_FILLS.norm, lines: [norm] }]
    : [];
  const body = {
    ...SIDE,
    y: y + (before.length > 0 ? 48 : 12),
    height: heightOf(lines),
    fill: PART_FILLS[part],
    lines,
  };
  const end = body.y + body.height + 20;
  const after = layout === "norms after" && norm !== undefined ? [streamNorm(end + 22, norm)] : [];
  const down = (y1: number, y2: number): Wire => ({ x1: SIDE_CENTRE, y1, x2: SIDE_CENTRE, y2 });
  return {
    boxes: [...before, body, ...after],
    wires: [
      ...(from === y ? [{ x1: STREAM, y1: y, x2: SIDE_CENTRE, y2: y }] : [
        { x1: ASIDE, y1: from, x2: ASIDE, y2: y },
        { x1: ASIDE, y1: y, x2: SIDE_CENTRE, y2: y },
      ]),
      down(body.y + body.height, end),
    ],
    arrows: [
      ...(before.length > 0 ? [down(y, y + 12), down(y + 34, body.y)] : [down(y, body.y)]),
      { x1: SIDE_CENTRE, y1: end, x2: STREAM + 10, y2: end },
    ],
    pluses: [{ x: STREAM, y: end }],
    stops: [plusStop(end), ...after.map(boxStop)],
    end: after.length > 0 ? end + 48 : end,
  };
}

/** How a branch is drawn. */
interface BranchOptions {
  readonly layout: Anatomy["layout"];
  readonly from?: number;
}

/** The x where a second layer takes the stream that the first one reads. */
const ASIDE = 310;

function joined(pieces: readonly Piece[]): Piece {
  return {
    boxes: pieces.flatMap(({ boxes }) => boxes),
    wires: pieces.flatMap(({ wires }) => wires),
    arrows: pieces.flatMap(({ arrows }) => arrows),
    pluses: pieces.flatMap(({ pluses }) => pluses),
    stops: pieces.flatMap(({ stops }) => stops),
    end: pieces.at(-1)!.end,
  };
}

function block({ layout, layers }: Anatomy, top: number): Piece {
  const start = top + 34;
  const pieces: Piece[] = [];
  for (const layer of layers) {
    const y = pieces.length === 0 ? start : pieces.at(-1)!.end + 14;
    const from = layout === "parallel" ? { from: start } : {};
    pieces.push(branch(y, layer, { layout, ...from }));
  }
  return joined(pieces);
}

/** From the token ids to what enters the first block. */
function beginning({ tokens, tables, norm }: Anatomy): Piece {
  const wide = (y: number, height: number, fill: string, lines: readonly string[]) => ({
    ...MAIN,
    y,
    height,
    fill,
    lines,
  });
  const [ids, embedding] = [wide(4, 24, PLAIN, ["token ids  [T]"]), wide(52, 50, PART_FILLS.embedding, tokens)];
  const added = tables.length === 0 ? [] : [{ ...wide(52, 50, PART_FILLS.embedding, tables), ...SIDE }];
  const normed = norm === undefined ? [] : [streamNorm(added.length > 0 ? 142 : 114, norm)];
  return {
    boxes: [ids, embedding, ...added, ...normed],
    wires: added.map(() => ({ x1: SIDE_CENTRE, y1: 102, x2: SIDE_CENTRE, y2: 120 })),
    arrows: added.map(() => ({ x1: SIDE_CENTRE, y1: 120, x2: STREAM + 10, y2: 120 })),
    pluses: added.map(() => ({ x: STREAM, y: 120 })),
    stops: [ids, embedding].map(boxStop).concat(added.map(() => plusStop(120)), normed.map(boxStop)),
    end: normed.length > 0 ? normed[0]!.y + 40 : 138,
  };
}

/** From what leaves the last block to the logits. */
function ending({ ends, result }: Anatomy, top: number): Piece {
  let y = top + 24;
  const boxes = ends.map(({ part, lines }): Box => {
    const box = { ...MAIN, y, height: lines.length > 1 ? 50 : 22, fill: PART_FILLS[part], lines };
    y += box.height + 22;
    return box;
  });
  boxes.push({ ...MAIN, y, height: 24, fill: PLAIN, lines: [result] });
  return { boxes, wires: [], arrows: [], pluses: [], stops: boxes.map(boxStop), end: y + 30 };
}

function diagramOf(summary: ModelSummary): Diagram {
  const anatomy = anatomyOf(summary);
  const { nEmbd: C, nLayer: L } = summary.config;
  const begin = beginning(anatomy);
  const inner = block(anatomy, begin.end);
  const frame = { y1: begin.end, y2: inner.end + 18 };
  const end = ending(anatomy, frame.y2);
  const small = { x: 44, width: 70, height: 36, fill: PLAIN };
  const labels = [
    { ...small, y: frame.y1 + 10, lines: ["layer", `× ${L}`] },
    { ...small, y: frame.y1 + 102, lines: ["stream", `[T, ${C}]`] },
  ];
  const stops = [...begin.stops, ...inner.stops, ...end.stops];
  const down = stops.slice(1).map(({ top }, i) => ({ x1: STREAM, y1: stops[i]!.bottom, x2: STREAM, y2: top }));
  return {
    boxes: [...begin.boxes, ...labels, ...inner.boxes, ...end.boxes],
    wires: [...inner.wires, ...begin.wires],
    arrows: [...inner.arrows, ...begin.arrows, ...down],
    pluses: [...begin.pluses, ...inner.pluses],
    frame,
    height: end.end,
  };
}

function marksOf({ boxes, wires, arrows, pluses, frame }: Diagram): Plot.Markish[] {
  const edges = { x1: "x1", y1: "y1", x2: "x2", y2: "y2", stroke: LINE, strokeWidth: 1.5 } as const;
  const texts = boxes.flatMap(({ x, y, width, height, lines }) =>
    lines.map((text, i) => ({
      x: x + width / 2,
      y: y + height / 2 + 15 * (i - (lines.length - 1) / 2),
      text,
      first: i === 0,
    }))
  );
  return [
    Plot.rect([frame], { x1: 30, x2: WIDTH - 10, y1: "y1", y2: "y2", rx: 10, stroke: LINE, strokeDasharray: "4,3" }),
    Plot.link(wires, edges),
    Plot.arrow(arrows, { ...edges, headLength: 6 }),
    Plot.rect(boxes, {
      x1: "x",
      x2: (box: Box) => box.x + box.width,
      y1: "y",
      y2: (box: Box) => box.y + box.height,
      rx: 5,
      fill: "fill",
      stroke: LINE,
      strokeWidth: 0.5,
    }),
    Plot.dot(pluses, { x: "x", y: "y", r: 9, fill: PLAIN, stroke: LINE }),
    Plot.text(pluses, { x: "x", y: "y", text: () => "+", fontSize: 14, fill: "#222" }),
    ...[true, false].map((first) =>
      Plot.text(texts.filter((line) => line.first === first), {
        x: "x",
        y: "y",
        text: "text",
        fontSize: 11.5,
        fill: "#222",
        fontWeight: first ? 600 : 400,
      })
    ),
  ];
}

/**
 * Draws the stack.
 *
 * @param summary What the model is made of.
 * @param title What the image shows, for a screen reader.
 * @param transparent Whether the page shows through; every text has a ground of its own.
 * @returns An SVG document.
 */
export function drawModel(summary: ModelSummary, title: string, transparent: boolean): Html {
  const diagram = diagramOf(summary);
  const plot: Plot.PlotOptions = {
    width: WIDTH,
    height: diagram.height,
    margin: 0,
    x: { type: "identity", axis: null },
    y: { type: "identity", axis: null },
    color: { type: "identity" },
    marks: marksOf(diagram),
  };
  return drawDocument([{ plot, top: 0 }], { width: WIDTH, height: diagram.height, title, transparent });
}
