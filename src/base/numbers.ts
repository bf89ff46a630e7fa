/**
 * Small numerics over the scores of a vocabulary. Scores are finite; ties go to the lower index.
 *
 * @module
 */

/** The index of the greatest score. */
export function argmax(scores: Float32Array): number {
  let best = 0;
  let most = scores[0]!;
  for (let i = 1; i < scores.length; ++i) {
    if (scores[i]! > most) most = scores[best = i]!;
  }
  return best;
}

/** e^(-i/1024), for {@linkcode logSumExp}. */
const POWERS = Float64Array.from({ length: 40 * 1024 + 1 }, (_, i) => Math.exp(-i / 1024));

/**
 * ln Σ exp(score), without overflow. The exponential is looked up, e^-x = e^(-i/1024) · e^r with the nearest i, and the
 * rest taken by its series: to 1e-13, in a third of the time of `Math.exp`. Scores that are 40 below the greatest vanish
 * beside it.
 */
export function logSumExp(scores: Float32Array): number {
  const max = scores[argmax(scores)]!;
  let sum = 0;
  for (let n = 0; n < scores.length; ++n) {
    const below = max - scores[n]!;
    if (below >= 40) continue;
    const i = (below * 1024 + 0.5) | 0;
    const r = i / 1024 - below;
    sum += POWERS[i]! * (1 + r * (1 + r * (1 / 2 + r * (1 / 6))));
  }
  return max + Math.log(sum);
}

/** The entropy, in nats, of the distribution of scores whose ln Σ exp(score) is `norm`. */
export function entropyOf(scores: Float32Array, norm: number): number {
  let entropy = 0;
  for (let i = 0; i < scores.length; ++i) {
    const logProb = scores[i]! - norm;
    entropy -= Math.exp(logProb) * logProb;
  }
  return entropy;
}

/** The indices of the `k` greatest scores, greatest first. */
export function topK(scores: Float32Array, k: number): number[] {
  if (k === 0) return [];
  const best: number[] = []; // greatest first, at most k
  let least = -Infinity; // the score that must be exceeded once there are k
  for (let i = 0; i < scores.length; ++i) {
    const score = scores[i]!;
    if (score <= least) continue;
    let place = best.length;
    while (place > 0 && score > scores[best[place - 1]!]!) --place;
    best.splice(place, 0, i);
    if (best.length > k) best.pop();
    if (best.length === k) least = scores[best[k - 1]!]!;
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
  for (let i = 0; i < scores.length; ++i) if (scores[i]! > own) ++rank;
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

/** Row `r` of logits, `[R, V]`. */
export function logitsRow(logits: Float32Array, r: number, R: number): Float32Array {
  const V = logits.length / R;
  return logits.subarray(r * V, (r + 1) * V);
}

/**
 * Frees numbers that nobody reads again. They would wait for the garbage collector, which does not hurry for memory
 * outside of JavaScript's heap: 60 MB of logits and keys of GPT-2 were seen.
 */
export function free(...arrays: readonly Float32Array[]): void {
  for (const { buffer, byteLength } of arrays) {
    if (buffer instanceof ArrayBuffer && byteLength > 0 && byteLength === buffer.byteLength) buffer.transfer(0);
  }
}

/** The sum of the products of numbers that stand in the same places, in double precision. */
export function dot(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; ++i) sum += a[i]! * b[i]!;
  return sum;
}

/** The sum of numbers, in double precision. */
export function sumOf(numbers: Float32Array | Float64Array): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}
