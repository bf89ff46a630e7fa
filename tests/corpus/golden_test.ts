/** What a corpus says is what transformers and PyTorch say of the same windows: `scripts/oracles/corpus_goldens.py`. */
import { deepEqual, ok } from "@std/assert";

import { LanguageModel } from "../../src/language_model.ts";
import { explainCorpus } from "../../src/corpus/explain_corpus.ts";
import { memoryStore, rowsIn, tableOf } from "./support.ts";

interface Golden {
  readonly window: number;
  readonly overlap: number;
  readonly step: number;
  readonly documents: readonly { readonly text: string; readonly tokens: number; readonly logProbs: number[] }[];
  readonly neurons: readonly (readonly (readonly [document: number, position: number, value: number])[])[];
  readonly means: readonly number[];
  readonly previousToken: readonly number[];
  readonly firstToken: readonly number[];
}

const TOLERANCE = 1e-4; // float32 against float64; surprises are up to 20 nats

function near(found: readonly unknown[], expected: readonly number[], what: string): void {
  deepEqual(found.length, expected.length, what);
  found.forEach((x, i) =>
    ok(Math.abs((x as number) - expected[i]!) < TOLERANCE, `${what}[${i}]: ${x}, ${expected[i]}`)
  );
}

for (const backend of ["native", "wasm"] as const) {
  Deno.test(`explainCorpus() says what transformers and PyTorch say, on ${backend}`, async () => {
    const golden: Golden = JSON.parse(
      await Deno.readTextFile(new URL("../goldens/corpus/model.json", import.meta.url)),
    );
    const { window, overlap, step } = golden;
    await using model = await LanguageModel.fromPretrained(undefined, { backend });
    const out = memoryStore();
    const texts = golden.documents.map(({ text }) => text);
    const ask = ["surprise", "neurons", "heads"] as const;
    await explainCorpus(texts, { model, out, ask, window, overlap, examples: 3, shardSize: 3 });
    const documents = await tableOf(out, "documents");
    deepEqual(documents.map(({ tokens }) => tokens), golden.documents.map(({ tokens }) => tokens));
    ok(golden.documents.some(({ tokens }) => tokens > 2 * window), "no text is longer than two windows");
    for (const [i, { logProbs }] of (await tableOf(out, "surprise")).entries()) {
      near(logProbs as number[], golden.documents[i]!.logProbs, `ln p of document ${i}`);
    }
    const heads = await rowsIn(out, "total/heads.parquet");
    near(heads.map(({ previousToken }) => previousToken), golden.previousToken, "previous token");
    near(heads.map(({ firstToken }) => firstToken), golden.firstToken, "first token");
    const statistics = await rowsIn(out, "total/neurons.parquet");
    const examples = Map.groupBy(await rowsIn(out, "total/neuron_examples.parquet"), ({ layer, neuron }) => {
      return (layer as number) * model.config.nInner + (neuron as number);
    });
    golden.neurons.forEach((expected, n) => {
      const { sum, tokens } = statistics[n * step]!;
      near([(sum as number) / (tokens as number)], [golden.means[n]!], `mean of neuron ${n * step}`);
      const found = examples.get(n * step)!;
      near(found.map(({ value }) => value), expected.map(([, , value]) => value), `neuron ${n * step}`);
      const places = found.map(({ document, position }) => [document, position]);
      deepEqual(places, expected.map(([document, position]) => [document, position]), `neuron ${n * step}`);
    });
  });
}
