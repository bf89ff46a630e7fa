/**
 * How the activations of many neurons are distributed: in bins of powers of two, which are the same for all neurons,
 * models and shards, so that they can be added up.
 *
 * @module
 */

/** The exponents of the least and the greatest bin of a sign. */
const [LEAST, GREATEST] = [-6, 4];
const SIDE = GREATEST - LEAST + 1;
const BINS = 2 * SIDE + 1;

/** The edges of the bins above 0; a value on an edge is in the bin farther from 0. */
const EDGES = Array.from({ length: SIDE }, (_, i) => 2 ** (LEAST + i));

/** What each bin holds, the lowest first. */
export const BIN_NAMES: readonly string[] = [
  ...EDGES.map((edge, i) => i === SIDE - 1 ? `(-inf, -${edge}]` : `(-${EDGES[i + 1]}, -${edge}]`).reverse(),
  `(-${EDGES[0]}, ${EDGES[0]})`,
  ...EDGES.map((edge, i) => i === SIDE - 1 ? `[${edge}, inf)` : `[${edge}, ${EDGES[i + 1]})`),
];

/** Counts, sums and sums of squares of the activations of `count` neurons. */
export class ActivationHistograms {
  /** How many neurons there are. */
  readonly count: number;
  /** How many tokens were added. */
  tokens = 0;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  readonly #positive: Float64Array;
  readonly #bins: Int32Array;
  readonly #float = new Float32Array(1);
  readonly #bits = new Int32Array(this.#float.buffer);

  constructor(count: number) {
    this.count = count;
    this.#sums = new Float64Array(count);
    this.#squares = new Float64Array(count);
    this.#positive = new Float64Array(count);
    this.#bins = new Int32Array(count * BINS);
  }

  /** Adds the activations of neighbouring neurons, the first of which is `first`. */
  add(values: Float32Array, first: number): void {
    const [float, bits, bins] = [this.#float, this.#bits, this.#bins];
    for (let i = 0; i < values.length; ++i) {
      const value = values[i]!;
      const at = first + i;
      this.#sums[at]! += value;
      this.#squares[at]! += value * value;
      if (value > 0) this.#positive[at]! += 1;
      float[0] = value;
      const exponent = ((bits[0]! >>> 23) & 0xff) - 127; // floor(log2 |value|)
      const step = exponent < LEAST ? 0 : (exponent > GREATEST ? GREATEST : exponent) - LEAST + 1;
      ++bins[at * BINS + SIDE + (value < 0 ? -step : step)]!;
    }
  }

  /** Adds what {@linkcode ActivationHistograms.columns} said of other tokens. */
  merge(rows: Readonly<Record<string, ArrayLike<unknown>>>, tokens: number): void {
    const [sums, squares, positive] = [rows.sum, rows.squares, rows.positive] as ArrayLike<number>[];
    const histograms = rows.histogram as ArrayLike<ArrayLike<number>>;
    for (let at = 0; at < this.count; ++at) {
      this.#sums[at]! += sums![at]!;
      this.#squares[at]! += squares![at]!;
      this.#positive[at]! += positive![at]!;
      for (let bin = 0; bin < BINS; ++bin) this.#bins[at * BINS + bin]! += histograms[at]![bin]!;
    }
    this.tokens += tokens;
  }

  /** The columns of a table, a row for each neuron. */
  columns(): Readonly<Record<"sum" | "squares" | "positive" | "histogram", ArrayLike<unknown>>> {
    return {
      sum: this.#sums,
      squares: this.#squares,
      positive: this.#positive,
      histogram: Array.from({ length: this.count }, (_, at) => this.#bins.subarray(at * BINS, (at + 1) * BINS)),
    };
  }
}
