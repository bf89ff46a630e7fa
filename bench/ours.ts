/**
 * Measures Looking Glass in a process of its own, as `protocol.ts` says: loads a checkpoint and prints the rows of a
 * task.
 *
 *     deno run -A bench/ours.ts TASK native|wasm [prepack|plain|q8]
 *
 * @module
 */
import { LanguageModel, type Sequence } from "../mod.ts";
import { neuronFactors } from "../src/analysis/mod.ts";
import { SALIENCY } from "../src/ask/saliency/saliency.ts";
import { Reader } from "../src/model/reader.ts";
import { givenIn, newTokens, writeText } from "./decode.ts";
import { FlopCounter } from "./flops.ts";
import { lookInside, measureDefault, measureInt8 } from "./inside.ts";
import { BATCH, FACTORED, FACTORS, FIRST, memory, PREFILL, Recorder, type Text, TEXTS } from "./protocol.ts";

const recorder = new Recorder();
const { checkpoint, texts, threads } = recorder.task;
const [, backend, mode] = Deno.args as [string, "native" | "wasm", ("prepack" | "plain" | "q8")?];

function load(): Promise<LanguageModel> {
  const options = { backend, threads, ...mode && { prepack: mode === "prepack" } };
  if (mode !== "q8") return LanguageModel.fromPretrained(checkpoint, options);
  return LanguageModel.fromPretrained(checkpoint, { ...options, dtype: "q8", cacheDir: `${checkpoint}-hub` });
}

/** What is held after work is measured so much later: pages are given back when nothing has run for a second. */
const IDLE_MS = 2000;

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const result = await work();
  return [result, (performance.now() - start) / 1000];
}

/** Each step's time after the first; a whole text is written before, which does not count. */
async function decode(model: LanguageModel, text: Text) {
  const seconds: number[] = [];
  let { answer } = await writeText(model, text);
  for (let round = 0; round < recorder.task.repeat; ++round) {
    const written = await writeText(model, text);
    seconds.push(...written.seconds);
    answer = written.answer;
  }
  return { seconds, answer };
}

/** Several copies of a text, and the seconds that each of their steps took for each of them. */
async function decodeBatch(model: LanguageModel, text: Text) {
  const batch: unknown = Reflect.get(model, "generateBatch");
  if (typeof batch !== "function") throw new Error("this version has no generateBatch");
  const prompts = Array.from({ length: BATCH }, () => givenIn(text));
  const write = (maxNewTokens: number): Promise<readonly Sequence[]> => {
    return Reflect.apply(batch, model, [prompts, { maxNewTokens }]);
  };
  const prompt = await recorder.times(() => write(1));
  const { last, seconds } = await recorder.times(() => write(newTokens(text)));
  const least = Math.min(...prompt.seconds);
  const steps = seconds.map((time) => (time - least) / (newTokens(text) - 1) / BATCH);
  return { seconds: steps, answer: last.at(-1)!.tokenIds };
}

/** Explains a text, with 8-bit weights in int8, and writes it before, which is a row of its own. */
async function explain(model: LanguageModel, name: string) {
  const text = texts[name]!;
  const explained = model.sequence(text.tokenIds, { promptLength: text.promptLength });
  const explaining: number[] = [];
  const { last, seconds } = await recorder.times(async () => {
    const sequence = await model.generate(givenIn(text), { maxNewTokens: newTokens(text) });
    const [saliency, time] = await timed(() => model.saliency(explained, mode === "q8" ? { precision: "int8" } : {}));
    explaining.push(time);
    return { sequence, scores: saliency.scores.data };
  }, TEXTS[name]!.long);
  recorder.print({ row: `write and explain ${name}`, seconds, answer: last.sequence.tokenIds });
  return { seconds: explaining.slice(-seconds.length), answer: [...last.scores] };
}

/** Counts the operations of some rows, without running them. */
async function countFlops(model: LanguageModel): Promise<void> {
  const counter = () => new FlopCounter(model.config);
  await recorder.measure("work of prefill", () => {
    const spent = counter().reading(texts[PREFILL]!.promptLength, 1);
    return Promise.resolve({ flops: { necessary: spent, spent } });
  });
  for (const [name, { tokenIds, promptLength }] of Object.entries(texts)) {
    await recorder.measure(`work of explain ${name}`, () => {
      const reader = new Reader(model.tokenizer, model.config);
      const asked = {
        // as the loaded model does: on native, of a causal model that nothing is changed in
        runner: { config: model.config, backend: model.backend, keepsReadings: model.backend === "native" },
        reader,
        eosTokenIds: [],
        defaults: {},
        expectUsable: () => {},
        inside: () => Promise.reject(new Error("no other program")),
      };
      const { chunks, once, positions } = SALIENCY.plan(asked, model.sequence(tokenIds, { promptLength }), {});
      const flops = { necessary: counter().necessary(positions), spent: counter().explaining(positions, chunks, once) };
      return Promise.resolve({ flops });
    });
  }
}

async function measureAll(model: LanguageModel, loaded: number): Promise<void> {
  const first = texts[FIRST]!;
  await recorder.measure("decode", () => decode(model, first));
  for (const name of Object.keys(TEXTS)) {
    await recorder.measure(`explain ${name}`, () => explain(model, name));
    if (name !== FIRST) continue;
    await new Promise((done) => setTimeout(done, IDLE_MS));
    const bytes = { loaded, worked: memory("VmRSS"), peak: memory("VmHWM") };
    await recorder.measure("memory", () => Promise.resolve({ bytes }));
  }
  await recorder.measure("batch", () => decodeBatch(model, first));
  await recorder.measure("prefill", async () => {
    const prompt = givenIn(texts[PREFILL]!);
    const { last, seconds } = await recorder.times(() => model.generate(prompt, { maxNewTokens: 1 }));
    return { seconds, answer: last.tokenIds };
  });
  await recorder.measure("lens", async () => {
    const sequence = model.sequence(first.tokenIds, { promptLength: first.promptLength });
    const { last, seconds } = await recorder.times(() => model.rankings(sequence));
    return { seconds, answer: [...last.ranks.data] };
  });
  await lookInside(recorder, model, first);
  await measureDefault(recorder, model, { name: Deno.args.slice(1).join(", "), text: first, load });
  await measureInt8(recorder, model, Deno.args.slice(1).join(", "), first);
  await recorder.measure("factors", async () => {
    const trace = await model.trace(model.sequence(texts[FACTORED]!.tokenIds), { capture: ["activations"] });
    const { last, seconds } = await recorder.times(() => neuronFactors(trace, { factors: FACTORS }));
    return { seconds, answer: [last.relativeError] };
  });
}

const [model, firstLoad] = await timed(load);
const loaded = memory("VmRSS");
await recorder.measure("load", () => Promise.resolve({ seconds: [firstLoad] }));
await measureAll(model, loaded);
await countFlops(model);
await model.dispose();
await recorder.measure("load again", async () => {
  return { seconds: (await recorder.times(async () => await (await load()).dispose())).seconds };
});
