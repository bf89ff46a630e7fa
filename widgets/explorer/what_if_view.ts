/**
 * What changes when parts of a model are off, as a file: a page, an image or data.
 *
 * @module
 */
import type { Candidates } from "../../src/ask/reading/types.ts";
import { spelledPredictions } from "../kit/characters.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import { dataTable, SMALL_STYLE, textTable } from "../kit/chips.ts";
import { type Html, markup } from "../kit/html.ts";
import { probabilityText } from "../kit/quantities.ts";
import { tokenLabel } from "../kit/token_text.ts";
import { createView, partsOf, rootHtml, type View } from "../kit/view.ts";
import { tokensView } from "../tokens/view.ts";
import { mostChanged, pointsText } from "./most_changed.ts";
import { type Off, OFFERED, offName } from "./questions.ts";

/** What changes. */
export interface WhatIf {
  /** What the model reads. */
  readonly text: string;
  /** What is off. */
  readonly off: readonly Off[];
  /** The likeliest next tokens of both, the most changed first, with their probabilities. */
  readonly changes: readonly {
    readonly tokenId: number;
    readonly token: string;
    readonly before: number;
    readonly after: number;
  }[];
}

const NAMES = ["token", "all on", "with what is off", "change (points)"];

/** A pair of bars for each token. */
function draw(data: WhatIf, title: string): Html {
  const bars = data.changes.flatMap(({ token, before, after }, place) => [
    { place, which: 0, name: token, probability: before, label: probabilityText(before), fill: "#868e96" },
    { place, which: 1, name: "", probability: after, label: probabilityText(after), fill: "#e8590c" },
  ]);
  const height = 36 * Math.max(1, data.changes.length) + 16;
  const y = { y: "which", fy: "place" } as const;
  const plot: Plot.PlotOptions = {
    ...{ width: 480, height, marginTop: 8, marginBottom: 8, marginLeft: 140, marginRight: 70 },
    x: { axis: null },
    y: { type: "band", axis: null, padding: 0 },
    fy: { axis: null, padding: 0.2 },
    marks: [
      Plot.barX(bars, { x: "probability", ...y, fill: "fill", fillOpacity: 0.85 }),
      Plot.text(bars, { x: 0, ...y, text: "name", textAnchor: "end", dx: -8, fontFamily: "monospace", fontSize: 13 }),
      Plot.text(bars, { x: "probability", ...y, text: "label", textAnchor: "start", dx: 6, fontSize: 11 }),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width: 480, height, title });
}

/**
 * The next token of a text, with everything on and with parts off.
 *
 * @throws {Error} When nothing is off.
 */
export function whatIfView(before: Candidates, after: Candidates, off: readonly Off[]): View<WhatIf> {
  if (off.length === 0) {
    throw new Error("Cannot save what changes as everything is on; turn a head, an attention or an MLP off");
  }
  const [was, is] = [before, after].map(({ predictions, logits, sequence }) => ({
    candidates: spelledPredictions(sequence, sequence.tokens.length, predictions.slice(0, OFFERED)).map((
      { tokenId, token },
    ) => ({ id: tokenId, label: tokenLabel(token) })),
    logits: logits.data,
  }));
  const changed = mostChanged(was!, is!);
  const changes = changed.map(({ token: { id, label }, was, is }) => (
    { tokenId: id, token: label, before: was, after: is }
  ));
  const data: WhatIf = { text: before.sequence.text, off, changes };
  const title = `Without ${off.map(offName).join(", ")}`;
  const rows = changed.map((one) => [
    one.token.label,
    probabilityText(one.was),
    probabilityText(one.is),
    pointsText(one),
  ]);
  const table = markup`<table style="border-collapse:collapse;font-family:monospace;font-size:12px">${
    dataTable(NAMES, rows, { isNumber: (column) => column > 0 })
  }</table>`;
  const html = rootHtml(undefined, [
    partsOf(tokensView(before.sequence)).html,
    markup`<div style="${SMALL_STYLE}">${`The next token without ${
      off.map(offName).join(", ")
    }; the most changed first:`}</div>`,
    table,
  ]);
  return createView({ title, html, drawSvg: () => draw(data, title), data, text: textTable([NAMES, ...rows]) });
}
