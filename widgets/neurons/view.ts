import type { NeuronClusters } from "../../src/analysis/clusters/clusters.ts";
import type { Trace } from "../../src/ask/trace/trace.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { textTable } from "../kit/chips.ts";
import { numberText } from "../kit/numbers.ts";
import { tokensText } from "../kit/token_text.ts";
import { createView, type View } from "../kit/view.ts";
import { drawNeurons } from "./chart.ts";
import { activeShare, neuronsLine, type NeuronsShown, neuronsShown } from "./data.ts";
import { neuronsHtml } from "./page.ts";

/** How single neurons are shown. */
export interface NeuronsViewOptions {
  /** The layer; by default that of the clusters, or the first one that the trace holds. */
  readonly layer?: number;
  /** What `neuronClusters` gave for the layer: rows are ordered and coloured by it. */
  readonly clusters?: NeuronClusters;
  /**
   * How many neurons are drawn, those that are most active somewhere; at most 400.
   *
   * @default {200}
   */
  readonly neurons?: number;
  /** The neuron whose tokens are coloured at first; by default the most active one. */
  readonly neuron?: number;
  /** The title of a saved page. */
  readonly title?: string;
}

/** What is drawn. */
export interface NeuronsGiven {
  /** The activations. */
  readonly trace: Trace;
  /** The clusters that they are ordered and coloured by. */
  readonly clusters?: NeuronClusters;
}

const OPTIONS: OptionTable<NeuronsViewOptions> = {
  task: "draw neurons",
  kinds: { layer: "a number", clusters: "an object", neurons: "a number", neuron: "a number", title: "a text" },
};

/** The most lines of plain text, and of tokens in one. */
const MOST_LINES = 40;
const NAMED = 5;

/** The most active neurons, in the order of the picture. */
function drawText(shown: NeuronsShown): string {
  const { rows, sequence, clusters } = shown;
  const listed = new Set(rows.toSorted((a, b) => b.peak - a.peak || a.neuron - b.neuron).slice(0, MOST_LINES));
  const lines = rows.filter((row) => listed.has(row)).map((row) => {
    const active = sequence.tokens.map((token, t) => ({ token, share: activeShare(row, t) }))
      .filter(({ share }) => share >= 0.05).sort((a, b) => b.share - a.share);
    return [
      ...clusters ? [String(row.cluster)] : [],
      ...[String(row.neuron), numberText(row.peak, 4), tokensText(active.map(({ token }) => token), NAMED)],
    ];
  });
  const heads = [...clusters ? ["cluster"] : [], "neuron", "largest", "most active tokens"];
  const more = rows.length > lines.length ? `\nThe ${lines.length} most active of those.` : "";
  return `${neuronsLine(shown)}${more}\n${textTable([heads, ...lines])}`;
}

/**
 * Shows single neurons of a layer over the tokens of a text, a row for each: the picture of Ecco's article ("Interfaces
 * for Explaining Transformer Language Models", Alammar 2020). The neurons with the largest activations are drawn, ordered
 * and coloured by the clusters of `neuronClusters`; each row is scaled to its own largest activation, and what is negative
 * stays blank. Hovering or choosing one colours the tokens below by its activations.
 *
 * @param trace What `LanguageModel.trace` gave, with `capture: ["activations"]`.
 * @param options How they are shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If the trace has no activations, or `clusters` are none.
 * @throws {RangeError} If the layer or the neuron is not there, or the clusters are of another text or layer.
 *
 * @example
 * ```ts
 * import { LanguageModel, neuronsView } from "@looking-glass/looking-glass";
 * import { neuronClusters } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const trace = await model.trace(model.sequence("One, two, three, four"), { capture: ["activations"] });
 * const clusters = await neuronClusters(trace, { layer: 3, clusters: 6, scale: "unit" });
 * console.log(neuronsView(trace, { clusters, neurons: 50 }).text);
 * ```
 */
export function neuronsView(trace: Trace, options: NeuronsViewOptions = {}): View<NeuronsGiven> {
  const { layer, clusters, neurons = 200, neuron, title = "Neurons" } = expectOptions(options, OPTIONS);
  const shown = neuronsShown(trace, { layer, clusters, neurons, neuron });
  return createView({
    title,
    html: neuronsHtml(shown, title),
    drawSvg: () => drawNeurons(shown, title),
    data: { trace, ...clusters && { clusters } },
    text: drawText(shown),
  });
}
