import type { ModelConfig } from "../../models/config.ts";
import { positionOf, type ReadDocument } from "../reading/windows.ts";
import type { CorpusSettings, TableRows, TableSchema } from "../types.ts";
import { type CorpusAsk, type Merging, type ReadRows, Rows, type ShardAnswer, type ShardWork } from "./ask.ts";
import { BestExamples } from "./best.ts";
import { ActivationHistograms, BIN_NAMES } from "./histograms.ts";

const PLACE: TableSchema["columns"] = [
  { name: "layer", type: "int32", about: "the layer, from 0" },
  { name: "neuron", type: "int32", about: "the neuron of its MLP, from 0" },
];

const STATISTICS: TableSchema = {
  name: "neurons",
  columns: [
    ...PLACE,
    { name: "tokens", type: "int64", about: "how many tokens were read" },
    { name: "sum", type: "double", about: "the sum of the activations, after the activation function" },
    { name: "squares", type: "double", about: "the sum of their squares" },
    { name: "positive", type: "int64", about: "how many are above 0" },
    { name: "histogram", type: "int32[]", about: `how many are in each of: ${BIN_NAMES.join(", ")}` },
  ],
};

const EXAMPLES: TableSchema = {
  name: "neuron_examples",
  columns: [
    ...PLACE,
    { name: "place", type: "int32", about: "0 for the document that excites it most; ties go to the earlier one" },
    { name: "value", type: "float", about: "its greatest activation in the document" },
    { name: "document", type: "int64", about: "the number of the document in the source, from 0" },
    { name: "position", type: "int32", about: "the first token with that activation" },
    { name: "tokenId", type: "int32", about: "the id of that token" },
  ],
};

/** What excites each neuron: its best documents, each by its best token, and how its activations are distributed. */
export const NEURONS_ASK: CorpusAsk = {
  name: "neurons",
  tables: [STATISTICS, EXAMPLES],
  totals: [STATISTICS, EXAMPLES],
  needs: { neurons: true },
  expect: () => {},
  begin: ({ model, settings }) => begin(model.runner.config, settings),
  merge,
};

/** What is known of the neurons of all layers. */
class Neurons {
  readonly width: number;
  readonly histograms: ActivationHistograms;
  readonly best: BestExamples;

  constructor({ nLayer, nInner }: Pick<ModelConfig, "nLayer" | "nInner">, examples: number) {
    this.width = nInner;
    this.histograms = new ActivationHistograms(nLayer * nInner);
    this.best = new BestExamples(nLayer * nInner, examples);
  }

  answer(): ShardAnswer {
    const { count, tokens } = this.histograms;
    const places = [...Array(count).keys()];
    const layers = Int32Array.from(places, (at) => Math.floor(at / this.width));
    const neurons = Int32Array.from(places, (at) => at % this.width);
    const statistics = {
      ...{ layer: layers, neuron: neurons, tokens: new Float64Array(count).fill(tokens) },
      ...this.histograms.columns(),
    };
    return {
      tables: [{ table: STATISTICS, columns: statistics }, this.#examples(layers, neurons)],
      sums: { tokens, shape: [count / this.width, this.width] },
    };
  }

  #examples(layers: Int32Array, neurons: Int32Array): TableRows {
    const rows = new Rows(EXAMPLES);
    for (const [at, layer] of layers.entries()) {
      this.best.of(at).forEach((example, place) => rows.push({ layer, neuron: neurons[at]!, place, ...example }));
    }
    return rows.rows();
  }
}

function begin(config: ModelConfig, { examples }: CorpusSettings): ShardWork {
  const all = new Neurons(config, examples);
  const W = config.nInner;
  const most = new Float32Array(config.nLayer * W).fill(-Infinity);
  const where = new Int32Array(most.length);
  return {
    take({ windows, piece }) {
      for (const { window, offset, from, to } of windows) {
        const start = Math.max(from, window.from);
        const end = Math.min(to, window.to);
        piece.neurons.forEach((values, layer) => {
          for (let t = start; t < end; ++t) {
            const row = (offset + t - piece.start) * W;
            greatest({ values, row, W, layer, position: positionOf(window, t) }, most, where);
            all.histograms.add(values.subarray(row, row + W), layer * W);
          }
        });
        all.histograms.tokens += Math.max(0, end - start);
      }
    },
    finish(document) {
      keepBest(all.best, document, most, where);
      most.fill(-Infinity);
    },
    end: () => all.answer(),
  };
}

/** The activations of one token in one layer. */
interface TokenRow {
  readonly values: Float32Array;
  readonly row: number;
  readonly W: number;
  readonly layer: number;
  readonly position: number;
}

/** Remembers the greatest activation of each neuron in a document. */
function greatest({ values, row, W, layer, position }: TokenRow, most: Float32Array, where: Int32Array): void {
  const base = layer * W;
  for (let n = 0; n < W; ++n) {
    const value = values[row + n]!;
    if (value <= most[base + n]!) continue;
    most[base + n] = value;
    where[base + n] = position;
  }
}

function keepBest(best: BestExamples, { index, tokenIds }: ReadDocument, most: Float32Array, where: Int32Array): void {
  for (let at = 0; at < most.length; ++at) {
    const [value, position] = [most[at]!, where[at]!];
    if (!best.wants(at, value, index, position)) continue;
    best.offer(at, { value, document: index, position, tokenId: tokenIds[position]! });
  }
}

function merge({ examples }: CorpusSettings): Merging {
  let all: Neurons | undefined;
  return {
    async add({ tokens, shape }, read) {
      const [nLayer, nInner] = shape as readonly [number, number];
      all ??= new Neurons({ nLayer, nInner }, examples);
      all.histograms.merge(await read(STATISTICS.name), tokens as number);
      await mergeExamples(all, read);
    },
    end: () => all!.answer(),
  };
}

async function mergeExamples({ best, width }: Neurons, read: ReadRows): Promise<void> {
  const rows = await read(EXAMPLES.name);
  const [layers, neurons, values] = [rows.layer, rows.neuron, rows.value] as ArrayLike<number>[];
  const [documents, positions, tokenIds] = [rows.document, rows.position, rows.tokenId] as ArrayLike<number>[];
  for (let row = 0; row < layers!.length; ++row) {
    best.offer(layers![row]! * width + neurons![row]!, {
      value: values![row]!,
      document: documents![row]!,
      position: positions![row]!,
      tokenId: tokenIds![row]!,
    });
  }
}
