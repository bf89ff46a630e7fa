import { type Classifier, logitsOf, softmax } from "../../ask/encode/classifier.ts";
import type { Embeddings } from "../../ask/encode/encode.ts";
import { firstNonFiniteIndex } from "../../base/numbers.ts";
import { expectOptions, LONG_WORK, type OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { shown } from "../../base/words.ts";
import { watched } from "../../model/watch.ts";
import { showing } from "../../show/showing.ts";
import { Pace } from "../pace.ts";
import { descend, type Descent, type Smooth } from "./lbfgs.ts";

/** Options of {@linkcode trainClassifier}. */
export interface TrainClassifierOptions {
  /**
   * The inverse of the strength of the penalty on large weights, scikit-learn's `C`: the smaller, the more alike the
   * probabilities.
   *
   * @default {1}
   */
  readonly inverseStrength?: number;
  /**
   * The most steps.
   *
   * @default {1000}
   */
  readonly maxIterations?: number;
  /** Called as the work goes on. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops the work; so does the Stop button of a notebook. */
  readonly signal?: AbortSignal;
}

const OPTIONS: OptionTable<TrainClassifierOptions> = {
  task: "train a classifier",
  kinds: { inverseStrength: "a number", maxIterations: "a number", ...LONG_WORK },
};

/** Where every part of the gradient is below this share of what it was at first, nothing is left to gain. */
const REST = 1e-10;
/** Rounding may end the descent before. */
const NEAR_REST = 1e-6;

/**
 * Trains a linear classifier of texts: multinomial logistic regression, with a penalty on the squares of the weights and
 * none on the bias. The optimum is that of scikit-learn's `LogisticRegression(C=inverseStrength)`, which is unique; for
 * two classes the weights of one are those of the other with another sign, and scikit-learn's are their difference. It
 * is found by L-BFGS in double precision from zero, so the same vectors give the same classifier.
 *
 * @param embeddings What `LanguageModel.encode` gave: N vectors.
 * @param labels The class of each text, N texts. Classes are in the order of the alphabet, as in scikit-learn.
 * @returns Plain data: `saveResults` keeps it, and `LanguageModel.classSaliency` explains it.
 * @throws {TypeError} When `embeddings` are none, or a label is no text.
 * @throws {RangeError} When there are not as many labels as texts, fewer than two classes, or an option is out of range.
 * @throws The signal's reason, when it is aborted.
 *
 * @example
 * ```ts
 * import { classify, trainClassifier } from "@looking-glass/looking-glass/analysis";
 *
 * const embeddings = {
 *   sequences: [], // of as many texts, where a model made the vectors
 *   vectors: { data: Float32Array.of(1, 0, 0.9, 0.1, 0, 1, 0.2, 0.8), shape: [4, 2] },
 *   pooling: "mean",
 *   normalize: false,
 * } as const;
 * const classifier = await trainClassifier(embeddings, ["praise", "praise", "complaint", "complaint"]);
 * console.log(classify(embeddings, classifier).predicted); // ["praise", "praise", "complaint", "complaint"]
 * ```
 */
export async function trainClassifier(
  embeddings: Embeddings,
  labels: readonly string[],
  options: TrainClassifierOptions = {},
): Promise<Classifier> {
  options = expectOptions(options, OPTIONS);
  expectEmbeddings("train a classifier", embeddings);
  const { inverseStrength = 1, maxIterations = 1000 } = options;
  if (!(inverseStrength > 0 && inverseStrength < Infinity)) {
    throw new RangeError(`Cannot train with inverseStrength ${inverseStrength} as it must be a number > 0`);
  }
  if (!Number.isInteger(maxIterations) || maxIterations < 1) {
    throw new RangeError(`Cannot train with maxIterations ${maxIterations} as it must be a whole number > 0`);
  }
  const classes = classesOf(labels, embeddings.vectors.shape[0]!);
  const asked = { inverseStrength, maxIterations };
  return await watched(
    options,
    async (options) =>
      showing(
        "Classifier",
        await minimise(embeddings, labels.map((label) => classes.indexOf(label)), {
          ...{ classes, ...asked, ...options },
        }),
      ),
  );
}

/**
 * Refuses what are no vectors.
 *
 * @throws {TypeError | RangeError} With what was found.
 */
export function expectEmbeddings(task: string, embeddings: Embeddings): void {
  const { vectors } = (embeddings ?? {}) as Partial<Embeddings>;
  if (!(vectors?.data instanceof Float32Array) || !Array.isArray(vectors.shape)) {
    const found = embeddings instanceof Promise ? "a promise" : shown(embeddings);
    throw new TypeError(`Cannot ${task} with ${found}; pass what await model.encode() returned`);
  }
  const { data, shape: [N = 0, C = 0] } = vectors;
  if (N * C !== data.length || N === 0 || vectors.shape.length !== 2) {
    throw new RangeError(
      `Cannot ${task} with ${data.length} numbers of shape [${vectors.shape.join(", ")}]; pass [N, C]`,
    );
  }
  const bad = firstNonFiniteIndex(data);
  if (bad >= 0) throw new RangeError(`Cannot ${task} as vector ${Math.floor(bad / C)} holds ${data[bad]}`);
}

/**
 * The classes of labels, in the order of their UTF-16 codes.
 *
 * @throws {TypeError | RangeError} When these are no labels of N texts.
 */
function classesOf(labels: readonly string[], N: number): readonly string[] {
  expectLabels("train a classifier", labels, N);
  const classes = [...new Set(labels)].sort();
  if (classes.length > 1) return classes;
  throw new RangeError(`Cannot train a classifier of one class, ${shown(classes[0])}; give texts of two at least`);
}

/**
 * Refuses what are no labels of N texts.
 *
 * @throws {TypeError | RangeError} With what was found.
 */
export function expectLabels(task: string, labels: readonly string[], N: number): void {
  if (!Array.isArray(labels)) {
    throw new TypeError(`Cannot ${task} with labels ${shown(labels)}; pass an array of texts`);
  }
  if (labels.length !== N) {
    throw new RangeError(`Cannot ${task} with ${labels.length} labels as there are ${N} texts; pass one for each`);
  }
  for (let i = 0; i < N; ++i) {
    if (typeof labels[i] === "string") continue;
    throw new TypeError(`Cannot ${task} with ${shown(labels[i])} as labels[${i}]; pass texts such as "praise"`);
  }
}

interface Training {
  readonly classes: readonly string[];
  readonly inverseStrength: number;
  readonly maxIterations: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

async function minimise(embeddings: Embeddings, labels: readonly number[], training: Training): Promise<Classifier> {
  const { classes, inverseStrength, maxIterations, onProgress, signal } = training;
  const pace = new Pace(signal);
  const { vectors: { data, shape }, pooling, normalize } = embeddings;
  const [N, C] = shape as [number, number];
  const K = classes.length;
  const objective = regularised(data, labels, { K, C, inverseStrength });
  let [first, found]: (Descent | undefined)[] = [];
  for (const descent of descend(objective, new Float64Array(K * (C + 1)))) {
    first ??= descent;
    found = descent;
    const { steps, value, slope } = descent;
    const message = `Loss ${value.toPrecision(6)} after ${steps} steps`;
    onProgress?.({ task: "classifier", completed: steps, total: maxIterations, message });
    if (slope <= REST * first.slope || steps >= maxIterations) break;
    if (pace.isDue(4 * N * K * C)) await pace.turn();
  }
  const { point, value, slope, steps } = found!;
  return {
    classes,
    weights: { data: Float32Array.from(point.subarray(0, K * C)), shape: [K, C] },
    bias: { data: Float32Array.from(point.subarray(K * C)), shape: [K] },
    ...{ pooling, normalize, inverseStrength },
    loss: value,
    iterations: steps,
    converged: slope <= NEAR_REST * first!.slope,
  };
}

/**
 * `inverseStrength` times the sum of −ln p of the labels, and half of the squared weights; of two classes all of them,
 * as the penalty of scikit-learn is on the difference of the two.
 */
function regularised(
  data: Float32Array,
  labels: readonly number[],
  { K, C, inverseStrength }: { readonly K: number; readonly C: number; readonly inverseStrength: number },
): Smooth {
  const penalty = K === 2 ? 1 : 1 / 2;
  return (point, gradient) => {
    const weights = point.subarray(0, K * C);
    const bias = point.subarray(K * C);
    let value = 0;
    for (let i = 0; i < K * C; ++i) {
      value += penalty * point[i]! ** 2;
      gradient[i] = 2 * penalty * point[i]!;
    }
    gradient.fill(0, K * C);
    labels.forEach((label, n) => {
      const vector = data.subarray(n * C, (n + 1) * C);
      const logits = logitsOf(weights, bias, vector);
      const max = logits.reduce((a, b) => Math.max(a, b), -Infinity);
      value += inverseStrength *
        (max + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - max), 0)) - logits[label]!);
      softmax(logits).forEach((p, k) => {
        const share = inverseStrength * (p - Number(k === label));
        for (let c = 0; c < C; ++c) gradient[k * C + c]! += share * vector[c]!;
        gradient[K * C + k]! += share;
      });
    });
    return value;
  };
}
