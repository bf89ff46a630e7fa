/**
 * Bars for counts, as an image.
 *
 * @module
 */
import { drawDocument, Plot } from "../kit/chart.ts";
import { hex, ORANGE } from "../kit/colours.ts";
import type { Html } from "../kit/html.ts";

/** What bars stand for. */
export interface Bars {
  /** What stands below each. */
  readonly labels: readonly string[];
  /** How long each is: its size is its root where they are `rooted`, so that rare things can be seen. */
  readonly values: readonly number[];
  readonly rooted?: boolean;
  /** What the values are. */
  readonly across: string;
  readonly up: string;
}

const WIDTH = 640;
const HEIGHT = 180;

/** Bars with their axes. */
export function barsPlot({ labels, values, rooted = false, across, up }: Bars): Plot.PlotOptions {
  const known = values.map((value) => Number.isFinite(value) ? value : 0);
  const indices = labels.map((_, i) => i);
  const greatest = known.reduce((most, value) => Math.max(most, value), 0) || 1;
  return {
    ...{ width: WIDTH, height: HEIGHT, marginLeft: 60, marginTop: 26, marginRight: 20, marginBottom: 66 },
    x: { type: "band", domain: indices, padding: 0.08 },
    y: { type: rooted ? "sqrt" : "linear", domain: [0, greatest] },
    marks: [
      Plot.barY(indices, { x: (i: number) => i, y: (i: number) => known[i]!, fill: hex(ORANGE) }),
      Plot.axisX(indices, { tickFormat: (i: number) => labels[i]!, tickRotate: -45, tickSize: 3, label: across }),
      Plot.axisY({ ticks: 4, label: up }),
      Plot.ruleY([0], { stroke: "#888" }),
    ],
  };
}

/** Bars as a document of their own. */
export function drawBars(bars: Bars, title: string): Html {
  return drawDocument([{ plot: barsPlot(bars), top: 0 }], { width: WIDTH, height: HEIGHT, title });
}

/** Lines of text as a picture, cut off where they are longer than it is wide. */
export function linesPlot(lines: readonly string[]): Plot.PlotOptions {
  const height = 10 + 15 * lines.length;
  const cut = lines.map((line) => line.length > 110 ? `${line.slice(0, 109).toWellFormed()}…` : line);
  const place = {
    frameAnchor: "top-left",
    dx: 8,
    dy: 4,
    textAnchor: "start",
    lineAnchor: "top",
    lineHeight: 1.5,
  } as const;
  return { width: WIDTH, height, margin: 0, marks: [Plot.text([cut.join("\n")], place)] };
}

/** How wide these pictures are, and how tall bars are. */
export const SIZE = { width: WIDTH, bars: HEIGHT } as const;
