/** What a corpus says of each document is what the calls for a single text say. */
import { deepEqual, ok } from "@std/assert";

import { headScores } from "../../src/analysis/attention.ts";
import { neuronFactors } from "../../src/analysis/factors/factors.ts";
import { LanguageModel } from "../../src/language_model.ts";
import { explainCorpus } from "../../src/corpus/explain_corpus.ts";
import type { Sums } from "../../src/corpus/types.ts";
import { encoderCopy } from "../support/encoders.ts";
import { type MemoryStore, memoryStore, rowsIn, sourceOf, tableOf, TEXTS } from "./support.ts";

const TOLERANCE = 1e-5;
/** Those that are one window of the bundled model, whose context is 256. */
const SHORT = TEXTS.filter((text) => text.length < 500);

function near(found: ArrayLike<number>, expected: ArrayLike<number>, what: string, scale = 1): void {
  deepEqual(found.length, expected.length, `${what}: as many numbers`);
  for (let i = 0; i < found.length; ++i) {
    ok(Math.abs(found[i]! - expected[i]!) <= TOLERANCE * scale, `${what}[${i}]: ${found[i]} is not ${expected[i]}`);
  }
}

interface Explained {
  readonly model: LanguageModel;
  readonly store: MemoryStore;
  readonly sums: Readonly<Record<string, Sums>>;
}

async function expectSurprise({ model, store }: Explained): Promise<void> {
  const rows = await tableOf(store, "surprise");
  deepEqual(rows.length, SHORT.length);
  for (const [i, text] of SHORT.entries()) {
    const sequence = model.sequence(text);
    const row = rows[i]!;
    deepEqual([row.document, row.id, row.measured], [i, `text ${i}`, sequence.tokenIds.length - 1]);
    if (sequence.tokenIds.length === 1) {
      deepEqual([row.surprise, row.perplexity, row.logProbs], [null, null, []], text);
      continue;
    }
    const { logProbs, entropies, ranks, perplexity } = await model.surprise(sequence);
    near(row.logProbs as number[], logProbs.data, `ln p of "${text}"`);
    near(row.entropies as number[], entropies.data, `entropies of "${text}"`);
    deepEqual(row.ranks, [...ranks.data], `ranks of "${text}"`);
    near([row.perplexity as number], [perplexity], `perplexity of "${text}"`, perplexity);
  }
}

async function expectHeads({ model, store, sums }: Explained): Promise<void> {
  const names = ["previousToken", "firstToken", "duplicateToken", "induction"] as const;
  const { nLayer, nHead } = model.config;
  const all = Object.fromEntries(names.map((name) => [name, new Float64Array(nLayer * nHead)]));
  const counts = names.map(() => 0);
  for (const text of SHORT) {
    const scores = await headScores(await model.trace(model.sequence(text), { capture: ["attention"] }));
    names.forEach((name, n) => {
      const count = scores.counts![name];
      counts[n]! += count;
      scores[name].data.forEach((score, i) => all[name]![i]! += score * count);
    });
  }
  deepEqual(sums.heads!.counts, counts);
  const rows = await rowsIn(store, "total/heads.parquet");
  deepEqual(rows.map(({ layer, head }) => (layer as number) * nHead + (head as number)), [...all.induction!.keys()]);
  names.forEach((name, n) => {
    near(rows.map((row) => row[name] as number), all[name]!.map((sum) => sum / counts[n]!), name);
  });
}

async function expectSettling({ model, store, sums }: Explained): Promise<void> {
  const rows = await tableOf(store, "settling");
  const { nLayer: L } = model.config;
  const divergence = new Float64Array(L);
  for (const [i, text] of SHORT.entries()) {
    const sequence = model.sequence(text);
    for (let position = 1; position < sequence.tokenIds.length; ++position) {
      const { layers } = await model.layerPredictions(sequence, { position, topK: 1 });
      const best = layers.map(({ predictions }) => predictions[0]!.tokenId);
      const settled = best.findLastIndex((id) => id !== best.at(-1)) + 1;
      const row = rows[i]!;
      deepEqual((row.layers as number[])[position - 1], settled, `position ${position} of "${text}"`);
      deepEqual((row.tokens as number[])[position - 1], best.at(-1));
      layers.forEach((layer, l) => divergence[l]! += layer.divergence);
    }
  }
  near(sums.settling!.divergence as number[], divergence, "divergence", 100);
}

async function expectNeurons({ model, store }: Explained): Promise<void> {
  const traces = await Promise.all(SHORT.map((text) => {
    return model.trace(model.sequence(text), { capture: ["activations"] });
  }));
  const examples = await rowsIn(store, "total/neuron_examples.parquet");
  const W = model.config.nInner;
  const best = Map.groupBy(examples, ({ layer, neuron }) => (layer as number) * W + (neuron as number));
  deepEqual(best.size, model.config.nLayer * W);
  for (const [at, rows] of best) {
    deepEqual(rows.map(({ place }) => place), [0, 1, 2]);
    const [layer, neuron] = [Math.floor(at / W), at % W];
    const greatest = traces.map(({ activations }) => {
      const [, T] = activations!.shape;
      const of = Float32Array.from({ length: T! }, (_, t) => activations!.data[(layer * T! + t) * W + neuron]!);
      return { value: Math.max(...of), of };
    });
    const sorted = greatest.map(({ value }) => value).sort((a, b) => b - a);
    near(rows.map(({ value }) => value as number), sorted.slice(0, 3), `neuron ${at}`, 10);
    for (const { document, position, value } of rows) {
      near([greatest[document as number]!.of[position as number]!], [value as number], `neuron ${at}`, 10);
    }
  }
  const statistics = await rowsIn(store, "total/neurons.parquet");
  for (const at of [0, W + 3, best.size - 1]) {
    const own = traces.flatMap(({ activations }) => {
      const [, T] = activations!.shape;
      const row = (t: number) => (Math.floor(at / W) * T! + t) * W + at % W;
      return Array.from({ length: T! }, (_, t) => activations!.data[row(t)]!);
    });
    const { tokens, sum, squares, positive, histogram } = statistics[at]!;
    deepEqual([tokens, positive], [own.length, own.filter((x) => x > 0).length]);
    near(
      [sum as number, squares as number],
      [own.reduce((a, x) => a + x, 0), own.reduce((a, x) => a + x * x, 0)],
      "sums",
      100,
    );
    deepEqual((histogram as number[]).reduce((a, count) => a + count, 0), own.length);
    deepEqual((histogram as number[]).slice(12).reduce((a, x) => a + x, 0), own.filter((x) => x >= 2 ** -6).length);
  }
}

async function expectSaliency({ model, store }: Explained): Promise<void> {
  const rows = await tableOf(store, "saliency");
  const all = new Map<number, number>();
  for (const [i, text] of SHORT.entries()) {
    const sequence = model.sequence(text);
    const T = sequence.tokenIds.length;
    if (T === 1) continue;
    const { scores: { data } } = await model.saliency(sequence);
    const blame = Float64Array.from({ length: T }, (_, s) => {
      return Array.from({ length: T - 1 }, (_, n) => data[n * T + s]!).reduce((a, b) => a + b, 0);
    });
    sequence.tokenIds.slice(0, -1).forEach((id, s) => all.set(id, (all.get(id) ?? 0) + blame[s]!));
    const { positions, scores, explained } = rows[i]!;
    deepEqual(explained, T - 1);
    near(scores as number[], (positions as number[]).map((position) => blame[position]!), `blame in "${text}"`);
    near(scores as number[], [...blame].sort((a, b) => b - a).slice(0, 4), `the most blame in "${text}"`);
  }
  const tokens = await rowsIn(store, "total/saliency_tokens.parquet");
  deepEqual(tokens.map(({ tokenId }) => tokenId), [...all.keys()].sort((a, b) => a - b));
  near(
    tokens.map(({ score }) => score as number),
    tokens.map(({ tokenId }) => all.get(tokenId as number)!),
    "all blame",
  );
}

/** Factors go on from the last digits of the activations for up to 200 iterations. */
async function expectFactors({ model, store }: Explained): Promise<void> {
  const rows = Map.groupBy(await tableOf(store, "factors"), ({ document }) => document as number);
  deepEqual([...rows.keys()], [...SHORT.keys()]);
  for (const [i, text] of SHORT.entries()) {
    const sequence = model.sequence(text);
    const T = sequence.tokenIds.length;
    const trace = await model.trace(sequence, { capture: ["activations"] });
    const expected = await neuronFactors(trace, { factors: Math.min(3, T), layers: [1, 4], top: 5 });
    const found = rows.get(i)!;
    deepEqual(found.map(({ factor }) => factor), [...Array(Math.min(3, T)).keys()], text);
    for (const [k, { activity, layers, neurons, weights, relativeError }] of found.entries()) {
      near(activity as number[], expected.activity.data.subarray(k * T, (k + 1) * T), `factor ${k} of "${text}"`, 100);
      near([relativeError as number], [expected.relativeError], `error of "${text}"`, 10);
      near(weights as number[], expected.topNeurons[k]!.map(({ weight }) => weight), `weights of "${text}"`, 100);
      const all = [...layers as number[]].map((layer, n) => [layer, (neurons as number[])[n]]);
      deepEqual(all, expected.topNeurons[k]!.map(({ layer, neuron }) => [layer, neuron]), text);
    }
  }
}

async function expectGenerated({ model, store }: Explained): Promise<void> {
  const rows = await tableOf(store, "generated");
  for (const [i, text] of SHORT.entries()) {
    const { tokenIds, text: whole } = await model.generate(text, { maxNewTokens: 4 });
    const { length } = model.sequence(text).tokenIds;
    deepEqual(rows[i], {
      document: i,
      id: `text ${i}`,
      text: whole.slice(text.length),
      tokenIds: tokenIds.slice(length),
    });
  }
}

for (const backend of ["native", "wasm"] as const) {
  Deno.test(`explainCorpus() says what the calls for a single text say, on ${backend}`, async (t) => {
    await using model = await LanguageModel.fromPretrained(undefined, { backend });
    const store = memoryStore();
    const all = ["surprise", "heads", "settling", "neurons", "factors", "saliency", "generated"] as const;
    const ask = backend === "native" ? all : all.filter((name) => name !== "saliency" && name !== "settling");
    const factors = { factors: 3, layers: [1, 4], top: 5 };
    const options = { examples: 3, factors, generate: { maxNewTokens: 4 }, ...backend === "native" && { sources: 4 } };
    const report = await explainCorpus(sourceOf(SHORT), { model, out: store, ask, shardSize: 4, ...options });
    const tokens = SHORT.reduce((sum, text) => sum + model.sequence(text).tokenIds.length, 0);
    deepEqual(report.there, { shards: 2, documents: 7, windows: 7, tokens, problems: 0 });
    const explained = { model, store, sums: report.total!.sums };
    const expectations = {
      surprise: expectSurprise,
      heads: expectHeads,
      settling: expectSettling,
      neurons: expectNeurons,
      factors: expectFactors,
      saliency: expectSaliency,
      generated: expectGenerated,
    };
    for (const name of ask) await t.step(name, () => expectations[name](explained));
    await t.step("documents", async () => {
      for (const [i, { text, tokenIds, starts }] of (await tableOf(store, "documents")).entries()) {
        const sequence = model.sequence(SHORT[i]!);
        deepEqual([text, tokenIds], [sequence.text, sequence.tokenIds]);
        deepEqual(starts, sequence.tokens.map(({ start }) => start));
      }
    });
  });
}

Deno.test("explainCorpus() makes the vectors of encode(), and of what is longer a mean of its windows", async () => {
  await using copy = await encoderCopy("bert/bert");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const [text, ...others] = ["abcdefghijklmnopq", "b", "hello"];
  const vectorsOf = async (options: Partial<Parameters<typeof explainCorpus>[1]>) => {
    const out = memoryStore();
    await explainCorpus(sourceOf([text!, ...others]), { model, out, ask: "embeddings", ...options });
    return (await tableOf(out, "embeddings")).map(({ vector }) => vector as number[]);
  };
  const { vectors: { data, shape: [, C] } } = await model.encode([text!, ...others]);
  near((await vectorsOf({})).flat(), data, "whole");
  const cut = await vectorsOf({ window: 8, overlap: 2, embed: { normalize: false } });
  const ids = model.sequence(text!).tokenIds;
  const windows = [[0, 8], [6, 14], [12, 17]].map(([start, end]) => ids.slice(start, end));
  const { vectors } = await model.encode(windows, { normalize: false });
  near(
    cut[0]!,
    Array.from({ length: C! }, (_, c) => [0, 1, 2].reduce((sum, w) => sum + vectors.data[w * C! + c]! / 3, 0)),
    "cut",
  );
});
