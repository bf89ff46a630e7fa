import type { Saliency } from "../ask/saliency/definition.ts";
import { expectMap, unitOf } from "../ask/saliency/map.ts";
import { expectOptions, LONG_WORK, type OptionTable } from "../base/options.ts";
import type { Progress } from "../base/progress.ts";
import type { Sequence } from "../model/sequence.ts";
import { watched } from "../model/watch.ts";
import { showing } from "../show/showing.ts";

import { Pace } from "./pace.ts";
import { scoresOf } from "./salient.ts";

const AGREEMENT: OptionTable<AgreementOptions> = {
  task: "compare maps",
  kinds: { absolute: "true or false", ...LONG_WORK },
};

/** About how many operations sorting costs for each number. */
const OPERATIONS = 400;

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

/** Options of {@linkcode agreement}. */
export interface AgreementOptions {
  /**
   * Whether sizes are compared rather than scores with their signs.
   *
   * @default {false}
   */
  readonly absolute?: boolean;
  /** Called as the work goes on. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops the work; so does the Stop button of a notebook. */
  readonly signal?: AbortSignal;
}

/**
 * Whether two maps of one sequence order the earlier tokens alike: Spearman's rank correlation of each row, over the
 * tokens before the explained one. Scores are compared as they are; `absolute` compares their sizes, which is what a
 * map of norms and a signed map have in common. Maps by groups are compared group by group, when their groups are the
 * same.
 *
 * @throws {RangeError} When the maps are of different texts or groups, explain no position in common, or the parts of one
 * do not belong together.
 * @throws {TypeError} When one is no map, only one of them explains its targets together, or only one is by groups.
 * @throws The signal's reason, when it is aborted.
 *
 * @example Do two definitions agree?
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { agreement } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = await model.generate("The keys to the cabinet", { maxNewTokens: 3 });
 * const [ecco, captum] = await Promise.all([model.saliency(sequence), model.saliency(sequence, { preset: "captum" })]);
 * console.log((await agreement(ecco, captum, { absolute: true })).mean);
 * ```
 */
export async function agreement(a: Saliency, b: Saliency, options: AgreementOptions = {}): Promise<Agreement> {
  options = expectOptions(options, AGREEMENT);
  return await watched(options, (options) => compareMaps(a, b, options));
}

async function compareMaps(a: Saliency, b: Saliency, options: AgreementOptions): Promise<Agreement> {
  const pace = new Pace(options.signal);
  expectComparable(a, b);
  const positions = sharedPositions(a, b);
  const correlations: number[] = [];
  for (const position of positions) {
    const [own, other] = [a, b].map((map) => {
      return Array.from(scoresOf(map, position).subarray(0, position), options.absolute ? Math.abs : Number);
    });
    correlations.push(spearman(own!, other!));
    if (!pace.isDue(OPERATIONS * position)) continue;
    const [completed, total] = [correlations.length, positions.length];
    const message = `Compared ${completed} of ${total} rows`;
    options.onProgress?.({ task: "agreement", completed, total, message });
    await pace.turn();
  }
  const known = correlations.filter((correlation) => !Number.isNaN(correlation));
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return showing("Agreement", { positions, correlations, mean });
}

/** Refuses maps that are not of the same text, in the same parts. */
function expectComparable(a: Saliency, b: Saliency): void {
  for (const map of [a, b]) expectMap("compare", map);
  const [unit, other] = [unitOf(a), unitOf(b)];
  if (unit !== other) throw new TypeError(`Cannot compare a map by ${unit} with one by ${other}; group both alike`);
  const [text, otherText] = [a, b].map(({ sequence, grouping }) => grouping?.sequence ?? sequence) as [
    Sequence,
    Sequence,
  ];
  if (`${text.tokenIds}` !== `${otherText.tokenIds}` || text.text !== otherText.text) {
    const [T, S] = [text.tokenIds.length, otherText.tokenIds.length];
    throw new RangeError(`Cannot compare maps of different texts, of ${T} and ${S} tokens`);
  }
  if (startsOf(a) !== startsOf(b)) {
    const [G, H] = [a.sequence.tokenIds.length, b.sequence.tokenIds.length];
    throw new RangeError(`Cannot compare maps of different groups, ${G} and ${H} of them; group both alike`);
  }
  if (a.options.together !== b.options.together) {
    throw new TypeError("Cannot compare a map whose targets are explained together with one of single targets");
  }
}

/** Where the parts of a text begin that a map is of. */
function startsOf({ grouping, sequence }: Saliency): string {
  return `${grouping ? grouping.groups.map(({ start }) => start) : sequence.tokens.map(({ start }) => start)}`;
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

/** Pearson's correlation: 1 on a rising line, -1 on a falling one, NaN when one side is constant. */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const [meanX, meanY] = [meanOf(x), meanOf(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; ++i) {
    const [dx, dy] = [x[i]! - meanX, y[i]! - meanY];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? NaN : xy / Math.sqrt(xx * yy);
}

function meanOf(numbers: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < numbers.length; ++i) sum += numbers[i]!;
  return sum / numbers.length;
}
