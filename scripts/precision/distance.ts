/**
 * How far two maps are apart.
 *
 * @module
 */

/** How far two maps are apart. */
export interface Distance {
  /** The greatest difference of two shares of a row. */
  readonly share: number;
  /** The same of the rows with ten numbers or more. */
  readonly longShare: number;
  /** The greatest share of those rows of the second. */
  readonly greatest: number;
  /** Pearson's correlation of all numbers. */
  readonly pearson: number;
  /** The same of each of the long rows. */
  readonly pearsons: readonly number[];
  /** Spearman's correlation of each of them. */
  readonly spearmans: readonly number[];
  /** Spearman's correlation of them on average. */
  readonly spearman: number;
  /** How many of them have the same five greatest numbers, in any order. */
  readonly five: number;
}

const mean = (x: ArrayLike<number>): number => Array.from(x).reduce((sum, number) => sum + number, 0) / x.length;

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const centred = (x: ArrayLike<number>) => {
    const middle = mean(x);
    return Array.from(x, (number) => number - middle);
  };
  const [p, q] = [centred(a), centred(b)];
  return p.reduce((sum, x, i) => sum + x * q[i]!, 0) / (Math.hypot(...p) * Math.hypot(...q));
}

const orderOf = (x: Float32Array): number[] => [...x.keys()].sort((i, j) => x[i]! - x[j]!);

function ranks(x: Float32Array): number[] {
  const order = orderOf(x);
  return [...x.keys()].map((i) => order.indexOf(i));
}

const topFive = (x: Float32Array): string => orderOf(x).slice(-5).sort((a, b) => a - b).join();

/** Compares rows of `[N, T]`, each up to where it explains. */
export function distance(actual: Float32Array, golden: Float32Array, ends: readonly number[]): Distance {
  const T = golden.length / ends.length;
  const rows = ends.map((end, n) =>
    [actual, golden].map((x) => x.subarray(n * T, n * T + end)) as [Float32Array, Float32Array]
  );
  const long = rows.filter(([a]) => a.length >= 10);
  const sizeOf = (x: Float32Array) => x.reduce((sum, y) => sum + Math.abs(y), 0);
  const shareOff = (pairs: typeof rows) =>
    Math.max(...pairs.flatMap(([a, b]) => Array.from(a, (x, i) => Math.abs(x - b[i]!) / sizeOf(b))));
  const spearmans = long.map(([a, b]) => correlation(ranks(a), ranks(b)));
  return {
    share: shareOff(rows),
    longShare: shareOff(long),
    greatest: Math.max(...long.flatMap(([, own]) => Array.from(own, (x) => Math.abs(x) / sizeOf(own)))),
    pearson: correlation(actual, golden),
    pearsons: long.map(([a, b]) => correlation(a, b)),
    spearmans,
    spearman: mean(spearmans),
    five: long.filter(([a, b]) => topFive(a) === topFive(b)).length,
  };
}
