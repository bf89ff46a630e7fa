/**
 * What was computed at each step of writing, and what was kept from before.
 *
 * @module
 */
import type { ReadCandidates } from "../../src/ask/reading/types.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { spelled, spelledAt, spelledPredictions } from "../kit/characters.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { counted } from "../kit/numbers.ts";

/** How the cache is shown. */
export interface CacheViewOptions {
  /** How many numbers a model keeps of each token: keys and values of all layers, `2 × layers × width` in GPT-2. */
  readonly numbersPerToken?: number;
  /** The title of a saved page. */
  readonly title?: string;
}

/** What is drawn. */
export interface CacheShown {
  readonly steps: readonly ReadCandidates[];
  /** The tokens across: those of the longest text, from `start` on. */
  readonly longest: Sequence;
  readonly start: number;
  /** The first step that is drawn. */
  readonly from: number;
  readonly numbersPerToken: number | undefined;
}

/** The most tokens and steps of a page; `data` keeps all. */
const MOST_TOKENS = 48;
const MOST_STEPS = 48;

function checkStep(step: ReadCandidates, n: number): void {
  const { sequence, read, predictions } = (step ?? {}) as Partial<ReadCandidates>;
  if (!isSequence(sequence) || !sequence || !read || !Array.isArray(predictions)) {
    throw new TypeError(
      `Cannot draw ${nameOf(step)} as step ${n} of a cache; pass what await reading.candidates() returned`,
    );
  }
  const { computed, reused } = read;
  const whole = [computed, reused].every((count) => Number.isInteger(count) && count >= 0);
  if (whole && computed + reused === sequence.tokens.length) return;
  throw new RangeError(
    `Cannot draw step ${n} as its ${
      counted(sequence.tokens.length, "token")
    } are not the ${computed} computed and the ` +
      `${reused} kept ones`,
  );
}

/**
 * Checks what was given.
 *
 * @throws {TypeError} When it is no list of answers.
 * @throws {RangeError} When it is empty, or counts do not fit.
 */
export function cacheShown(steps: readonly ReadCandidates[], { numbersPerToken }: CacheViewOptions): CacheShown {
  if (!Array.isArray(steps)) {
    throw new TypeError(
      `Cannot draw ${nameOf(steps)} as steps of a cache; pass a list of what await reading.candidates() returned`,
    );
  }
  if (steps.length === 0) throw new RangeError("Cannot draw a cache as there is no step: []");
  steps.forEach(checkStep);
  if (numbersPerToken !== undefined && !(Number.isInteger(numbersPerToken) && numbersPerToken > 0)) {
    throw new RangeError(
      `Cannot draw a cache of ${numbersPerToken} numbers a token as that must be a whole number from 1`,
    );
  }
  const longest = steps.map(({ sequence }) => sequence)
    .reduce((most, one) => one.tokens.length > most.tokens.length ? one : most);
  return {
    steps: steps.map((step) => spelledStep(step, longest)),
    longest: spelled(longest),
    start: Math.max(0, longest.tokens.length - MOST_TOKENS),
    from: Math.max(0, steps.length - MOST_STEPS),
    numbersPerToken,
  };
}

/** A step, with the characters that its tokens are parts of in the end. */
function spelledStep(step: ReadCandidates, longest: Sequence): ReadCandidates {
  const { sequence, predictions } = step;
  const tokens = sequence.tokens.map((token, position) => spelledAt(longest, position, token));
  return {
    ...step,
    sequence: { ...sequence, tokens },
    predictions: spelledPredictions(longest, tokens.length, predictions),
  };
}

/** What was done for a token at a step. */
export function doneFor({ sequence, read }: ReadCandidates, position: number): "computed" | "kept" | undefined {
  if (position >= sequence.tokens.length) return undefined;
  return position < read.reused ? "kept" : "computed";
}

/** All that was computed, and all that would have been without a cache. */
export function totals({ steps }: CacheShown): { readonly computed: number; readonly without: number } {
  return {
    computed: steps.reduce((sum, { read }) => sum + read.computed, 0),
    without: steps.reduce((sum, { sequence }) => sum + sequence.tokens.length, 0),
  };
}
