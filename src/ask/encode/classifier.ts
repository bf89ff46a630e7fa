/**
 * A linear classifier on top of an encoder, as plain data.
 *
 * @module
 */
import type { FloatTensor } from "../../base/tensor.ts";
import { shown } from "../../base/words.ts";
import type { Pooling } from "./pooling.ts";

/** A linear classifier of texts: softmax(weights · vector + bias). */
export interface Classifier {
  /** The K classes, in the order of the rows of `weights`. */
  readonly classes: readonly string[];
  /** `[K, C]`. */
  readonly weights: FloatTensor;
  /** `[K]`. */
  readonly bias: FloatTensor;
  /** What stands for a text in the vectors that it was trained with. */
  readonly pooling: Pooling;
  /** Whether these were divided by their length. */
  readonly normalize: boolean;
  /** The inverse of the strength of the penalty that it was trained with: scikit-learn's `C`. */
  readonly inverseStrength: number;
  /** What was minimised: `inverseStrength` times the sum of −ln p of all labels, and the penalty. */
  readonly loss: number;
  /** How many steps the training took. */
  readonly iterations: number;
  /** Whether it came to rest. */
  readonly converged: boolean;
}

/**
 * Refuses what is no classifier of vectors of C numbers.
 *
 * @throws {TypeError | RangeError} With what was found.
 */
export function expectClassifier(task: string, classifier: Classifier, C: number): void {
  const { classes, weights, bias } = (classifier ?? {}) as Partial<Classifier>;
  if (!Array.isArray(classes) || !(weights?.data instanceof Float32Array) || !(bias?.data instanceof Float32Array)) {
    const found = classifier instanceof Promise ? "a promise" : shown(classifier);
    throw new TypeError(`Cannot ${task} with ${found}; pass the classifier that await trainClassifier() returned`);
  }
  const K = classes.length;
  if (weights.data.length !== K * weights.shape[1]! || bias.data.length !== K || weights.shape[0] !== K) {
    const found = `weights [${weights.shape.join(", ")}] and a bias of ${bias.data.length} numbers`;
    throw new RangeError(`Cannot ${task} with ${found} for ${K} classes; pass what trainClassifier() returned`);
  }
  if (weights.shape[1] === C) return;
  throw new RangeError(
    `Cannot ${task} by ${weights.shape[1]} weights for each class as vectors have ${C} numbers; ` +
      "use the model that the classifier was trained with",
  );
}

/** The logits of a vector of C numbers, `[K]`, by weights `[K, C]` and a bias `[K]`. */
export function logitsOf(
  weights: ArrayLike<number>,
  bias: ArrayLike<number>,
  vector: ArrayLike<number>,
): Float64Array {
  const C = vector.length;
  return Float64Array.from(bias, (own, k) => {
    let sum = own;
    for (let c = 0; c < C; ++c) sum += weights[k * C + c]! * vector[c]!;
    return sum;
  });
}

/** The probabilities of the classes of a vector of C numbers, `[K]`. */
export function classProbabilities({ weights, bias }: Classifier, vector: ArrayLike<number>): Float64Array {
  return softmax(logitsOf(weights.data, bias.data, vector));
}

/** The probabilities of logits. */
export function softmax(logits: Float64Array): Float64Array {
  const max = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = logits.map((logit) => Math.exp(logit - max));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
