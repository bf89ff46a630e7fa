/**
 * The numbers of two results and how they differ, cell by cell.
 *
 * @module
 */
import { pearson, spearman } from "../../src/analysis/agreement.ts";
import { counted, scoreText } from "../kit/numbers.ts";
import type { GridLine, SignedGrid } from "../kit/signed_grid.ts";

/** Numbers of the same things in two results. */
export interface Pair {
  /** What the numbers are: `Score`. */
  readonly name: string;
  /** What the heads of the columns are. */
  readonly corner: SignedGrid["corner"];
  /** From the top down. */
  readonly rows: readonly GridLine[];
  /** From the left. */
  readonly columns: readonly GridLine[];
  /** `[rows, columns]`, the numbers of the first result. */
  readonly first: ArrayLike<number>;
  /** Likewise of the second. */
  readonly second: ArrayLike<number>;
  /** Whether they are shares, which are written as percentages. */
  readonly percent: boolean;
}

/** Where two results differ. */
export interface DifferentCell {
  readonly row: GridLine;
  readonly column: GridLine;
  readonly first: number;
  readonly second: number;
}

/** A number of one of the results; shares above 1 are percentages too. */
export function numberText({ percent }: Pair, value: number, signed = false): string {
  if (!percent || !(Math.abs(value) < 100)) return scoreText(value, { percent: false, signed });
  const text = `${Math.abs(100 * value).toFixed(1)}%`;
  if (Number.parseFloat(text) === 0) return "0%";
  return `${value < 0 ? "−" : signed ? "+" : ""}${text}`;
}

function differenceAt({ first, second, columns }: Pair, row: number, column: number): number {
  const i = row * columns.length + column;
  return (second[i] ?? NaN) - (first[i] ?? NaN);
}

function sizes(pair: Pair): number[] {
  return Array.from(pair.first, (_, i) => {
    const size = Math.abs((pair.second[i] ?? NaN) - (pair.first[i] ?? NaN));
    return Number.isFinite(size) ? size : 0;
  });
}

/** The largest difference that is a finite number. */
export function largestOf(pairs: readonly Pair[]): number {
  return pairs.flatMap(sizes).reduce((most, one) => Math.max(most, one), 0);
}

/** The differences as a grid whose strongest colour is that of `largest`. */
export function differenceGrid(pair: Pair, largest: number): SignedGrid {
  const { name, corner, rows, columns, first, second } = pair;
  const isNothing = (i: number) => first[i] === 0 && second[i] === 0;
  return {
    ...{ name, corner, rows, columns },
    share: (row, column) => differenceAt(pair, row, column) / (largest || 1),
    text: (row, column) =>
      isNothing(row * columns.length + column) ? "" : numberText(pair, differenceAt(pair, row, column), true),
    title: (row, column) => {
      const i = row * columns.length + column;
      const [from, to] = [first[i] ?? NaN, second[i] ?? NaN].map((value) => numberText(pair, value));
      return `${from}, then ${to}: ${numberText(pair, differenceAt(pair, row, column), true)}`;
    },
  };
}

/** The cells that differ, most first. */
export function differentCells(pair: Pair, most: number): DifferentCell[] {
  const { rows, columns, first, second } = pair;
  const all = sizes(pair);
  return Array.from(all.keys()).filter((i) => all[i]! > 0).sort((a, b) => all[b]! - all[a]!).slice(0, most).map((
    i,
  ) => ({
    row: rows[Math.floor(i / columns.length)]!,
    column: columns[i % columns.length]!,
    first: first[i]!,
    second: second[i]!,
  }));
}

/** How many cells differ, by how much, and how alike both results are. What is 0 in both may be what there cannot be. */
export function differenceWords(pair: Pair): string {
  const { first, second } = pair;
  const all = sizes(pair);
  const there = Array.from(all.keys()).filter((i) => first[i] !== 0 || second[i] !== 0);
  const count = there.filter((i) => all[i]! > 0).length;
  if (count === 0) return "All numbers are the same.";
  const largest = numberText(pair, largestOf([pair]));
  const [a, b] = [first, second].map((numbers) => there.map((i) => numbers[i]!)) as [number[], number[]];
  const [r, rho] = [pearson(a, b), spearman(a, b)];
  const alike = Number.isNaN(r) ? "" : ` Pearson ${signed(r)}, Spearman ${signed(rho)}.`;
  const cells = counted(there.length, "number");
  return `${count} of ${cells} ${count === 1 ? "differs" : "differ"}, by ${largest} at most.${alike}`;
}

function signed(correlation: number): string {
  return correlation.toFixed(3).replace("-", "−");
}
