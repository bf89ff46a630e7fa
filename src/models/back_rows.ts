/**
 * Which rows of the residual stream have a cotangent. The gradient of a scalar is zero at tokens after those that it is
 * computed from, so that N scalars of T tokens need fewer than N x T rows: those are packed one behind another.
 *
 * @module
 */

/** The M rows that have a cotangent, of N scalars and T tokens. */
export interface BackRows {
  /** The scalar of each, M numbers. */
  readonly scalars: readonly number[];
  /** The token of each, M numbers. */
  readonly tokens: readonly number[];
  /** Which of the M rows has the gradient of a scalar at a token, `[N, T]`; one of zeros where it has no row. */
  readonly slots: readonly number[];
}

/**
 * Packs the rows of scalars that are sums of numbers at `rows`, R of them, by `mix`, `[N, R]`; where tokens see all of
 * their text, by `mask`, that is every token for every scalar. Where `texts` says which text each token belongs to, a
 * scalar is of one text, whose beginning is the first that goes back. If there are rows that need no gradient, one of them
 * goes back as well, so that there is a row of zeros.
 */
export function packRows(
  T: number,
  rows: readonly number[],
  mix: ArrayLike<number>,
  mask: "causal" | "full" = "causal",
  texts?: readonly number[],
): BackRows {
  const R = rows.length;
  const N = R === 0 ? 0 : mix.length / R;
  const ends = Array.from({ length: N }, (_, n) => {
    if (mask === "full") return T;
    return 1 + rows.reduce((last, row, r) => mix[n * R + r] === 0 ? last : Math.max(last, row), -1);
  });
  const starts = ends.map((end) => texts && end > 0 && mask === "causal" ? texts.indexOf(texts[end - 1]!) : 0);
  const scalars = ends.flatMap((end, n) => Array<number>(end - starts[n]!).fill(n));
  const tokens = ends.flatMap((end, n) => Array.from({ length: end - starts[n]! }, (_, i) => starts[n]! + i));
  const zeros = scalars.length;
  const short = ends.findIndex((end, n) => end < T || starts[n]! > 0);
  if (short >= 0) {
    scalars.push(short);
    tokens.push(ends[short]! < T ? ends[short]! : starts[short]! - 1);
  }
  const slots = Array<number>(N * T).fill(zeros);
  for (let m = 0; m < zeros; ++m) slots[scalars[m]! * T + tokens[m]!] = m;
  return { scalars, tokens, slots };
}
