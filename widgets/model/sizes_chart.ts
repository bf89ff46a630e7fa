/**
 * Models of several sizes as an image.
 *
 * @module
 */
import type { ModelSummary } from "../../src/models/summary.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import type { Html } from "../kit/html.ts";
import { counted } from "../kit/numbers.ts";
import { wholeText } from "../kit/quantities.ts";
import { shortText } from "../kit/text_width.ts";
import { PART_FILLS } from "./chart.ts";
import { PART_NAMES, PARTS } from "./parts.ts";
import { barOf, boxesOf, LAYER, partsOf, widthOf } from "./stacks.ts";

/** A stack and the words below it; stacks in a row; the room above them. */
const [CELL, ROW, TOP, FACTS] = [244, 4, 34, 92];
const LEFT = 14;
const BAR = { height: 14, line: 36 } as const;

interface Rect {
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
  readonly fill: string;
}

interface Line {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly bold: boolean;
}

type Size = ModelSummary & { readonly name: string };

function stackRects(size: Size, x: number, bottom: number, widest: number): Rect[] {
  const width = widthOf(size, widest);
  return boxesOf(size).flatMap((_, i) => {
    const y2 = bottom - i * (LAYER.height + LAYER.gap);
    let x1 = x;
    return partsOf(size).map(({ part, share }): Rect => {
      const from = x1;
      x1 += share * width;
      return { x1: from, x2: x1, y1: y2 - LAYER.height, y2, fill: PART_FILLS[part] };
    });
  });
}

function factLines({ name, config, parameters }: Size, x: number, top: number): Line[] {
  const lines = [
    counted(config.nLayer, "layer"),
    `width ${wholeText(config.nEmbd)}, ${counted(config.nHead, "head")}`,
    `${wholeText(parameters)} parameters`,
  ];
  return [shortText(name, 30), ...lines].map((text, i) => ({ x, y: top + 16 * i, text, bold: i === 0 }));
}

/** The stacks, a few in a row, each row as high as its highest. */
function stacksOf(sizes: readonly Size[]): { rects: Rect[]; lines: Line[]; end: number } {
  const widest = Math.max(...sizes.map(({ config }) => config.nEmbd));
  const drawn = { rects: [] as Rect[], lines: [] as Line[], end: TOP };
  for (let start = 0; start < sizes.length; start += ROW) {
    const row = sizes.slice(start, start + ROW);
    const high = Math.max(...row.map((size) => boxesOf(size).length)) * (LAYER.height + LAYER.gap);
    const bottom = drawn.end + high;
    row.forEach((size, i) => {
      const x = LEFT + i * CELL;
      drawn.rects.push(...stackRects(size, x, bottom, widest));
      drawn.lines.push(...factLines(size, x, bottom + 18));
    });
    drawn.end = bottom + FACTS;
  }
  return drawn;
}

/** Bars below each other, as long as there are many parameters. */
function barsOf(sizes: readonly Size[], top: number, width: number): { rects: Rect[]; lines: Line[]; end: number } {
  const most = Math.max(...sizes.map(({ parameters }) => parameters));
  const lines = sizes.map((size, i): Line => {
    const text = `${shortText(size.name, 60)}: ${wholeText(size.parameters)} parameters`;
    return { x: LEFT, y: top + i * BAR.line, text, bold: false };
  });
  const rects = sizes.flatMap((size, i) => {
    let x1 = LEFT;
    return barOf(size, most).map(({ part, share }): Rect => {
      const from = x1;
      x1 += share * (width - 2 * LEFT);
      const y1 = top + i * BAR.line + 9;
      return { x1: from, x2: x1, y1, y2: y1 + BAR.height, fill: PART_FILLS[part] };
    });
  });
  return { rects, lines, end: top + sizes.length * BAR.line };
}

/** What the colours are. */
function legendOf(sizes: readonly Size[], y: number): { rects: Rect[]; lines: Line[] } {
  const some = PARTS.filter((part) => sizes.some(({ parametersOf }) => parametersOf[part] > 0));
  return {
    rects: some.map((part, i) => {
      const x1 = LEFT + 110 * i;
      return { x1, x2: x1 + 12, y1: y - 6, y2: y + 6, fill: PART_FILLS[part] };
    }),
    lines: some.map((part, i) => ({ x: LEFT + 110 * i + 18, y, text: PART_NAMES[part], bold: false })),
  };
}

/** Draws stacks, and where their parameters are. */
export function drawSizes(sizes: readonly Size[], words: string, title: string): Html {
  const width = Math.max(620, LEFT + Math.min(ROW, sizes.length) * CELL);
  const stacks = stacksOf(sizes);
  const bars = barsOf(sizes, stacks.end, width);
  const legend = legendOf(sizes, bars.end + 6);
  const lines = [{ x: LEFT, y: 14, text: shortText(words, Math.floor(width / 6.2)), bold: false }]
    .concat(stacks.lines, bars.lines, legend.lines);
  const height = bars.end + 28;
  const plot: Plot.PlotOptions = {
    ...{ width, height, margin: 0 },
    x: { type: "identity", axis: null },
    y: { type: "identity", axis: null },
    color: { type: "identity" },
    marks: [
      Plot.rect([...stacks.rects, ...bars.rects, ...legend.rects], {
        ...{ x1: "x1", x2: "x2", y1: "y1", y2: "y2", fill: "fill", stroke: "#888", strokeWidth: 0.5 },
      }),
      ...[true, false].map((bold) =>
        Plot.text(lines.filter((line) => line.bold === bold), {
          ...{ x: "x", y: "y", text: "text", textAnchor: "start", fontSize: 12 },
          ...{ fill: "#222", fontWeight: bold ? 600 : 400 },
        })
      ),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width, height, title });
}
