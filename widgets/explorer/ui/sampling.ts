/**
 * What the settings make of a distribution, with the very code by which the model draws.
 *
 * @module
 */
import { logSumExp } from "../../../src/base/numbers.ts";
import { createSampler } from "../../../src/ask/write/sampling.ts";
import { warpers } from "../../../src/ask/write/scores/warpers.ts";

/** How the next token would be drawn. */
export interface Settings {
  /** From 0, which is greedy, to 2. */
  readonly temperature: number;
  /** The likeliest tokens that are left; 0 for all. */
  readonly topK: number;
  /** The share of probability that is left, 0 to 1. */
  readonly topP: number;
}

/** The model's own distribution. */
export const OWN: Settings = { temperature: 1, topK: 0, topP: 1 };

/** The settings by the names of `DecodeOptions`. */
export function decodeOptions({ temperature, topK, topP }: Settings) {
  return { temperature, ...topK > 0 && { topK }, ...topP < 1 && { topP } };
}

/** The scores after the settings; what may not be drawn has -Infinity. */
export function settledScores(logits: Float32Array, settings: Settings): Float32Array {
  const scores = logits.slice();
  for (const warp of warpers(decodeOptions(settings), 1)) warp([], scores);
  return scores;
}

/** How likely a token is to be drawn. */
export function settledProbability(scores: Float32Array, tokenId: number, { temperature }: Settings): number {
  if (temperature > 0) return Math.exp(scores[tokenId]! - logSumExp(scores));
  return createSampler({ temperature })(scores) === tokenId ? 1 : 0;
}

/** How many tokens are left to draw from. */
export function countLeft(scores: Float32Array, { temperature }: Settings): number {
  if (temperature === 0) return 1;
  let left = 0;
  for (const score of scores) if (score > -Infinity) ++left;
  return left;
}

/** The token that `generate` would write next with these settings and this seed. */
export function drawToken(logits: Float32Array, settings: Settings, seed: number): number {
  return createSampler({ ...decodeOptions(settings), seed })(settledScores(logits, settings));
}
