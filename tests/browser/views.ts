/** Every view of one text, without a model. */
import type { Sequence } from "../../src/model/sequence.ts";
import {
  activationsView,
  attentionStepsView,
  attentionView,
  cacheView,
  compareView,
  corpusView,
  crossAttentionView,
  edgesView,
  evidenceView,
  factorsView,
  GPT2_SIZES,
  headCircuitView,
  headEffectsView,
  layerPredictionsView,
  layerSimilarityView,
  lensView,
  logitAttributionView,
  modelView,
  neuronsView,
  neuronView,
  neuronWritesView,
  nextWordView,
  patchingView,
  pianoRollView,
  rankingsView,
  rankingsWatchView,
  rolloutView,
  saliencyView,
  sizesView,
  stepsView,
  streamView,
  surpriseView,
  tokensView,
  treeView,
  vectorsView,
  type View,
} from "../../widgets/mod.ts";
import { clustersOf } from "../widgets/activations/clusters_fixtures.ts";
import { attentionOf, headScoresOf, rolloutOf } from "../widgets/attention/fixtures.ts";
import { attentionStepsOf } from "../widgets/attention_steps/fixtures.ts";
import { cacheOf } from "../widgets/cache/fixtures.ts";
import { neuronOf, summaryOf } from "../widgets/corpus/fixtures.ts";
import { crossAttentionOf } from "../widgets/cross_attention/fixtures.ts";
import { CURVE, factorsOf } from "../widgets/factors/fixtures.ts";
import { CAPTUM, KEYS, partsOf, saliencyOf, sequenceOf } from "../widgets/fixtures.ts";
import { layerSimilarityOf } from "../widgets/layer_similarity/fixtures.ts";
import { layerPredictionsOf, lensOf, rankingsOf, watchedOf } from "../widgets/lens_fixtures.ts";
import { circuitOf, writesOf } from "../widgets/logit_attribution/circuit_fixtures.ts";
import { attributionOf as logitAttributionOf } from "../widgets/logit_attribution/fixtures.ts";
import { LLAMA, SMALL, UNTIED } from "../widgets/model/fixtures.ts";
import { edgesOf } from "../widgets/patching/edges_fixtures.ts";
import { neuronTraceOf } from "../widgets/neurons/fixtures.ts";
import { candidatesOf } from "../widgets/next_word/fixtures.ts";
import { headEffectsOf, patchingOf, withToken } from "../widgets/patching/fixtures.ts";
import { musicOf, overMusic } from "../widgets/piano_roll/fixtures.ts";
import { promptOf, stepsOf } from "../widgets/steps/fixtures.ts";
import { classSaliencyOf } from "../widgets/evidence/fixtures.ts";
import { streamOf } from "../widgets/stream/fixtures.ts";
import { surpriseOf } from "../widgets/surprise/fixtures.ts";
import { treeOf } from "../widgets/tree/fixtures.ts";
import { vectorsOf } from "../widgets/vectors/fixtures.ts";

/** An emoji and a Chinese character, each of several tokens. */
const CHARACTERS = sequenceOf(["Say", [0x20, 0xF0, 0x9F], [0x99, 0x82], " and", [0xE4], [0xB8, 0xAD], "!"], 2);

/** What a browser test needs to know of a view. */
export interface Case {
  readonly name: string;
  /** Draws the view of a text; its first tokens are the prompt. */
  readonly draw: (sequence: Sequence) => View | Promise<View>;
  /** Lines of its accessibility tree: what it is, what can be chosen, its table. */
  readonly tree: readonly RegExp[];
  /** Whether something can be chosen with the arrow keys. */
  readonly chosen: boolean;
}

/** Words that one can ask about: whole characters. */
function texts({ tokens }: Sequence): string[] {
  return tokens.map(({ text }) => text).filter((text) => !text.startsWith("\\x"));
}

function grownTree(sequence: Sequence) {
  const parts = partsOf(sequence.tokens);
  const [prompt, written] = [parts.slice(0, sequence.promptLength), parts.slice(sequence.promptLength)];
  return treeOf(prompt, [{ texts: written }, { parent: 0, after: 1, texts: written.slice(1, 3) }]);
}

/** A fork at the first word, so that there is something to choose at once. */
function walkedTree(sequence: Sequence) {
  const parts = partsOf(sequence.tokens);
  const [prompt, written] = [parts.slice(0, sequence.promptLength), parts.slice(sequence.promptLength)];
  return treeOf(prompt, [
    { texts: written },
    { parent: 0, after: 0, texts: written.slice(1, 3) },
    { parent: 0, after: 1, texts: written.slice(2, 4) },
  ]);
}

const watchedWords = (sequence: Sequence) => texts(sequence).slice(0, 4).map((text) => [text]);

/** All views. */
export const CASES: readonly Case[] = [
  {
    name: "tokens",
    draw: (text) => tokensView(text, { surprise: surpriseOf(text) }),
    chosen: false,
    tree: [/group "Tokens"/, /Tokens as a table/],
  },
  {
    name: "neuron",
    draw: (text) => neuronView(neuronOf(text)),
    chosen: false,
    tree: [/group "Document tale-0"/, /Activations as a table/, /Texts as a table/],
  },
  {
    name: "corpus",
    draw: (text) => corpusView(summaryOf(text)),
    chosen: false,
    tree: [/img "/, /region "Attention to the token before"/, /Documents as a table/],
  },
  {
    name: "saliency",
    draw: (text) => saliencyView(saliencyOf(text)),
    chosen: true,
    tree: [/form "Saliency map"/, /radio "/, /Scores as a table/],
  },
  {
    name: "saliency, detailed",
    draw: (text) => saliencyView(saliencyOf(text, CAPTUM), { style: "detailed" }),
    chosen: true,
    tree: [/form "Saliency map"/, /radio "/, /Scores as a table/],
  },
  {
    name: "characters over bytes",
    draw: (text) => saliencyView(saliencyOf(text === KEYS ? CHARACTERS : text)),
    chosen: true,
    tree: [/form "Saliency map"/, /radio "/, /Scores as a table/],
  },
  {
    name: "saliency, heatmap",
    draw: (text) => saliencyView(saliencyOf(text), { style: "heatmap" }),
    chosen: false,
    tree: [/img "/, /Scores as a table/],
  },
  {
    name: "saliency by word",
    draw: (text) => saliencyView(saliencyOf(text), { by: "word" }),
    chosen: true,
    tree: [/form "Saliency map"/, /radio "/, /Scores as a table/],
  },
  {
    name: "steps",
    draw: (text) => stepsView(stepsOf(text), { prompt: promptOf(text) }),
    chosen: true,
    tree: [/form "5 tokens written/, /radio "/, /Steps as a table/],
  },
  {
    name: "layer predictions",
    draw: (text) => layerPredictionsView(layerPredictionsOf(text)),
    chosen: true,
    tree: [/form "Predictions of each layer/, /radio "/, /- table/],
  },
  {
    name: "layer predictions, halves",
    draw: (text) => layerPredictionsView(layerPredictionsOf(text, { halves: true })),
    chosen: true,
    tree: [/form "Predictions of each layer/, /radio "/, /- table/],
  },
  {
    name: "lens",
    draw: (text) => lensView(lensOf(text)),
    chosen: true,
    tree: [/form "What each layer would predict"/, /radiogroup "Colour"/, /radio "rank"/, /- table/],
  },
  {
    name: "lens, pixels",
    draw: (text) => lensView(lensOf(text, 1 + Math.ceil(3000 / text.tokens.length))),
    chosen: false,
    tree: [/form "What each layer would predict"/, /radio "rank"/, /img "/, /Numbers as a table/],
  },
  {
    name: "rankings",
    draw: (text) => rankingsView(rankingsOf(text)),
    chosen: true,
    tree: [/form "Rankings of/, /radio "/, /- table/],
  },
  {
    name: "rankings of watched words",
    draw: (text) => rankingsWatchView(watchedOf(text, text.promptLength, watchedWords(text))),
    chosen: false,
    tree: [/heading "/, /- table/],
  },
  {
    name: "attention",
    draw: (text) => attentionView(attentionOf(text), { scores: headScoresOf(text) }),
    chosen: true,
    tree: [/form "Attention"/, /radiogroup "Tokens"/, /radio "/, /as a table/],
  },
  {
    name: "steps of attention",
    draw: (text) => attentionStepsView(attentionStepsOf(text)),
    chosen: true,
    tree: [/form "Steps of attention"/, /radiogroup "Queries"/, /radio "/, /as a table/],
  },
  {
    name: "attention to a source",
    draw: (text) => crossAttentionView(crossAttentionOf({ ...text, source: text })),
    chosen: true,
    tree: [/form "Attention to the source"/, /radiogroup "Heads"/, /radio "/, /as a table/],
  },
  {
    name: "rollout",
    draw: (text) => rolloutView(rolloutOf(text)),
    chosen: true,
    tree: [/form "Attention rollout"/, /radiogroup "Tokens"/, /radio "/, /as a table/],
  },
  {
    name: "activations",
    draw: (text) => activationsView([clustersOf(text, 0), clustersOf(text, 1)]),
    chosen: true,
    tree: [/form "Neuron clusters"/, /radiogroup "Layers"/, /radiogroup "Clusters of layer 0"/, /as a table/],
  },
  {
    name: "neurons",
    draw: (text) => neuronsView(neuronTraceOf(text), { clusters: clustersOf(text, 3) }),
    chosen: false,
    tree: [/region "Neurons"/, /img "28 neurons of layer 3/, /group "Text"/, /Neurons as a table/],
  },
  {
    name: "factors",
    draw: (text) => factorsView(factorsOf([text]), { curve: CURVE }),
    chosen: true,
    tree: [/form "Factors"/, /radio "/, /Activities as a table/],
  },
  {
    name: "surprise",
    draw: (text) => surpriseView(surpriseOf(text)),
    chosen: true,
    tree: [/form "/, /radiogroup "Text; choose a token"/, /Surprise as a table/],
  },
  {
    name: "logit attribution",
    draw: (text) => logitAttributionView(logitAttributionOf(text, { neurons: 8, tokens: true, contrast: true })),
    chosen: false,
    tree: [/region "From 0 to the logit"/, /region "Heads"/, /group "Tokens that heads look at"/, /Parts as a table/],
  },
  {
    name: "circuits of a head",
    draw: ({ tokens }) => headCircuitView(circuitOf(tokens.map(({ text }) => text))),
    chosen: false,
    tree: [/region "Circuits"/, /region "What it adds to logits"/, /Tokens as a table/],
  },
  {
    name: "writing of a neuron",
    draw: ({ tokens }) => neuronWritesView(writesOf(tokens.map(({ text }) => text))),
    chosen: false,
    tree: [/region "What it adds to logits"/, /- table/, /Tokens as a table/],
  },
  {
    name: "tree",
    draw: (text) => treeView(grownTree(text)),
    chosen: false,
    tree: [/group "/, /listitem/, /Branches as a table/],
  },
  {
    name: "tree to walk",
    draw: (text) => treeView(walkedTree(text), { walk: true }),
    chosen: true,
    tree: [/form "Tree of 3 branches"/, /radiogroup "What follows the prompt"/, /radio "/, /Branches as a table/],
  },
  {
    name: "evidence",
    draw: (text) => evidenceView(classSaliencyOf(text, ["complaint", "praise"], true)),
    chosen: false,
    tree: [/group "complaint, probability 33.3%"/, /Scores as a table/],
  },
  {
    name: "layer similarity",
    draw: (text) => layerSimilarityView(layerSimilarityOf(text)),
    chosen: false,
    tree: [/heading "/, /- table/],
  },
  {
    name: "patching",
    draw: (text) => patchingView(patchingOf(withToken(text, 1, " other"), { clean: text })),
    chosen: false,
    tree: [/region "Patched, a run for each cell"/, /- table/, /The metric as a table/],
  },
  {
    name: "edges",
    draw: () => edgesView(edgesOf()),
    chosen: false,
    tree: [/region "Strongest edges"/, /- table/, /img "Edges between heads: layer/],
  },
  {
    name: "effects of heads",
    draw: () => headEffectsView(headEffectsOf()),
    chosen: false,
    tree: [/region "Effects of heads"/, /- table/, /Effects as a table/],
  },
  {
    name: "difference",
    draw: (text) => compareView(saliencyOf(text), saliencyOf(text, CAPTUM), { mode: "difference" }),
    chosen: false,
    tree: [/region "Scores"/, /- table/, /the largest differences as a table/],
  },
  {
    name: "side by side",
    draw: (text) => {
      const patching = patchingOf(withToken(text, 1, " other"), { clean: text, both: false });
      return compareView(patching, patching, { labels: ["before", "after"] });
    },
    chosen: false,
    tree: [/group "before"/, /group "after"/, /region "after: Patched, a run for each cell"/, /The metric as a table/],
  },
  {
    name: "next word",
    draw: (text) => nextWordView(candidatesOf(text), { temperature: 0.8 }),
    chosen: false,
    tree: [/region "Next words"/, /- table/, /The words as a table/],
  },
  {
    name: "piano roll",
    draw: (text) => pianoRollView(musicOf(text), overMusic(musicOf(text))),
    chosen: true,
    tree: [/form "Music"/, /radiogroup "Notes"/, /radio "/, /region "Piano roll"/, /Notes as a table/],
  },
  {
    name: "cache",
    draw: (text) => cacheView(cacheOf(text), { numbersPerToken: 64 }),
    chosen: true,
    tree: [/form "What the cache keeps"/, /radio "/, /region "Steps of writing"/, /- table/],
  },
  {
    name: "stream",
    draw: (text) => streamView(streamOf(text)),
    chosen: true,
    tree: [/form "A token/, /radiogroup "Text; choose a token"/, /radio "/, /region "Layers"/, /- table/],
  },
  {
    name: "vectors",
    draw: (text) => vectorsView(vectorsOf(text), { sequence: text }),
    chosen: false,
    tree: [/region "embeddings"/, /Numbers as a table/],
  },
  {
    name: "vectors as pictures",
    draw: (text) => vectorsView(vectorsOf(text, 128), { sequence: text }),
    chosen: false,
    tree: [/img "heads, /, /Numbers as a table/],
  },
  {
    name: "model",
    draw: (text) => modelView(text === KEYS ? SMALL : UNTIED),
    chosen: false,
    tree: [/img "/, /- table/],
  },
  {
    name: "sizes",
    draw: (text) => sizesView(text === KEYS ? GPT2_SIZES : [UNTIED, LLAMA, SMALL]),
    chosen: false,
    tree: [/region "Stacks"/, /img "openai-community\/gpt2-xl: 48 layers, width 1,600"/, /Sizes as a table/],
  },
];
