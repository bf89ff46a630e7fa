/**
 * A GPT-2 model as a picture: from the token ids through the layers to the logits.
 *
 * @module
 */
import type { ModelSummary } from "../../src/models/summary.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import type { Html } from "../kit/html.ts";
import { wholeText } from "../kit/quantities.ts";

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

function numberOf({ weights }: ModelSummary, start: string): string {
  const some = weights.filter(({ name }) => name.startsWith(start));
  return wholeText(some.reduce((sum, { parameters }) => sum + parameters, 0));
}

/** The x of the residual stream, the boxes on it, and those beside it, which read it and write to it. */
const STREAM = 130;
const MAIN = { x: 10, width: 240 };
const SIDE = { x: 340, width: 262 };
const SIDE_CENTRE = SIDE.x + SIDE.width / 2;

/** A branch off the stream: a norm, then what it feeds, then back with a plus. */
function branch(
  y: number,
  norm: Box,
  body: Box,
): { boxes: Box[]; wires: Wire[]; arrows: Wire[]; plus: { x: number; y: number } } {
  const end = body.y + body.height + 20;
  return {
    boxes: [norm, body],
    wires: [
      { x1: STREAM, y1: y, x2: SIDE_CENTRE, y2: y },
      { x1: SIDE_CENTRE, y1: body.y + body.height, x2: SIDE_CENTRE, y2: end },
    ],
    arrows: [
      { x1: SIDE_CENTRE, y1: y, x2: SIDE_CENTRE, y2: norm.y },
      { x1: SIDE_CENTRE, y1: norm.y + norm.height, x2: SIDE_CENTRE, y2: body.y },
      { x1: SIDE_CENTRE, y1: end, x2: STREAM + 10, y2: end },
    ],
    plus: { x: STREAM, y: end },
  };
}

function block(summary: ModelSummary, top: number): Pick<Diagram, "boxes" | "wires" | "arrows" | "pluses" | "frame"> {
  const { nEmbd: C, nInner: I, nHead: H, activationFunction } = summary.config;
  const box = (y: number, height: number, fill: string, lines: string[]): Box => ({ ...SIDE, y, height, fill, lines });
  const norm = (y: number, name: string) => box(y, 22, PART_FILLS.norm, [`${name}  [${C}]`]);
  const first = branch(
    top + 34,
    norm(top + 46, "ln_1"),
    box(top + 82, 66, PART_FILLS.attention, [
      `attention: ${H} heads of ${C / H}`,
      `c_attn [${C}, ${3 * C}], c_proj [${C}, ${C}]`,
      `${numberOf(summary, "h.0.attn.")} parameters`,
    ]),
  );
  const middle = first.plus.y + 14;
  const second = branch(
    middle,
    norm(middle + 12, "ln_2"),
    box(middle + 48, 66, PART_FILLS.mlp, [
      `MLP: ${I} neurons, ${activationFunction}`,
      `c_fc [${C}, ${I}], c_proj [${I}, ${C}]`,
      `${numberOf(summary, "h.0.mlp.")} parameters`,
    ]),
  );
  return {
    boxes: [...first.boxes, ...second.boxes],
    wires: [...first.wires, ...second.wires],
    arrows: [...first.arrows, ...second.arrows],
    pluses: [first.plus, second.plus],
    frame: { y1: top, y2: second.plus.y + 18 },
  };
}

function boxesOf(summary: ModelSummary, inner: readonly Box[], end: number): Box[] {
  const { vocabSize: V, nPositions: P, nEmbd: C, nLayer: L, tieWordEmbeddings } = summary.config;
  const wide = (y: number, height: number, fill: string, lines: string[]): Box => ({ ...MAIN, y, height, fill, lines });
  const small = { x: 44, width: 70, height: 36, fill: PLAIN };
  return [
    wide(4, 24, PLAIN, ["token ids  [T]"]),
    wide(52, 50, PART_FILLS.embedding, ["token embedding", `wte [${V}, ${C}]: ${wholeText(V * C)}`]),
    { ...wide(52, 50, PART_FILLS.embedding, ["position embedding", `wpe [${P}, ${C}]: ${wholeText(P * C)}`]), ...SIDE },
    { ...small, y: 148, lines: ["layer", `× ${L}`] },
    { ...small, y: 240, lines: ["stream", `[T, ${C}]`] },
    ...inner,
    wide(end + 24, 22, PART_FILLS.norm, [`ln_f  [${C}]`]),
    wide(end + 68, 50, PART_FILLS.unembedding, [
      "unembedding",
      tieWordEmbeddings ? `wte transposed [${C}, ${V}], shared` : `lm_head [${V}, ${C}]: ${wholeText(V * C)}`,
    ]),
    wide(end + 140, 24, PLAIN, [`logits  [T, ${V}]`]),
  ];
}

function diagramOf(summary: ModelSummary): Diagram {
  const inner = block(summary, 138);
  const { y2: end } = inner.frame;
  const pluses = [{ x: STREAM, y: 120 }, ...inner.pluses];
  const down = (y1: number, y2: number): Wire => ({ x1: STREAM, y1, x2: STREAM, y2 });
  return {
    boxes: boxesOf(summary, inner.boxes, end),
    wires: [...inner.wires, { x1: SIDE_CENTRE, y1: 102, x2: SIDE_CENTRE, y2: 120 }],
    arrows: [
      ...inner.arrows,
      { x1: SIDE_CENTRE, y1: 120, x2: STREAM + 10, y2: 120 },
      down(28, 52),
      down(102, 110),
      ...pluses.map(({ y }, i) => down(y + 10, (pluses[i + 1]?.y ?? end + 34) - 10)),
      down(end + 46, end + 68),
      down(end + 118, end + 140),
    ],
    pluses,
    frame: inner.frame,
    height: end + 170,
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
