/**
 * Every option of every public function: a wrong type, `null` and a name that does not exist are refused before all
 * else, so that nothing but options is passed here.
 */
import { deepEqual, equal, ok, rejects } from "@std/assert";
import * as analysis from "../../src/analysis/mod.ts";
import { LanguageModel } from "../../mod.ts";
import { expectOptions } from "../../src/lm/options.ts";
import * as widgets from "../../widgets/mod.ts";
import { checkpointCopy } from "../support/goldens.ts";

/** A wrong value for each option; `null` for those that are checked where they are used. */
type Wrong = Readonly<Record<string, unknown>>;

const LONG = { onProgress: {}, signal: {} };
const READING = { ...LONG, maxMemory: "1e9" };
const DECODING = {
  ...{ maxNewTokens: "3", temperature: "1", topK: true, topP: "0.5", seed: "x", stop: null, candidates: [] },
  ...READING,
};
const LOADING = {
  ...{ backend: "cuda", dtype: "q4", threads: "4", prepack: "yes", worker: "yes", localFilesOnly: 1 },
  ...{ revision: 1, cacheDir: true, token: 1, endpoint: {}, ...LONG },
};
const READINGS: Readonly<Record<string, Wrong>> = {
  trace: { capture: null, layers: null, ...READING },
  saliency: {
    ...{ preset: null, method: null, of: null, reduce: null, normalize: "yes", contrast: true, steps: "5" },
    ...{ baseline: null, completeness: 1, positions: null, ...READING },
  },
  faithfulness: { positions: 3, steps: "5", randomOrders: "5", seed: "x", ...READING },
  layerPredictions: { position: "1", topK: "3", norm: null, halves: "no", ...READING },
  rankings: { positions: null, norm: null, ...READING },
  rankingsWatch: { position: "1", watch: null, norm: null, ...READING },
  surprise: { positions: null, topK: "3", ...READING },
  generate: DECODING,
  generateBatch: DECODING,
};
const CLUSTERING = { layer: "1", scale: null, seed: "x", ...LONG };
const FACTORISATION = { layers: 1, init: null, seed: "x", maxIterations: "9", tolerance: "0", ...LONG };
const ANALYSES: Readonly<Record<string, Wrong>> = {
  attentionOf: { layer: "1", head: "0" },
  attentionRollout: { heads: null, ...LONG },
  headScores: LONG,
  layerSimilarity: LONG,
  neuronClusters: { clusters: "3", ...CLUSTERING },
  silhouetteCurve: { clusters: 3, ...CLUSTERING },
  neuronFactors: { factors: "3", top: "9", ...FACTORISATION },
  errorCurve: { factors: 3, ...FACTORISATION },
  encodeResults: { model: "gpt2", created: null, ...LONG },
};
const VIEWS: Readonly<Record<string, Wrong>> = {
  activationsView: { layer: "1" },
  attentionView: { layer: "1", head: "0", scores: 1, start: "0" },
  factorsView: { curve: 1 },
  layerPredictionsView: { follow: " is", unit: "bit" },
  layerSimilarityView: {},
  modelView: {},
  rankingsView: {},
  rankingsWatchView: {},
  rolloutView: { layer: "1", start: "0" },
  saliencyView: { style: "bold", by: null, position: "1" },
  stepsView: { prompt: null },
  surpriseView: { unit: "nat" },
  tokensView: { surprise: 1 },
  treeView: {},
};

/** What must be given, and right values of it. */
const REQUIRED: Readonly<Record<string, Wrong>> = {
  rankingsWatch: { watch: [" is"] },
  attentionOf: { layer: 0 },
  neuronClusters: { layer: 0, clusters: 2 },
  silhouetteCurve: { layer: 0 },
  repeatedRandomTokens: { vocabSize: 10, length: 2 },
};

async function refusesEach(name: string, call: (options: unknown) => unknown, wrong: Wrong): Promise<void> {
  const messageOf = async (options: unknown) => {
    const error: unknown = await (async () => await call(options))().then(() => "nothing", (error) => error);
    ok(error instanceof TypeError, `${name}(${JSON.stringify(options)}) refused by ${error}`);
    return error.message;
  };
  const refuses = async (options: unknown, message: RegExp) => {
    const found = await messageOf(options);
    ok(message.test(found), `${name}: ${found}`);
  };
  for (const options of [null, 5, "fast", [], () => {}]) {
    await refuses(options, /^Cannot .+ with .+ as options; pass an object, which may have /);
  }
  await refuses({ temprature: 1 }, /^Cannot .+ with "temprature" as there is no such option; use /);
  const listed = (await messageOf({ temprature: 1 })).replace(/^.*; use /, "").split(", ");
  deepEqual(listed.toSorted(), Object.keys(wrong).toSorted(), `${name} has other options`);
  const required = REQUIRED[name] ?? {};
  for (const [option, value] of Object.entries(wrong)) {
    if (value !== null) {
      await refuses({ ...required, [option]: value }, new RegExp(`^Cannot .+ with ${option} .+ as it must be `));
    }
    await refuses({ ...required, [option]: null }, new RegExp(`^Cannot .+ with ${option} null; `));
  }
  for (const option of Object.keys(required)) {
    await refuses({ ...required, [option]: undefined }, new RegExp(` with ${option} undefined; it must be given$`));
  }
}

const method = (owner: object, name: string) => (options: unknown) =>
  Reflect.apply(Reflect.get(owner, name), owner, [undefined, options]);

Deno.test("LanguageModel and its cost refuse options of a wrong type, null and unknown names", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  for (const [name, wrong] of Object.entries(READINGS)) {
    await refusesEach(name, method(model, name), wrong);
    await refusesEach(name, method(model.cost, name), wrong);
  }
  await refusesEach("steps", (options) => model.steps([1], options as never).next(), DECODING);
  await refusesEach("tree", method(model, "tree"), DECODING);
  await refusesEach("sequence", method(model, "sequence"), { promptLength: "2" });
  await refusesEach("identity", (options) => model.identity(options as never), LONG);
  const tree = await model.tree([1, 2], { maxNewTokens: 1 });
  await refusesEach("fork", (options) => tree.fork(2, 1, options as never), { ...DECODING, branch: "0" });
  equal(tree.data.branches.length, 1);
  // Where values are checked by what they may be, a wrong type is refused with the same words as a wrong value.
  const sequence = model.sequence([1, 2, 3]);
  await rejects(model.rankings(sequence, { norm: 5 as never }), { name: "TypeError", message: /^Cannot use norm 5; / });
});

Deno.test("fromPretrained() refuses options of a wrong type, null and unknown names", async () => {
  await refusesEach(
    "fromPretrained",
    (options) => LanguageModel.fromPretrained("nobody/nothing", options as never),
    LOADING,
  );
});

Deno.test("analyses refuse options of a wrong type, null and unknown names", async () => {
  for (const [name, wrong] of Object.entries(ANALYSES)) await refusesEach(name, method(analysis, name), wrong);
  const compare = (options: unknown) => analysis.agreement(undefined as never, undefined as never, options as never);
  await refusesEach("agreement", compare, { absolute: "yes", ...LONG });
  const align = (options: unknown) => analysis.linearCKA(undefined as never, undefined as never, options as never);
  await refusesEach("linearCKA", align, { signal: {} });
  const draw = (options: unknown) => analysis.repeatedRandomTokens(options as never);
  await refusesEach("repeatedRandomTokens", draw, { vocabSize: "9", length: "2", prefix: 1, seed: "x" });
  // A number is a tolerance too.
  const differ = (options: unknown) => analysis.diffResults([], [], options === 5 ? null as never : options as never);
  await refusesEach("diffResults", differ, { absolute: "0", relative: "0" });
});

Deno.test("views refuse options of a wrong type, null and unknown names", async () => {
  deepEqual(Object.keys(VIEWS), Object.keys(widgets).filter((name) => name.endsWith("View")).toSorted());
  for (const [name, wrong] of Object.entries(VIEWS)) {
    await refusesEach(name, method(widgets, name), { ...wrong, title: 5 });
  }
});

Deno.test("expectOptions() takes what is right, and what is not given", () => {
  interface Options {
    readonly loud?: boolean;
    readonly greeting: string;
    readonly tone?: "low" | "high";
  }
  const kinds = { loud: "true or false", greeting: "a text", tone: ["low", "high"] } as const;
  const table = { task: "greet", kinds, required: ["greeting"] } as const;
  expectOptions<Options>({ greeting: "", loud: false, tone: "low" }, table);
  expectOptions<Options>({ greeting: "hi", loud: undefined }, table);
  expectOptions<Partial<Options>>(undefined, { task: "greet", kinds });
});
