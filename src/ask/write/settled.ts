/**
 * What temperature, top-k and top-p make of a distribution, with the very code by which a model draws.
 *
 * @module
 */
import { argmax, logSumExp } from "../../base/numbers.ts";
import { warpers } from "./scores/warpers.ts";

/** How the next token would be drawn. */
export interface DrawSettings {
  /** 0 is greedy. */
  readonly temperature: number;
  /** The likeliest tokens that are left; 0 for all. */
  readonly topK: number;
  /** The share of probability that is left, 0 to 1. */
  readonly topP: number;
}

/** The model's own distribution. */
export const OWN_SETTINGS: DrawSettings = { temperature: 1, topK: 0, topP: 1 };

/** The scores after the settings; what may not be drawn has -Infinity. */
export function settledScores(logits: Float32Array, { temperature, topK, topP }: DrawSettings): Float32Array {
  const scores = logits.slice();
  const options = { temperature, ...topK > 0 && { topK }, ...topP < 1 && { topP } };
  for (const warp of warpers(options, 1)) warp([], scores);
  return scores;
}

/** A distribution that is settled. */
export interface Settled {
  /** How likely a token is to be drawn. */
  readonly probability: (tokenId: number) => number;
  /** How many tokens are left to draw from. */
  readonly left: number;
}

/** How likely each token is to be drawn. */
export function settledProbabilities(logits: Float32Array, settings: DrawSettings): Settled {
  if (settings.temperature === 0) {
    const best = argmax(logits);
    return { probability: (tokenId) => Number(tokenId === best), left: 1 };
  }
  const scores = settledScores(logits, settings);
  const norm = logSumExp(scores);
  const left = scores.reduce((count, score) => count + Number(score > -Infinity), 0);
  return { probability: (tokenId) => Math.exp(scores[tokenId]! - norm), left };
}
