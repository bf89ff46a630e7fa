/**
 * Charts of factors: a line of each one's activity, and the error curve.
 *
 * @module
 */
import type { ErrorCurve, Factors } from "../src/analysis/factors.ts";
import { categoryColour } from "./categories.ts";
import { drawDocument, type Picture, Plot } from "./chart.ts";
import { hex } from "./colours.ts";
import type { FactorRow } from "./factors_data.ts";
import { tokenLabel } from "./token_text.ts";

/** More tokens than this share points of a sparkline; a point is the largest of them. */
const MOST_POINTS = 400;

/** A sparkline's height. */
export const SPARK_HEIGHT = 30;

interface Point {
  readonly x1: number;
  readonly x2: number;
  readonly share: number;
}

/** Activity over tokens, as steps. */
function pointsOf({ activity, largest }: FactorRow): Point[] {
  const per = Math.ceil(activity.length / MOST_POINTS);
  return Array.from({ length: Math.ceil(activity.length / per) }, (_, i) => {
    const values = Array.from(activity).slice(i * per, (i + 1) * per);
    return {
      x1: i * per,
      x2: i * per + values.length,
      share: Math.max(...values.map((value) => value || 0)) / largest,
    };
  });
}

/** Where a text ends and the next begins. */
function boundaries({ sequences }: Factors): number[] {
  let end = 0;
  return sequences.map(({ tokens }) => end += tokens.length).slice(0, -1);
}

function sparkPlot(factors: Factors, row: FactorRow, size: { width: number; marginLeft?: number }): Plot.PlotOptions {
  const points = pointsOf(row).filter(({ share }) => share >= 0.005);
  const colour = hex(categoryColour(row.index));
  return {
    ...size,
    height: SPARK_HEIGHT,
    margin: 2,
    ...(size.marginLeft === undefined ? {} : { marginLeft: size.marginLeft }),
    x: { type: "linear", domain: [0, row.activity.length], axis: null },
    y: { type: "linear", domain: [0, 1], axis: null },
    marks: [
      Plot.rect(points, {
        x1: "x1",
        x2: "x2",
        y1: 0,
        y2: "share",
        fill: colour,
        insetRight: row.activity.length > 120 ? 0 : 1,
      }),
      Plot.ruleY([0], { stroke: "#888", strokeWidth: 0.5 }),
      Plot.ruleX(boundaries(factors), { stroke: "#888", strokeDasharray: "2,2" }),
    ],
  };
}

/** The activity of a factor over all tokens, scaled to its largest. */
export function drawSparkline(factors: Factors, row: FactorRow, width: number): string {
  const title = `Activity of factor ${row.index}`;
  const plot = sparkPlot(factors, row, { width });
  return drawDocument([{ plot, top: 0 }], { width, height: SPARK_HEIGHT, title, transparent: true });
}

function curvePlot({ factors, relativeErrors }: ErrorCurve, chosen: number, size: { width: number; height: number }) {
  const points = factors.map((count, i) => ({ count, error: relativeErrors[i] ?? 0 }));
  return {
    ...size,
    marginLeft: 48,
    marginTop: 24,
    marginBottom: 36,
    x: { type: "linear", label: "factors", nice: true, zero: true, labelAnchor: "center" },
    y: {
      type: "linear",
      label: "unexplained (relative error)",
      domain: [0, Math.max(1, ...relativeErrors)],
      percent: false,
      grid: true,
    },
    marks: [
      Plot.lineY(points, { x: "count", y: "error", stroke: "#555" }),
      Plot.dot(points, {
        x: "count",
        y: "error",
        fill: "#555",
        r: 3,
        title: (d) => `${d.count}: ${d.error.toFixed(4)}`,
      }),
      Plot.dot(points.filter(({ count }) => count === chosen), {
        x: "count",
        y: "error",
        stroke: "#e8590c",
        strokeWidth: 2,
        r: 7,
      }),
    ],
  } satisfies Plot.PlotOptions;
}

/** How the error falls with the number of factors; the number at hand is ringed. */
export function drawErrorCurve(curve: ErrorCurve, chosen: number): string {
  const size = { width: 360, height: 200 };
  return drawDocument([{ plot: curvePlot(curve, chosen, size), top: 0 }], {
    ...size,
    title: "Error by number of factors",
  });
}

function labelPlot(text: string, width: number, height: number, bold = false): Plot.PlotOptions {
  const options = { frameAnchor: "left", textAnchor: "start", lineHeight: 1.4, fontSize: 11 } as const;
  return {
    width,
    height,
    margin: 0,
    marks: [Plot.text([text], { ...options, dx: 8, fontWeight: bold ? "bold" : "normal" })],
  };
}

function tokensPlot({ sequences }: Factors, width: number, marginLeft: number, height: number): Plot.PlotOptions {
  const labels = sequences.flatMap(({ tokens }) => tokens.map((token) => tokenLabel(token)));
  return {
    width,
    height,
    margin: 2,
    marginLeft,
    x: { type: "linear", domain: [0, labels.length], axis: null },
    y: { type: "linear", domain: [0, 1], axis: null },
    marks: [
      Plot.text(labels, {
        x: (_, i) => i + 0.5,
        y: 1,
        text: (label) => label,
        rotate: 90,
        textAnchor: "start",
        fontFamily: "monospace",
        fontSize: 10,
      }),
    ],
  };
}

/** The tokens that are shown below the sparklines, at most. */
const MOST_LABELS = 64;

/**
 * Draws the sparklines of all factors below each other, over the tokens when they are few, and the error curve.
 *
 * @returns An SVG document.
 */
export function drawFactors(
  factors: Factors,
  rows: readonly FactorRow[],
  curve: ErrorCurve | undefined,
  line: string,
  title: string,
): string {
  const N = rows[0]?.activity.length ?? 0;
  const marginLeft = 84;
  const width = Math.max(640, marginLeft + Math.min(N, MOST_LABELS) * 14);
  const pictures: Picture[] = [{ plot: labelPlot(line, width, 24), top: 4 }];
  let top = 32;
  for (const row of rows) {
    pictures.push({ plot: labelPlot(`factor ${row.index}`, marginLeft, SPARK_HEIGHT, true), top });
    pictures.push({ plot: { ...sparkPlot(factors, row, { width, marginLeft }), style: { background: "none" } }, top });
    top += SPARK_HEIGHT + 4;
  }
  if (N <= MOST_LABELS) {
    pictures.push({ plot: tokensPlot(factors, width, marginLeft, 110), top });
    top += 114;
  }
  if (curve) {
    pictures.push({ plot: curvePlot(curve, factors.activity.shape[0] ?? 0, { width: 360, height: 200 }), top });
    top += 204;
  }
  return drawDocument(pictures, { width, height: top + 4, title });
}
