/**
 * What a notebook shows of a result: its view, where there is one, and else a short table.
 *
 * @module
 */
import { kindOf, type ResultKind, type ResultKinds } from "../src/analysis/results/kinds.ts";
import { type OutlineRow, outlineRows, outlineText } from "../src/show/outline.ts";
import { activationsView } from "./activations/view.ts";
import { rolloutView } from "./attention/rollout_view.ts";
import { corpusView } from "./corpus/corpus_view.ts";
import { neuronView } from "./corpus/neuron_view.ts";
import { crossAttentionView } from "./cross_attention/view.ts";
import { edgesView } from "./patching/edges_view.ts";
import { evidenceView } from "./evidence/view.ts";
import { factorsView } from "./factors/view.ts";
import { styling } from "./kit/css.ts";
import { type Html, markup, stacked } from "./kit/html.ts";
import { bundleOf, JUPYTER_DISPLAY, type MimeBundle, type View } from "./kit/view.ts";
import { layerPredictionsView } from "./layer_predictions/view.ts";
import { layerSimilarityView } from "./layer_similarity/view.ts";
import { lensView } from "./lens/view.ts";
import { headCircuitView } from "./logit_attribution/circuit_view.ts";
import { logitAttributionView } from "./logit_attribution/view.ts";
import { neuronWritesView } from "./logit_attribution/writes_view.ts";
import { modelView } from "./model/view.ts";
import { headEffectsView } from "./patching/heads_view.ts";
import { patchingView } from "./patching/view.ts";
import { rankingsView } from "./rankings/view.ts";
import { rankingsWatchView } from "./rankings/watch_view.ts";
import { saliencyView } from "./saliency/view.ts";
import { surpriseView } from "./surprise/view.ts";
import { tokensView } from "./tokens/view.ts";
import { treeView } from "./tree/view.ts";

/** The view of each kind; the others are a table. */
const VIEWS: { readonly [Kind in ResultKind]?: (result: ResultKinds[Kind]) => View | undefined } = {
  sequence: (result) => tokensView(result),
  trace: (result) => result.crossAttention ? crossAttentionView(result) : undefined,
  decodingTree: (result) => treeView(result),
  saliency: (result) => saliencyView(result),
  classSaliency: (result) => evidenceView(result),
  maskedSaliency: (result) => evidenceView(result),
  layerPredictions: (result) => layerPredictionsView(result),
  lens: (result) => lensView(result),
  rankings: (result) => result.words === undefined ? rankingsView(result) : rankingsWatchView(result),
  logitAttribution: (result) => logitAttributionView(result),
  headCircuit: (result) => headCircuitView(result),
  neuronWrites: (result) => neuronWritesView(result),
  surprise: (result) => surpriseView(result),
  attentionRollout: (result) => rolloutView(result),
  factors: (result) => factorsView(result),
  neuronClusters: (result) => activationsView(result),
  patching: (result) => patchingView(result),
  headEdges: (result) => edgesView(result),
  importance: (result) => result.columns === "heads" ? headEffectsView(result) : undefined,
  layerSimilarity: (result) => layerSimilarityView(result),
  corpusNeuron: (result) => neuronView(result),
  corpusSummary: (result) => corpusView(result),
};

/** The view of a result, when there is one that draws it. */
export function viewOf(result: unknown): View | undefined {
  const kind = kindOf(result);
  const draw: ((result: never) => View | undefined) | undefined = VIEWS[kind];
  if (draw) return draw(result as never);
  return isModel(result) ? modelView(result as Parameters<typeof modelView>[0]) : undefined;
}

function isModel(result: unknown): boolean {
  const config: unknown = Reflect.get(Object(result), "config");
  return typeof config === "object" && config !== null && "nLayer" in config && "nEmbd" in config;
}

const CELL = styling`text-align:left;vertical-align:top;padding:2px 12px 2px 0;white-space:pre-wrap;font-size:13px`;

function rowHtml([name, value]: OutlineRow): Html {
  return markup`<tr><td style="${CELL}">${name}</td><td style="${CELL}">${value}</td></tr>`;
}

/** A table of the fields. */
export function outlineBundle(label: string, result: object): MimeBundle {
  const text = outlineText(label, result);
  const [title = ""] = text.split("\n");
  const rows = stacked(outlineRows(result).map(rowHtml));
  const style = styling`border-collapse:collapse;margin:2px 0`;
  const table = markup`<div><b>${title}</b><table style="${style}"><tbody>${rows}</tbody></table></div>`;
  return bundleOf(table, text);
}

/** A view, or the table where none can be drawn: a text that is too short for a view is no reason to show nothing. */
export function resultBundle(label: string, result: object): MimeBundle {
  try {
    const view = viewOf(result);
    if (view) return view[JUPYTER_DISPLAY]();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  }
  return outlineBundle(label, result);
}
