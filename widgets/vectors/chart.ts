/**
 * Vectors as an image.
 *
 * @module
 */
import { drawDocument, type Picture, Plot } from "../kit/chart.ts";
import type { Html } from "../kit/html.ts";
import { numberText } from "../kit/numbers.ts";
import { pngUrl } from "../kit/pixel_image.ts";
import { stepped } from "../kit/ramp.ts";
import { shortText, textWidth } from "../kit/text_width.ts";
import type { Block } from "./data.ts";
import { blockPixels, downOf, type Layout, layOut, pixelWidth } from "./pixels.ts";

const HEAD = 22;

function blockPlot(block: Block, layout: Layout, { left, width }: { left: number; width: number }): Plot.PlotOptions {
  const { rows, name, shape, strongest } = block;
  const down = downOf(block, layout);
  const lines = Math.ceil(rows.length / layout.rows);
  const [across, height] = [pixelWidth(block, layout) * layout.across, lines * down];
  const src = pngUrl(blockPixels(block, layout));
  const marked = stepped(lines, Math.max(2, Math.floor(height / 12)));
  return {
    ...{ width, height: height + HEAD + 8, marginLeft: left, marginTop: HEAD, marginBottom: 8 },
    marginRight: width - left - across,
    padding: 0,
    y: { type: "band", domain: Array.from({ length: lines }, (_, line) => line) },
    marks: [
      Plot.image([0], {
        ...{ src: () => src, width: across, height, preserveAspectRatio: "none" },
        ...{ imageRendering: "pixelated", frameAnchor: "middle" },
      }),
      Plot.frame({ stroke: "#ddd" }),
      Plot.axisY(marked, {
        ...{ tickSize: 0, label: null, fontFamily: "monospace" },
        tickFormat: (line: number) => shortText(rows[line * layout.rows] ?? "", 18),
      }),
      Plot.text([`${name} ${shape}, strongest colour at ±${numberText(strongest, 3)}`], {
        ...{ frameAnchor: "top-left", dy: -14, textAnchor: "start", fontSize: 11, fontWeight: "bold" },
      }),
    ],
  };
}

/** All matrices below each other. */
export function drawVectors(blocks: readonly Block[], title: string): Html {
  const layout = layOut(blocks);
  const labels = blocks.flatMap(({ rows }) => rows.slice(0, 1000).map((row) => textWidth(shortText(row, 18))));
  const left = 16 + 6.7 * Math.max(...labels);
  const widest = Math.max(...blocks.map((block) => pixelWidth(block, layout) * layout.across));
  const width = Math.ceil(Math.max(420, left + widest + 16));
  const pictures: Picture[] = [];
  let top = 4;
  for (const block of blocks) {
    const plot = blockPlot(block, layout, { left, width });
    pictures.push({ plot, top });
    top += plot.height ?? 0;
  }
  return drawDocument(pictures, { width, height: top + 4, title });
}
