/**
 * The surprise of a text as an image: a bar for each token, and a line for what was to be expected.
 *
 * @module
 */
import { drawDocument, Plot } from "../kit/chart.ts";
import { BLUE, hex, ORANGE } from "../kit/colours.ts";
import type { Html } from "../kit/html.ts";
import { informationText, inUnit } from "../kit/quantities.ts";
import { roundTicks, stepped } from "../kit/ramp.ts";
import { textWidth } from "../kit/text_width.ts";
import { tokenLabel } from "../kit/token_text.ts";
import { perplexityWords, type SurpriseRow, type SurpriseTable } from "./rows.ts";

/** Above this many bars they carry no titles and no labels. */
const MOST_LABELS = 64;
const HEIGHT = 120;
const LEFT = 60;

/** What the bars say. */
export const BARS_WORDS = "Bar: surprise. Blue line: what was to be expected (entropy).";

/** The width of a bar with what is around it. */
export function barSide(count: number): number {
  return Math.max(1, Math.min(24, Math.floor(880 / count)));
}

function finite(nats: number, ceiling: number): number {
  return Number.isNaN(nats) ? 0 : Math.max(0, Math.min(ceiling, nats));
}

function labelAt({ surprise, rows }: SurpriseTable, n: number): string {
  const token = surprise.sequence.tokens[rows[n]?.position ?? 0];
  return token === undefined ? "" : tokenLabel(token, 12);
}

/** The numbers of the axis. */
export function surpriseTicks({ ceiling, unit }: SurpriseTable): number[] {
  return roundTicks(inUnit(ceiling, unit), 7);
}

function marksOf(table: SurpriseTable, titled: boolean): Plot.Markish[] {
  const { rows, unit, ceiling } = table;
  const indices = rows.map((_, n) => n);
  const across = barSide(rows.length);
  const at = (n: number): SurpriseRow => rows[n]!;
  const title = (n: number) => `${at(n).position} ${labelAt(table, n)}: ${informationText(at(n).nats, unit)} ${unit}`;
  return [
    Plot.ruleY(surpriseTicks(table), { stroke: "#888", strokeOpacity: 0.35 }),
    Plot.barY(indices, {
      x: (n: number) => n,
      y: (n: number) => inUnit(finite(at(n).nats, ceiling), unit),
      fill: hex(ORANGE),
      inset: across > 4 ? 0.5 : 0,
      ...(titled ? { title } : {}),
    }),
    Plot.tickY(indices, {
      x: (n: number) => n,
      y: (n: number) => inUnit(finite(at(n).entropy, ceiling), unit),
      stroke: hex(BLUE),
      strokeWidth: across > 4 ? 3 : 1,
    }),
  ];
}

function scalesOf({ rows, ceiling, unit }: SurpriseTable): Pick<Plot.PlotOptions, "x" | "y"> {
  return {
    x: { type: "band", domain: rows.map((_, n) => n), padding: 0, axis: null },
    y: { domain: [0, inUnit(ceiling, unit)], nice: false, axis: null },
  };
}

/** The place of the bars in their picture, in pixels. */
export const BARS = { top: 8, bottom: 128, height: 132 } as const;

/** Bars alone, for a page that writes the labels. */
export function drawBars(table: SurpriseTable, title: string): Html {
  const width = table.rows.length * barSide(table.rows.length);
  const margins = { marginTop: BARS.top, marginBottom: BARS.height - BARS.bottom, marginLeft: 0, marginRight: 0 };
  const plot = { width, height: BARS.height, ...margins, ...scalesOf(table), marks: marksOf(table, false) };
  return drawDocument([{ plot, top: 0 }], { width, height: BARS.height, title, transparent: true });
}

function axesOf(table: SurpriseTable, labelled: boolean): Plot.Markish[] {
  const { rows, unit } = table;
  return [
    labelled
      ? Plot.axisX({ tickRotate: -55, tickFormat: (n: number) => labelAt(table, n), tickSize: 3, label: null })
      : Plot.axisX(stepped(rows.length, 12), {
        tickFormat: (n: number) => String(rows[n]?.position),
        label: "position",
      }),
    Plot.axisY(surpriseTicks(table), { label: null }),
    Plot.axisY([], { label: unit }),
  ];
}

/** Bars in reading order. */
export function drawSurprise(table: SurpriseTable, title: string): Html {
  const { rows, unit } = table;
  const across = barSide(rows.length);
  const labelled = rows.length <= MOST_LABELS && across >= 12;
  const longest = labelled ? rows.reduce((most, _, n) => Math.max(most, textWidth(labelAt(table, n))), 0) : 0;
  const marginBottom = labelled ? 16 + 5 * longest : 30;
  const width = Math.max(560, LEFT + rows.length * across + 20);
  const height = 10 + HEIGHT + marginBottom;
  const margins = { marginLeft: LEFT, marginTop: 10, marginBottom, marginRight: width - LEFT - rows.length * across };
  const marks = [...marksOf(table, rows.length <= 4 * MOST_LABELS), ...axesOf(table, labelled)];
  const plot = { width, height, ...margins, ...scalesOf(table), marks };
  const text = `${perplexityWords(table)}.\n${BARS_WORDS.replace("surprise", `surprise in ${unit}`)}`;
  const place = { frameAnchor: "left", dx: 8, textAnchor: "start", lineHeight: 1.5 } as const;
  const words = {
    width,
    height: 40,
    margin: 0,
    marks: [Plot.text([text], { ...place, text: (line: string) => line })],
  };
  return drawDocument([{ plot: words, top: 6 }, { plot, top: 56 }], { width, height: height + 60, title });
}
