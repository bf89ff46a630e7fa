/**
 * Charts of factors: a line of each one's activity, and the error curve.
 *
 * @module
 */
import type { ErrorCurve, Factors } from "../../src/analysis/factors/types.ts";
import { categoryColour } from "../kit/categories.ts";
import { drawDocument, type Picture, Plot } from "../kit/chart.ts";
import { hex, ORANGE } from "../kit/colours.ts";
import type { Html } from "../kit/html.ts";
import type { Tick } from "../kit/picture_labels.ts";
import { roundTicks } from "../kit/ramp.ts";
import { tokenLabel } from "../kit/token_text.ts";
import type { FactorRow } from "./data.ts";

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
export function drawSparkline(factors: Factors, row: FactorRow, width: number): Html {
  const title = `Activity of factor ${row.index}`;
  const plot = sparkPlot(factors, row, { width });
  return drawDocument([{ plot, top: 0 }], { width, height: SPARK_HEIGHT, title, transparent: true });
}

/** In a grey that shows on white and on black. */
function curveMarks({ factors, relativeErrors }: ErrorCurve, chosen: number): Plot.Markish[] {
  const points = factors.map((count, i) => ({ count, error: relativeErrors[i] ?? 0 }));
  const place = { x: "count", y: "error" } as const;
  const title = ({ count, error }: { count: number; error: number }) => `${count}: ${error.toFixed(4)}`;
  const ringed = points.filter(({ count }) => count === chosen);
  return [
    Plot.lineY(points, { ...place, stroke: "#808080", strokeWidth: 1.5 }),
    Plot.dot(points, { ...place, fill: "#808080", r: 3, title }),
    Plot.dot(ringed, { ...place, stroke: hex(ORANGE), strokeWidth: 2, r: 7 }),
  ];
}

function curvePlot(curve: ErrorCurve, chosen: number, size: { width: number; height: number }) {
  const { relativeErrors } = curve;
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
    marks: curveMarks(curve, chosen),
  } satisfies Plot.PlotOptions;
}

/** The place of an error curve in its picture, in pixels. */
const CURVE = { width: 320, height: 160, left: 20, right: 20, top: 8, bottom: 8 } as const;

/** A curve without text, and where its labels belong. */
export interface ErrorCurvePicture {
  /** An SVG document. */
  readonly svg: Html;
  /** From the top down. */
  readonly errors: readonly Tick[];
  /** From the left. */
  readonly counts: readonly Tick[];
}

/** How the error falls with the number of factors; the number at hand is ringed. A page writes the labels. */
export function drawErrorCurve(curve: ErrorCurve, chosen: number): ErrorCurvePicture {
  const { width, height, left, right, top, bottom } = CURVE;
  const most = Math.max(...curve.factors, 1);
  const highest = Math.max(1, ...curve.relativeErrors.filter(Number.isFinite));
  const plot: Plot.PlotOptions = {
    width,
    height,
    marginLeft: left,
    marginRight: right,
    marginTop: top,
    marginBottom: bottom,
    x: { type: "linear", domain: [0, most], axis: null },
    y: { type: "linear", domain: [0, highest], axis: null },
    marks: [Plot.ruleY(roundTicks(highest, 6), { stroke: "#888", strokeOpacity: 0.35 }), ...curveMarks(curve, chosen)],
  };
  const y = (error: number) => height - bottom - (height - bottom - top) * error / highest;
  const x = (count: number) => left + (width - left - right) * count / most;
  return {
    svg: drawDocument([{ plot, top: 0 }], { width, height, title: "Error by number of factors", transparent: true }),
    errors: roundTicks(highest, 6).toReversed().map((error) => ({ at: y(error), text: String(error) })),
    counts: roundTicks(most, 7).filter(Number.isInteger).map((count) => ({ at: x(count), text: String(count) })),
  };
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
        fontSize: 11,
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
): Html {
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
