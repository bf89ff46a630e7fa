/**
 * Non-negative matrix factorisation X = W H by cyclic coordinate descent: scikit-learn's default solver,
 * `_fit_coordinate_descent` of `sklearn/decomposition/_nmf.py` and `_cdnmf_fast.pyx` without regularisation, after
 * Cichocki and Phan 2009 (https://doi.org/10.1587/transfun.E92.A.708). All sums are in double precision.
 *
 * @module
 */
import { nextTurn } from "../runtime/run_queue.ts";
import type { ClippedActivations } from "./clipped.ts";

/** Rows of factors have this many numbers at a time in registers; their stride is a multiple of it. */
const BLOCK = 4;
/** About 20 ms of work. */
const ENTRIES_PER_TURN = 1 << 20;

/** The two factors, both with one row of K numbers for each token or neuron, and zeros up to the stride. */
export interface FactorPair {
  /** K. */
  readonly factors: number;
  /** The distance of two rows. */
  readonly stride: number;
  /** scikit-learn's W, `[N, stride]`. */
  readonly activity: Float64Array;
  /** scikit-learn's H, transposed: `[M, stride]`. */
  readonly neurons: Float64Array;
}

/** When to stop. */
export interface DescentOptions {
  /** The most iterations. */
  readonly maxIterations: number;
  /** The part of the first iteration's projected gradient at which an iteration is the last. */
  readonly tolerance: number;
  /** Called after each iteration. */
  readonly onIteration?: (iteration: number) => void;
  /** Stops between two turns of the event loop. */
  readonly signal: AbortSignal;
}

/** A pair of zeros. */
export function emptyPair({ tokens, neurons }: ClippedActivations, factors: number): FactorPair {
  const stride = Math.ceil(factors / BLOCK) * BLOCK;
  return {
    factors,
    stride,
    activity: new Float64Array(tokens * stride),
    neurons: new Float64Array(neurons * stride),
  };
}

/** What one side needs to know of the other: its Gram matrix, `[stride, stride]`, and the activations times it. */
interface Products {
  readonly gram: Float64Array;
  readonly cross: Float64Array;
}

/** Improves a pair in place until its projected gradient is small. */
export async function descend(
  x: ClippedActivations,
  pair: FactorPair,
  { maxIterations, tolerance, onIteration, signal }: DescentOptions,
): Promise<{ readonly iterations: number; readonly converged: boolean }> {
  const { stride, activity, neurons } = pair;
  const products = { gram: new Float64Array(stride * stride), cross: new Float64Array(activity.length) };
  const crossRow = new Float64Array(stride);
  let first = 0;
  await sweep(x, pair, products, signal, () => 0);
  for (let iteration = 1; iteration <= maxIterations; ++iteration) {
    let violation = 0;
    for (let row = 0; row < activity.length; row += stride) {
      violation += updateRow(activity, row, products.gram, products.cross, row, pair);
    }
    const gram = gramOf(activity, pair);
    violation += await sweep(x, pair, products, signal, (neuron) => {
      gather(x, neuron, activity, stride, crossRow);
      return updateRow(neurons, neuron * stride, gram, crossRow, 0, pair);
    });
    if (iteration === 1) first = violation;
    onIteration?.(iteration);
    if (violation <= tolerance * first) return { iterations: iteration, converged: true };
    await nextTurn();
    signal.throwIfAborted();
  }
  return { iterations: maxIterations, converged: false };
}

/**
 * Updates the neurons and computes the products that the tokens need next, reading the activations once: the row of a
 * neuron needs no other neuron, so it can be added as soon as it is updated. Returns the sum of what `update` returns.
 */
async function sweep(
  x: ClippedActivations,
  pair: FactorPair,
  { gram, cross }: Products,
  signal: AbortSignal,
  update: (neuron: number) => number,
): Promise<number> {
  const { neurons, stride } = pair;
  let violation = 0;
  gram.fill(0);
  cross.fill(0);
  let due = ENTRIES_PER_TURN;
  for (let neuron = 0; neuron < x.neurons; ++neuron) {
    violation += update(neuron);
    addRow(gram, neurons, neuron * stride, pair);
    scatter(x, neuron, neurons, stride, cross);
    if (x.starts[neuron + 1]! < due) continue;
    due += ENTRIES_PER_TURN;
    await nextTurn();
    signal.throwIfAborted();
  }
  return violation;
}

/** One Newton step for each number of a row, clipped at 0. Returns the sum of the sizes of the projected gradient. */
function updateRow(
  rows: Float64Array,
  row: number,
  gram: Float64Array,
  cross: Float64Array,
  crossStart: number,
  { factors, stride }: FactorPair,
): number {
  let violation = 0;
  for (let k = 0; k < factors; ++k) {
    let gradient = -cross[crossStart + k]!;
    for (let r = 0; r < factors; ++r) gradient += gram[k * stride + r]! * rows[row + r]!;
    const old = rows[row + k]!;
    violation += old === 0 ? Math.max(0, -gradient) : Math.abs(gradient);
    const curvature = gram[k * stride + k]!;
    if (curvature !== 0) rows[row + k] = Math.max(old - gradient / curvature, 0);
  }
  return violation;
}

function gramOf(rows: Float64Array, pair: FactorPair): Float64Array {
  const gram = new Float64Array(pair.stride ** 2);
  for (let row = 0; row < rows.length; row += pair.stride) addRow(gram, rows, row, pair);
  return gram;
}

/** Adds the products of the numbers of a row with each other. */
function addRow(gram: Float64Array, rows: Float64Array, row: number, { factors, stride }: FactorPair): void {
  for (let k = 0; k < factors; ++k) {
    const own = rows[row + k]!;
    if (own === 0) continue;
    for (let r = 0; r < factors; ++r) gram[k * stride + r]! += own * rows[row + r]!;
  }
}

/** A neuron's activations times rows of its tokens: a row of Xᵀ W. */
export function gather(
  { starts, token, value }: ClippedActivations,
  neuron: number,
  rows: Float64Array,
  stride: number,
  sums: Float64Array,
): void {
  const [start, end] = [starts[neuron]!, starts[neuron + 1]!];
  for (let k = 0; k < stride; k += BLOCK) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let entry = start; entry < end; ++entry) {
      const row = token[entry]! * stride + k;
      const activation = value[entry]!;
      a += activation * rows[row]!;
      b += activation * rows[row + 1]!;
      c += activation * rows[row + 2]!;
      d += activation * rows[row + 3]!;
    }
    sums[k] = a;
    sums[k + 1] = b;
    sums[k + 2] = c;
    sums[k + 3] = d;
  }
}

/** Adds a neuron's activations times its row to the rows of its tokens: its part of X Hᵀ. */
function scatter(
  { starts, token, value }: ClippedActivations,
  neuron: number,
  rows: Float64Array,
  stride: number,
  sums: Float64Array,
): void {
  const [start, end] = [starts[neuron]!, starts[neuron + 1]!];
  for (let k = 0; k < stride; k += BLOCK) {
    const from = neuron * stride + k;
    const [a, b, c, d] = [rows[from]!, rows[from + 1]!, rows[from + 2]!, rows[from + 3]!];
    if (a === 0 && b === 0 && c === 0 && d === 0) continue;
    for (let entry = start; entry < end; ++entry) {
      const row = token[entry]! * stride + k;
      const activation = value[entry]!;
      sums[row]! += activation * a;
      sums[row + 1]! += activation * b;
      sums[row + 2]! += activation * c;
      sums[row + 3]! += activation * d;
    }
  }
}

/** ‖X - W H‖ and ‖X‖, both Frobenius; summed entry by entry, as differences of large sums would lose digits. */
export function errorOf(x: ClippedActivations, { factors, stride, activity, neurons }: FactorPair) {
  let [left, all] = [0, 0];
  const rest = new Float64Array(x.tokens);
  for (let neuron = 0; neuron < x.neurons; ++neuron) {
    rest.fill(0);
    for (let entry = x.starts[neuron]!; entry < x.starts[neuron + 1]!; ++entry) {
      rest[x.token[entry]!] = x.value[entry]!;
      all += x.value[entry]! ** 2;
    }
    for (let token = 0; token < x.tokens; ++token) {
      let difference = rest[token]!;
      for (let k = 0; k < factors; ++k) difference -= activity[token * stride + k]! * neurons[neuron * stride + k]!;
      left += difference * difference;
    }
  }
  return { error: Math.sqrt(left), norm: Math.sqrt(all) };
}
