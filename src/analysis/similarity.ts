import type { Trace } from "../ask/trace/trace.ts";
import { firstNonFiniteIndex } from "../base/numbers.ts";
import { expectOptions, LONG_WORK, type OptionTable } from "../base/options.ts";
import type { Progress } from "../base/progress.ts";
import type { FloatTensor } from "../base/tensor.ts";
import type { Sequence } from "../model/sequence.ts";
import { watched } from "../model/watch.ts";
import { showing } from "../show/showing.ts";

import { Pace } from "./pace.ts";
import { finiteTensor, recordedLayers } from "./recorded.ts";

/** How alike the representations of a text are in different layers. */
export interface LayerSimilarity {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** `[L+1, L+1]`, the linear CKA of each pair of hidden states, from 0 to 1. */
  readonly similarity: FloatTensor;
  /** The layers that indices from 1 on stand for, in rising order; absent when the trace names none, as it holds all. */
  readonly layers?: readonly number[];
}

/** Options of {@linkcode linearCKA}. */
export interface LinearCKAOptions {
  /** Stops the work; so does the Stop button of a notebook. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode layerSimilarity}. */
export interface LayerSimilarityOptions extends LinearCKAOptions {
  /** Called after each layer. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
}

const LINEAR_CKA: OptionTable<LinearCKAOptions> = {
  task: "compare representations",
  kinds: { signal: LONG_WORK.signal },
};

const LAYER_SIMILARITY: OptionTable<LayerSimilarityOptions> = { task: "compare layers", kinds: LONG_WORK };

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
 * @throws The signal's reason, when it is aborted.
 *
 * @example
 * ```ts
 * import { linearCKA } from "@looking-glass/looking-glass/analysis";
 *
 * const a = { data: Float32Array.of(1, 0, 0, 1, 1, 1), shape: [3, 2] };
 * const turned = { data: Float32Array.of(0, -2, 2, 0, 2, -2), shape: [3, 2] };
 * await linearCKA(a, turned); // 1
 * ```
 */
export async function linearCKA(a: FloatTensor, b: FloatTensor, options: LinearCKAOptions = {}): Promise<number> {
  options = expectOptions(options, LINEAR_CKA);
  const pace = new Pace(options.signal);
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
  if (T <= Math.max(C, D)) return alignment(await rowProducts(x, x, pace, T), await rowProducts(y, y, pace, T));
  const [byFeature, other] = [transposed(x, T), transposed(y, T)]; // C x C is smaller than T x T
  const own = norm(await rowProducts(byFeature, byFeature, pace, C));
  const size = Math.sqrt(own * norm(await rowProducts(other, other, pace, D)));
  return (norm(await rowProducts(byFeature, other, pace, C, D)) / size) ** 2;
}

/**
 * The linear CKA of each pair of hidden states of a text: see {@linkcode linearCKA}. Index 0 is the embeddings, i is the
 * residual stream after layer i. The first token and a few features of GPT-2 are many times larger than the others and
 * weigh as much more.
 *
 * @throws {TypeError} When the trace has no hidden states.
 * @throws {RangeError} When the text has one token.
 * @throws The signal's reason, when it is aborted.
 *
 * @example How far the last layer is from the embeddings
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { layerSimilarity } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const trace = await model.trace(model.sequence("The keys to the cabinet are on the table"));
 * const { similarity } = await layerSimilarity(trace);
 * console.log(similarity.data[model.config.nLayer]);
 * ```
 */
export async function layerSimilarity(trace: Trace, options: LayerSimilarityOptions = {}): Promise<LayerSimilarity> {
  options = expectOptions(options, LAYER_SIMILARITY);
  return await watched(options, (options) => compareLayers(trace, options));
}

async function compareLayers(trace: Trace, options: LayerSimilarityOptions): Promise<LayerSimilarity> {
  const pace = new Pace(options.signal);
  const { data, shape } = await finiteTensor(trace, "hiddenStates", "compare layers", pace);
  const [S, T, C] = shape as [number, number, number];
  recordedLayers(trace, S - 1);
  expectTokens(T);
  const products: Float64Array[] = [];
  const similarity = new Float32Array(S * S);
  for (let state = 0; state < S; ++state) {
    const x = centred(data.subarray(state * T * C, (state + 1) * T * C), T, C);
    products.push(await rowProducts(x, x, pace, T));
    for (let other = 0; other <= state; ++other) {
      const aligned = alignment(products[state]!, products[other]!);
      similarity[state * S + other] = similarity[other * S + state] = aligned;
      if (pace.isDue(3 * T * T)) await pace.turn();
    }
    const message = `Compared ${state + 1} of ${S} layers`;
    options.onProgress?.({ task: "similarity", completed: state + 1, total: S, message });
    await pace.turn();
  }
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
async function rowProducts(
  a: Float64Array,
  b: Float64Array,
  pace: Pace,
  rows: number,
  others = rows,
): Promise<Float64Array> {
  const products = new Float64Array(rows * others);
  for (let i = 0; i < rows; i += 2) {
    addRowPair(products, a, b, i, rows);
    if (pace.isDue((a === b ? others - i : others) * a.length / rows)) await pace.turn();
  }
  if (a === b) mirror(products, rows);
  return products;
}

/** The products of rows i and i + 1: two by two, as sums that do not wait for each other take half of the time. */
function addRowPair(products: Float64Array, a: Float64Array, b: Float64Array, i: number, rows: number): void {
  const width = a.length / rows;
  const others = b.length / width;
  const last = Math.min(i + 1, rows - 1); // the last row of an odd number is taken twice
  for (let j = a === b ? i : 0; j < others; j += 2) {
    const next = Math.min(j + 1, others - 1);
    const a0 = i * width; // destructuring would take many times as long here
    const a1 = last * width;
    const b0 = j * width;
    const b1 = next * width;
    let s00 = 0;
    let s01 = 0;
    let s10 = 0;
    let s11 = 0;
    for (let k = 0; k < width; ++k) {
      const u = a[a0 + k]!;
      const v = a[a1 + k]!;
      const y = b[b0 + k]!;
      const z = b[b1 + k]!;
      s00 += u * y;
      s01 += u * z;
      s10 += v * y;
      s11 += v * z;
    }
    products[i * others + j] = s00;
    products[i * others + next] = s01;
    products[last * others + j] = s10;
    products[last * others + next] = s11;
  }
}

/** Writes what stands above the diagonal below it. */
function mirror(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; ++i) {
    for (let j = i + 1; j < n; ++j) matrix[j * n + i] = matrix[i * n + j]!;
  }
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
