/**
 * A logit taken apart as an image: the bars from 0 to it, then the grid of heads.
 *
 * @module
 */
import { drawDocument, type Picture, Plot } from "../kit/chart.ts";
import { BLUE, hex, OPACITY, ORANGE } from "../kit/colours.ts";
import type { Html } from "../kit/html.ts";
import { scoreText } from "../kit/numbers.ts";
import { type AttributionRows, finite, logitName, type Step } from "./rows.ts";
import { cellText, isNumbered, largestHead, shownHeads, shownLayers } from "./heads.ts";
import { allSteps, extentOf, SIGNED } from "./waterfall.ts";

const ROW = 16;
const LEFT = 110;
const WIDTH = 640;

function colour({ value }: { readonly value: number }): string {
  return hex(value < 0 ? BLUE : ORANGE);
}

function wordsPlot(text: string): Plot.PlotOptions {
  const place = { frameAnchor: "left", dx: 8, textAnchor: "start", fontSize: 12 } as const;
  return {
    width: WIDTH,
    height: 24,
    margin: 0,
    marks: [Plot.text([text], { ...place, text: (line: string) => line })],
  };
}

function waterfallPlot(rows: AttributionRows): Plot.PlotOptions {
  const steps = allSteps(rows);
  const { low, high } = extentOf(rows);
  const indices = Array.from(steps.keys());
  const at = (i: number): Step => steps[i]!;
  return {
    width: WIDTH,
    height: ROW * steps.length + 40,
    ...{ marginLeft: LEFT, marginTop: 6, marginRight: 80, marginBottom: 34 },
    x: { domain: [low, high], nice: false, axis: null },
    y: { type: "band", domain: indices, padding: 0.15, axis: null },
    marks: [
      Plot.ruleX([0], { stroke: "#888" }),
      Plot.barX(indices, {
        x1: (i: number) => at(i).start,
        x2: (i: number) => at(i).start + finite(at(i).value),
        y: (i: number) => i,
        fill: (i: number) => colour(at(i)),
        fillOpacity: 0.8,
      }),
      Plot.text(indices, {
        x: () => high,
        y: (i: number) => i,
        dx: 8,
        textAnchor: "start",
        text: (i: number) => scoreText(at(i).value, SIGNED),
      }),
      Plot.axisY(indices, { tickFormat: (i: number) => at(i).name, tickSize: 0, label: null }),
      Plot.axisX({ ticks: 6, label: null }),
    ],
  };
}

interface Cell {
  readonly layer: number;
  readonly head: number;
  readonly value: number;
}

function headsPlot(rows: AttributionRows): Plot.PlotOptions & { readonly height: number } {
  const [layers, heads] = [shownLayers(rows), shownHeads(rows)];
  const cells = layers.flatMap((layer) =>
    heads.map((head): Cell => ({ layer, head, value: rows.headAt(layer, head) }))
  );
  const largest = largestHead(rows);
  const numbered = isNumbered(rows);
  const side = numbered ? 40 : 14;
  const place = { x: "head", y: "layer" } as const;
  const ticks = heads.filter((head) => numbered || head % 5 === 0);
  return {
    width: Math.max(WIDTH, LEFT + side * heads.length + 20),
    height: 34 + 18 * layers.length,
    ...{ marginLeft: LEFT, marginTop: 26, marginBottom: 8 },
    marginRight: Math.max(20, WIDTH - LEFT - side * heads.length),
    padding: 0,
    x: { type: "band", domain: heads },
    y: { type: "band", domain: layers },
    marks: [
      Plot.cell(cells, {
        ...place,
        fill: colour,
        fillOpacity: ({ value }: Cell) => OPACITY * Math.min(1, Math.abs(finite(value)) / largest),
      }),
      ...(numbered ? [Plot.text(cells, { ...place, text: ({ value }: Cell) => cellText(value), fill: "#222" })] : []),
      Plot.axisX(ticks, { anchor: "top", tickSize: 3, label: null, tickFormat: (head: number) => `head ${head}` }),
      Plot.axisY(layers, { tickSize: 3, label: null, tickFormat: (layer: number) => `layer ${layer}` }),
    ],
  };
}

/** Draws the bars and the grid. */
export function drawAttribution(rows: AttributionRows, title: string): Html {
  const bars = waterfallPlot(rows);
  const grid = headsPlot(rows);
  const top = 28 + (bars.height ?? 0);
  const name = logitName(rows.attribution);
  const pictures: Picture[] = [
    { plot: wordsPlot(`From 0 to ${name}`), top: 4 },
    { plot: bars, top: 28 },
    { plot: wordsPlot("What each head gives"), top },
    { plot: grid, top: top + 24 },
  ];
  return drawDocument(pictures, { width: grid.width ?? WIDTH, height: top + 24 + grid.height, title });
}
