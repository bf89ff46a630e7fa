/**
 * Small numerics over the scores of a vocabulary. Scores are finite; ties go to the lower index.
 *
 * @module
 */

/** The index of the greatest score. */
export function argmax(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; ++i) if (scores[i]! > scores[best]!) best = i;
  return best;
}

/** ln Σ exp(score), without overflow. */
export function logSumExp(scores: Float32Array): number {
  const max = scores[argmax(scores)]!;
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - max);
  return max + Math.log(sum);
}

/** The indices of the `k` greatest scores, greatest first. */
export function topK(scores: Float32Array, k: number): number[] {
  const best: number[] = []; // greatest first, at most k
  if (k === 0) return best; // or else each score would be compared with a place that does not exist, which is slow
  for (let i = 0; i < scores.length; ++i) {
    if (best.length === k && !(scores[i]! > scores[best[k - 1]!]!)) continue;
    let place = best.length;
    while (place > 0 && scores[i]! > scores[best[place - 1]!]!) --place;
    best.splice(place, 0, i);
    if (best.length > k) best.pop();
  }
  return best;
}

/** 1 + the number of scores that are strictly greater than that of `index`. */
export function rankOf(scores: Float32Array, index: number): number {
  const own = scores[index];
  if (own === undefined) {
    throw new RangeError(`Cannot rank token ${index} as the vocabulary holds ${scores.length} tokens`);
  }
  let rank = 1;
  for (const score of scores) if (score > own) ++rank;
  return rank;
}

/** The index of the first number that is NaN or infinite, or -1. */
export function firstNonFiniteIndex(numbers: Float32Array): number {
  for (let i = 0; i < numbers.length; ++i) if (!Number.isFinite(numbers[i])) return i;
  return -1;
}

/** The L1-normalised numbers; zeros stay zeros. */
export function normalizeL1(numbers: Float32Array): Float32Array {
  let sum = 0;
  for (const number of numbers) sum += Math.abs(number);
  return sum === 0 ? numbers : numbers.map((number) => number / sum);
}
