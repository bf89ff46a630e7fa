/**
 * A roll as a picture that stands alone.
 *
 * @module
 */
import { categoryColour } from "../kit/categories.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import { BLUE, hex, ORANGE } from "../kit/colours.ts";
import type { Html } from "../kit/html.ts";
import type { RollNote } from "./data.ts";
import { bendOf, type Layout, LEFT, pitchName } from "./layout.ts";

/** The widest line, in pixels. */
export const WIDEST = 6;

const box = (fill: (note: RollNote) => string, opacity: number): Plot.RectOptions => ({
  ...{ x1: "start", x2: "end", y1: ({ pitch }: RollNote) => pitch - 0.45, y2: ({ pitch }: RollNote) => pitch + 0.45 },
  ...{ fill: fill as never, fillOpacity: opacity, rx: 2 },
});

/** What is drawn of the note that is chosen at first: what it came from, where the heads looked, and itself. */
function chosenMarks({ notes, first, heads = 0 }: Layout): Plot.Markish[] {
  const chosen = first === undefined ? undefined : notes[first];
  if (chosen === undefined) return [];
  const shares = (chosen.shares ?? []).map(({ note, share }) => ({ ...notes[note]!, share }));
  const most = shares.reduce((largest, { share }) => Math.max(largest, share), 0) || 1;
  const lines = (chosen.looks ?? []).map(({ note, head, weight }) =>
    Plot.arrow([notes[note]!], {
      ...{ x1: "start", y1: "pitch", x2: chosen.start, y2: chosen.pitch, headLength: 0 },
      ...{ bend: 2 * bendOf(head, heads), stroke: hex(categoryColour(head)), strokeWidth: WIDEST * weight },
    })
  );
  return [
    Plot.rect(shares, { ...box(() => hex(ORANGE), 1), fillOpacity: ({ share }: { share: number }) => share / most }),
    ...lines,
    Plot.rect([chosen], { ...box(() => "none", 1), stroke: "black", strokeWidth: 2 }),
  ];
}

/** The picture. */
export function drawRoll(layout: Layout, title: string): Html {
  const { notes, lowest, highest, seconds, width, height } = layout;
  const octaves = Array.from({ length: highest - lowest + 1 }, (_, i) => lowest + i).filter((pitch) =>
    pitch % 12 === 0
  );
  const plot: Plot.PlotOptions = {
    ...{ width, height: height + 30, marginLeft: LEFT, marginRight: 6, marginTop: 0, marginBottom: 30 },
    x: { domain: [0, seconds], label: "seconds" },
    y: { domain: [lowest - 0.5, highest + 0.5], axis: null },
    marks: [
      Plot.ruleY(octaves, { strokeOpacity: 0.15 }),
      Plot.axisY(octaves, { tickFormat: (pitch: number) => pitchName(pitch), label: null }),
      Plot.rect(notes, box(({ written }) => written ? hex(BLUE) : "#888888", 0.7)),
      ...chosenMarks(layout),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width, height: height + 30, title });
}
