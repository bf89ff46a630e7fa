/**
 * Predicted tokens with their probabilities as boxes in a chart.
 *
 * @module
 */
import { Plot } from "./chart.ts";
import { hex } from "./colours.ts";
import { probabilityText } from "./quantities.ts";
import { probabilityShare, shareColour } from "./ramp.ts";

/** From the left of a box to that of the next. */
export const CELL = 112;

/** One predicted token, from its top left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly token: string;
  readonly probability: number;
  readonly framed: boolean;
}

/** The boxes, coloured by probability, with what they say. */
export function boxMarks(
  boxes: readonly Box[],
  { height, frame, tabular }: { readonly height: number; readonly frame: number; readonly tabular: boolean },
): Plot.Markish[] {
  const corners = {
    x1: "x",
    y1: "y",
    x2: ({ x }: Box) => x + CELL - 6,
    y2: ({ y }: Box) => y + height,
    rx: 3,
  } as const;
  const middle = ({ y }: Box) => y + height / 2;
  return [
    Plot.rect(boxes, {
      ...corners,
      fill: ({ probability }: Box) => hex(shareColour(probabilityShare(probability))),
      stroke: "#ddd",
    }),
    Plot.rect(boxes.filter(({ framed }) => framed), { ...corners, stroke: "#222", strokeWidth: frame }),
    Plot.text(boxes, {
      x: ({ x }: Box) => x + 5,
      y: middle,
      text: "token",
      textAnchor: "start",
      fontFamily: "monospace",
    }),
    Plot.text(boxes, {
      x: ({ x }: Box) => x + CELL - 11,
      y: middle,
      text: ({ probability }: Box) => probabilityText(probability),
      textAnchor: "end",
      ...(tabular ? { fontVariant: "tabular-nums" } : {}),
    }),
  ];
}
