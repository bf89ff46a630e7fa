/** Every field of everything that a view draws, replaced by what a field should not be. */
import {
  activationsView,
  attentionStepsView,
  attentionView,
  cacheView,
  compareView,
  crossAttentionView,
  edgesView,
  evidenceView,
  factorsView,
  headCircuitView,
  headEffectsView,
  layerPredictionsView,
  layerSimilarityView,
  lensView,
  logitAttributionView,
  modelView,
  neuronsView,
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
} from "../../../widgets/mod.ts";
import { clustersOf } from "../activations/clusters_fixtures.ts";
import { attentionOf, headScoresOf, rolloutOf } from "../attention/fixtures.ts";
import { attentionStepsOf } from "../attention_steps/fixtures.ts";
import { cacheOf } from "../cache/fixtures.ts";
import { crossAttentionOf } from "../cross_attention/fixtures.ts";
import { edgesOf } from "../patching/edges_fixtures.ts";
import { CURVE, factorsOf } from "../factors/fixtures.ts";
import { CAPTUM, LIT, saliencyOf, sequenceOf } from "../fixtures.ts";
import { layerSimilarityOf } from "../layer_similarity/fixtures.ts";
import { layerPredictionsOf, lensOf, longSequence, rankingsOf, watchedOf } from "../lens_fixtures.ts";
import { circuitOf, writesOf } from "../logit_attribution/circuit_fixtures.ts";
import { attributionOf } from "../logit_attribution/fixtures.ts";
import { SMALL } from "../model/fixtures.ts";
import { neuronTraceOf } from "../neurons/fixtures.ts";
import { candidatesOf } from "../next_word/fixtures.ts";
import { headEffectsOf, patchingOf, withToken } from "../patching/fixtures.ts";
import { musicWords, overMusic, wordsOf } from "../piano_roll/fixtures.ts";
import { promptOf, stepsOf } from "../steps/fixtures.ts";
import { classSaliencyOf, maskedSaliencyOf } from "../evidence/fixtures.ts";
import { streamOf } from "../stream/fixtures.ts";
import { surpriseOf } from "../surprise/fixtures.ts";
import { treeOf } from "../tree/fixtures.ts";
import { vectorsOf } from "../vectors/fixtures.ts";

/** What can be drawn, as plain data: the first argument of the view, and its options. */
export interface Subject {
  readonly name: string;
  readonly data: readonly [given: unknown, options: Readonly<Record<string, unknown>>];
  // deno-lint-ignore ban-types -- views of every kind, given what their types refuse
  readonly view: Function;
  /** Whether one text is tried in one field of each kind, as it is slow to draw and has another form that is tried with all. */
  readonly brief?: boolean;
}

const MUSIC = wordsOf(musicWords(16), 6);
const TEXT = sequenceOf(["The", " keys", "\n", " are"], 2);
const LONG = longSequence(103, 2);
const WORDS = saliencyView(saliencyOf(TEXT), { by: "word" }).data;
const CONTRAST = {
  ...CAPTUM,
  steps: 8,
  contrast: { text: " is", tokens: sequenceOf([" is"], 1).tokens, tokenIds: [100] },
};
const title = "A title";
const CHANGED = { clean: TEXT, layers: 2 };
const PATCHING = patchingOf(withToken(TEXT, 1, " key"), CHANGED);

/** Both results and their options as one argument after the other. */
function compared({ first, second }: { first: unknown; second: unknown }, options: Parameters<typeof compareView>[2]) {
  return compareView(first, second, options);
}

/** Every view, in each of its forms. */
export const SUBJECTS: readonly Subject[] = [
  { name: "tokens", view: tokensView, data: [TEXT, { title, surprise: surpriseOf(TEXT) }] },
  { name: "saliency", view: saliencyView, data: [saliencyOf(TEXT), { title, position: 3 }] },
  { name: "saliency, detailed", view: saliencyView, data: [saliencyOf(TEXT, CONTRAST), { style: "detailed" }] },
  { name: "saliency, heatmap", view: saliencyView, data: [saliencyOf(TEXT, CAPTUM), { style: "heatmap", title }] },
  { name: "saliency, together", view: saliencyView, data: [saliencyOf(TEXT, LIT), {}] },
  { name: "saliency, by word", view: saliencyView, data: [saliencyOf(TEXT), { by: "word" }] },
  { name: "saliency of words", view: saliencyView, data: [WORDS, { style: "detailed" }] },
  { name: "saliency of words, heatmap", view: saliencyView, data: [WORDS, { style: "heatmap" }] },
  { name: "steps", view: stepsView, data: [stepsOf(TEXT), { title, prompt: promptOf(TEXT) }] },
  { name: "steps after a text", view: stepsView, data: [stepsOf(TEXT), { prompt: "The keys" }] },
  {
    name: "layer predictions",
    view: layerPredictionsView,
    data: [layerPredictionsOf(TEXT, { layers: 2, topK: 2 }), { title, follow: 3, unit: "nats" }],
  },
  {
    name: "layer predictions, halves",
    view: layerPredictionsView,
    data: [layerPredictionsOf(TEXT, { layers: 2, topK: 2, halves: true }), {}],
  },
  { name: "lens", view: lensView, data: [lensOf(TEXT, 2), { title, colour: "rank", unit: "nats" }] },
  { name: "lens, pixels", view: lensView, data: [lensOf(TEXT, 751), { title, unit: "nats" }], brief: true },
  { name: "rankings", view: rankingsView, data: [rankingsOf(TEXT, 2), { title }] },
  { name: "rankings, pixels", view: rankingsView, data: [rankingsOf(LONG, 2), {}] },
  {
    name: "watched words",
    view: rankingsWatchView,
    data: [watchedOf(TEXT, 3, [[" are"], [" cab", "inets"]]), { title }],
  },
  {
    name: "attention",
    view: attentionView,
    data: [attentionOf(TEXT, 2, 2), { title, layer: 1, head: 1, start: 0, scores: headScoresOf(TEXT, 2, 2) }],
  },
  { name: "attention of some layers", view: attentionView, data: [{ ...attentionOf(TEXT, 2, 1), layers: [3, 5] }, {}] },
  {
    name: "steps of attention",
    view: attentionStepsView,
    data: [attentionStepsOf(TEXT, 1, 2, 2), { title, layer: 3, head: 1, position: 2, start: 0 }],
  },
  {
    name: "attention to a source",
    view: crossAttentionView,
    data: [{ ...crossAttentionOf({ ...TEXT, source: TEXT }), layers: [3, 5] }, { title, layer: 3, head: 1 }],
  },
  { name: "rollout", view: rolloutView, data: [rolloutOf(TEXT, 2), { title, layer: 1, start: 0 }] },
  {
    name: "activations",
    view: activationsView,
    data: [[clustersOf(TEXT, 0, 2), clustersOf(TEXT, 1, 2)], { title, layer: 1 }],
  },
  {
    name: "neurons",
    view: neuronsView,
    data: [neuronTraceOf(TEXT, 2), { title, clusters: clustersOf(TEXT, 3, 2), neurons: 8, neuron: 1 }],
  },
  { name: "factors", view: factorsView, data: [factorsOf([TEXT, TEXT], 2), { title, curve: CURVE }] },
  {
    name: "logit attribution",
    view: logitAttributionView,
    data: [attributionOf(TEXT, { layers: 2, heads: 2, neurons: 2, tokens: true, contrast: true }), { title }],
  },
  { name: "circuits of a head", view: headCircuitView, data: [circuitOf(["a", " b", "\n", "c"]), { title }] },
  { name: "writing of a neuron", view: neuronWritesView, data: [writesOf(["a", " b", "\n", "c"]), { title }] },
  { name: "surprise", view: surpriseView, data: [surpriseOf(TEXT, undefined, 2), { title, unit: "nats" }] },
  {
    name: "tree",
    view: treeView,
    data: [treeOf(["The", " keys"], [{ texts: [" are", "\n"] }, { parent: 0, after: 1, texts: [" is"] }]), { title }],
  },
  {
    name: "tree to walk",
    view: treeView,
    data: [
      treeOf(["The"], [{ texts: [" are", "\n"] }, { parent: 0, after: 1, texts: [" is"] }]),
      { title, walk: true },
    ],
  },
  { name: "classes", view: evidenceView, data: [classSaliencyOf(TEXT, ["a", "b"], true), { title }] },
  { name: "masked tokens", view: evidenceView, data: [maskedSaliencyOf(TEXT), {}] },
  {
    name: "layer similarity",
    view: layerSimilarityView,
    data: [{ ...layerSimilarityOf(TEXT, 2), layers: [1, 3] }, { title }],
  },
  { name: "layer similarity, many", view: layerSimilarityView, data: [layerSimilarityOf(TEXT, 16), {}] },
  { name: "patching", view: patchingView, data: [PATCHING, { title, show: "both" }] },
  {
    name: "patching, pixels",
    view: patchingView,
    data: [patchingOf(PATCHING.corrupted, { clean: TEXT, layers: 601, both: false, metric: { name: "kl" } }), {}],
  },
  { name: "edges", view: edgesView, data: [edgesOf(PATCHING.corrupted, TEXT, 2, 2), { title, most: 3 }] },
  { name: "heads, patched", view: headEffectsView, data: [patchingOf(TEXT, { ...CHANGED, heads: 3 }), { title }] },
  { name: "heads", view: headEffectsView, data: [{ ...headEffectsOf(2, 3), title }, {}] },
  {
    name: "difference",
    view: compared,
    data: [{ first: PATCHING, second: PATCHING }, { mode: "difference", labels: ["a", "b"], title }],
  },
  {
    name: "difference of classes",
    view: compared,
    data: [
      { first: classSaliencyOf(TEXT, ["a", "b"], true), second: classSaliencyOf(TEXT, ["a", "b"]) },
      { mode: "difference", labels: ["a", "b"] },
    ],
  },
  {
    name: "side by side",
    view: compared,
    data: [{ first: TEXT, second: surpriseOf(TEXT).sequence }, { labels: ["a", "b"], title }],
  },
  {
    name: "next word",
    view: nextWordView,
    data: [candidatesOf(TEXT, 6, 2), { title, temperature: 0.5, topK: 2, topP: 0.5 }],
  },
  {
    name: "piano roll",
    view: pianoRollView,
    data: [MUSIC, { ...overMusic(MUSIC, 2), title, layer: 1, position: 9, sound: false }],
  },
  { name: "cache", view: cacheView, data: [cacheOf(TEXT, 3), { title, numbersPerToken: 64 }] },
  { name: "stream", view: streamView, data: [streamOf(TEXT, 2, 2), { title, position: 1 }] },
  { name: "vectors", view: vectorsView, data: [vectorsOf(TEXT, 2), { title, sequence: TEXT }] },
  { name: "vectors as pictures", view: vectorsView, data: [vectorsOf(TEXT, 100), { title, sequence: TEXT }] },
  { name: "model", view: modelView, data: [SMALL, { title }] },
  { name: "sizes", view: sizesView, data: [[SMALL], { title }] },
];

/** Part of all that is planted. */
export const MARK = "lgfuzz";

/** Texts that would be more than text if they were not escaped for their place. */
export const MARKUP: readonly string[] = [
  `"><${MARK} ${MARK}=1><img src=https://${MARK}.invalid/x onerror="globalThis.${MARK}=1">`,
  `</style></script></title><script>globalThis.${MARK}=1</script><${MARK}>`,
  `');}*{--${MARK}:1;background:url(https://${MARK}.invalid/y)}/*`,
  `javascript:globalThis.${MARK}=1//`,
  `1;--${MARK}:1;background:url(https://${MARK}.invalid/z)`,
];

/** What takes hold of a terminal, or turns the text after it round. */
export const CONTROLS = `\u001B[31m${MARK}\u001B]0;x\u0007\u0000\u009B2J\u202E`;

/** Numbers that a field of a number may not hold. */
export const NUMBERS: readonly number[] = [NaN, Infinity, -Infinity, 1e30, -1, 0.5];

/** A place in data. */
type Path = readonly (string | number)[];

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);
}

function entriesOf(value: unknown): [string | number, unknown][] {
  if (isList(value)) {
    const last = value.length - 1; // what is alike within is tried at both ends
    return last < 0 ? [] : [[0, value[0]], ...(last > 0 ? [[last, value[last]] as [number, unknown]] : [])];
  }
  return value !== null && typeof value === "object" ? Object.entries(value) : [];
}

/** The paths of all strings and numbers. */
export function fieldsOf(value: unknown, path: Path = []): { path: Path; value: string | number }[] {
  if (typeof value === "string" || typeof value === "number") return [{ path, value }];
  return entriesOf(value).flatMap(([key, one]) => fieldsOf(one, [...path, key]));
}

/** A copy with another value at a place; lists of numbers become plain ones, which can hold it. */
export function replaced(data: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  if (isList(data)) return Array.from(data, (one, i) => i === key ? replaced(one, rest, value) : one);
  const fields = data as Record<string, unknown>;
  return { ...fields, [key]: replaced(fields[key], rest, value) };
}

/** One planted value. */
export interface Planted {
  readonly name: string;
  readonly draw: () => Promise<View>;
}

/** One of the fields that are alike but for their places in lists. */
function oneOfEach(fields: ReturnType<typeof fieldsOf>): ReturnType<typeof fieldsOf> {
  const kindOf = ({ path }: { path: Path }) => path.filter((key) => typeof key === "string").join(".");
  return [...Map.groupBy(fields, kindOf).values()].map(([first]) => first!);
}

/** Each field of a subject with each of some texts, and each number with each of some numbers. */
export function* plantings(
  { name, view, data, brief = false }: Subject,
  texts: readonly string[],
  numbers: readonly number[],
): Generator<Planted> {
  const tried = brief ? 1 : Infinity;
  for (const { path, value } of brief ? oneOfEach(fieldsOf(data)) : fieldsOf(data)) {
    for (const planted of [...texts.slice(0, tried), ...(typeof value === "number" ? numbers.slice(0, tried) : [])]) {
      yield {
        name: `${name}: ${path.slice(1).join(".")} = ${JSON.stringify(planted) ?? planted}`,
        draw: async () => await Reflect.apply(view, undefined, replaced(data, path, planted) as unknown[]),
      };
    }
  }
}
