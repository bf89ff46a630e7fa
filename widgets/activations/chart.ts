/**
 * Neuron clusters as an image: clusters down, tokens across.
 *
 * @module
 */
import { drawDocument, Plot } from "../kit/chart.ts";
import type { Html } from "../kit/html.ts";
import { counted, scoreText } from "../kit/numbers.ts";
import { pngUrl } from "../kit/pixel_image.ts";
import { signedLegend } from "../kit/signed_pixels.ts";
import { tokenLabel } from "../kit/token_text.ts";
import { type ClusterLayer, clustersRaster, type ClustersShown, silhouetteText } from "./clusters.ts";

const ROW = 20;
const MOST_NAMES = 64;
const SIGNED = { percent: false, signed: true } as const;

function labelPlot(text: string, width: number): Plot.PlotOptions {
  const options = { frameAnchor: "left", dx: 8, textAnchor: "start", fontSize: 12 } as const;
  return { width, height: 24, margin: 0, marks: [Plot.text([text], options)] };
}

function matrixMarks(layer: ClusterLayer, { sequence }: ClustersShown, side: number): Plot.Markish[] {
  const tokens = sequence.tokens.length;
  const labels = tokens <= MOST_NAMES ? sequence.tokens.map((token) => tokenLabel(token)) : [];
  const clusters = Array.from({ length: layer.count }, (_, cluster) => cluster);
  const src = pngUrl(clustersRaster(layer, tokens, false));
  const size = { width: tokens * side, height: layer.count * ROW, preserveAspectRatio: "none" } as const;
  return [
    Plot.image([0], { ...size, x: tokens / 2, y: layer.count / 2, src: () => src, imageRendering: "pixelated" }),
    Plot.frame({ stroke: "#ddd" }),
    Plot.text(clusters, {
      x: 0,
      y: (cluster) => cluster + 0.5,
      dx: -8,
      textAnchor: "end",
      text: (cluster) => `cluster ${cluster}: ${counted(layer.clusters.sizes[cluster] ?? 0, "neuron")}`,
    }),
    Plot.text(labels, {
      x: (_, i) => i + 0.5,
      y: 0,
      dy: -6,
      rotate: -55,
      textAnchor: "start",
      text: (label) => label,
    }),
  ];
}

function matrixPlot(layer: ClusterLayer, shown: ClustersShown, side: number, top: number): Plot.PlotOptions {
  const tokens = shown.sequence.tokens.length;
  return {
    width: tokens * side + 150 + top,
    height: layer.count * ROW + top + 8,
    marginLeft: 150,
    marginTop: top,
    marginRight: top,
    marginBottom: 8,
    padding: 0,
    x: { type: "linear", domain: [0, tokens], axis: null },
    y: { type: "linear", domain: [0, layer.count], reverse: true, axis: null },
    marks: matrixMarks(layer, shown, side),
  };
}

function legendPlot({ largest }: ClusterLayer): Plot.PlotOptions {
  return {
    width: 480,
    height: 40,
    marginLeft: 150,
    marginRight: 90,
    marginTop: 4,
    marginBottom: 20,
    x: { type: "linear", domain: [-largest, largest], axis: null },
    y: { type: "linear", domain: [0, 1], axis: null },
    marks: [
      Plot.image([0], {
        x: 0,
        y: 0.5,
        width: 240,
        height: 12,
        src: () => pngUrl(signedLegend(true)),
        preserveAspectRatio: "none",
      }),
      Plot.axisX([-largest, 0, largest], {
        tickFormat: (value: number) => scoreText(value, SIGNED),
        anchor: "bottom",
        label: null,
      }),
      Plot.text(["mean activation"], { frameAnchor: "right", dx: 84, dy: -2, textAnchor: "end" }),
    ],
  };
}

/**
 * Draws the clusters of the first layer.
 *
 * @param shown What is drawn.
 * @param title What the image shows, for a screen reader.
 * @returns An SVG document.
 */
export function drawClusters(shown: ClustersShown, title: string): Html {
  const { first, sequence } = shown;
  const tokens = sequence.tokens.length;
  const side = Math.max(1, Math.min(24, Math.floor(640 / tokens)));
  const top = tokens > MOST_NAMES ? 12 : 110;
  const matrix = matrixPlot(first, shown, side, top);
  const { width = 0, height = 0 } = matrix;
  const name = `Layer ${first.clusters.layer}: silhouette ${silhouetteText(first.clusters.silhouette)}`;
  const pictures = [
    { plot: labelPlot(name, width), top: 4 },
    { plot: matrix, top: 24 },
    { plot: legendPlot(first), top: 28 + height },
  ];
  return drawDocument(pictures, { width: Math.max(width, 480), height: height + 76, title });
}
