/** Every view draws what its own call returns, and says of a promise what is missing. */
import { equal, match, ok, rejects, throws } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import * as analysis from "../../../src/analysis/mod.ts";
import { classSaliencyOf, maskedSaliencyOf } from "../evidence/fixtures.ts";
import { neuronOf, summaryOf } from "../corpus/fixtures.ts";
import { edgesOf } from "../patching/edges_fixtures.ts";
import { headEffectsOf, patchingOf } from "../patching/fixtures.ts";
import { musicOf } from "../piano_roll/fixtures.ts";
import * as widgets from "../../../widgets/mod.ts";
import { openSourceModel } from "../../support/sources.ts";

const model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
const sequence = await model.generate("The keys to the cabinet", { maxNewTokens: 3 });
const position = sequence.tokenIds.length - 1;
const trace = await model.trace(sequence, { capture: ["hiddenStates", "attention", "activations"] });
const reading = model.reading();
const tree = await model.tree("One, two,", { maxNewTokens: 3 });
await tree.fork(tree.data.branches[0]!.steps[0]!, " seven", { maxNewTokens: 2 });

const translating = await openSourceModel("marian/marian");
const { model: translated } = translating;
const written = translating.sequenceOf(translating.pairs.long!);

/** What is drawn, by the view's name. */
const GIVEN: Readonly<Record<string, readonly unknown[]>> = {
  activationsView: [await analysis.neuronClusters(trace, { layer: 0, clusters: 3 })],
  attentionStepsView: [await model.trace(sequence, { capture: ["attentionSteps"] })],
  attentionView: [trace],
  cacheView: [[await reading.candidates("The keys"), await reading.candidates("The keys to")]],
  compareView: [
    sequence,
    trace,
    await model.saliency(sequence),
    await model.layerPredictions(sequence, { position }),
    await model.rankings(sequence),
    await model.surprise(sequence),
    model,
    tree.data,
    patchingOf(),
  ],
  corpusView: [summaryOf()],
  crossAttentionView: [await translated.trace(written, { capture: ["crossAttention"] })],
  edgesView: [edgesOf()],
  evidenceView: [classSaliencyOf(), maskedSaliencyOf()],
  factorsView: [await analysis.neuronFactors(trace, { factors: 2 })],
  headCircuitView: [await model.headCircuit({ layer: 4, head: 7 }, { from: " books", to: " are" })],
  headEffectsView: [headEffectsOf(), patchingOf(sequence, { clean: sequence, heads: 3 })],
  layerPredictionsView: [await model.layerPredictions(sequence, { position })],
  layerSimilarityView: [await analysis.layerSimilarity(trace)],
  lensView: [await model.lens(sequence), await model.lens(sequence, { positions: [position], norm: "none" })],
  logitAttributionView: [
    await model.logitAttribution(sequence),
    await model.logitAttribution(sequence, { position, contrast: " is", neurons: true, tokens: true }),
  ],
  modelView: [model, model.config],
  neuronView: [neuronOf()],
  neuronsView: [trace],
  neuronWritesView: [await model.neuronWrites({ layer: 5, neuron: 7 }, { topK: 3 })],
  nextWordView: [await model.candidates(sequence)],
  patchingView: [patchingOf()],
  pianoRollView: [musicOf()],
  rankingsView: [await model.rankings(sequence)],
  rankingsWatchView: [await model.rankingsWatch(sequence, { position, watch: [" is", " cabinets"] })],
  rolloutView: [await analysis.attentionRollout(trace)],
  saliencyView: [
    await model.saliency(sequence),
    await model.saliency(sequence, { preset: "lit" }),
    analysis.groupSaliency(await model.saliency(sequence), "word"),
  ],
  sizesView: [[model, ...widgets.GPT2_SIZES], [model.config]],
  stepsView: [await Array.fromAsync(model.steps("One, two,", { maxNewTokens: 3 }))],
  streamView: [await model.trace(sequence, { capture: ["hiddenStates", "attentionOutputs", "mlpOutputs"] })],
  surpriseView: [await model.surprise(sequence)],
  tokensView: [sequence, model.sequence("Once"), tree.data.prompt],
  treeView: [tree, tree.data],
  vectorsView: [trace.hiddenStates!, { wte: await model.weight("wte.weight") }],
};

const VIEWS = Object.entries(widgets).filter(([name]) => name.endsWith("View")) as [
  string,
  (given: never, ...others: never[]) => unknown,
][];

/** What is drawn as arguments: a comparison takes it twice. */
const argumentsOf = (name: string, given: unknown) => name === "compareView" ? [given, given] : [given];

Deno.test("every view draws what its own call returns", async () => {
  let drawn = 0;
  for (const [name, view] of VIEWS) {
    ok(GIVEN[name], `nothing is given to ${name}`);
    for (const given of GIVEN[name]) {
      const { html, text } = await Reflect.apply(view, undefined, argumentsOf(name, given)) as widgets.View;
      ok(html.startsWith("<div") && text.length > 10, name);
      ++drawn;
    }
  }
  ok(drawn >= 30 && VIEWS.length === Object.keys(GIVEN).length, `${drawn} views were drawn`);
});

Deno.test("every view says of a promise that it is one, and what to pass", async () => {
  for (const [name, view] of VIEWS) {
    const message = /a promise.*; pass /;
    const draw = () => view(Promise.resolve(GIVEN[name]![0]) as never);
    if (name === "stepsView") await rejects(async () => await draw(), { name: "TypeError", message });
    else throws(draw, { name: "TypeError", message });
  }
});

Deno.test("treeView() shows a tree as it is when it is drawn", async () => {
  const growing = await model.tree("Once", { maxNewTokens: 1 });
  const before = widgets.treeView(growing);
  await growing.fork(growing.data.prompt.promptLength, " upon", { maxNewTokens: 0 });
  match(before.text, /^1 branch after/);
  match(widgets.treeView(growing).text, /^2 branches after/);
  equal(widgets.treeView(growing).html, widgets.treeView(growing.data).html);
});

Deno.test("rankingsWatchView() heads a watched word of several tokens by all of it", () => {
  const rankings = GIVEN.rankingsWatchView![0] as Parameters<typeof widgets.rankingsWatchView>[0];
  const word = rankings.words!.find(({ text }) => text === " cabinets")!;
  ok(word.tokens.length > 1, "the word is one token");
  const { html, svg, text } = widgets.rankingsWatchView(rankings);
  for (const shown of [html, svg, text]) match(shown.replace(/<[^>]*>/g, ""), /·cabinets/);
});

Deno.test.afterAll(async () => {
  reading.dispose();
  await model.dispose();
  await translating[Symbol.asyncDispose]();
});
