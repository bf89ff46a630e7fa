/**
 * How the next token is chosen: greedily, or by lot among the likeliest, as Hugging Face's `generate` warps scores.
 * https://github.com/huggingface/transformers/blob/main/src/transformers/generation/logits_process.py
 *
 * @module
 */
import { shown } from "../checkpoint/shown.ts";
import { argmax } from "./numbers.ts";

/** How a token is chosen. */
export interface SamplingOptions {
  /**
   * Divides the scores: below 1 the likely tokens become likelier; 0 is greedy. Without it, decoding is greedy
   * unless `topK` or `topP` is given, and then it is 1.
   */
  readonly temperature?: number;
  /** Draws among the k likeliest tokens only. */
  readonly topK?: number;
  /** Draws among the fewest likeliest tokens whose probabilities sum to at least p, 0 < p <= 1. */
  readonly topP?: number;
  /**
   * Makes draws repeatable: the same seed, prompt and options write the same text.
   *
   * @default {0}
   */
  readonly seed?: number;
}

/** Chooses a token by the scores of the vocabulary. */
export type Sampler = (logits: Float32Array) => number;

/** What draws are made with when a caller says nothing. */
export const DEFAULT_SEED = 0;

/** The temperature that options mean; 0 is greedy. */
export function temperatureOf({ temperature, topK, topP }: SamplingOptions): number {
  return temperature !== undefined ? temperature : (topK === undefined && topP === undefined ? 0 : 1);
}

/**
 * The sampler that `options` describe.
 *
 * @throws {RangeError} When an option is out of its range.
 */
export function createSampler(options: SamplingOptions): Sampler {
  const { topK, topP, seed = DEFAULT_SEED } = options;
  const temperature = temperatureOf(options);
  if (!(typeof temperature === "number" && temperature >= 0 && temperature < Infinity)) {
    throw new RangeError(`Cannot sample at temperature ${shown(temperature)} as it must be a number >= 0`);
  }
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1)) {
    throw new RangeError(`Cannot sample among the top ${topK} tokens as topK must be a whole number >= 1`);
  }
  if (topP !== undefined && !(typeof topP === "number" && topP > 0 && topP <= 1)) {
    throw new RangeError(`Cannot sample among the top ${shown(topP)} of the probability as topP must be > 0 and <= 1`);
  }
  expectSeed(seed);
  if (temperature === 0) return argmax;
  const random = createRandom(seed);
  return (logits) => {
    const max = logits[argmax(logits)]!;
    const weightOf = (logit: number) => Math.exp((logit - max) / temperature);
    return draw(logits, weightOf, leastLogit(logits, weightOf, topK, topP), random());
  };
}

/**
 * Checks a seed.
 *
 * @throws {RangeError} When it is no whole number.
 */
export function expectSeed(seed: number): void {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`Cannot seed with ${seed} as a seed must be a whole number`);
}

/** The least score that may be drawn. Tokens that tie with it may be drawn too, as in Hugging Face's top-k. */
function leastLogit(
  logits: Float32Array,
  weightOf: (logit: number) => number,
  topK = logits.length,
  topP = 1,
): number {
  if (topK >= logits.length && topP === 1) return -Infinity;
  const among = topK < logits.length ? greatest(logits, ({ length }) => length >= topK).subarray(0, topK) : logits;
  let rest = topP * total(among, weightOf);
  const kept = among === logits ? greatest(logits, (some) => total(some, weightOf) >= rest) : among;
  return kept.find((logit) => (rest -= weightOf(logit)) <= 0) ?? kept.at(-1)!;
}

/** The greatest scores, greatest first: as many as are `enough`, or a few more. Sorting all takes half a step. */
function greatest(logits: Float32Array, enough: (some: Float32Array) => boolean): Float32Array {
  const max = logits[argmax(logits)]!;
  const range = max - logits.reduce((least, logit) => Math.min(least, logit));
  for (let reach = range / 64; reach < range; reach *= 4) {
    const some = logits.filter((logit) => logit >= max - reach).sort().reverse();
    if (enough(some)) return some;
  }
  return logits.toSorted().reverse();
}

/** The sum of the weights of some scores. */
function total(logits: Float32Array, weightOf: (logit: number) => number): number {
  let sum = 0;
  for (let i = 0; i < logits.length; ++i) sum += weightOf(logits[i]!);
  return sum;
}

/** The token at `lot`, 0 to 1, of the weights of the scores that are at least `least`, laid end to end. */
function draw(logits: Float32Array, weightOf: (logit: number) => number, least: number, lot: number): number {
  const weights = new Float64Array(logits.length);
  let rest = 0;
  for (let i = 0; i < logits.length; ++i) if (logits[i]! >= least) rest += weights[i] = weightOf(logits[i]!);
  rest *= lot;
  let last = 0;
  for (let i = 0; i < weights.length; ++i) {
    if (weights[i] === 0) continue;
    if ((rest -= weights[last = i]!) < 0) break;
  }
  return last;
}

/**
 * Numbers in [0, 1), the same for the same seed.
 * Mulberry32, https://github.com/cprosche/mulberry32
 */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
