import { expectOptions } from "../lm/options.ts";
import type { Saliency } from "../lm/saliency_types.ts";
import { AGREEMENT } from "./option_tables.ts";
import { showing } from "../show/showing.ts";

/** How much two maps agree, row by row. */
export interface Agreement {
  /** The positions that both maps explain, in the order of the first; a single row stands for all when it is one. */
  readonly positions: readonly number[];
  /** Spearman's rank correlation of each row's scores: 1 the same order, -1 the opposite; NaN where there is no order. */
  readonly correlations: readonly number[];
  /** Their mean, without those that are NaN. */
  readonly mean: number;
}

/**
 * Spearman's rank correlation: Pearson's correlation of the ranks, where equal numbers share the mean of their ranks.
 * NaN when there are fewer than two pairs or one side is constant. Equal to scipy's `spearmanr`.
 *
 * @throws {RangeError} When the lengths differ.
 *
 * @example Usage
 * ```ts
 * import { spearman } from "@looking-glass/looking-glass/analysis";
 *
 * spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]); // 0.8208
 * ```
 */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`Cannot correlate ${a.length} numbers with ${b.length}`);
  return pearson(meanRanks(a), meanRanks(b));
}

/**
 * Whether two maps of one sequence order the earlier tokens alike: Spearman's rank correlation of each row, over the
 * tokens before the explained one. Scores are compared as they are; `absolute` compares their sizes, which is what a
 * map of norms and a signed map have in common.
 *
 * @throws {RangeError} When the maps are of different texts, or explain no position in common.
 * @throws {TypeError} When only one of them explains its targets together.
 *
 * @example Do two definitions agree?
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { agreement } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = await model.generate("The keys to the cabinet", { maxNewTokens: 3 });
 * const [ecco, captum] = await Promise.all([model.saliency(sequence), model.saliency(sequence, { preset: "captum" })]);
 * console.log(agreement(ecco, captum, { absolute: true }).mean);
 * ```
 */
export function agreement(a: Saliency, b: Saliency, options: { readonly absolute?: boolean } = {}): Agreement {
  options = expectOptions(options, AGREEMENT);
  const T = a.sequence.tokenIds.length;
  if (T !== b.sequence.tokenIds.length || a.sequence.tokenIds.some((id, t) => id !== b.sequence.tokenIds[t])) {
    throw new RangeError(`Cannot compare maps of different texts, of ${T} and ${b.sequence.tokenIds.length} tokens`);
  }
  if (a.options.together !== b.options.together) {
    throw new TypeError("Cannot compare a map whose targets are explained together with one of single targets");
  }
  const positions = sharedPositions(a, b);
  const correlations = positions.map((position) => {
    const [own, other] = [a, b].map(({ positions, scores }) => {
      const row = a.options.together ? 0 : positions.indexOf(position);
      return Array.from(scores.data.subarray(row * T, row * T + position), options.absolute ? Math.abs : Number);
    });
    return spearman(own!, other!);
  });
  const known = correlations.filter((correlation) => !Number.isNaN(correlation));
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return showing("Agreement", { positions, correlations, mean });
}

/** The positions whose rows are compared; of maps of all targets together, the last one, which sees all of the row. */
function sharedPositions(a: Saliency, b: Saliency): readonly number[] {
  const shared = a.positions.filter((position) => b.positions.includes(position));
  if (shared.length === 0 || (a.options.together && new Set([...a.positions, ...b.positions]).size > shared.length)) {
    const explained = `positions ${a.positions.join(", ")} and ${b.positions.join(", ")}`;
    throw new RangeError(`Cannot compare maps of different positions: ${explained}`);
  }
  return a.options.together ? [Math.max(...shared)] : shared;
}

/** The rank of each number, from 1; equal ones share the mean of their ranks. */
function meanRanks(numbers: ArrayLike<number>): Float64Array {
  const order = Array.from(numbers, (_, i) => i).sort((i, j) => numbers[i]! - numbers[j]!);
  const ranks = new Float64Array(numbers.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && numbers[order[end]!] === numbers[order[start]!]) ++end;
    for (let i = start; i < end; ++i) ranks[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

function pearson(x: Float64Array, y: Float64Array): number {
  const mean = (x.length + 1) / 2; // of ranks
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; ++i) {
    const [dx, dy] = [x[i]! - mean, y[i]! - mean];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? NaN : xy / Math.sqrt(xx * yy);
}
