import type { Trace } from "../lm/trace_types.ts";
import type { FloatTensor, Sequence } from "../lm/types.ts";
import { firstNonFiniteIndex } from "../lm/numbers.ts";
import { recordedLayers, recordedTensor } from "./recorded.ts";
import { showing } from "../show/showing.ts";

/** How alike the representations of a text are in different layers. */
export interface LayerSimilarity {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** `[L+1, L+1]`, the linear CKA of each pair of hidden states, from 0 to 1. */
  readonly similarity: FloatTensor;
  /** The blocks that indices from 1 on stand for, in rising order; absent when the trace names none, as it holds all. */
  readonly layers?: readonly number[];
}

/**
 * Linear centred kernel alignment of two representations of the same T tokens (Kornblith et al. 2019,
 * https://arxiv.org/abs/1905.00414): ‖Yᵀ X‖² / (‖Xᵀ X‖ ‖Yᵀ Y‖) in Frobenius norms, the columns of X and Y centred.
 * From 0 to 1, where 1 means equal up to a rotation and one factor. It equals Ecco's `cka`, and is the biased estimate:
 * with few tokens for many features even unrelated representations come out alike, and with two tokens always at 1.
 * NaN when one side is the same for all tokens.
 *
 * @param a `[T, C]`, one row for each token.
 * @param b `[T, D]`, the same tokens in the same order.
 * @throws {RangeError} When these are no matrices of the same number of rows, at least two, or hold NaN.
 *
 * @example
 * ```ts
 * import { linearCKA } from "@looking-glass/looking-glass/analysis";
 *
 * const a = { data: Float32Array.of(1, 0, 0, 1, 1, 1), shape: [3, 2] };
 * const turned = { data: Float32Array.of(0, -2, 2, 0, 2, -2), shape: [3, 2] };
 * linearCKA(a, turned); // 1
 * ```
 */
export function linearCKA(a: FloatTensor, b: FloatTensor): number {
  for (const { data, shape } of [a, b]) {
    if (shape.length !== 2 || shape[0]! * shape[1]! !== data.length || shape[1] === 0) {
      throw new RangeError(
        `Cannot compare ${data.length} numbers of shape [${shape.join(", ")}]; give a matrix [tokens, features]`,
      );
    }
    const bad = firstNonFiniteIndex(data);
    if (bad >= 0) throw new RangeError(`Cannot compare a representation that holds ${data[bad]}`);
  }
  const [T, C] = a.shape as [number, number];
  const [rows, D] = b.shape as [number, number];
  if (T !== rows) throw new RangeError(`Cannot compare representations of ${T} and ${rows} tokens; give the same ones`);
  expectTokens(T);
  const [x, y] = [centred(a.data, T, C), centred(b.data, T, D)];
  if (T <= Math.max(C, D)) return alignment(rowProducts(x, x, T), rowProducts(y, y, T));
  const [byFeature, other] = [transposed(x, T), transposed(y, T)]; // C x C is smaller than T x T
  const size = Math.sqrt(norm(rowProducts(byFeature, byFeature, C)) * norm(rowProducts(other, other, D)));
  return (norm(rowProducts(byFeature, other, C, D)) / size) ** 2;
}

/**
 * The linear CKA of each pair of hidden states of a text: see {@linkcode linearCKA}. Index 0 is the embeddings, i is the
 * residual stream after block i. The first token and a few features of GPT-2 are many times larger than the others and
 * weigh as much more.
 *
 * @throws {TypeError} When the trace has no hidden states.
 * @throws {RangeError} When the text has one token.
 *
 * @example How far the last block is from the embeddings
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { layerSimilarity } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const trace = await model.trace(model.sequence("The keys to the cabinet are on the table"));
 * const { similarity } = layerSimilarity(trace);
 * console.log(similarity.data[model.config.nLayer]);
 * ```
 */
export function layerSimilarity(trace: Trace): LayerSimilarity {
  const { data, shape } = recordedTensor(trace, "hiddenStates", "compare layers");
  const [S, T, C] = shape as [number, number, number];
  recordedLayers(trace, S - 1);
  expectTokens(T);
  const products = Array.from({ length: S }, (_, state) => {
    const x = centred(data.subarray(state * T * C, (state + 1) * T * C), T, C);
    return rowProducts(x, x, T);
  });
  const similarity = Float32Array.from({ length: S * S }, (_, i) => {
    return alignment(products[Math.floor(i / S)]!, products[i % S]!);
  });
  const { sequence, layers } = trace;
  return showing("LayerSimilarity", {
    sequence,
    similarity: { data: similarity, shape: [S, S] },
    ...(layers ? { layers } : {}),
  });
}

function expectTokens(T: number): void {
  if (T < 2) {
    throw new RangeError(`Cannot compare representations on ${T === 1 ? "one token" : "no token"}; CKA needs two`);
  }
}

/** A matrix less the mean of each column. */
function centred(data: Float32Array, rows: number, columns: number): Float64Array {
  const result = Float64Array.from(data);
  for (let column = 0; column < columns; ++column) {
    let mean = 0;
    for (let row = 0; row < rows; ++row) mean += result[row * columns + column]! / rows;
    for (let row = 0; row < rows; ++row) result[row * columns + column]! -= mean;
  }
  return result;
}

function transposed(matrix: Float64Array, rows: number): Float64Array {
  const columns = matrix.length / rows;
  return Float64Array.from(matrix, (_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]!);
}

/** The inner products of the rows of one matrix with those of another: `[rows, others]`. */
function rowProducts(a: Float64Array, b: Float64Array, rows: number, others = rows): Float64Array {
  const width = a.length / rows;
  const products = new Float64Array(rows * others);
  for (let i = 0; i < rows; ++i) {
    for (let j = a === b ? i : 0; j < others; ++j) {
      let sum = 0;
      for (let k = 0; k < width; ++k) sum += a[i * width + k]! * b[j * width + k]!;
      products[i * others + j] = sum;
      if (a === b) products[j * others + i] = sum;
    }
  }
  return products;
}

/** The cosine of two matrices: CKA, when they hold the inner products between tokens. */
function alignment(k: Float64Array, l: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < k.length; ++i) sum += k[i]! * l[i]!;
  return sum / (norm(k) * norm(l));
}

function norm(matrix: Float64Array): number {
  let sum = 0;
  for (const value of matrix) sum += value * value;
  return Math.sqrt(sum);
}
