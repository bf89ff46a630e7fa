/** Every option of every public function: what is wrong is refused before all else, what is undefined is not given. */
import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import * as analysis from "../../src/analysis/mod.ts";
import { expectOptions } from "../../src/base/options.ts";
import * as widgets from "../../widgets/mod.ts";
import { encoderCopy } from "../support/encoders.ts";
import { checkpointCopy } from "../support/goldens.ts";
import { clustersOf } from "../widgets/activations/clusters_fixtures.ts";
import { attentionOf, rolloutOf } from "../widgets/attention/fixtures.ts";
import { attentionStepsOf } from "../widgets/attention_steps/fixtures.ts";
import { neuronOf, summaryOf } from "../widgets/corpus/fixtures.ts";
import { cacheOf } from "../widgets/cache/fixtures.ts";
import { crossAttentionOf, DATE } from "../widgets/cross_attention/fixtures.ts";
import { classSaliencyOf } from "../widgets/evidence/fixtures.ts";
import { factorsOf } from "../widgets/factors/fixtures.ts";
import { ECCO, KEYS, saliencyOf } from "../widgets/fixtures.ts";
import { layerSimilarityOf } from "../widgets/layer_similarity/fixtures.ts";
import { layerPredictionsOf, lensOf, rankingsOf, watchedOf } from "../widgets/lens_fixtures.ts";
import { SMALL } from "../widgets/model/fixtures.ts";
import { stepsOf } from "../widgets/steps/fixtures.ts";
import { circuitOf, writesOf } from "../widgets/logit_attribution/circuit_fixtures.ts";
import { attributionOf as logitAttributionOf } from "../widgets/logit_attribution/fixtures.ts";
import { edgesOf } from "../widgets/patching/edges_fixtures.ts";
import { neuronTraceOf } from "../widgets/neurons/fixtures.ts";
import { candidatesOf } from "../widgets/next_word/fixtures.ts";
import { headEffectsOf, patchingOf } from "../widgets/patching/fixtures.ts";
import { musicOf } from "../widgets/piano_roll/fixtures.ts";
import { streamOf } from "../widgets/stream/fixtures.ts";
import { surpriseOf } from "../widgets/surprise/fixtures.ts";
import { TREE } from "../widgets/tree/fixtures.ts";
import { vectorsOf } from "../widgets/vectors/fixtures.ts";

/** A wrong value for each option; `null` for those that are checked where they are used. */
type Wrong = Readonly<Record<string, unknown>>;

const LONG = { onProgress: {}, progress: 1, signal: {} };
const READING = { ...LONG, maxMemory: "1e9" };
const DECODING = {
  ...{ maxNewTokens: "3", temperature: "1", topK: true, topP: "0.5", seed: "x", stop: null, candidates: [] },
  ...{ maxLength: "3", minNewTokens: "1", minLength: "1", topH: "1", minP: "0", typicalP: "1", epsilonCutoff: "0" },
  ...{ etaCutoff: "0", sequenceBias: "x", repetitionPenalty: "1", encoderRepetitionPenalty: "1", badWords: "x" },
  ...{ noRepeatNgramSize: "2", encoderNoRepeatNgramSize: "2", forcedBosTokenId: "1", forcedEosTokenId: "1" },
  ...{ exponentialDecayLengthPenalty: 2, suppressTokens: 3, beginSuppressTokens: 3, removeInvalidValues: 1 },
  ...{ renormalizeLogits: "yes", beams: "2", lengthPenalty: "1", earlyStopping: null },
  ...READING,
};
const LOADING = {
  ...{ backend: "cuda", dtype: "q4", threads: "4", prepack: "yes", worker: "yes", localFilesOnly: 1 },
  ...{ generationConfig: true, revision: 1, cacheDir: true, token: 1, endpoint: {}, ...LONG },
};
const READINGS: Readonly<Record<string, Wrong>> = {
  trace: { capture: null, layers: null, ...READING },
  saliency: {
    ...{
      preset: null,
      method: null,
      of: null,
      reduce: null,
      normalize: "yes",
      contrast: true,
      next: true,
      precision: 8,
    },
    ...{ steps: "5", baseline: null, completeness: 1, positions: null, ...READING },
  },
  faithfulness: { positions: 3, steps: "5", randomOrders: "5", seed: "x", ...READING },
  layerPredictions: { position: "1", topK: "3", norm: null, halves: "no", ...READING },
  lens: { positions: null, norm: null, ...READING },
  rankings: { positions: null, norm: null, ...READING },
  rankingsWatch: { position: "1", watch: null, norm: null, ...READING },
  logitAttribution: { position: "1", target: true, contrast: [1], neurons: "all", tokens: 1, ...READING },
  headCircuit: { from: true, to: [1], topK: "3", ...READING },
  neuronWrites: { topK: "3", ...READING },
  surprise: { positions: null, topK: "3", ...READING },
  candidates: { topK: "3", ...READING },
  patch: {
    ...{ at: null, metric: null, method: null, target: true, contrast: [] },
    ...{ layers: 1, positions: "1", heads: 0, position: "1", ...READING },
  },
  edges: { position: "1", metric: null, target: true, contrast: [], ...READING },
  importance: { at: null, position: "1", metric: null, target: true, contrast: [], layers: 1, ...READING },
  generate: DECODING,
  generateBatch: DECODING,
  beams: { ...DECODING, best: "2" },
};
const WHOLE_TEXT = { method: "lime", of: "odds", reduce: "max", normalize: "yes", ...READING };
/** Those of encoders. */
const ENCODINGS: Readonly<Record<string, Wrong>> = {
  encode: { pooling: "max", normalize: "yes", ...READING },
  fillMask: { topK: "3", ...READING },
  maskedSaliency: { positions: 3, targets: " is", ...WHOLE_TEXT },
  classSaliency: { classes: "praise", ...WHOLE_TEXT },
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
  attentionStepsView: { layer: "1", head: "0", position: "1", start: "0" },
  attentionView: { layer: "1", head: "0", scores: 1, start: "0", live: 1 },
  cacheView: { numbersPerToken: "64" },
  compareView: { mode: "both", labels: "ab" },
  corpusView: { unit: "nat", title: 1 },
  crossAttentionView: { layer: "1", head: true },
  edgesView: { input: "mlp", most: "5" },
  evidenceView: {},
  factorsView: { curve: 1 },
  headCircuitView: {},
  headEffectsView: { show: "all" },
  layerPredictionsView: { follow: " is", unit: "bit", live: 1 },
  layerSimilarityView: {},
  lensView: { colour: "size", unit: "bit", live: 1 },
  logitAttributionView: {},
  modelView: {},
  neuronView: { title: 1 },
  neuronWritesView: {},
  neuronsView: { layer: "1", clusters: 1, neurons: "9", neuron: "1" },
  nextWordView: { temperature: "1", topK: "1", topP: "1" },
  patchingView: { show: "all" },
  pianoRollView: { trace: 1, saliency: 1, layer: "1", position: "1", sound: 1 },
  rankingsView: {},
  rankingsWatchView: {},
  rolloutView: { layer: "1", start: "0" },
  saliencyView: { style: "bold", by: null, position: "1", live: 1 },
  sizesView: {},
  stepsView: { prompt: null },
  streamView: { position: "1", predictions: 1 },
  surpriseView: { unit: "nat", position: "1" },
  tokensView: { surprise: 1 },
  treeView: { walk: 1, live: 1 },
  vectorsView: { sequence: 1 },
};

/** What must be given, and right values of it. */
const REQUIRED: Readonly<Record<string, Wrong>> = {
  rankingsWatch: { watch: ["is"] },
  spread: { best: 1 },
  headCircuit: { from: 1, to: 2 },
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

const method = (owner: object, name: string, ...inputs: readonly unknown[]) => (options: unknown): unknown =>
  Reflect.apply(Reflect.get(owner, name), owner, [...inputs, options]);
/** What a method takes before its options, when it is not looked at. */
const inputsOf = (name: string): readonly unknown[] =>
  Array(["patch", "edges", "classSaliency", "compareView"].includes(name) ? 2 : 1).fill(undefined);

Deno.test("LanguageModel and its cost refuse options of a wrong type, null and unknown names", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "native" });
  deepEqual(Object.keys({ ...READINGS, ...ENCODINGS }).toSorted(), Object.keys(model.cost).toSorted());
  for (const [name, wrong] of Object.entries(READINGS)) {
    await refusesEach(name, method(model, name, ...inputsOf(name)), wrong);
    await refusesEach(name, method(model.cost, name, ...inputsOf(name)), wrong);
  }
  await using encoder = await encoderCopy("bert/bert");
  await using bert = await LanguageModel.fromPretrained(encoder.directory, { backend: "native" });
  for (const [name, wrong] of Object.entries(ENCODINGS)) {
    for (const owner of [bert, bert.cost]) await refusesEach(name, method(owner, name, ...inputsOf(name)), wrong);
  }
  await refusesEach("steps", (options) => model.steps([1], options as never).next(), DECODING);
  await refusesEach("tree", method(model, "tree", undefined), DECODING);
  await refusesEach("sequence", method(model, "sequence", undefined), {
    promptLength: "2",
    tokenTypes: "01",
    source: null,
  });
  await refusesEach("identity", (options) => model.identity(options as never), LONG);
  const tree = await model.tree([1, 2], { maxNewTokens: 1 });
  await refusesEach("fork", (options) => tree.fork(2, 1, options as never), { ...DECODING, branch: "0" });
  await refusesEach("spread", (options) => tree.spread(options as never), { best: "2", depth: "1", ...LONG });
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
  for (const [name, wrong] of Object.entries(ANALYSES)) {
    await refusesEach(name, method(analysis, name, undefined), wrong);
  }
  const train = (options: unknown) => analysis.trainClassifier(undefined as never, [], options as never);
  await refusesEach("trainClassifier", train, { inverseStrength: "1", maxIterations: "9", ...LONG });
  const judge = (options: unknown) => analysis.classify(undefined as never, undefined as never, options as never);
  await refusesEach("classify", judge, { labels: "praise" });
  const compare = (options: unknown) => analysis.agreement(undefined as never, undefined as never, options as never);
  await refusesEach("agreement", compare, { absolute: "yes", ...LONG });
  const align = (options: unknown) => analysis.linearCKA(undefined as never, undefined as never, options as never);
  await refusesEach("linearCKA", align, { signal: {} });
  const draw = (options: unknown) => analysis.repeatedRandomTokens(options as never);
  await refusesEach("repeatedRandomTokens", draw, { vocabSize: "9", length: "2", prefix: 1, seed: "x" });
  // A number is a tolerance too.
  const load = (options: unknown) => analysis.loadResults("nowhere.safetensors", {}, options as never);
  await refusesEach("loadResults", load, LONG);
  const decode = (options: unknown) => analysis.decodeResults(new Uint8Array(9), {}, options as never);
  await refusesEach("decodeResults", decode, LONG);
  const differ = (options: unknown) => analysis.diffResults([], [], options === 5 ? null as never : options as never);
  await refusesEach("diffResults", differ, { absolute: "0", relative: "0" });
});

Deno.test("views refuse options of a wrong type, null and unknown names", async () => {
  deepEqual(Object.keys(VIEWS), Object.keys(widgets).filter((name) => name.endsWith("View")).toSorted());
  for (const [name, wrong] of Object.entries(VIEWS)) {
    await refusesEach(name, method(widgets, name, ...inputsOf(name)), { ...wrong, title: 5 });
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

const undefinedOf = (wrong: Wrong, required: Wrong = {}) => ({
  ...Object.fromEntries(Object.keys(wrong).map((name) => [name, undefined])),
  ...required,
});

/** Holds a call with every option undefined, one at a time and all at once, to the call without them. */
async function heedsNoUndefined(
  name: string,
  call: (options: unknown) => unknown,
  wrong: Wrong,
  without: Wrong | undefined = REQUIRED[name],
): Promise<number> {
  const expected = await call(without);
  ok(expected !== undefined, `${name}() gives nothing to compare`);
  const all = Object.keys(wrong).filter((option) => !Object.hasOwn(without ?? {}, option));
  const some = [...all.map((option) => ({ [option]: wrong[option] })), wrong];
  for (const options of some) {
    const given = undefinedOf(options, without);
    deepEqual(await call(given), expected, `${name}({ ${Object.keys(given).join(", ")} })`);
  }
  return all.length;
}

/** Of few tokens, as each call is made for each option. */
const SAMPLING = {
  "do_sample": true,
  "max_new_tokens": 6,
  "temperature": 5,
  "top_k": 40,
  "top_p": 0.9,
  "eos_token_id": null,
};

Deno.test("LanguageModel, its cost and its trees take an option that is undefined as not given", async () => {
  await using copy = await checkpointCopy("f32", (directory) => {
    return Deno.writeTextFile(`${directory}/generation_config.json`, JSON.stringify(SAMPLING));
  });
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "native" });
  const sequence = model.sequence([1, 2, 3, 4], { promptLength: 2 });
  const saliency = await model.saliency(sequence);
  const asked: Readonly<Record<string, readonly unknown[]>> = {
    generate: [[1, 2]],
    generateBatch: [[[1, 2], [3]]],
    beams: [[1, 2]],
    faithfulness: [saliency],
    patch: [sequence, model.sequence([60, 50, 40, 30])],
    edges: [sequence, model.sequence([60, 50, 40, 30])],
    headCircuit: [{ layer: 0, head: 0 }],
    neuronWrites: [{ layer: 0, neuron: 0 }],
  };
  let cases = 0;
  for (const [name, wrong] of Object.entries(READINGS)) {
    cases += await heedsNoUndefined(name, method(model, name, ...asked[name] ?? [sequence]), wrong);
    cases += await heedsNoUndefined(name, method(model.cost, name, ...asked[name] ?? [sequence]), wrong);
  }
  cases += await heedsNoUndefined(
    "steps",
    (options) => Array.fromAsync(model.steps([1, 2], options as never)),
    DECODING,
  );
  const tree = (options: unknown) => model.tree([1, 2], options as never);
  cases += await heedsNoUndefined("tree", async (options) => (await tree(options)).data, DECODING);
  const fork = async (options: unknown) => {
    const { id: _, ...branch } = await grown.fork(3, 1, options as never);
    return branch;
  };
  const grown = await tree({ temperature: 0, candidates: 2, maxNewTokens: 4, stop: [90], seed: 7 });
  cases += await heedsNoUndefined("fork", fork, { ...DECODING, branch: "0" });
  const make = (options: unknown) => model.sequence([1, 2, 3], options as never);
  cases += await heedsNoUndefined("sequence", make, { promptLength: "2", tokenTypes: "01", source: null });
  cases += await heedsNoUndefined("identity", (options) => model.identity(options as never), LONG);
  const load = async (options: unknown) => {
    await using other = await LanguageModel.fromPretrained(copy.directory, options as never);
    return [other.backend, other.backendReason, other.config, await other.generate([1])];
  };
  cases += await heedsNoUndefined("fromPretrained", load, LOADING);
  ok(cases >= 221, `only ${cases} cases`);
});

Deno.test("analyses take an option that is undefined as not given", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "native" });
  const sequence = model.sequence("The keys to the cabinet are on the table.");
  const trace = await model.trace(sequence, { capture: ["attention", "activations", "hiddenStates"], layers: [0] });
  const saliency = await model.saliency(sequence, { positions: [4] });
  let cases = 0;
  for (const [name, wrong] of Object.entries(ANALYSES)) {
    const input = name === "encodeResults" ? { sequence } : trace;
    cases += await heedsNoUndefined(name, method(analysis, name, input), wrong);
  }
  const path = await Deno.makeTempFile();
  const save = async (options: unknown) => {
    await analysis.saveResults(path, { sequence }, options as never);
    return await Deno.readFile(path);
  };
  cases += await heedsNoUndefined("saveResults", save, ANALYSES.encodeResults!);
  await Deno.remove(path);
  const compare = (options: unknown) => analysis.agreement(saliency, saliency, options as never);
  cases += await heedsNoUndefined("agreement", compare, { absolute: "yes" });
  const draw = (options: unknown) => analysis.repeatedRandomTokens(options as never);
  cases += await heedsNoUndefined("repeatedRandomTokens", draw, { prefix: 1, seed: "x" });
  const differ = (options: unknown) => analysis.diffResults(saliency, saliency, options as never);
  cases += await heedsNoUndefined("diffResults", differ, { absolute: "0", relative: "0" });
  ok(cases >= 41, `only ${cases} cases`);
});

const DRAWN: Readonly<Record<string, unknown>> = {
  activationsView: clustersOf(KEYS),
  attentionStepsView: attentionStepsOf(KEYS),
  attentionView: attentionOf(KEYS),
  compareView: surpriseOf(),
  corpusView: summaryOf(),
  crossAttentionView: crossAttentionOf(DATE),
  edgesView: edgesOf(),
  evidenceView: classSaliencyOf(),
  factorsView: factorsOf([KEYS]),
  headCircuitView: circuitOf(),
  headEffectsView: headEffectsOf(),
  layerPredictionsView: layerPredictionsOf(),
  layerSimilarityView: layerSimilarityOf(KEYS),
  lensView: lensOf(),
  logitAttributionView: logitAttributionOf(),
  modelView: SMALL,
  neuronView: neuronOf(),
  neuronWritesView: writesOf(),
  neuronsView: neuronTraceOf(),
  nextWordView: candidatesOf(KEYS),
  patchingView: patchingOf(),
  pianoRollView: musicOf(KEYS),
  rankingsView: rankingsOf(KEYS),
  rankingsWatchView: watchedOf(KEYS),
  rolloutView: rolloutOf(KEYS),
  saliencyView: saliencyOf(KEYS, ECCO),
  sizesView: [SMALL],
  stepsView: stepsOf(),
  cacheView: cacheOf(KEYS),
  streamView: streamOf(KEYS),
  surpriseView: surpriseOf(),
  tokensView: KEYS,
  treeView: TREE,
  vectorsView: vectorsOf(KEYS),
};

Deno.test("views take an option that is undefined as not given", async () => {
  let cases = 0;
  for (const [name, wrong] of Object.entries(VIEWS)) {
    const call = async (options: unknown) => {
      const view = await method(widgets, name, ...inputsOf(name).map(() => DRAWN[name]))(options) as widgets.View;
      return [view.text, view.html, view.svg];
    };
    cases += await heedsNoUndefined(name, call, { ...wrong, title: 5 });
  }
  ok(cases >= 30, `only ${cases} cases`);
});

Deno.test("every caller of expectOptions() reads what it returns", async () => {
  const found: string[] = [];
  const visit = async (directory: URL) => {
    for await (const { name, isDirectory } of Deno.readDir(directory)) {
      if (isDirectory) await visit(new URL(`${name}/`, directory));
      if (!name.endsWith(".ts")) continue;
      const source = await Deno.readTextFile(new URL(name, directory));
      found.push(...source.replaceAll(/\/\*\*.*?\*\//gs, "").match(/^.*\bexpectOptions\(.*$/gm) ?? []);
    }
  };
  for (const folder of ["src", "widgets"]) await visit(new URL(`../../${folder}/`, import.meta.url));
  ok(found.length > 30, `only ${found.length} calls found`);
  deepEqual(found.filter((line) => /^ *(if \(.*\) )?(await )?expectOptions\(/.test(line)), []);
});
