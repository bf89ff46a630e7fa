import { type Classifier, classProbabilities, expectClassifier } from "../../ask/encode/classifier.ts";
import type { Embeddings } from "../../ask/encode/encode.ts";
import { expectOptions, type OptionTable } from "../../base/options.ts";
import type { FloatTensor, Tensor } from "../../base/tensor.ts";
import { shown } from "../../base/words.ts";
import { showing } from "../../show/showing.ts";
import { expectEmbeddings, expectLabels } from "./train.ts";

/** Options of {@linkcode classify}. */
export interface ClassifyOptions {
  /** The true class of each text, by which accuracy and confusion are counted. */
  readonly labels?: readonly string[];
}

const OPTIONS: OptionTable<ClassifyOptions> = { task: "classify", kinds: { labels: "an array" } };

/** What a classifier says of texts. */
export interface Classification {
  /** The K classes. */
  readonly classes: readonly string[];
  /** `[N, K]`, the probability of each class; each row sums to 1. */
  readonly probabilities: FloatTensor;
  /** The likeliest class of each text. */
  readonly predicted: readonly string[];
  /** The true classes, where they were given. */
  readonly labels?: readonly string[];
  /** The share of texts whose likeliest class is the true one; only with labels. */
  readonly accuracy?: number;
  /** Int32 `[K, K]`, how many texts of each true class (rows) were taken for each class (columns); only with labels. */
  readonly confusion?: Tensor;
}

/**
 * Says what a classifier makes of texts: softmax(weights · vector + bias), and, where the true classes are known, how
 * often it is right.
 *
 * @param embeddings What `LanguageModel.encode` gave, of the same model, with the same pooling.
 * @param classifier What {@linkcode trainClassifier} returned.
 * @throws {TypeError} When these are none, or the vectors were made in another way than those of the training.
 * @throws {RangeError} When the vectors are of another width, or a label is no class of the classifier.
 *
 * @example
 * ```ts
 * import { classify } from "@looking-glass/looking-glass/analysis";
 *
 * const embeddings = {
 *   sequences: [],
 *   vectors: { data: Float32Array.of(2, 0, 0, 1), shape: [2, 2] },
 *   pooling: "mean",
 *   normalize: false,
 * } as const;
 * const classifier = {
 *   classes: ["complaint", "praise"],
 *   weights: { data: Float32Array.of(-1, 1, 1, -1), shape: [2, 2] },
 *   bias: { data: Float32Array.of(0, 0), shape: [2] },
 *   pooling: "mean",
 *   normalize: false,
 *   inverseStrength: 1,
 *   loss: 0.1,
 *   iterations: 7,
 *   converged: true,
 * } as const;
 * console.log(classify(embeddings, classifier, { labels: ["praise", "praise"] }).accuracy); // 0.5
 * ```
 */
export function classify(
  embeddings: Embeddings,
  classifier: Classifier,
  options: ClassifyOptions = {},
): Classification {
  options = expectOptions(options, OPTIONS);
  expectEmbeddings("classify", embeddings);
  const { data, shape: [N, C] } = embeddings.vectors as { data: Float32Array; shape: readonly [number, number] };
  expectClassifier("classify", classifier, C);
  expectSameVectors(embeddings, classifier);
  const { classes } = classifier;
  const K = classes.length;
  const probabilities = new Float32Array(N * K);
  const best: number[] = [];
  for (let n = 0; n < N; ++n) {
    const row = classProbabilities(classifier, data.subarray(n * C, (n + 1) * C));
    probabilities.set(row, n * K);
    best.push(row.indexOf(row.reduce((a, b) => Math.max(a, b))));
  }
  return showing("Classification", {
    classes,
    probabilities: { data: probabilities, shape: [N, K] },
    predicted: best.map((k) => classes[k]!),
    ...options.labels && compared(classes, best, options.labels),
  });
}

/** Vectors that were made in another way are other vectors. */
function expectSameVectors(embeddings: Embeddings, classifier: Classifier): void {
  const words = ({ pooling, normalize }: Pick<Embeddings, "pooling" | "normalize">) =>
    `pooling "${pooling}" and normalize ${normalize}`;
  if (words(embeddings) === words(classifier)) return;
  throw new TypeError(
    `Cannot classify vectors of ${words(embeddings)} as the classifier was trained with ${words(classifier)}; ` +
      "encode the texts that way",
  );
}

function compared(
  classes: readonly string[],
  best: readonly number[],
  labels: readonly string[],
): Required<Pick<Classification, "labels" | "accuracy" | "confusion">> {
  const { length: N } = best;
  const { length: K } = classes;
  expectLabels("classify", labels, N);
  const confusion = new Int32Array(K * K);
  let right = 0;
  labels.forEach((label, n) => {
    const k = classes.indexOf(label);
    if (k < 0) {
      throw new RangeError(`Cannot find the label ${shown(label)} among the classes "${classes.join('", "')}"`);
    }
    ++confusion[k * K + best[n]!]!;
    right += Number(k === best[n]);
  });
  return { labels: [...labels], accuracy: right / N, confusion: { data: confusion, shape: [K, K] } };
}
