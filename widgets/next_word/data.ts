/**
 * The likeliest next words, and what of the other scores a page needs to settle them anew.
 *
 * @module
 */
import type { Candidates } from "../../src/ask/reading/types.ts";
import { type DrawSettings, OWN_SETTINGS, settledProbabilities } from "../../src/ask/write/settled.ts";
import { logSumExp, topK as bestOf } from "../../src/base/numbers.ts";
import { spelledPredictions, spelledResult } from "../kit/characters.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import type { Prediction } from "../../src/ask/prediction.ts";

/** How the next words are shown. */
export interface NextWordViewOptions {
  /**
   * What the scores are divided by at first, 0 to 2; 0 is greedy.
   *
   * @default {1}
   */
  readonly temperature?: number;
  /**
   * The likeliest tokens that are left at first, 0 to 200; 0 for all.
   *
   * @default {0}
   */
  readonly topK?: number;
  /**
   * The share of probability that is left at first, 0 to 1.
   *
   * @default {1}
   */
  readonly topP?: number;
  /** The title of a saved page. */
  readonly title?: string;
}

/** The most that sliders go to. */
export const MOST_TEMPERATURE = 2;
/** As {@linkcode MOST_TEMPERATURE}. */
export const MOST_TOP_K = 200;
/** How many words are drawn. */
const MOST_WORDS = 10;
/** How many of the best scores a page has as they are. */
const MOST_BEST = 512;
/** How wide the others are put together, in nats. */
const WIDTH = 1 / 32;
/** Scores so far below the best have no weight in single precision at the highest temperature. */
const LEAST = 250;

/** What is drawn. */
export interface NextWords {
  readonly candidates: Candidates;
  /** The words, best first. */
  readonly words: readonly Prediction[];
  readonly settings: DrawSettings;
  /** Their probabilities with the settings. */
  readonly settled: readonly number[];
  /** How many tokens are left. */
  readonly left: number;
  /** The share of the model's own probability that those have. */
  readonly kept: number;
}

function expectBetween(name: string, value: number, most: number, whole = false): number {
  if (value >= 0 && value <= most && (!whole || Number.isInteger(value))) return value;
  throw new RangeError(`Cannot draw the next words with ${name} ${value}; use ${whole ? "whole " : ""}0 to ${most}`);
}

/** Checks what was given. */
export function nextWords(candidates: Candidates, options: NextWordViewOptions): NextWords {
  const { sequence, predictions, logits } = (candidates ?? {}) as Partial<Candidates>;
  if (!isSequence(sequence) || !Array.isArray(predictions) || !logits?.data) {
    throw new TypeError(
      `Cannot draw ${nameOf(candidates)} as next words; pass what await model.candidates(sequence) returned`,
    );
  }
  const V = logits.data.length;
  const outside = predictions.find(({ tokenId }) => !(Number.isInteger(tokenId) && tokenId >= 0 && tokenId < V));
  if (outside || predictions.length === 0 || V === 0) {
    throw new RangeError(
      `Cannot draw next words as there are ${V} logits and ${outside ? `token ${outside.tokenId}` : "no predictions"}`,
    );
  }
  const { temperature = 1, topK = 0, topP = 1 } = options;
  const settings = {
    temperature: expectBetween("temperature", temperature, MOST_TEMPERATURE),
    topK: expectBetween("topK", topK, MOST_TOP_K, true),
    topP: expectBetween("topP", topP, 1),
  };
  const scores = Float32Array.from(logits.data);
  const own = settledProbabilities(scores, OWN_SETTINGS);
  const now = settledProbabilities(scores, settings);
  const words = spelledPredictions(sequence!, sequence!.tokens.length, predictions.slice(0, MOST_WORDS));
  const kept = scores.reduce((sum, _, id) => now.probability(id) > 0 ? sum + own.probability(id) : sum, 0);
  const settled = words.map(({ tokenId }) => now.probability(tokenId));
  return { candidates: spelledResult(candidates), words, settings, settled, left: now.left, kept: Math.min(1, kept) };
}

/** What a page needs of all scores. */
export interface PageScores {
  /** The best ones, greatest first, of equal ones those of greater ids first, as top-p takes them. */
  readonly best: Float32Array;
  /** Which of them each word has. */
  readonly places: readonly number[];
  /** Of the others, those of each 1/32 nat: the logarithm of their mean weight, and how many they are. */
  readonly others: Float32Array;
}

/**
 * The scores for a page: the best as they are, the others put together where they are within 1/32 nat, by their mean
 * weight. At temperature 1 that is exact, and at T the weight of each group is at most (1/32)² / 8 · |1/T² - 1/T| of
 * itself off.
 */
export function pageScores({ candidates: { logits }, words }: NextWords): PageScores {
  const scores = Float32Array.from(logits.data);
  const order = bestOf(scores, Math.min(MOST_BEST, scores.length));
  const best = order.toSorted((a, b) => scores[b]! - scores[a]! || b - a);
  const listed = new Set(best);
  const top = scores[best[0]!]!;
  const groups = new Map<number, number[]>();
  scores.forEach((score, id) => {
    const below = top - score;
    if (listed.has(id) || !(below <= LEAST)) return;
    const group = Math.floor(below / WIDTH);
    const own = groups.get(group);
    if (own) own.push(score);
    else groups.set(group, [score]);
  });
  const others = [...groups].sort(([a], [b]) => a - b).flatMap(([, own]) => {
    return [logSumExp(Float32Array.from(own)) - Math.log(own.length), own.length];
  });
  return {
    best: Float32Array.from(best, (id) => scores[id]!),
    places: words.map(({ tokenId }) => best.indexOf(tokenId)),
    others: Float32Array.from(others),
  };
}
