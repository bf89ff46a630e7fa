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

/**
 * While numbers are counted, those above 0 in the middle bin have one of their own behind it, so that it need not be
 * asked of each whether it is above 0.
 */
const COUNTED = BINS + 1;

/** The counted bin of a number by its sign and its exponent, the upper nine bits: floor(log2 |x|) + 127 is the latter. */
const BIN_OF = Uint8Array.from({ length: 512 }, (_, bits) => {
  const exponent = (bits & 0xff) - 127;
  const step = exponent < LEAST ? 0 : Math.min(exponent, GREATEST) - LEAST + 1;
  return bits > 0xff ? SIDE - step : SIDE + 1 + step;
});

/** How many neurons are counted at a time, so that their bins stay near the processor. */
const BLOCK = 256;

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
  readonly #bins: Int32Array;

  constructor(count: number) {
    this.count = count;
    this.#sums = new Float64Array(count);
    this.#squares = new Float64Array(count);
    this.#bins = new Int32Array(count * COUNTED);
  }

  /**
   * Adds the activations of `width` neighbouring neurons at `rows` tokens, `[rows, width]`.
   *
   * @param first The first of the neurons.
   */
  add(values: Float32Array, width: number, first: number): void {
    const [sums, squares, bins] = [this.#sums, this.#squares, this.#bins];
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let from = 0; from < width; from += BLOCK) {
      const to = Math.min(width, from + BLOCK);
      for (let row = 0; row < values.length; row += width) {
        for (let n = from; n < to; ++n) {
          const value = values[row + n]!;
          const own = bits[row + n]!;
          const at = first + n;
          sums[at]! += value;
          squares[at]! += value * value;
          const bin = own === 0 ? SIDE : BIN_OF[own >>> 23]!; // 0 is not above 0
          ++bins[at * COUNTED + bin]!;
        }
      }
    }
  }

  /** Adds rows of what {@linkcode ActivationHistograms.columns} said of other tokens, the first of which is `first`. */
  merge(rows: Readonly<Record<string, ArrayLike<unknown>>>, first: number): void {
    const [sums, squares, positive] = [rows.sum, rows.squares, rows.positive] as ArrayLike<number>[];
    const histograms = rows.histogram as ArrayLike<ArrayLike<number>>;
    for (let row = 0; row < sums!.length; ++row) {
      this.#sums[first + row]! += sums![row]!;
      this.#squares[first + row]! += squares![row]!;
      const base = (first + row) * COUNTED;
      let above = 0;
      for (let bin = 0; bin < BINS; ++bin) {
        const count = histograms[row]![bin]!;
        if (bin > SIDE) above += count;
        this.#bins[base + (bin > SIDE ? bin + 1 : bin)]! += count;
      }
      const little = positive![row]! - above;
      this.#bins[base + SIDE]! -= little;
      this.#bins[base + SIDE + 1]! += little;
    }
  }

  /** The columns of a table, a row for each neuron. */
  columns(): Readonly<Record<"sum" | "squares" | "positive" | "histogram", ArrayLike<unknown>>> {
    const positive = new Float64Array(this.count);
    const histogram = Array.from({ length: this.count }, (_, at) => {
      const counted = this.#bins.subarray(at * COUNTED, (at + 1) * COUNTED);
      const bins = new Int32Array(BINS);
      bins.set(counted.subarray(0, SIDE + 1));
      bins.set(counted.subarray(SIDE + 2), SIDE + 1);
      bins[SIDE]! += counted[SIDE + 1]!;
      positive[at] = counted.subarray(SIDE + 1).reduce((sum, count) => sum + count, 0);
      return bins;
    });
    return { sum: this.#sums, squares: this.#squares, positive, histogram };
  }
}
