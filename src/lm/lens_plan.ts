import type { Cost, MemoryOptions } from "./cost_types.ts";
import { costOf, LENS_LOGITS, lensBytes, type Machine, memoryLimit, readBytes } from "./memory.ts";
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
export interface LensRequest extends MemoryOptions {
  /** How many tokens are read. */
  readonly length: number;
  /** How many rows are looked at. */
  readonly questions: number;
  /** The bytes of the result. */
  readonly resultBytes: number;
  /** How many places of the model each row is looked at: by default its L blocks. */
  readonly points?: number;
}

/** Cuts a look through the lens into runs. */
export function planLens(machine: Machine, request: LensRequest): ReadingPlan {
  const { config } = machine;
  const { length: S, questions, points = config.nLayer } = request;
  const most = Math.max(1, Math.floor(LENS_LOGITS / (points * config.vocabSize)));
  return smallestNeeded(machine, request, Math.min(questions, most), (T, R) => lensBytes(config, { T, S, R, points }));
}

/** Cuts a reading that looks at the model's own logits into runs. */
export function planLogits(machine: Machine, request: LensRequest): ReadingPlan {
  const { config } = machine;
  const { length: S, questions } = request;
  const bytes = (T: number, R: number) => readBytes(config, { T, S, R });
  return smallestNeeded(machine, request, Math.min(questions, CHUNK_TOKENS), bytes);
}

/** Halves tokens and rows until a run fits. */
function smallestNeeded(
  machine: Machine,
  { length, questions, resultBytes, maxMemory }: LensRequest,
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
