/**
 * How the next token is chosen of scores that are ready: greedily, or by lot.
 *
 * @module
 */
import { argmax } from "./numbers.ts";
import { temperatureOf, type WarperOptions } from "./scores/settings.ts";

/** How a token is chosen. */
export interface SamplingOptions extends WarperOptions {
  /**
   * Makes draws repeatable: the same seed, prompt and options write the same text. Any whole number that a double holds
   * exactly is a seed of its own, negative ones too.
   *
   * @default {0}
   */
  readonly seed?: number;
}

/** Chooses a token by the scores of the vocabulary; one that has -Infinity is not chosen. */
export type Sampler = (scores: Float32Array) => number;

/** What draws are made with when a caller says nothing. */
export const DEFAULT_SEED = 0;

/**
 * The sampler that `options` describe: greedy, or drawing by the probabilities of the scores that it gets.
 *
 * @throws {RangeError} When the seed is no whole number.
 */
export function createSampler(options: SamplingOptions): Sampler {
  const { seed = DEFAULT_SEED } = options;
  expectSeed(seed);
  if (temperatureOf(options) === 0) {
    return (scores) => {
      const best = argmax(scores);
      return scores[best]! > -Infinity ? best : refuseAll();
    };
  }
  const random = createRandom(seed);
  return (scores) => draw(scores, random());
}

function refuseAll(): never {
  throw new RangeError(
    "Cannot choose a token as the settings leave none that may be written; suppress fewer tokens",
  );
}

/**
 * Checks a seed.
 *
 * @throws {RangeError} When it is no whole number.
 */
export function expectSeed(seed: number): void {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`Cannot seed with ${seed} as a seed must be a whole number`);
}

/** The token at `lot`, 0 to 1, of the weights of the scores, laid end to end. */
function draw(scores: Float32Array, lot: number): number {
  const max = scores[argmax(scores)]!;
  if (max === -Infinity) refuseAll();
  const weights = new Float64Array(scores.length);
  let rest = 0;
  for (let i = 0; i < scores.length; ++i) rest += weights[i] = Math.exp(scores[i]! - max);
  rest *= lot;
  let last = 0;
  for (let i = 0; i < weights.length; ++i) {
    if (weights[i] === 0) continue;
    if ((rest -= weights[last = i]!) < 0) break;
  }
  return last;
}

/**
 * Numbers in [0, 1), the same for the same seed. Seeds from 0 to 2^32 - 1 are those of Mulberry32; of others, both halves
 * of their 64 bits are the first two numbers of sfc32's state, with 0 and 1 after them and twelve numbers left out, so
 * that no two are the same.
 * https://github.com/cprosche/mulberry32, https://pracrand.sourceforge.net
 */
export function createRandom(seed: number): () => number {
  return seed >= 0 && seed < 2 ** 32 ? mulberry32(seed) : sfc32(seed);
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function sfc32(seed: number): () => number {
  let [a, b, c, count] = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, 0, 1];
  const next = () => {
    const sum = (a + b + count++) >>> 0;
    a = (b ^ (b >>> 9)) >>> 0;
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
    return sum / 4294967296;
  };
  for (let i = 0; i < 12; ++i) next();
  return next;
}
