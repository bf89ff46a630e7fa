/**
 * Single neurons as rows: those that are most active somewhere, ordered by their cluster.
 *
 * @module
 */
import type { NeuronClusters } from "../../src/analysis/clusters/clusters.ts";
import type { Trace } from "../../src/ask/trace/trace.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { spelled } from "../kit/characters.ts";
import { categoryColour } from "../kit/categories.ts";
import { ORANGE, type Rgb } from "../kit/colours.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectShape } from "../kit/expect_shape.ts";
import { layerIndex, recordedLayers } from "../kit/layers.ts";
import { counted, numberText } from "../kit/numbers.ts";
import type { Pixels, Rgba } from "../kit/pixel_image.ts";
import { quoted } from "../kit/token_text.ts";

/** The most neurons and tokens that are drawn. */
export const MOST_NEURONS = 400;
export const MOST_TOKENS = 600;
/** Colours of a picture: 36 clusters, each of this many strengths. */
const STRENGTHS = 7;

/** What is asked. */
export interface NeuronsAsked {
  readonly layer?: number | undefined;
  readonly clusters?: NeuronClusters | undefined;
  readonly neurons: number;
  readonly neuron?: number | undefined;
}

/** One neuron. */
export interface NeuronRow {
  /** Its index in the layer. */
  readonly neuron: number;
  /** Its cluster; 0 where there are none. */
  readonly cluster: number;
  /** `[T]`, its activations. */
  readonly activations: ArrayLike<number>;
  /** The largest of them, and where that is. */
  readonly peak: number;
  readonly at: number;
}

/** What is drawn. */
export interface NeuronsShown {
  readonly sequence: Sequence;
  /** The index of the layer. */
  readonly layer: number;
  readonly clusters: NeuronClusters | undefined;
  /** How many neurons the layer has. */
  readonly all: number;
  /** In the order of the picture. */
  readonly rows: readonly NeuronRow[];
  /** The row whose tokens are coloured at first. */
  readonly start: number;
}

function checkTrace(trace: Trace): readonly [number, number, number] {
  const { sequence, activations } = (trace ?? {}) as Partial<Trace>;
  if (!isSequence(sequence) || !activations?.data) {
    throw new TypeError(
      `Cannot draw ${
        nameOf(trace)
      } as neurons; pass what await model.trace(sequence, { capture: ["activations"] }) returned`,
    );
  }
  const [K = 0, , M = 0] = Array.isArray(activations.shape) ? activations.shape : [];
  const T = sequence!.tokens.length;
  if (!(K > 0 && M > 0 && T > 0)) {
    throw new RangeError(
      `Cannot draw neurons as there are none: the shape of the activations is [${activations.shape}]`,
    );
  }
  expectShape({ what: "the neurons", field: "activations" }, activations, [K, T, M]);
  return [K, T, M];
}

/** Refuses clusters of another text, another layer, or other neurons. */
function checkClusters(clusters: NeuronClusters, sequence: Sequence, M: number, layer: number | undefined): void {
  const fields = clusters as Partial<NeuronClusters>;
  if (!isSequence(fields.sequence) || !fields.clusterOf?.data || !Array.isArray(fields.sizes)) {
    throw new TypeError(`Cannot colour neurons by ${nameOf(clusters)}; pass what await neuronClusters(trace) returned`);
  }
  expectShape({ what: "the neurons", field: "clusterOf" }, clusters.clusterOf, [M]);
  if (clusters.sequence.tokenIds.join() !== sequence.tokenIds.join()) {
    throw new RangeError("Cannot colour neurons by clusters of another text; cluster those of this trace");
  }
  if (layer !== undefined && layer !== clusters.layer) {
    throw new RangeError(`Cannot colour the neurons of layer ${layer} by clusters of layer ${clusters.layer}`);
  }
  const count = clusters.sizes.length;
  const strange = Array.from(clusters.clusterOf.data).find((one) =>
    !(Number.isInteger(one) && one >= 0 && one < count)
  );
  if (strange !== undefined) {
    throw new RangeError(`Cannot colour neurons by cluster ${strange} as there are ${counted(count, "cluster")}`);
  }
}

/** Clusters in their order, in each by the place where a neuron is most active, there the more active first. */
function inOrder(a: NeuronRow, b: NeuronRow): number {
  return a.cluster - b.cluster || a.at - b.at || b.peak - a.peak || a.neuron - b.neuron;
}

/**
 * Checks what was given and chooses the neurons: those with the largest activation anywhere in the text, of equal ones
 * the earlier.
 *
 * @throws {TypeError | RangeError} When it is not a trace with activations, or the parts do not fit each other.
 */
export function neuronsShown(trace: Trace, asked: NeuronsAsked): NeuronsShown {
  const [K, T, M] = checkTrace(trace);
  const { clusters, neurons } = asked;
  const { sequence } = trace;
  if (clusters) checkClusters(clusters, sequence, M, asked.layer);
  if (!(Number.isInteger(neurons) && neurons >= 1 && neurons <= MOST_NEURONS)) {
    throw new RangeError(`Cannot draw ${neurons} neurons; use a whole number from 1 to ${MOST_NEURONS}`);
  }
  const layers = recordedLayers("the neurons", trace, K);
  const layer = asked.layer ?? clusters?.layer ?? layers[0]!;
  const from = layerIndex(layers, layer) * T * M;
  const { data } = trace.activations!;
  const all = Array.from({ length: M }, (_, neuron): NeuronRow => {
    const activations = Float32Array.from({ length: T }, (_, t) => data[from + t * M + neuron]!);
    const peak = activations.reduce((most, one) => one > most ? one : most, -Infinity);
    const cluster = Number(clusters?.clusterOf.data[neuron] ?? 0);
    return { neuron, cluster, activations, peak, at: Math.max(0, activations.indexOf(peak)) };
  });
  const wanted = asked.neuron;
  if (wanted !== undefined && all[wanted] === undefined) {
    throw new RangeError(`Cannot show neuron ${wanted} as layer ${layer} has ${counted(M, "neuron")}, from 0`);
  }
  const active = all.toSorted((a, b) => b.peak - a.peak || a.neuron - b.neuron).slice(0, neurons);
  const chosen = wanted === undefined ? active[0]! : all[wanted]!;
  const rows = (active.includes(chosen) ? active : [...active.slice(0, -1), chosen]).sort(inOrder);
  return { sequence: spelled(sequence), layer, clusters, all: M, rows, start: rows.indexOf(chosen) };
}

/** How strong the colour of a neuron is at a token: the share of its largest activation, 0 where it is negative. */
export function activeShare({ activations, peak }: NeuronRow, token: number): number {
  return peak > 0 && Number.isFinite(peak) ? Math.max(0, (activations[token] ?? 0) / peak) || 0 : 0;
}

/** The colour of a neuron: that of its cluster. */
export function rowColour({ clusters }: NeuronsShown, { cluster }: NeuronRow): Rgb {
  return clusters ? categoryColour(cluster) : ORANGE;
}

/** A pixel for each neuron and token. */
export function neuronPixels(shown: NeuronsShown, tokens: number): Pixels {
  const { rows } = shown;
  const colours = [...new Map(rows.map((row) => [String(rowColour(shown, row)), rowColour(shown, row)])).entries()];
  const places = new Map(colours.map(([name], n) => [name, n]));
  const palette: Rgba[] = [
    [0, 0, 0, 0],
    ...colours.flatMap(([, colour]) =>
      Array.from({ length: STRENGTHS }, (_, s): Rgba => [...colour, Math.round(255 * (s + 1) / STRENGTHS)])
    ),
  ];
  const indices = Uint8Array.from({ length: rows.length * tokens }, (_, i) => {
    const row = rows[Math.floor(i / tokens)]!;
    const strength = Math.round(STRENGTHS * activeShare(row, i % tokens));
    return strength === 0 ? 0 : places.get(String(rowColour(shown, row)))! * STRENGTHS + strength;
  });
  return { width: tokens, height: rows.length, indices, palette };
}

/** `layer 3, neuron 1201, cluster 2: largest 4.51 at token 17, “·cabinet”`. */
export function rowWords({ layer, clusters, sequence }: NeuronsShown, row: NeuronRow): string {
  const { neuron, cluster, peak, at } = row;
  const token = sequence.tokens[at];
  return `layer ${layer}, neuron ${neuron}${clusters ? `, cluster ${cluster}` : ""}: largest ${
    numberText(peak, 3)
  } at ` +
    `token ${at}${token ? `, ${quoted(token)}` : ""}`;
}

/** What is drawn, in one line. */
export function neuronsLine({ rows, all, layer, clusters, sequence }: NeuronsShown): string {
  const order = clusters
    ? `by their cluster (k-means, ${clusters.sizes.length} clusters of all of them), then by`
    : "by";
  const texts = `of layer ${layer} over ${counted(sequence.tokens.length, "token")}`;
  return `The ${rows.length} of ${all} neurons ${texts} with the largest activations, ordered ${order} where each is ` +
    "most active. Each row is scaled to its own largest activation; what is negative is left blank.";
}
