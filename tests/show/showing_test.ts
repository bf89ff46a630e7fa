import { deepEqual, equal, match, notEqual, ok } from "@std/assert";
import { LanguageModel, loadResults, modelSummary, saveResults } from "../../mod.ts";
import * as analysis from "../../src/analysis/mod.ts";
import { showing } from "../../src/show/showing.ts";

const DISPLAY = Symbol.for("Jupyter.display");
const MOST_LINES = 25;

const model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });

/** What a notebook shows. */
async function shown(value: unknown): Promise<Record<string, string>> {
  const display: unknown = Reflect.get(Object(value), DISPLAY);
  ok(typeof display === "function", `nothing shows ${Deno.inspect(value).slice(0, 80)}`);
  return await display.call(value);
}

/** Everything that calls give, by the name of the call. */
async function allResults(): Promise<Readonly<Record<string, unknown>>> {
  const sequence = await model.generate("The keys to the cabinet", { maxNewTokens: 12 });
  const position = sequence.tokenIds.length - 1;
  const saliency = await model.saliency(sequence);
  const trace = await model.trace(sequence, { capture: ["hiddenStates", "attention", "activations", "logits"] });
  const tree = await model.tree("One, two,", { maxNewTokens: 3 });
  const branch = await tree.fork(tree.data.branches[0]!.steps[0]!, " seven", { maxNewTokens: 2 });
  const steps = await Array.fromAsync(model.steps("One, two,", { maxNewTokens: 3 }));
  const layerPredictions = await model.layerPredictions(sequence, { position });
  return {
    sequence,
    read: model.sequence("Once upon a time"),
    batch: await model.generateBatch(["One", "Two"], { maxNewTokens: 2 }),
    step: steps[0],
    candidates: steps[0]!.candidates,
    candidate: steps[0]!.candidates[0],
    tree,
    treeData: tree.data,
    branch,
    trace,
    saliency,
    scores: saliency.scores,
    tokens: sequence.tokens,
    faithfulness: await model.faithfulness(saliency, { randomOrders: 2, steps: 3, positions: [position] }),
    layerPredictions,
    layers: layerPredictions.layers,
    layer: layerPredictions.layers[0],
    rankings: await model.rankings(sequence),
    rankingsWatch: await model.rankingsWatch(sequence, { position, watch: [" is", " are", " were", " was"] }),
    lens: await model.lens(sequence),
    surprise: await model.surprise(sequence),
    nextCandidates: await model.candidates(sequence),
    readCandidates: await model.reading().candidates("Once upon a time"),
    logitAttribution: await model.logitAttribution(sequence, { neurons: true, tokens: true }),
    headCircuit: await model.headCircuit({ layer: 4, head: 7 }, { from: "s", to: " are" }),
    neuronWrites: await model.neuronWrites({ layer: 5, neuron: 171 }),
    weight: await model.weight("wte.weight"),
    weightNames: model.weightNames,
    identity: await model.identity(),
    cost: model.cost.saliency(sequence),
    model,
    config: model.config,
    summary: modelSummary(model.config),
    agreement: analysis.agreement(saliency, saliency),
    attentionOf: analysis.attentionOf(trace, { layer: 0, head: 0 }),
    rollout: await analysis.attentionRollout(trace),
    headScores: await analysis.headScores(trace),
    clusters: await analysis.neuronClusters(trace, { layer: 0, clusters: 3 }),
    curve: await analysis.silhouetteCurve(trace, { layer: 0, clusters: [2, 3] }),
    factors: await analysis.neuronFactors(trace, { factors: 2 }),
    errorCurve: await analysis.errorCurve(trace, { factors: [1, 2] }),
    groups: analysis.groupTokens(sequence, "word"),
    groupScores: analysis.groupScores(saliency, "word"),
    groupSaliency: analysis.groupSaliency(saliency, "word"),
    mostSalient: analysis.mostSalient(saliency, position),
    similarity: await analysis.layerSimilarity(trace),
    diff: analysis.diffResults(saliency, saliency),
    tokenized: model.tokenizer.read("Once upon a time"),
    described: model.tokenizer.tokens(sequence.tokenIds),
  };
}

const results = await allResults();

Deno.test("every result is printed in a few lines", () => {
  const lengths = Object.entries(results).map(([name, result]) =>
    [name, Deno.inspect(result).split("\n").length] as const
  );
  ok(lengths.length > 40);
  deepEqual(lengths.filter(([, lines]) => lines > MOST_LINES), []);
});

Deno.test("every line of a printed result is short", () => {
  for (const [name, result] of Object.entries(results)) {
    for (const line of Deno.inspect(result).split("\n")) ok(line.length < 230, `${name}: ${line}`);
  }
});

const VIEWS: Readonly<Record<string, RegExp>> = {
  sequence: /cabinet/,
  tree: /2 branches after a prompt/,
  treeData: /2 branches after a prompt/,
  saliency: /largest scores of earlier tokens/,
  groupSaliency: /word/,
  layerPredictions: /layer/,
  rankings: /Rank/,
  rankingsWatch: /Rank of each word/,
  lens: /likeliest token of each/,
  surprise: /surpris/i,
  logitAttribution: /The logit of/,
  rollout: /rollout/i,
  factors: /factor/i,
  clusters: /cluster/i,
  similarity: /layer/i,
  model: /looking-glass-6m/,
  summary: /parameters/,
};

Deno.test("a notebook shows a result by its view, where there is one", async () => {
  let seen = 0;
  for (const [name, words] of Object.entries(VIEWS)) {
    const bundle = await shown(results[name]);
    deepEqual(Object.keys(bundle).sort(), ["text/html", "text/plain"]);
    match(bundle["text/html"]!, /<table|<svg|<img/, name);
    match(bundle["text/plain"]!, words, name);
    notEqual(bundle["text/plain"], Deno.inspect(results[name]), name);
    ++seen;
  }
  equal(seen, Object.keys(VIEWS).length);
});

Deno.test("a notebook shows any other result as a short table of its fields", async () => {
  const tables = [
    "trace",
    "faithfulness",
    "weight",
    "identity",
    "step",
    "headScores",
    "attentionOf",
    "scores",
    "batch",
    "diff",
  ];
  for (const name of tables.filter((one) => Reflect.has(Object(results[one]), DISPLAY))) {
    const bundle = await shown(results[name]);
    const rows = bundle["text/html"]!.split("<tr").length - 1;
    ok(rows > 0 && rows <= MOST_LINES, `${name}: ${rows} rows`);
    equal(bundle["text/plain"], Deno.inspect(results[name]));
  }
  match((await shown(results.trace))["text/plain"]!, /attention +6 × 8 × \d+ × \d+ numbers: /);
});

Deno.test("a result stays plain data: keys, copies, JSON, comparison and clones have nothing more", () => {
  const plain: Readonly<Record<string, unknown>> = Object.fromEntries(
    [
      "sequence",
      "saliency",
      "trace",
      "surprise",
      "logitAttribution",
      "headCircuit",
      "layerPredictions",
      "rankingsWatch",
      "faithfulness",
      "headScores",
      "step",
      "weight",
    ]
      .map((name) => [name, results[name]]),
  );
  for (const [name, result] of Object.entries(plain)) {
    const value = Object(result);
    const copy = structuredClone(value);
    deepEqual(Object.getOwnPropertySymbols(copy), [], name);
    deepEqual(value, copy, name);
    deepEqual(copy, value, name);
    equal(JSON.stringify(value), JSON.stringify(copy));
    deepEqual(Object.getOwnPropertySymbols({ ...value }), []);
    deepEqual(Object.keys(value), Object.keys(copy));
    const walked: string[] = [];
    for (const key in value) walked.push(key);
    deepEqual(walked, Object.keys(copy));
  }
});

Deno.test("results that were loaded show themselves as those that were computed", async () => {
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    const { saliency, trace, sequence } = results;
    await saveResults(path, { saliency, trace, sequence });
    const loaded = await loadResults(path);
    ok(Deno.inspect(loaded).split("\n").length <= MOST_LINES, Deno.inspect(loaded));
    for (const name of ["saliency", "trace", "sequence"]) {
      const [again, first] = [await shown(Reflect.get(loaded.results, name)), await shown(results[name])];
      deepEqual(again["text/plain"]!.toLowerCase(), first["text/plain"]!.toLowerCase()); // a table has the name above
      deepEqual(Reflect.get(loaded.results, name), results[name]);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("showing() leaves what is frozen, small, or no plain data as it is", () => {
  const frozen = Object.freeze({ list: [1] });
  equal(showing("Frozen", frozen), frozen);
  for (const value of [frozen, 1, "text", null, undefined, { a: 1 }, new Map([[1, { a: [1] }]]), new Float32Array(3)]) {
    equal(Object.getOwnPropertySymbols(Object(showing("It", value))).includes(DISPLAY), false);
  }
});

Deno.test("showing() prints what a text holds as data, and cuts what is long", () => {
  const text = Deno.inspect(
    showing("Found", { list: [1], text: `a\n\u001b[31m${"b".repeat(1000)}`, deep: { a: { b: { c: { d: 1 } } } } }),
  );
  match(text, /^Found\n {2}list {2}\[1\]\n {2}text {2}"a\\n\\u001b\[31mb+…"\n {2}deep {2}\{ a: \{ b: /);
  const many = showing("Many", Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key${i}`, [i]])));
  match(Deno.inspect(many), /… +100 in all/);
  const long = showing("Long", { numbers: Array.from({ length: 100_000 }, (_, i) => i) });
  match(Deno.inspect(long), /… 100000 in all\]$/);
});

Deno.test("showing() works on what refers to itself", () => {
  const one: Record<string, unknown> = { name: "one", list: [] };
  one.self = one;
  ok(Deno.inspect(showing("Ring", one)).length < 1000);
});

Deno.test.afterAll(() => model.dispose());
