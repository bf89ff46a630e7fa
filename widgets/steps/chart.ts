/**
 * A decoding as an image: written tokens down, and what each was chosen among.
 *
 * @module
 */
import { drawDocument, Plot } from "../kit/chart.ts";
import type { Html } from "../kit/html.ts";
import { type Box, boxMarks, CELL } from "../kit/prediction_boxes.ts";
import { tokenLabel } from "../kit/token_text.ts";
import { type DecodedSteps, writtenWords } from "./record.ts";

/** The most lines and candidates of an image. */
const MOST_LINES = 100;
const MOST_CANDIDATES = 6;
const LINE = 24;
const LEFT = 184;
const TOP = 64;

function boxesOf({ steps }: DecodedSteps): Box[] {
  return steps.flatMap((step, row) => [
    {
      x: 48,
      y: TOP + row * LINE,
      token: tokenLabel(step.token, 10),
      probability: Math.exp(step.logProb),
      framed: true,
    },
    ...step.candidates.slice(0, MOST_CANDIDATES).map(({ token, tokenId, probability }, i) => ({
      x: LEFT + i * CELL,
      y: TOP + row * LINE,
      token: tokenLabel(token, 9),
      probability,
      framed: tokenId === step.tokenId,
    })),
  ]);
}

/** Draws the first steps of a decoding. */
export function drawSteps(record: DecodedSteps, note: string, title: string): Html {
  const shown = { ...record, steps: record.steps.slice(0, MOST_LINES) };
  const boxes = boxesOf(shown);
  const columns = shown.steps.reduce((most, { candidates }) => Math.max(most, candidates.length), 0);
  const width = Math.max(560, LEFT + Math.min(MOST_CANDIDATES, columns) * CELL + 12);
  const height = TOP + shown.steps.length * LINE + 8;
  const more = record.steps.length > MOST_LINES ? `The first ${MOST_LINES} are drawn.` : "";
  const words = [
    { x: 10, y: 16, text: [`${writtenWords(record)}.`, note, more].filter(Boolean).join(" ") },
    { x: 48, y: TOP - 12, text: "chosen" },
    { x: LEFT, y: TOP - 12, text: "the likeliest tokens, best first; framed: the chosen one" },
    ...shown.steps.map(({ position }, row) => ({ x: 10, y: TOP + row * LINE + 9, text: String(position) })),
  ];
  const plot: Plot.PlotOptions = {
    width,
    height,
    margin: 0,
    x: { type: "identity", axis: null },
    y: { type: "identity", axis: null },
    marks: [
      ...boxMarks(boxes, { height: 19, frame: 1.5, tabular: false }),
      Plot.text(words, { x: "x", y: "y", text: "text", textAnchor: "start" }),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width, height, title });
}
