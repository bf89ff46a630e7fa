/**
 * Neurons as an image: a row for each, the tokens above, the clusters at the side.
 *
 * @module
 */
import { drawDocument, Plot } from "../kit/chart.ts";
import { hex } from "../kit/colours.ts";
import type { Html } from "../kit/html.ts";
import { pngUrl } from "../kit/pixel_image.ts";
import { stepped } from "../kit/ramp.ts";
import { textWidth } from "../kit/text_width.ts";
import { tokenLabel } from "../kit/token_text.ts";
import { MOST_TOKENS, neuronPixels, neuronsLine, type NeuronsShown, rowColour } from "./data.ts";

const LEFT = 96;

/** A band at the side for each cluster, with its name where there is room. */
function clusterMarks(shown: NeuronsShown, down: number, top: number): Plot.Markish[] {
  if (!shown.clusters) return [];
  const bands = [...Map.groupBy(shown.rows, ({ cluster }) => cluster)].map(([cluster, own]) => {
    const from = shown.rows.indexOf(own[0]!);
    const [y1, y2] = [top + from * down, top + (from + own.length) * down];
    return { cluster, count: own.length, y1, y2, fill: hex(rowColour(shown, own[0]!)) };
  });
  type Band = typeof bands[number];
  return [
    Plot.rect(bands, { x1: () => LEFT - 8, x2: () => LEFT - 3, y1: "y1", y2: "y2", fill: "fill" }),
    Plot.text(bands.filter(({ y1, y2 }) => y2 - y1 >= 11), {
      ...{ x: () => LEFT - 12, textAnchor: "end" },
      y: ({ y1, y2 }: Band) => (y1 + y2) / 2,
      text: ({ cluster, count }: Band) => `cluster ${cluster}, ${count}`,
    }),
  ];
}

/** The pixels, in a frame. */
function pictureMarks(shown: NeuronsShown, tokens: number, top: number, width: number, height: number): Plot.Markish[] {
  const src = pngUrl(neuronPixels(shown, tokens));
  return [
    Plot.image([0], {
      ...{ src: () => src, width, height, preserveAspectRatio: "none", imageRendering: "pixelated" },
      x: () => LEFT + width / 2,
      y: () => top + height / 2,
    }),
    Plot.rect([0], {
      ...{ x1: () => LEFT, x2: () => LEFT + width, y1: () => top, y2: () => top + height },
      stroke: "#ddd",
    }),
  ];
}

/** Draws the picture. */
export function drawNeurons(shown: NeuronsShown, title: string): Html {
  const { rows, sequence } = shown;
  const tokens = Math.min(MOST_TOKENS, sequence.tokens.length);
  const across = Math.max(1, Math.min(22, Math.floor(900 / tokens)));
  const down = Math.max(2, Math.min(12, Math.floor(600 / rows.length)));
  const named = stepped(tokens, Math.max(2, Math.floor(tokens * across / 13)));
  const labels = named.map((token) => ({ token, text: tokenLabel(sequence.tokens[token]!) }));
  const longest = labels.reduce((most, { text }) => Math.max(most, textWidth(text)), 0);
  const top = 44 + 6.7 * longest;
  const width = Math.max(760, LEFT + tokens * across + 40);
  const height = Math.ceil(top + rows.length * down + 8);
  const words = neuronsLine(shown).split(/(?<=\.) (?=Each)/).map((text, i) => ({ text, y: 12 + 14 * i }));
  const plot: Plot.PlotOptions = {
    ...{ width, height, margin: 0 },
    x: { type: "identity", axis: null },
    y: { type: "identity", axis: null },
    color: { type: "identity" },
    marks: [
      ...pictureMarks(shown, tokens, top, tokens * across, rows.length * down),
      ...clusterMarks(shown, down, top),
      Plot.text(labels, {
        ...{ text: "text", rotate: -90, textAnchor: "start", fontFamily: "monospace" },
        x: ({ token }: typeof labels[number]) => LEFT + (token + 0.5) * across,
        y: () => top - 4,
      }),
      Plot.text(words, { x: () => 8, y: "y", text: "text", textAnchor: "start" }),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width, height, title });
}
