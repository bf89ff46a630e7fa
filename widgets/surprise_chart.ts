/**
 * The surprise of a text as an image: a bar for each token, and a tick for what was to be expected.
 *
 * @module
 */
import { drawDocument, Plot } from "./chart.ts";
import { hex } from "./colours.ts";
import { informationText, inUnit } from "./quantities.ts";
import { shareColour, stepped } from "./ramp.ts";
import { perplexityWords, type SurpriseRow, surpriseShare, type SurpriseTable } from "./surprise_rows.ts";
import { textWidth } from "./text_width.ts";
import { tokenLabel } from "./token_text.ts";

/** Above this many bars they carry no titles and no labels. */
const MOST_LABELS = 64;

function side(count: number): number {
  return Math.max(1, Math.min(24, Math.floor(880 / count)));
}

function finite(nats: number, ceiling: number): number {
  return Number.isNaN(nats) ? 0 : Math.max(0, Math.min(ceiling, nats));
}

/** Bars in reading order. */
export function drawSurprise(table: SurpriseTable, title: string): string {
  const { surprise, rows, unit, ceiling } = table;
  const across = side(rows.length);
  const labelled = rows.length <= MOST_LABELS && across >= 12;
  const token = (n: number) => surprise.sequence.tokens[rows[n]?.position ?? 0];
  const label = (n: number) => {
    const one = token(n);
    return one === undefined ? "" : tokenLabel(one, 12);
  };
  const indices = rows.map((_, n) => n);
  const longest = labelled ? indices.reduce((most, n) => Math.max(most, textWidth(label(n))), 0) : 0;
  const marginBottom = labelled ? 16 + 5 * longest : 30;
  const width = Math.max(560, 60 + rows.length * across + 20);
  const height = 130 + marginBottom;
  const bar = (row: SurpriseRow) => inUnit(finite(row.nats, ceiling), unit);
  const at = (n: number) => rows[n]!;
  const titled = rows.length <= 4 * MOST_LABELS;
  const plot: Plot.PlotOptions = {
    width,
    height,
    marginLeft: 60,
    marginTop: 10,
    marginBottom,
    marginRight: width - 60 - rows.length * across,
    x: { type: "band", domain: indices, padding: 0 },
    y: { domain: [0, inUnit(ceiling, unit)], nice: false },
    marks: [
      Plot.barY(indices, {
        x: (n: number) => n,
        y: (n: number) => bar(at(n)),
        fill: (n: number) => hex(shareColour(0.35 + 0.65 * surpriseShare(at(n).nats, ceiling))),
        inset: across > 4 ? 0.5 : 0,
        ...(titled
          ? { title: (n: number) => `${at(n).position} ${label(n)}: ${informationText(at(n).nats, unit)} ${unit}` }
          : {}),
      }),
      Plot.tickY(indices, {
        x: (n: number) => n,
        y: (n: number) => inUnit(finite(at(n).entropy, ceiling), unit),
        stroke: "#222",
        strokeWidth: across > 4 ? 2 : 1,
      }),
      Plot.ruleY([0], { stroke: "#222" }),
      labelled
        ? Plot.axisX({ tickRotate: -55, tickFormat: label, tickSize: 3, label: null })
        : Plot.axisX(stepped(rows.length, 12), {
          tickFormat: (n: number) => String(at(n).position),
          label: "position",
        }),
      Plot.axisY({ ticks: 5, label: null }),
      Plot.axisY([], { label: unit }),
    ],
  };
  const words: Plot.PlotOptions = {
    width,
    height: 40,
    margin: 0,
    marks: [
      Plot.text(
        [`${perplexityWords(table)}.\nBar: surprise in ${unit}. Black tick: what was to be expected (entropy).`],
        {
          frameAnchor: "left",
          dx: 8,
          textAnchor: "start",
          lineHeight: 1.5,
          text: (line: string) => line,
        },
      ),
    ],
  };
  return drawDocument([{ plot: words, top: 6 }, { plot, top: 56 }], { width, height: height + 60, title });
}
