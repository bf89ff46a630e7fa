import type { CorpusNeuron, CorpusSummary, Excerpt } from "../../../src/analysis/corpus_results.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import { KEYS } from "../fixtures.ts";
import { generator } from "../lens_fixtures.ts";

/** A text as the beginning, or from a token on, of a document. */
export function excerptOf({ tokens }: Sequence, document: number, start = 0): Excerpt {
  return { document, id: `tale-${document}`, start, tokens };
}

/** A neuron whose texts all are one text; the activations of the first one are known when asked for. */
export function neuronOf(sequence: Sequence = KEYS, { activations = true } = {}): CorpusNeuron {
  const next = generator(5);
  const { tokens } = sequence;
  const examples = [3.25, 2.5, 0.75].map((value, i) => {
    const start = 4 * i;
    const peak = Math.min(i + 1, tokens.length - 1);
    const known = Float32Array.from(tokens, (_, t) => t === peak ? value : next() - 0.4);
    const excerpt = excerptOf(sequence, 7 * i, start);
    return { ...excerpt, value, position: start + peak, ...activations && { activations: known } };
  });
  const counts = [0, 12, 400, 35, 3, 0];
  const ranges = ["(-1, -0.5]", "(-0.5, -0.03125]", "(-0.03125, 0.015625)", "[0.015625, 1)", "[1, 4)", "[4, inf)"];
  return {
    ...{ layer: 2, neuron: 17, tokens: 450, mean: -0.0625, deviation: 0.5, positive: 90 },
    histogram: ranges.map((range, i) => ({ range, count: counts[i]! })),
    examples,
    writes: {
      ...{ layer: 2, neuron: 17 },
      raised: tokens.slice(0, 3).map((token, i) => ({ tokenId: token.id, token, change: 0.5 - 0.125 * i })),
      lowered: tokens.slice(-3).map((token, i) => ({ tokenId: token.id, token, change: -0.25 + 0.0625 * i })),
    },
  };
}

/** The averages of a corpus whose texts all are one text. */
export function summaryOf(sequence: Sequence = KEYS): Required<CorpusSummary> {
  const next = generator(8);
  const tensor = () => ({ data: Float32Array.from({ length: 12 }, () => next()), shape: [3, 4] });
  const found = (document: number, surprise: number) => ({
    ...excerptOf(sequence, document),
    ...{ measured: 9, surprise },
  });
  return {
    ...{ source: "tales.jsonl", model: "looking-glass-6m", documents: 20, windows: 20, tokens: 200, problems: 1 },
    surprise: {
      ...{ documents: 20, measured: 180, surprise: 3, perplexity: Math.exp(3) },
      distribution: [4, 9, 6, 1].map((count, i) => ({ from: 2 + i / 2, to: 2.5 + i / 2, count })),
      most: [found(3, 3.875), found(5, 3.5)],
      least: [found(8, 2.0625)],
    },
    heads: {
      ...{ previousToken: tensor(), firstToken: tensor(), duplicateToken: tensor(), induction: tensor() },
      counts: { previousToken: 180, firstToken: 180, duplicateToken: 60, induction: 48 },
    },
    settling: { predictions: 180, settled: [20, 60, 100], divergence: [2, 0.75, 0], entropy: [5, 4, 3.5] },
    blame: sequence.tokens.slice(0, 4).map((token, i) => ({
      tokenId: token.id,
      token,
      chances: 12 - i,
      score: 0.5 / (i + 1),
    })),
  };
}
