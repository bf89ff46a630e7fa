import type { NeuronClusters } from "../../src/analysis/clusters/clusters.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { dataTable, placeWords, PLAIN_ROW, SMALL_STYLE, tableDetails, textTable } from "../kit/chips.ts";
import { choiceForm } from "../kit/choice.ts";
import { overlay } from "../kit/colours.ts";
import { cssJoined, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { glyphHtml } from "../kit/glyphs.ts";
import { attributes, type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { pixelsHtml } from "../kit/image.ts";
import { counted, scoreText } from "../kit/numbers.ts";
import { columnHeads, LEAST_NAMED } from "../kit/picture_labels.ts";
import { enlarged } from "../kit/pixel_image.ts";
import { textRegion } from "../kit/scroll_region.ts";
import { tokenLabel, tokensHtml } from "../kit/token_text.ts";
import { createView, type View } from "../kit/view.ts";
import { drawClusters } from "./chart.ts";
import {
  type ClusterLayer,
  clustersRaster,
  type ClustersShown,
  clustersShown,
  MOST_TOKENS,
  mostActive,
  silhouetteText,
} from "./clusters.ts";
import { legendHtml, SIGNED } from "./legend.ts";
import { activationsRules, layerHeads } from "./style.ts";

/** How neuron clusters are shown. */
export interface ActivationsViewOptions {
  /** The layer that is shown at first; by default the first one. */
  readonly layer?: number;
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<ActivationsViewOptions> = {
  task: "draw neuron clusters",
  kinds: { layer: "a number", title: "a text" },
};

const ROW = 22;
const NAMED = 4;
/** The tokens of which the different ones stand beside a cluster. */
const COUNTED = 10;

/** Wider matrices have no token above each column. */
const MOST_NAMES = 64;

/** Columns with a token above are wide enough for it. */
function columnWidth({ sequence }: ClustersShown): number {
  const { length } = sequence.tokens;
  const least = length <= MOST_NAMES ? LEAST_NAMED : 1;
  return Math.max(least, Math.min(26, Math.floor(520 / length)));
}

/** A row of the matrix; `spanning` is the cell that all rows share. */
function rowHtml(shown: ClustersShown, layer: ClusterLayer, cluster: number, spanning: Html | undefined): Html {
  const size = layer.clusters.sizes[cluster] ?? 0;
  const most = Math.max(...layer.clusters.sizes, 1);
  const long = Math.max(1, Math.round(40 * size / most));
  const words = `Cluster ${cluster} of layer ${layer.clusters.layer}, ${counted(size, "neuron")}`;
  return markup`${PLAIN_ROW}<td class="kept" style="padding:0 6px 0 0;text-align:left"><label class="o c${cluster}" style="display:block;white-space:nowrap;height:${ROW}px;line-height:${ROW}px">\
<span class="r" style="display:none"><input type="radio" name="cluster" aria-label="${words}"></span>\
cluster ${cluster} <span style="display:inline-block;width:40px;line-height:16px;text-align:right;\
box-shadow:inset ${long}px 0 rgba(128,128,128,0.4)">${size}</span>\
<i class="z"></i></label></td>${spanning}<td class="y" style="display:none;padding:0 0 0 8px;text-align:left;white-space:nowrap">${
    namedHtml(shown, layer, cluster)
  }</td></tr>`;
}

/** Where a cluster is most active. */
function namedHtml({ sequence }: ClustersShown, layer: ClusterLayer, cluster: number): Html {
  return tokensHtml(mostActive(layer, sequence, cluster, COUNTED).map((token) => sequence.tokens[token]!), 3);
}

/** The same of all clusters, below the matrix: beside it where the page is wide enough. */
function namedList(shown: ClustersShown, layer: ClusterLayer): Html {
  const items = Array.from(
    { length: layer.count },
    (_, cluster) =>
      markup`<span style="display:inline-block;margin:0 12px 0 0">cluster ${cluster}: ${
        namedHtml(shown, layer, cluster)
      }</span>`,
  );
  return markup`<div class="n" style="font-size:11px;margin:4px 0">Most active tokens: ${items}</div>`;
}

function matrixHtml(shown: ClustersShown, layer: ClusterLayer): Html {
  const tokens = shown.sequence.tokens.length;
  const [width, height] = [columnWidth(shown) * tokens, ROW * layer.count];
  const times = layer === shown.first && tokens <= MOST_NAMES ? 4 : 1;
  const alt = `Mean activation of ${counted(layer.count, "cluster")} of layer ${layer.clusters.layer} over the tokens`;
  const image = (own: boolean, className: string, display: "block" | "none") =>
    pixelsHtml(enlarged(clustersRaster(layer, tokens, own), times), {
      width,
      height,
      alt,
      className: `i ${className}`,
      style: styling`display:${display}`,
    });
  const marks = Array.from(
    { length: layer.count },
    (_, cluster) => markup`<i class="z z${cluster}" style="top:${ROW * cluster}px"></i>`,
  );
  const images =
    markup`<td rowspan="${layer.count}" style="padding:0;text-align:left;vertical-align:top"><div style="position:relative">${
      image(false, "d", "block")
    }${image(true, "e", "none")}${marks}</div></td>`;
  const rows = Array.from(
    { length: layer.count },
    (_, cluster) => rowHtml(shown, layer, cluster, cluster === 0 ? images : undefined),
  );
  return markup`<div role="radiogroup" aria-label="Clusters of layer ${layer.clusters.layer}" tabindex="-1" style="overflow-x:auto;padding:4px">\
<table role="presentation" style="border-collapse:collapse;font-size:11px">\
${PLAIN_ROW}<td class="kept" style="vertical-align:bottom;text-align:left;padding:0 6px 2px 0">cluster,<br>neurons in it</td>\
<td style="padding:0;text-align:left;white-space:nowrap;font-size:11px;vertical-align:bottom">${
    columnHeads(shown.sequence.tokens, { side: columnWidth(shown) })
  }</td>\
<td class="y" style="display:none;vertical-align:bottom;text-align:left;padding:0 0 2px 8px">most active tokens</td></tr>\n${
    stacked(rows)
  }</table></div>
${namedList(shown, layer)}`;
}

/** The text in the colours of a cluster, each scaled to its own largest; the most active cluster at first. */
function chipsHtml(shown: ClustersShown, layer: ClusterLayer): Html {
  const { sequence, first } = shown;
  const chips = sequence.tokens.slice(0, MOST_TOKENS).map((token, i) => {
    const shares = layer.largestOf.map((largest, cluster) => Math.round(100 * layer.mean(cluster, i) / largest) || 0);
    const variables = cssJoined(
      shares.flatMap((share, cluster) => share === 0 ? [] : [styling`--${cluster}:${share}`]),
      ";",
    );
    if (layer !== first) return markup`<span class="t" style="${variables}">${glyphHtml(token)}</span>`;
    const lines = shares.slice(0, 6).map((_, cluster) =>
      `cluster ${cluster}: ${scoreText(layer.mean(cluster, i), SIGNED)}`
    );
    const title = [placeWords(sequence, i), ...lines].join("\n");
    return markup`<span class="t" title="${title}" style="background-color:${
      overlay(
        (shares[layer.start] ?? 0) / 100,
      )
    };display:inline-block;padding:1px 2px;margin:1px;${variables}">${glyphHtml(token)}</span>`;
  });
  return textRegion(attributes({ role: "group", "aria-label": "Text" }), stacked(chips), chips.length);
}

function layerHtml(shown: ClustersShown, layer: ClusterLayer, index: number): Html {
  const { clusters, count } = layer;
  const neurons = clusters.sizes.reduce((sum, size) => sum + size, 0);
  const captions = Array.from(
    { length: count },
    (_, cluster) =>
      markup`<span class="m m${cluster}" style="display:${
        cluster === layer.start ? "inline" : "none"
      }">cluster ${cluster}</span>`,
  );
  return markup`<div class="p p${index}" style="display:${layer === shown.first ? "block" : "none"}">
<div style="font-size:14px;margin:8px 0 4px"><b>Layer ${clusters.layer}</b>: ${counted(neurons, "neuron")} in ${
    counted(count, "cluster")
  }, silhouette ${silhouetteText(clusters.silhouette)}</div>
${matrixHtml(shown, layer)}
${legendHtml(layer)}
<div aria-live="polite" style="font-size:14px;margin:8px 0 0">The text in the colours of ${captions}:</div>
${chipsHtml(shown, layer)}
</div>`;
}

/** The mean activations of the first layer, tokens down and clusters across. */
function meansTable({ sequence, first }: ClustersShown): Html {
  const clusters = Array.from(first.clusters.sizes.keys());
  const rows = sequence.tokens.slice(0, 200).map((token, i) => [
    `${i} ${tokenLabel(token)}`,
    ...clusters.map((cluster) => scoreText(first.mean(cluster, i), SIGNED)),
  ]);
  const names = ["token", ...clusters.map((cluster) => `cluster ${cluster}`)];
  return tableDetails(
    `Mean activations of layer ${first.clusters.layer} as a table: tokens down, clusters across`,
    dataTable(names, rows, { isNumber: (column) => column > 0 }),
  );
}

function notesOf({ layers, open, sequence }: ClustersShown): string {
  return [
    "Orange: active; blue: below zero. The text is scaled to the largest mean activation of its cluster.",
    "The silhouette says how much nearer a neuron is to its own cluster than to the next, from −1 to 1.",
    open.length < layers.length
      ? `This page holds layers ${
        open.map(({ clusters }) => clusters.layer).join(", ")
      } of ${layers.length}; choose others with { layer }.`
      : "",
    sequence.tokens.length > MOST_TOKENS
      ? `The text shows the first ${MOST_TOKENS} of ${sequence.tokens.length} tokens.`
      : "",
  ].filter(Boolean).join(" ");
}

function drawHtml(shown: ClustersShown): Html {
  const { sequence, open } = shown;
  const body = markup`<div style="${SMALL_STYLE}">Groups of neurons that are active at the same tokens, over ${
    counted(
      sequence.tokens.length,
      "token",
    )
  }.<span class="x" style="display:none"> Hover a cluster to see it in the text; click to keep it; arrow keys move.</span></div>
${layerHeads(shown)}
${stacked(open.map((layer, index) => layerHtml(shown, layer, index)))}
<div style="${SMALL_STYLE}">${
    notesOf(
      shown,
    )
  } <span class="u" style="display:none"><button type="reset">Start again</button></span></div>
${meansTable(shown)}`;
  const name = contentName(htmlText(body));
  return choiceForm({
    name,
    rules: activationsRules(name, shown, columnWidth(shown) * sequence.tokens.length, ROW),
    label: "Neuron clusters",
    body,
  });
}

function drawText({ sequence, layers }: ClustersShown): string {
  return layers.map((layer) => {
    const { clusters, count } = layer;
    const rows = Array.from({ length: Math.min(count, 40) }, (_, cluster) => [
      String(cluster),
      String(clusters.sizes[cluster]),
      ...mostActive(layer, sequence, cluster, NAMED).map((token) =>
        `${token} ${tokenLabel(sequence.tokens[token]!)} ${scoreText(layer.mean(cluster, token), SIGNED)}`
      ),
    ]);
    return `Layer ${clusters.layer}: ${counted(count, "cluster")}, silhouette ${silhouetteText(clusters.silhouette)}\n${
      textTable([["cluster", "neurons", "most active tokens"], ...rows])
    }`;
  }).join("\n");
}

/**
 * Shows which neurons are active together: clusters down, tokens across, coloured by the mean activation of the
 * cluster at the token, with the size of each cluster. Hovering a cluster colours the text by it, a click keeps it.
 * (The picture follows Alammar, "Interfaces for Explaining Transformer Language Models", 2020.)
 *
 * @param clusters The clusters of one layer, or of several.
 * @param options Which layer is shown at first.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If `clusters` is of another type.
 * @throws {RangeError} If shapes do not fit, the layers are of different texts, or `options.layer` is not among them.
 *
 * @example
 * ```ts
 * import { activationsView } from "@looking-glass/looking-glass/widgets";
 *
 * const bytes = new TextEncoder().encode("Hi");
 * const token = { id: 17250, piece: "Hi", bytes, start: 0, end: 2, text: "Hi" };
 * const view = activationsView({
 *   sequence: { tokenIds: [17250], tokens: [token], promptLength: 1, text: "Hi" },
 *   layer: 0,
 *   clusterOf: { data: new Int32Array([0, 1, 0]), shape: [3] },
 *   centroids: { data: new Float32Array([0.5, -0.1]), shape: [2, 1] },
 *   sizes: [2, 1],
 *   silhouette: 0.4, inertia: 0.1, seed: 0,
 * });
 * console.log(view.text);
 * ```
 */
export function activationsView(
  clusters: NeuronClusters | readonly NeuronClusters[],
  options: ActivationsViewOptions = {},
): View<NeuronClusters | readonly NeuronClusters[]> {
  options = expectOptions(options, OPTIONS);
  const shown = clustersShown(clusters, options.layer);
  const title = options.title ?? `Neuron clusters of ${counted(shown.layers.length, "layer")}`;
  return createView({
    title,
    html: drawHtml(shown),
    drawSvg: () => drawClusters(shown, title),
    data: clusters,
    text: drawText(shown),
  });
}
