/**
 * All settings that change scores, one after another in the order of Hugging Face's `generate`.
 *
 * @module
 */
import { logSumExp } from "../../../base/numbers.ts";
import type { ScoreContext, ScoreSettings } from "../../../model/score_settings.ts";
import { penaltyProcessors } from "./penalties.ts";
import { warpers } from "./warpers.ts";

/** What settings make of the scores of what follows `tokenIds`, the prompt and what was written; `logits` stay as they are. */
export type ScoreProcessor = (tokenIds: readonly number[], logits: Float32Array) => Float32Array;

/**
 * What settings do to scores; nothing, `undefined`, when they change none, so that nobody pays for that. A token that may
 * not be written has the score -Infinity. Scores may be logits, or, as beam search has them, log-probabilities.
 */
export function createProcessors(settings: ScoreSettings, context: ScoreContext): ScoreProcessor | undefined {
  const all = [...penaltyProcessors(settings, context), ...warpers(settings, context.leastKept ?? 1)];
  const { renormalizeLogits = false } = settings;
  if (all.length === 0 && !renormalizeLogits) return undefined;
  return (tokenIds, logits) => {
    const scores = logits.slice();
    for (const process of all) process(tokenIds, scores);
    if (renormalizeLogits) normalize(scores);
    return scores;
  };
}

/** Makes scores logarithms of probabilities. */
function normalize(scores: Float32Array): void {
  const norm = logSumExp(scores);
  for (let i = 0; i < scores.length; ++i) scores[i]! -= norm;
}
