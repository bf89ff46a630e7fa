/**
 * What narrows the tokens among which is drawn, as Hugging Face's warpers do. Probabilities are taken in double precision.
 * https://github.com/huggingface/transformers/blob/main/src/transformers/generation/logits_process.py
 *
 * @module
 */
import { argmax, topK as likeliest } from "../../../base/numbers.ts";
import { type Processor, temperatureOf, type WarperOptions } from "../../../model/score_settings.ts";

/** Among how many tokens top-h looks; Hugging Face does not let it be set. */
const TOP_H_TOKENS = 100;

/** The warpers that settings ask for, in Hugging Face's order; none when decoding is greedy. */
export function warpers(settings: WarperOptions, leastKept: number): readonly Processor[] {
  const temperature = temperatureOf(settings);
  if (temperature === 0) return [];
  const { topH, topK, topP = 1, minP = 0, typicalP = 1, epsilonCutoff = 0, etaCutoff = 0 } = settings;
  const all: readonly (Warper | false)[] = [
    temperature !== 1 && ((scores) => divide(scores, Math.fround(temperature) || temperature)),
    topH !== undefined && ((scores) => keepTopH(scores, topH)),
    topK !== undefined && ((scores) => keepFrom(scores, nthGreatest(scores, Math.max(topK, leastKept)))),
    topP < 1 && ((scores) => keepTopP(scores, topP, leastKept)),
    minP > 0 && ((scores) => keepLikely(scores, ({ greatest }) => minP * greatest, leastKept)),
    typicalP < 1 && ((scores) => keepTypical(scores, typicalP, leastKept)),
    epsilonCutoff > 0 && ((scores) => keepLikely(scores, () => epsilonCutoff, leastKept)),
    etaCutoff > 0 && ((scores) => keepLikely(scores, (known) => leastOfEta(etaCutoff, known), leastKept)),
  ];
  return all.filter((one) => one !== false).map((one): Processor => (_, scores) => one(scores));
}

type Warper = (scores: Float32Array) => void;

/** The probabilities of scores. */
interface Distribution {
  /** The probability of each token. */
  readonly probabilities: Float64Array;
  /** The probability of the likeliest token. */
  readonly greatest: number;
  /** The entropy, in nats. */
  readonly entropy: number;
}

function distribution(scores: Float32Array): Distribution {
  const max = scores[argmax(scores)]!;
  const probabilities = new Float64Array(scores.length);
  let sum = 0;
  for (let i = 0; i < scores.length; ++i) sum += probabilities[i] = Math.exp(scores[i]! - max);
  let mean = 0; // of how far the scores are below the greatest
  for (let i = 0; i < scores.length; ++i) {
    if (probabilities[i] === 0) continue;
    probabilities[i]! /= sum;
    mean += probabilities[i]! * (max - scores[i]!);
  }
  return { probabilities, greatest: 1 / sum, entropy: Math.log(sum) + mean };
}

/** Divides scores; where the greatest would be infinite, all are taken relative to it, which draws the same. */
function divide(scores: Float32Array, temperature: number): void {
  const max = scores[argmax(scores)]!;
  const shift = Number.isFinite(Math.fround(max / temperature)) ? 0 : max;
  for (let i = 0; i < scores.length; ++i) scores[i] = (scores[i]! - shift) / temperature;
}

function keepFrom(scores: Float32Array, least: number): void {
  for (let i = 0; i < scores.length; ++i) if (scores[i]! < least) scores[i] = -Infinity;
}

/** The n-th greatest score; all tokens that tie with it stay. */
function nthGreatest(scores: Float32Array, n: number): number {
  if (n >= scores.length) return -Infinity;
  const possible = scores.filter((score) => score > -Infinity);
  if (n >= possible.length) return -Infinity;
  return greatest(possible, ({ length }) => length >= n)[n - 1]!;
}

/** The greatest scores, greatest first: as many as are `enough`, or a few more. Sorting all takes half a step. */
function greatest(scores: Float32Array, enough: (some: Float32Array) => boolean): Float32Array {
  const max = scores[argmax(scores)]!;
  const range = max - scores.reduce((least, score) => Math.min(least, score));
  for (let reach = range / 64; reach < range; reach *= 4) {
    const some = scores.filter((score) => score >= max - reach).sort().reverse();
    if (enough(some)) return some;
  }
  return scores.toSorted().reverse();
}

/** Keeps a token when those before it, likeliest first, have less than p; of equal ones, the greater id stands before. */
function keepTopP(scores: Float32Array, p: number, leastKept: number): void {
  const possible = scores.filter((score) => score > -Infinity);
  if (possible.length <= leastKept) return;
  const max = possible[argmax(possible)]!;
  const weightOf = (score: number) => Math.exp(score - max);
  const total = (some: Float32Array) => some.reduce((sum, score) => sum + weightOf(score), 0);
  const share = p * total(possible);
  const sorted = greatest(possible, (some) => some.length >= leastKept && total(some) >= share);
  let kept = 0;
  for (let sum = 0; kept < sorted.length && (kept < leastKept || sum < share); ++kept) sum += weightOf(sorted[kept]!);
  const least = sorted[kept - 1]!;
  let ties = kept - sorted.indexOf(least); // how many of those that tie with the last one are kept
  for (let i = scores.length - 1; i >= 0; --i) {
    const score = scores[i]!;
    if (score < least || score === least && --ties < 0) scores[i] = -Infinity;
  }
}

/** Keeps the tokens that are at least so likely, and the likeliest ones. */
function keepLikely(scores: Float32Array, leastOf: (known: Distribution) => number, leastKept: number): void {
  const known = distribution(scores);
  const least = leastOf(known);
  const top = nthGreatest(scores, leastKept);
  for (let i = 0; i < scores.length; ++i) {
    if (known.probabilities[i]! < least && scores[i]! < top) scores[i] = -Infinity;
  }
}

function leastOfEta(epsilon: number, { entropy }: Distribution): number {
  return Math.min(epsilon, Math.sqrt(epsilon) * Math.exp(-entropy));
}

/** Keeps the tokens whose surprise is closest to the entropy, until they have p; those that are as close as the last. */
function keepTypical(scores: Float32Array, p: number, leastKept: number): void {
  const { probabilities, entropy } = distribution(scores);
  const distances = probabilities.map((probability) => Math.abs(-Math.log(probability) - entropy));
  const order = Uint32Array.from(scores.keys()).sort((a, b) => distances[a]! - distances[b]! || a - b);
  let last = 0;
  for (let sum = 0; last < order.length; ++last) if ((sum += probabilities[order[last]!]!) >= p) break;
  const most = distances[order[Math.min(last, order.length - 1)]!]!;
  for (let n = leastKept; n < order.length; ++n) {
    if (distances[order[n]!]! > most) scores[order[n]!] = -Infinity;
  }
}

/** Keeps the likeliest tokens while their share of the entropy is at most h; of equal ones, the smaller id goes first. */
function keepTopH(scores: Float32Array, h: number): void {
  const top = likeliest(scores, Math.min(TOP_H_TOKENS, scores.length));
  const { probabilities, entropy } = distribution(Float32Array.from(top, (id) => scores[id]!));
  const kept: [number, number][] = [];
  let sum = 0;
  for (const [n, id] of top.entries()) {
    const probability = probabilities[n]!;
    sum += probability === 0 ? NaN : -probability * Math.log(probability);
    if (n === 0 || sum <= entropy * h) kept.push([id, scores[id]!]);
  }
  scores.fill(-Infinity);
  for (const [id, score] of kept) scores[id] = score;
}
