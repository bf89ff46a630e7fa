import { neuronFactors } from "../../analysis/factors/factors.ts";
import type { FactorsOptions } from "../../analysis/factors/types.ts";
import type { ModelConfig } from "../../models/config.ts";
import type { Seen } from "../reading/pack.ts";
import type { ReadDocument } from "../reading/windows.ts";
import type { TableSchema } from "../types.ts";
import { adding, type AskContext, type CorpusAsk, DOCUMENT_COLUMNS, Rows, type ShardWork } from "./ask.ts";

type CorpusFactorsOptions = Pick<FactorsOptions, "factors" | "layers" | "top">;

const TABLE: TableSchema = {
  name: "factors",
  columns: [
    ...DOCUMENT_COLUMNS,
    {
      name: "factor",
      type: "int32",
      about: "the number of the factor, from 0; none for a document of several windows",
    },
    { name: "activity", type: "float[]", about: "how active it is at each token" },
    { name: "layers", type: "int32[]", about: "the layers of its strongest neurons, the strongest first" },
    { name: "neurons", type: "int32[]", about: "these neurons, each of the MLP of its layer" },
    { name: "weights", type: "float[]", about: "how strongly each belongs to it" },
    { name: "relativeError", type: "double", about: "what all factors of the document leave unexplained, from 0 to 1" },
  ],
};

/**
 * Neurons that are active together in a document: `neuronFactors()` of its trace. Factors of two documents have nothing
 * to do with each other, so there is no table of the whole.
 */
export const FACTORS_ASK: CorpusAsk = {
  name: "factors",
  tables: [TABLE],
  totals: [],
  needs: { neurons: true },
  expect({ runner: { config: { nLayer } } }, settings) {
    const { layers = [] } = optionsOf(settings);
    const strange = layers.find((layer) => !(layer < nLayer));
    if (strange === undefined) return;
    throw new RangeError(`Cannot factor the neurons of layer ${strange} as there are layers 0 to ${nLayer - 1}`);
  },
  begin,
  merge: adding,
};

function optionsOf({ factors = {} }: AskContext["settings"]): CorpusFactorsOptions {
  return factors;
}

function begin(context: AskContext): ShardWork {
  const { config } = context.model.runner;
  const options = optionsOf(context.settings);
  const layers = options.layers ?? [...Array(config.nLayer).keys()];
  const rows = new Rows(TABLE);
  const sums = { factored: 0, longer: 0 };
  let activations: Float32Array | undefined;
  return {
    take(seen) {
      if (seen.document.windows.length > 1) return; // as the call for a single text takes no more than one
      const T = seen.document.tokenIds.length;
      activations ??= new Float32Array(layers.length * T * config.nInner);
      copyRows(seen, layers, config, activations);
    },
    async finish(document) {
      const { index, id } = document;
      if (!activations) {
        rows.push({ document: index, id });
        sums.longer += 1;
        return;
      }
      const shape = [layers.length, document.tokenIds.length, config.nInner] as const;
      const found = await factorsOf(document, { data: activations, shape }, layers, context);
      activations = undefined;
      for (const row of found) rows.push(row);
      sums.factored += 1;
    },
    end: () => ({ tables: [rows.rows()], sums }),
  };
}

/** Copies what was seen of a document, which is one window, to its place in `[layers, tokens, neurons]`. */
function copyRows(
  { document, windows, piece }: Seen,
  layers: readonly number[],
  { nInner: W }: ModelConfig,
  activations: Float32Array,
): void {
  const T = document.tokenIds.length;
  for (const { offset, from, to } of windows) {
    const start = (offset + from - piece.start) * W;
    layers.forEach((layer, l) => {
      activations.set(piece.neurons[layer]!.subarray(start, start + (to - from) * W), (l * T + from) * W);
    });
  }
}

async function factorsOf(
  { index, id, tokenIds }: ReadDocument,
  activations: { readonly data: Float32Array; readonly shape: readonly number[] },
  layers: readonly number[],
  { settings, signal }: AskContext,
) {
  const { factors = 10, top = 10 } = optionsOf(settings);
  const T = tokenIds.length;
  const sequence = { tokenIds, tokens: [], promptLength: 1, text: "" };
  const options: FactorsOptions = { factors: Math.min(factors, T), top, progress: false, signal };
  const { activity, topNeurons, relativeError } = await neuronFactors({ sequence, activations, layers }, options);
  return topNeurons.map((neurons, factor) => ({
    ...{ document: index, id, factor, relativeError },
    activity: activity.data.subarray(factor * T, (factor + 1) * T),
    layers: neurons.map(({ layer }) => layer),
    neurons: neurons.map(({ neuron }) => neuron),
    weights: neurons.map(({ weight }) => weight),
  }));
}
