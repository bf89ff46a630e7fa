/**
 * One row: a question, asked one text after another or of a corpus.
 *
 * @module
 */
import { explainCorpus, LanguageModel } from "../../mod.ts";
import { headScores } from "../../src/analysis/attention.ts";
import { neuronFactors } from "../../src/analysis/factors/factors.ts";
import type { AskName } from "../../src/corpus/types.ts";
import { memory } from "../protocol.ts";
import { CHECKPOINT, textsFor } from "./texts.ts";

/** What was measured. */
export interface Row {
  readonly row: string;
  readonly tokens: number;
  readonly seconds: number;
  /** CPU seconds of the process with its threads. */
  readonly cpu: number;
  /** Resident memory at most, in bytes. */
  readonly resident?: number;
  /** What of it is no part of a file. */
  readonly anonymous?: number;
  /** Memory in which pages that several processes have count once. */
  readonly shared?: number;
  /** What is to be said of it besides. */
  readonly note?: string;
}

/** How many threads each model takes; by default as many as there are cores for it. */
export type Threads = { readonly threads?: number };

/** The calls for a single text, one after another. */
const LOOPS: Readonly<Record<string, (model: LanguageModel, text: string) => Promise<unknown>>> = {
  surprise: (model, text) => model.surprise(model.sequence(text)),
  heads: async (model, text) => await headScores(await model.trace(model.sequence(text), { capture: ["attention"] })),
  neurons: (model, text) => model.trace(model.sequence(text), { capture: ["activations"] }),
  async settling(model, text) {
    const sequence = model.sequence(text);
    for (const position of sequence.tokenIds.keys()) {
      if (position > 0) await model.layerPredictions(sequence, { position, topK: 1 });
    }
  },
  saliency: (model, text) => model.saliency(model.sequence(text), { progress: false }),
  generated: (model, text) => model.generate(text, { maxNewTokens: 20, progress: false }),
  async factors(model, text) {
    const trace = await model.trace(model.sequence(text), { capture: ["activations"] });
    await neuronFactors(trace, { factors: 4, progress: false });
  },
};

/** CPU seconds of this process and its threads. */
export function cpuSeconds(): number {
  const fields = Deno.readTextFileSync("/proc/self/stat").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Measures a row: `surprise loop`, `surprise one`, or `surprise 2`, which is with two workers. */
export async function measure(row: string, threads: Threads): Promise<Row> {
  const [ask, way] = row.split(" ") as [string, string];
  const texts = textsFor(ask);
  await using model = await LanguageModel.fromPretrained(CHECKPOINT, { backend: "native", ...threads });
  const tokens = texts.reduce((sum, text) => sum + model.tokenizer.encode(text).length, 0);
  await LOOPS[ask]!(model, texts[0]!); // the first run is slower
  const workers = Number(way);
  if (workers > 1) await model.dispose(); // they load their own
  const begun = { seconds: performance.now() / 1000, cpu: cpuSeconds() };
  if (way === "loop") { for (const text of texts) await LOOPS[ask]!(model, text); }
  const loop = performance.now() / 1000 - begun.seconds;
  const seconds = way === "loop" ? loop : tokens / await corpus(ask, texts, way === "one" ? model : workers, threads);
  const bytes = { resident: memory("VmHWM"), anonymous: memory("RssAnon") };
  return { row, tokens, seconds, cpu: cpuSeconds() - begun.cpu, ...bytes };
}

/** Explains a corpus in as many shards as there are workers; gives tokens in a second, without the loading of models. */
async function corpus(ask: string, texts: readonly string[], how: LanguageModel | number, threads: Threads) {
  const out = await Deno.makeTempDir({ prefix: "looking-glass-" });
  const workers = typeof how === "number" ? how : 1;
  const settings = ask === "generated"
    ? { generate: { maxNewTokens: 20 } }
    : ask === "factors"
    ? { factors: { factors: 4 } }
    : {};
  const given = typeof how === "number"
    ? { model: CHECKPOINT, load: { backend: "native", ...threads } as const, workers }
    : { model: how };
  const options = { ask: ask as AskName, out, shardSize: Math.ceil(texts.length / workers), progress: false };
  try {
    return (await explainCorpus(texts, { ...options, ...settings, ...given })).tokensPerSecond;
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

/** A row in words, beside the loop over the same texts. */
export function shown({ row, tokens, seconds, cpu, note, ...bytes }: Row, loop: Row | undefined): string {
  const rates = tokens > 0
    ? [
      `${Math.round(tokens / seconds)} tokens/s`,
      `${Math.round(tokens / cpu)} tokens per CPU second`,
      ...loop && loop.row !== row ? [`${(tokens / seconds * loop.seconds / loop.tokens).toFixed(2)}x the loop`] : [],
      `${tokens} tokens`,
    ]
    : [];
  const MiB = (count: number) => Math.round(count / 2 ** 20);
  const { resident, anonymous, shared } = bytes;
  return [
    `${row}: ${[...rates, ...note ? [note] : []].join(", ")}`,
    ...resident ? [`${MiB(resident)} MiB resident at most`] : [],
    ...anonymous ? [`${MiB(anonymous)} MiB of no file`] : [],
    ...shared ? [`${MiB(shared)} MiB in all, where pages of several processes count once`] : [],
  ].join("; ");
}
