/**
 * Scores as text.
 *
 * @module
 */

/** How scores read. */
export interface ScoreFormat {
  /** Whether a score is a share of its row. */
  readonly percent: boolean;
  /** Whether a score has a sign. */
  readonly signed: boolean;
}

/** A share is 1 at most, but for rounding; what is more is no share, whatever it is called. */
export const LARGEST_SHARE = 1.001;

/**
 * A score as text.
 *
 * @param score Any number.
 * @param format Whether it is a share, and whether it has a sign.
 * @returns Such as `8.5%`, `+0.0213` or `−1.20e-7`; a score that cannot be a share is no percentage.
 *
 * @example
 * ```ts
 * import { scoreText } from "./numbers.ts";
 *
 * console.log(scoreText(0.085, { percent: true, signed: false })); // 8.5%
 * console.log(scoreText(-0.5, { percent: false, signed: true })); // −0.500
 * ```
 */
export function scoreText(score: number, format: ScoreFormat): string {
  if (!Number.isFinite(score)) return String(score);
  const size = Math.abs(score);
  const percent = format.percent && size < LARGEST_SHARE;
  const digits = percent ? `${(100 * size).toFixed(1)}%` : sizeText(size);
  if (size === 0 || (percent && size < 0.0005)) return digits;
  return `${score < 0 ? "−" : format.signed ? "+" : ""}${digits}`;
}

function sizeText(size: number): string {
  return size === 0 ? "0" : size >= 0.001 && size < 1000 ? size.toPrecision(3) : size.toExponential(2);
}

/** A count with its noun: `1 token`, `2 tokens`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A number as text, with a minus that is as wide as a digit; `digits` are those that say something. */
export function numberText(value: number, digits: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const text = size >= 10 ** digits
    ? size.toExponential(digits - 1)
    : size >= 0.01
    ? size.toFixed(Math.max(0, digits - 1 - Math.max(0, Math.floor(Math.log10(size)))))
    : size.toFixed(digits - 1);
  return `${value < 0 && Number(text) !== 0 ? "−" : ""}${text}`;
}
