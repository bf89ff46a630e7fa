/**
 * Edges between heads as an image: layers from the bottom up, heads across.
 *
 * @module
 */
import { drawDocument, Plot } from "../kit/chart.ts";
import { BLUE, hex, ORANGE } from "../kit/colours.ts";
import type { Html } from "../kit/html.ts";
import { stepped } from "../kit/ramp.ts";
import type { Edge, EdgesDrawing, Head } from "./edges_data.ts";

/** Of the least line, and of the widest. */
const [THIN, THICK] = [0.6, 5];
const [MOST_WIDE, MOST_HIGH] = [1100, 1200];

/** Draws the strongest edges. */
export function drawEdges({ layers, heads, strongest }: EdgesDrawing, title: string): Html {
  const width = Math.min(MOST_WIDE, Math.max(360, 90 + 34 * heads));
  const height = Math.min(MOST_HIGH, 70 + 42 * layers);
  const largest = strongest.reduce((most, { effect }) => Math.max(most, Math.abs(effect)), 0) || 1;
  const dots = Array.from(
    { length: layers * heads },
    (_, i): Head => ({ layer: Math.floor(i / heads), head: i % heads }),
  );
  const share = ({ effect }: Edge) => Math.abs(effect) / largest;
  const plot: Plot.PlotOptions = {
    ...{ width, height, marginLeft: 60, marginRight: 20, marginTop: 20, marginBottom: 40 },
    x: { domain: [-0.5, heads - 0.5], ticks: stepped(heads, 16), label: "head", tickFormat: "d" },
    y: { domain: [-0.5, layers - 0.5], ticks: stepped(layers, 24), label: "layer", tickFormat: "d" },
    marks: [
      Plot.dot(dots, { x: "head", y: "layer", r: 3, fill: "#bbb" }),
      Plot.link(strongest, {
        x1: ({ from }: Edge) => from.head,
        y1: ({ from }: Edge) => from.layer,
        x2: ({ to }: Edge) => to.head,
        y2: ({ to }: Edge) => to.layer,
        stroke: ({ effect }: Edge) => hex(effect < 0 ? BLUE : ORANGE),
        strokeWidth: (edge: Edge) => THIN + (THICK - THIN) * share(edge),
        strokeOpacity: (edge: Edge) => 0.3 + 0.6 * share(edge),
        curve: "bump-y",
      }),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width, height, title });
}
