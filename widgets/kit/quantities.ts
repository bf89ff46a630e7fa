/**
 * Probabilities, ranks and information as text.
 *
 * @module
 */
import type { Rankings } from "../../src/ask/lens/rankings.ts";
import { LARGEST_SHARE, scoreText } from "./numbers.ts";

/** A unit of surprise and entropy: 1 bit is ln 2 nats. */
export type InformationUnit = "bits" | "nats";

/**
 * A probability as a percentage that says no more than can be read.
 *
 * @param probability From 0 to 1.
 * @returns Such as `41.2%`, `0.03%` or `<0.01%`; what cannot be a probability is no percentage.
 *
 * @example
 * ```ts
 * import { probabilityText } from "./quantities.ts";
 *
 * console.log(probabilityText(0.4123), probabilityText(0.0003), probabilityText(1e-7)); // 41.2% 0.03% <0.01%
 * ```
 */
export function probabilityText(probability: number): string {
  if (!(Math.abs(probability) < LARGEST_SHARE)) return scoreText(probability, { percent: true, signed: false });
  if (probability < 0.00005) return probability === 0 ? "0%" : "<0.01%";
  if (probability < 1 && probability >= 0.9995) return ">99.9%";
  return `${(100 * probability).toFixed(probability < 0.001 ? 2 : 1)}%`;
}

/**
 * An amount of information.
 *
 * @param nats The amount in nats.
 * @param unit How it is written.
 * @returns The number, with two decimals and without its unit.
 */
export function informationText(nats: number, unit: InformationUnit): string {
  const amount = inUnit(nats, unit);
  if (!Number.isFinite(amount)) return Number.isNaN(amount) ? "NaN" : amount > 0 ? "∞" : "−∞";
  const digits = Math.abs(amount).toFixed(2);
  return amount < 0 && Number(digits) !== 0 ? `−${digits}` : digits;
}

/** An amount in nats as a number of the unit. */
export function inUnit(nats: number, unit: InformationUnit): number {
  return unit === "bits" ? nats / Math.LN2 : nats;
}

/** A whole number with its thousands apart: `50,257`. */
export function wholeText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A place among others: `1st`, `2nd`, `13th`. */
export function ordinalText(value: number): string {
  const teens = value % 100 >= 11 && value % 100 <= 13;
  const ending = teens ? "th" : ["th", "st", "nd", "rd"][value % 10] ?? "th";
  return `${wholeText(value)}${ending}`;
}

/** Which norm stood before the unembedding, in words. */
export function normWords(norm: Rankings["norm"]): string {
  return norm === "final"
    ? "read through the final norm, as the last layer is"
    : "read without the final norm, except the last layer";
}
