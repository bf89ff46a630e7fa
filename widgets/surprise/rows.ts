/**
 * The surprise of a text as one record for each position that was looked at.
 *
 * @module
 */
import type { Prediction } from "../../src/ask/prediction.ts";
import type { Surprise } from "../../src/ask/surprise.ts";
import { spelledPredictions, spelledResult } from "../kit/characters.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectLength, expectPosition, expectShape } from "../kit/expect_shape.ts";
import {
  informationText,
  type InformationUnit,
  inUnit,
  ordinalText,
  probabilityText,
  wholeText,
} from "../kit/quantities.ts";

/** How one token surprised. */
export interface SurpriseRow {
  /** Where it stands. */
  readonly position: number;
  /** −ln p, in nats. */
  readonly nats: number;
  /** Of what was expected, in nats. */
  readonly entropy: number;
  /** 1 is the most likely. */
  readonly rank: number;
  /** The likeliest tokens, best first. */
  readonly alternatives: readonly Prediction[];
}

/** What is drawn. */
export interface SurpriseTable {
  /** What was given. */
  readonly surprise: Surprise;
  /** One for each position. */
  readonly rows: readonly SurpriseRow[];
  /** How numbers are written. */
  readonly unit: InformationUnit;
  /** The end of the scale, in nats: a whole number of the unit that no finite surprise is above. */
  readonly ceiling: number;
}

function checkSurprise(surprise: Surprise): void {
  const fields = (surprise ?? {}) as Partial<Surprise>;
  if (!isSequence(fields.sequence) || !Array.isArray(fields.positions) || fields.logProbs?.data === undefined) {
    throw new TypeError(`Cannot draw ${nameOf(surprise)} as surprise; pass what await model.surprise() returned`);
  }
  const what = "the surprise";
  const { sequence, positions, logProbs, entropies, ranks, alternatives } = surprise;
  if (positions.length === 0) throw new RangeError(`Cannot draw ${what} of a text as no position was looked at: []`);
  const shape = [positions.length];
  expectShape({ what, field: "logProbs" }, logProbs, shape);
  expectShape({ what, field: "entropies" }, entropies, shape);
  expectShape({ what, field: "ranks" }, ranks, shape);
  expectLength({ what, field: "alternatives" }, alternatives, positions.length);
  for (const position of positions) expectPosition(what, sequence, position);
}

/**
 * The records of a view.
 *
 * @param given What was computed.
 * @param unit How numbers are written.
 * @returns One for each position, checked.
 */
export function surpriseTable(given: Surprise, unit: InformationUnit): SurpriseTable {
  checkSurprise(given);
  const surprise = spelledResult(given);
  const rows = surprise.positions.map((position, n): SurpriseRow => ({
    position,
    nats: 0 - (surprise.logProbs.data[n] ?? NaN), // 0 - 0 is 0, and -0 would be written as such
    entropy: surprise.entropies.data[n] ?? NaN,
    rank: surprise.ranks.data[n] ?? NaN,
    alternatives: spelledPredictions(surprise.sequence, position, surprise.alternatives[n] ?? []),
  }));
  const largest = rows.reduce((most, { nats }) => Number.isFinite(nats) ? Math.max(most, nats) : most, 0);
  const ceiling = Math.max(1, Math.ceil(inUnit(largest, unit))) * (unit === "bits" ? Math.LN2 : 1);
  return { surprise, rows, unit, ceiling };
}

/** How strong the colour of a surprise is, from 0 to 1. What is not a number has none. */
export function surpriseShare(nats: number, ceiling: number): number {
  return Number.isNaN(nats) ? 0 : Math.max(0, Math.min(1, nats / ceiling));
}

/** `7.21 bits of surprise: probability 0.7%, 34th most likely; 5.10 bits were expected`. */
export function surpriseWords({ nats, entropy, rank }: SurpriseRow, unit: InformationUnit): string {
  const place = rank === 1 ? "the most likely token" : `the ${ordinalText(rank)} most likely`;
  return `${informationText(nats, unit)} ${unit} of surprise: probability ${
    probabilityText(Math.exp(-nats))
  }, ${place}; ` +
    `${informationText(entropy, unit)} ${unit} were to be expected (entropy)`;
}

function perplexityText({ perplexity }: Surprise): string {
  return Number.isFinite(perplexity) ? perplexity.toFixed(perplexity < 100 ? 2 : 0) : String(perplexity);
}

/** The whole text in a few words. */
export function perplexityWords({ surprise, rows, unit }: SurpriseTable): string {
  const mean = rows.reduce((sum, { nats }) => sum + nats, 0) / rows.length;
  const each = rows.length === 1 ? "for the one token" : `for each of ${wholeText(rows.length)} tokens on average`;
  return `Perplexity ${perplexityText(surprise)}: ${informationText(mean, unit)} ${unit} of surprise ${each}`;
}

/** What perplexity means. */
export function likeWords({ surprise }: SurpriseTable): string {
  return `as if each were drawn from ${perplexityText(surprise)} equally likely ones`;
}
