import type { Cost, MemoryOptions } from "./cost_types.ts";
import type { LayerPredictionsOptions, LensNorm, RankingsOptions } from "./lens_types.ts";
import { costOf, FLOAT, LENS_LOGITS, lensBytes, type Machine, memoryLimit } from "./memory.ts";
import { CHUNK_TOKENS } from "./model_runner.ts";
import type { Reader } from "./sequence.ts";
import type { SurpriseOptions } from "./surprise_types.ts";
import type { Word } from "./types.ts";

/** How a text is read for what is asked about it, in runs that take no more than they may, if that can be done. */
export interface ReadingPlan {
  /** The most tokens of one run. */
  readonly chunkTokens: number;
  /** The most rows of one run that are looked at. */
  readonly chunkRows: number;
  /** What that takes. */
  readonly cost: Cost;
  /** What it may take. */
  readonly maxMemory: number;
}

/** What is asked about a text. */
interface Request {
  /** How many tokens are read. */
  readonly length: number;
  /** How many rows are looked at. */
  readonly questions: number;
  /** The bytes of the result. */
  readonly resultBytes: number;
  /** At how many places of the model the residual stream is read. */
  readonly depths: number;
}

/** About what a listed prediction with its token takes as an object. */
const PREDICTION = 256;

/** How tokens are ranked at N positions, of which some may be the same: four numbers for each layer. */
export function planRankings(machine: Machine, positions: readonly number[], options: RankingsOptions): ReadingPlan {
  const { nLayer } = machine.config;
  expectNorm(options.norm);
  const resultBytes = nLayer * positions.length * 4 * FLOAT;
  const request = { length: Math.max(...positions), questions: positions.length, resultBytes, depths: nLayer };
  return planReading(machine, request, options);
}

/** How the layers, or their halves, are shown at one position. */
export function planPredictions(machine: Machine, position: number, options: LayerPredictionsOptions): ReadingPlan {
  const { topK = 10, norm, halves = false } = options;
  expectTopK(topK, machine.config.vocabSize);
  expectNorm(norm);
  const depths = machine.config.nLayer * (halves ? 2 : 1);
  const resultBytes = depths * topK * PREDICTION;
  return planReading(machine, { length: position, questions: 1, resultBytes, depths }, options);
}

/** How the model's own predictions are looked at, at N positions. */
export function planSurprise(machine: Machine, positions: readonly number[], options: SurpriseOptions): ReadingPlan {
  const { topK = 5 } = options;
  expectTopK(topK, machine.config.vocabSize);
  const resultBytes = positions.length * (3 * FLOAT + topK * PREDICTION);
  const request = { length: Math.max(...positions), questions: positions.length, resultBytes, depths: 1 };
  return planReading(machine, request, options);
}

/** Halves tokens and rows until a run fits. */
function planReading(
  machine: Machine,
  { length: S, questions, resultBytes, depths }: Request,
  { maxMemory }: MemoryOptions,
): ReadingPlan {
  const { config } = machine;
  const limit = memoryLimit(machine, maxMemory);
  const bytes = (T: number, R: number) => lensBytes(machine, { T, S, R, depths });
  const mostRows = Math.max(1, Math.floor(LENS_LOGITS / (depths * config.vocabSize)));
  let chunkTokens = Math.min(S, CHUNK_TOKENS);
  let chunkRows = Math.min(questions, mostRows);
  while (chunkTokens * chunkRows > 1 && bytes(chunkTokens, chunkRows) + resultBytes > limit) {
    chunkTokens = Math.ceil(chunkTokens / 2);
    chunkRows = Math.ceil(chunkRows / 2);
  }
  const runs = Math.ceil(S / chunkTokens) + Math.ceil(questions / chunkRows);
  return { chunkTokens, chunkRows, cost: costOf(runs, bytes(chunkTokens, chunkRows), resultBytes), maxMemory: limit };
}

/** @throws {RangeError} When a vocabulary of `V` tokens has no `topK` best ones. */
function expectTopK(topK: number, V: number): void {
  if (Number.isInteger(topK) && topK >= 1 && topK <= V) return;
  throw new RangeError(`Cannot list topK ${topK} tokens as it must be a whole number from 1 to ${V}`);
}

function expectNorm(norm: LensNorm = "final"): void {
  if (norm === "final" || norm === "none") return;
  throw new TypeError(`Cannot use norm ${JSON.stringify(norm)}; use "final" or "none"`);
}

/**
 * Reads the words that are to be ranked.
 *
 * @throws {TypeError | RangeError} When they are no list, or none, or one cannot be read.
 */
export function readWords(reader: Reader, watch: readonly (string | number)[]): readonly Word[] {
  if (!Array.isArray(watch)) {
    throw new TypeError(`Cannot watch ${JSON.stringify(watch)} as words; pass an array of texts and token ids`);
  }
  if (watch.length === 0) {
    throw new RangeError('Cannot watch an empty list of words; pass some, such as [" is", " are"]');
  }
  return Array.from(watch, (word) => reader.word(word)); // map() would leave holes out
}
