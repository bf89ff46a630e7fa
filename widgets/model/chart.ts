/**
 * A model as a picture: from the token ids through the layers to the logits.
 *
 * @module
 */
import { familyOf } from "../../src/models/families.ts";
import type { LlamaConfig } from "../../src/models/llama.ts";
import type { ModelSummary, WeightSummary } from "../../src/models/summary.ts";
import type { ModelPart } from "../../src/models/weight_list.ts";
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

/** The models whose layers are as in the picture: each half reads the stream through a norm, and adds to it. */
const DRAWN: readonly string[] = ["gpt2", "llama", "mistral", "qwen2"];

/** Whether there is a picture of a model. */
export function hasPicture({ config }: ModelSummary): boolean {
  return DRAWN.includes(config.modelType);
}

/** The weights of a part: those of the first layer, or those outside of all. */
function weightsOf({ weights }: ModelSummary, part: ModelPart, block?: 0): readonly WeightSummary[] {
  return weights.filter((weight) => weight.part === part && weight.block === block);
}

const withoutEnd = (name: string) => name.replace(/\.weight$/, "");

/** The name of the norm before the unembedding. */
export function lastNorm(summary: ModelSummary): string {
  return withoutEnd(weightsOf(summary, "norm")[0]!.name);
}

const numberOf = (some: readonly WeightSummary[]) =>
  wholeText(some.reduce((sum, { parameters }) => sum + parameters, 0));

/** A half of a layer: what it is, its matrices two by two, and how many numbers they hold with their biases. */
function halfLines(summary: ModelSummary, part: "attention" | "mlp", lines: readonly string[]): string[] {
  const weights = weightsOf(summary, part, 0);
  const matrices = weights.filter(({ shape }) => shape.length === 2)
    .map(({ name, shape }) => `${withoutEnd(name).split(".").at(-1)} [${shape.join(", ")}]`);
  const pairs = Array.from({ length: Math.ceil(matrices.length / 2) }, (_, i) => matrices.slice(2 * i, 2 * i + 2));
  return [...lines, ...pairs.map((pair) => pair.join(", ")), `${numberOf(weights)} parameters`];
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

/** What attention is: its heads, and where positions come in when no embedding has them. */
function attentionLines({ config }: ModelSummary): string[] {
  const { nEmbd, nHead: H } = config;
  const { headDim: D = nEmbd / H, numKeyValueHeads: K = H } = config as Partial<LlamaConfig>;
  const heads = `attention: ${H} heads of ${D}`;
  if (config.modelType === "gpt2") return [heads];
  return [K === H ? heads : `${heads}, ${K} of keys`, "queries and keys are turned by positions"];
}

function block(summary: ModelSummary, top: number): Pick<Diagram, "boxes" | "wires" | "arrows" | "pluses" | "frame"> {
  const { nEmbd: C, nInner: I, activationFunction } = summary.config;
  const box = (y: number, height: number, fill: string, lines: string[]): Box => ({ ...SIDE, y, height, fill, lines });
  const norms = weightsOf(summary, "norm", 0).filter(({ name }) => name.endsWith(".weight"));
  const norm = (y: number, i: number) => {
    return box(y, 22, PART_FILLS.norm, [`${withoutEnd(norms[i]!.name).split(".").at(-1)}  [${C}]`]);
  };
  const half = (y: number, fill: string, lines: string[]) => box(y, 21 + 15 * lines.length, fill, lines);
  const attention = halfLines(summary, "attention", attentionLines(summary));
  const first = branch(top + 34, norm(top + 46, 0), half(top + 82, PART_FILLS.attention, attention));
  const middle = first.plus.y + 14;
  const mlp = halfLines(summary, "mlp", [`MLP: ${I} neurons, ${activationFunction}`]);
  const second = branch(middle, norm(middle + 12, 1), half(middle + 48, PART_FILLS.mlp, mlp));
  return {
    boxes: [...first.boxes, ...second.boxes],
    wires: [...first.wires, ...second.wires],
    arrows: [...first.arrows, ...second.arrows],
    pluses: [first.plus, second.plus],
    frame: { y1: top, y2: second.plus.y + 18 },
  };
}

/** What the logits are read with; long names take two lines. */
function unembeddingLines({ config }: ModelSummary): string[] {
  const { vocabSize: V, nEmbd: C, tieWordEmbeddings } = config;
  const { names } = familyOf(config);
  if (!tieWordEmbeddings) return [`${withoutEnd(names.unembedding)} [${V}, ${C}]: ${wholeText(V * C)}`];
  const [table, shape] = [`${withoutEnd(names.embedding)} transposed`, `[${C}, ${V}], shared`];
  return table.length < 16 ? [`${table} ${shape}`] : [table, shape];
}

function boxesOf(summary: ModelSummary, inner: readonly Box[], end: number): Box[] {
  const { vocabSize: V, nEmbd: C, nLayer: L } = summary.config;
  const wide = (y: number, height: number, fill: string, lines: string[]): Box => ({ ...MAIN, y, height, fill, lines });
  const small = { x: 44, width: 70, height: 36, fill: PLAIN };
  const [table, positions] = weightsOf(summary, "embedding");
  const embedding = (what: string, { name, shape, parameters }: WeightSummary) =>
    wide(52, 50, PART_FILLS.embedding, [
      `${what} embedding`,
      `${withoutEnd(name)} [${shape.join(", ")}]: ${wholeText(parameters)}`,
    ]);
  return [
    wide(4, 24, PLAIN, ["token ids  [T]"]),
    embedding("token", table!),
    ...positions ? [{ ...embedding("position", positions), ...SIDE }] : [],
    { ...small, y: 148, lines: ["layer", `× ${L}`] },
    { ...small, y: 240, lines: ["stream", `[T, ${C}]`] },
    ...inner,
    wide(end + 24, 22, PART_FILLS.norm, [`${lastNorm(summary)}  [${C}]`]),
    wide(end + 68, 50, PART_FILLS.unembedding, ["unembedding", ...unembeddingLines(summary)]),
    wide(end + 140, 24, PLAIN, [`logits  [T, ${V}]`]),
  ];
}

function diagramOf(summary: ModelSummary): Diagram {
  const inner = block(summary, 138);
  const { y2: end } = inner.frame;
  const down = (y1: number, y2: number): Wire => ({ x1: STREAM, y1, x2: STREAM, y2 });
  const { boxes, wires, arrows, pluses } = inner;
  const stack = { boxes: boxesOf(summary, boxes, end), frame: inner.frame, height: end + 170 };
  const last = [down(end + 46, end + 68), down(end + 118, end + 140)];
  const between = (some: Diagram["pluses"]) => some.map(({ y }, i) => down(y + 10, (some[i + 1]?.y ?? end + 34) - 10));
  if (weightsOf(summary, "embedding").length === 1) {
    const first = [down(28, 52), down(102, pluses[0]!.y - 10)];
    return { ...stack, wires, pluses, arrows: [...arrows, ...first, ...between(pluses), ...last] };
  }
  const all = [{ x: STREAM, y: 120 }, ...pluses];
  const positions = { x1: SIDE_CENTRE, y1: 120, x2: STREAM + 10, y2: 120 };
  return {
    ...stack,
    pluses: all,
    wires: [...wires, { x1: SIDE_CENTRE, y1: 102, x2: SIDE_CENTRE, y2: 120 }],
    arrows: [...arrows, positions, down(28, 52), down(102, 110), ...between(all), ...last],
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
