import type { ModelConfig } from "../../models/config.ts";
import { positionOf } from "../reading/windows.ts";
import type { CorpusSettings, TableRows, TableSchema } from "../types.ts";
import type { CorpusAsk, Merging, ShardAnswer, ShardWork } from "./ask.ts";
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
      tables: [{ table: STATISTICS, columns: statistics }, this.#examples()],
      sums: { tokens, shape: [count / this.width, this.width] },
    };
  }

  #examples(): TableRows {
    const { which, ...columns } = this.best.columns();
    const layer = which.map((at) => Math.floor(at / this.width));
    const neuron = which.map((at) => at % this.width);
    return { table: EXAMPLES, columns: { layer, neuron, ...columns } };
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
        if (start >= end) continue;
        const row = (offset + start - piece.start) * W;
        const positions = Array.from({ length: end - start }, (_, t) => positionOf(window, start + t));
        piece.neurons.forEach((values, layer) => {
          const own = values.subarray(row, row + (end - start) * W);
          all.histograms.add(own, W, layer * W);
          const here = [layer * W, (layer + 1) * W] as const;
          remember(own, positions, most.subarray(...here), where.subarray(...here));
        });
        all.histograms.tokens += end - start;
      }
    },
    finish({ index, tokenIds }) {
      for (let at = 0; at < most.length; ++at) {
        const position = where[at]!;
        all.best.offer(at, most[at]!, index, position, tokenIds[position]!);
      }
      most.fill(-Infinity);
    },
    end: () => all.answer(),
  };
}

/** Remembers the greatest activation of each neuron of a layer in a document, of `[positions.length, most.length]`. */
function remember(values: Float32Array, positions: readonly number[], most: Float32Array, where: Int32Array): void {
  const W = most.length;
  for (const [row, position] of positions.entries()) {
    for (let n = 0; n < W; ++n) {
      const value = values[row * W + n]!;
      if (value <= most[n]!) continue;
      most[n] = value;
      where[n] = position;
    }
  }
}

function merge({ examples }: CorpusSettings): Merging {
  let all: Neurons | undefined;
  return {
    async add({ tokens, shape }, read) {
      const [nLayer, nInner] = shape as readonly [number, number];
      all ??= new Neurons({ nLayer, nInner }, examples);
      all.histograms.tokens += tokens as number;
      let first = 0;
      for await (const rows of read(STATISTICS.name)) {
        all.histograms.merge(rows, first);
        first += rows.sum!.length;
      }
      for await (const rows of read(EXAMPLES.name)) mergeExamples(all, rows);
    },
    end: () => all!.answer(),
  };
}

function mergeExamples({ best, width }: Neurons, rows: Readonly<Record<string, ArrayLike<unknown>>>): void {
  const [layers, neurons, values] = [rows.layer, rows.neuron, rows.value] as ArrayLike<number>[];
  const [documents, positions, tokenIds] = [rows.document, rows.position, rows.tokenId] as ArrayLike<number>[];
  for (let row = 0; row < layers!.length; ++row) {
    const which = layers![row]! * width + neurons![row]!;
    best.offer(which, values![row]!, documents![row]!, positions![row]!, tokenIds![row]!);
  }
}
