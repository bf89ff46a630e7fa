import { free, normalizeL1 } from "../../base/numbers.ts";
import type { OptionTable } from "../../base/options.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import { shown } from "../../base/words.ts";
import { costOf, explainBytes, FLOAT, memoryLimit, readBytes } from "../../model/memory.ts";
import { streamOf } from "../../model/places.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import { scoreOf } from "../saliency/definition.ts";
import { type Classifier, classProbabilities, expectClassifier } from "./classifier.ts";
import { WHOLE_TEXT, type WholeTextDefinition, wholeTextDefinition, type WholeTextOptions } from "./definition.ts";
import { pooled, type Pooling, rowCotangents, unit, unitCotangent } from "./pooling.ts";

/** Options of {@linkcode LanguageModel.classSaliency}. */
export interface ClassSaliencyOptions extends WholeTextOptions {
  /** The classes that are explained, a row for each; all by default. */
  readonly classes?: readonly string[];
}

const OPTIONS: OptionTable<ClassSaliencyOptions> = {
  task: "explain a class",
  kinds: { classes: "an array", ...WHOLE_TEXT },
};

/** Which tokens of a text made each class. */
export interface ClassSaliency {
  /** The explained text. */
  readonly sequence: Sequence;
  /** The explained classes, N of them. */
  readonly classes: readonly string[];
  /** `[N]`, the probability of each among all classes of the classifier. */
  readonly probabilities: FloatTensor;
  /** `[N, T]`, of all tokens, special ones too. */
  readonly scores: FloatTensor;
  /** The definition used. */
  readonly options: WholeTextDefinition;
  /** What stood for the text. */
  readonly pooling: Pooling;
}

interface ClassSaliencyPlan extends Plan {
  readonly sequence: Sequence;
  readonly classifier: Classifier;
  /** The indices of the explained classes. */
  readonly chosen: readonly number[];
  readonly definition: WholeTextDefinition;
}

/** A text and the classifier that judges it. */
export interface Judged {
  /** The text. */
  readonly sequence: Sequence;
  /** The classifier. */
  readonly classifier: Classifier;
}

/** The question that {@linkcode LanguageModel.classSaliency} asks. */
export const CLASS_SALIENCY: Question<Judged, ClassSaliencyOptions, ClassSaliencyPlan, ClassSaliency> = {
  label: "ClassSaliency",
  options: OPTIONS,
  needs: "whole text",
  plan: planClasses,
  run: explainClasses,
};

function planClasses(
  { runner: machine, reader }: AskedModel,
  { sequence, classifier }: Judged,
  options: ClassSaliencyOptions,
): ClassSaliencyPlan {
  reader.expectSequence(sequence);
  expectClassifier(OPTIONS.task, classifier, machine.config.nEmbd);
  const definition = wholeTextDefinition(options);
  const chosen = chosenClasses(classifier, options.classes);
  const T = sequence.tokenIds.length;
  const R = classifier.pooling === "mean" ? T : 1;
  const bytes = Math.max(readBytes(machine, { T, R: 1 }), explainBytes(machine, { N: 1, T, R }));
  return {
    ...{ sequence, classifier, chosen, definition },
    task: `explain a class of ${T} tokens`,
    cost: costOf(1 + chosen.length, bytes, FLOAT * chosen.length * (T + 1)),
    maxMemory: memoryLimit(machine, options.maxMemory),
    advice: "explain a shorter text",
  };
}

function chosenClasses({ classes }: Classifier, chosen: readonly string[] = classes): readonly number[] {
  if (chosen.length === 0) throw new RangeError("Cannot explain an empty list of classes; leave it out for all");
  return chosen.map((name) => {
    const index = classes.indexOf(name);
    if (index >= 0) return index;
    throw new RangeError(`Cannot explain the class ${shown(name)} as the classifier has "${classes.join('", "')}"`);
  });
}

/**
 * Explains classes by the gradient with respect to the word embeddings. The classifier and the pooling are
 * differentiated here, and the rest of the way back is the graph's.
 */
async function explainClasses(
  { runner }: AskedModel<ModelRunner>,
  { sequence, classifier, chosen, definition }: ClassSaliencyPlan,
  { onProgress, signal }: Watch,
): Promise<ClassSaliency> {
  const { tokenIds, tokenTypes } = sequence;
  const T = tokenIds.length;
  const states = await streamOf(runner, { tokenIds, tokenTypes }, signal);
  const vector = pooled(states, T, classifier.pooling);
  free(states);
  const probabilities = classProbabilities(classifier, classifier.normalize ? unit(vector) : vector);
  const data = new Float32Array(chosen.length * T);
  for (const [n, k] of chosen.entries()) {
    const cotangent = classCotangent(classifier, probabilities, k, definition);
    const back = classifier.normalize ? unitCotangent(vector, cotangent) : cotangent;
    const { rows, given } = rowCotangents(back, T, classifier.pooling);
    const asked = { tokenIds, tokenTypes, rows, given, targets: rows.map(() => 0), ofLogit: true };
    const mix = new Float32Array(rows.length).fill(1);
    const { numbers: [row] } = await runner.explain({
      ...asked,
      mix,
      fetch: [scoreOf(definition.method, definition.reduce)],
    }, signal);
    data.set(definition.normalize ? normalizeL1(row!) : row!, n * T);
    free(row!);
    const message = `Explained ${n + 1} of ${chosen.length} classes`;
    onProgress?.({ task: "saliency", completed: n + 1, total: chosen.length, message });
  }
  return {
    sequence,
    classes: chosen.map((k) => classifier.classes[k]!),
    probabilities: { data: Float32Array.from(chosen, (k) => probabilities[k]!), shape: [chosen.length] },
    scores: { data, shape: [chosen.length, T] },
    options: definition,
    pooling: classifier.pooling,
  };
}

/**
 * The gradient of the scalar of class k with respect to the vector that the classifier reads, `[C]`. That of the
 * log-probability, w_k - sum p_j w_j, is summed as p_j (w_k - w_j), which keeps its digits when p_k is near 1; that of
 * the probability is p_k times as much, which a normalised row does not need.
 */
function classCotangent(
  { weights: { data, shape } }: Classifier,
  probabilities: Float64Array,
  k: number,
  { of: scalar, normalize }: WholeTextDefinition,
): Float64Array {
  const C = shape[1]!;
  const own = data.subarray(k * C, (k + 1) * C);
  if (scalar === "logit") return Float64Array.from(own);
  const factor = scalar === "probability" && !normalize ? probabilities[k]! : 1;
  const cotangent = new Float64Array(C);
  probabilities.forEach((p, j) => {
    for (let c = 0; c < C; ++c) cotangent[c]! += factor * p * (own[c]! - data[j * C + c]!);
  });
  return cotangent;
}
