/**
 * Bars for counts, as an image.
 *
 * @module
 */
import { drawDocument, Plot } from "../kit/chart.ts";
import { hex, ORANGE } from "../kit/colours.ts";
import type { Html } from "../kit/html.ts";
import { textWidth } from "../kit/text_width.ts";

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
/** What bars take without the labels below them. */
const HEIGHT = 114;
/** How far a slanted letter reaches, and what stands below the labels. */
const SLANTED = 4.6;
const BELOW = 24;

/** How far the slanted labels reach down, and left of their bars. */
function reachOf({ labels }: Bars): number {
  return Math.ceil(SLANTED * labels.reduce((most, label) => Math.max(most, textWidth(label)), 4)) + 6;
}

/** How tall bars are. */
export function barsHeight(bars: Bars): number {
  return HEIGHT + reachOf(bars) + BELOW;
}

/** Bars with their axes. */
export function barsPlot(bars: Bars): Plot.PlotOptions {
  const { labels, values, rooted = false, across, up } = bars;
  const reach = reachOf(bars);
  const known = values.map((value) => Number.isFinite(value) ? value : 0);
  const indices = labels.map((_, i) => i);
  const greatest = known.reduce((most, value) => Math.max(most, value), 0) || 1;
  return {
    ...{ width: WIDTH, height: barsHeight(bars), marginTop: 26, marginBottom: reach + BELOW },
    ...{ marginLeft: Math.max(60, reach), marginRight: 20 },
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
  return drawDocument([{ plot: barsPlot(bars), top: 0 }], { width: WIDTH, height: barsHeight(bars), title });
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

/** How wide these pictures are. */
export const PICTURE_WIDTH = WIDTH;
