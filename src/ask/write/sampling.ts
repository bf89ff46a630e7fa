/**
 * How the next token is chosen of scores that are ready: greedily, or by lot.
 *
 * @module
 */
import { argmax } from "../../base/numbers.ts";
import { createRandom, expectSeed } from "../../base/random.ts";
import { temperatureOf, type WarperOptions } from "../../model/score_settings.ts";

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
