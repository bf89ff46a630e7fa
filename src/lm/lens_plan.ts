import type { Cost, MemoryOptions } from "./cost_types.ts";
import { costOf, FLOAT, LENS_LOGITS, lensBytes, type Machine, memoryLimit, readBytes } from "./memory.ts";
import { CHUNK_TOKENS } from "./model_runner.ts";

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
}

/** About what a listed prediction with its token takes as an object. */
const PREDICTION = 256;

/** How tokens are ranked at N positions, of which some may be the same: N numbers of each kind for each layer. */
export function planRankings(machine: Machine, positions: readonly number[], options: MemoryOptions): ReadingPlan {
  const questions = positions.length;
  const resultBytes = machine.config.nLayer * questions * 4 * FLOAT;
  return planLens(machine, { length: Math.max(...positions), questions, resultBytes }, options);
}

/** How the layers are shown at one position, `topK` predictions each. */
export function planPredictions(
  machine: Machine,
  position: number,
  topK: number,
  options: MemoryOptions,
): ReadingPlan {
  const resultBytes = machine.config.nLayer * topK * PREDICTION;
  return planLens(machine, { length: position, questions: 1, resultBytes }, options);
}

/** How the model's own logits are looked at, of which `topK` predictions are listed. */
export function planSurprise(
  machine: Machine,
  positions: readonly number[],
  topK: number,
  options: MemoryOptions,
): ReadingPlan {
  const { config } = machine;
  const questions = positions.length;
  const S = Math.max(...positions);
  const request = { length: S, questions, resultBytes: questions * (3 * FLOAT + topK * PREDICTION) };
  const bytes = (T: number, R: number) => readBytes(config, { T, S, R });
  return smallestNeeded(machine, request, options, Math.min(questions, CHUNK_TOKENS), bytes);
}

function planLens(machine: Machine, request: Request, options: MemoryOptions): ReadingPlan {
  const { config } = machine;
  const { length: S, questions } = request;
  const points = config.nLayer;
  const most = Math.max(1, Math.floor(LENS_LOGITS / (points * config.vocabSize)));
  const bytes = (T: number, R: number) => lensBytes(config, { T, S, R, points });
  return smallestNeeded(machine, request, options, Math.min(questions, most), bytes);
}

/** Halves tokens and rows until a run fits. */
function smallestNeeded(
  machine: Machine,
  { length, questions, resultBytes }: Request,
  { maxMemory }: MemoryOptions,
  mostRows: number,
  bytes: (tokens: number, rows: number) => number,
): ReadingPlan {
  const limit = memoryLimit(machine, maxMemory);
  let chunkTokens = Math.min(length, CHUNK_TOKENS);
  let chunkRows = mostRows;
  while (chunkTokens * chunkRows > 1 && bytes(chunkTokens, chunkRows) + resultBytes > limit) {
    chunkTokens = Math.ceil(chunkTokens / 2);
    chunkRows = Math.ceil(chunkRows / 2);
  }
  const runs = Math.ceil(length / chunkTokens) + Math.ceil(questions / chunkRows);
  return { chunkTokens, chunkRows, cost: costOf(runs, bytes(chunkTokens, chunkRows), resultBytes), maxMemory: limit };
}
