import type { OptionTable } from "../base/options.ts";
import type { Progress } from "../base/progress.ts";
import type { FloatTensor, Tensor } from "../base/tensor.ts";
import { type MemoryOptions, READING } from "../model/cost.ts";
import { expectWithin, FLOAT, type Machine } from "../model/memory.ts";
import type { Reader } from "../model/reader.ts";
import type { ModelRunner } from "../model/runner.ts";
import type { Sequence } from "../model/sequence.ts";
import {
  expectTopK,
  lastDepth,
  planReading,
  PREDICTION,
  predictionsOf,
  type ReadingPlan,
  readLens,
} from "./lens/reading.ts";
import { checkedPositions } from "./positions.ts";
import type { Prediction } from "./prediction.ts";

/** Options of {@linkcode LanguageModel.surprise}. */
export interface SurpriseOptions extends MemoryOptions {
  /** The positions that are looked at; by default every one but the first, of the prompt too. */
  readonly positions?: readonly number[];
  /**
   * How many alternatives are listed for each position.
   *
   * @default {5}
   */
  readonly topK?: number;
  /** Called after each part. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two runs. */
  readonly signal?: AbortSignal;
}

export const SURPRISE: OptionTable<SurpriseOptions> = {
  task: "measure surprise",
  kinds: { positions: "anything", topK: "a number", ...READING },
};

/** How much each token of a text surprised the model. */
export interface Surprise {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** The positions looked at, N of them. */
  readonly positions: readonly number[];
  /** `[N]`, ln p of the token that stands there; the surprise is its negative, in nats. */
  readonly logProbs: FloatTensor;
  /** `[N]`, the entropy of what the model expected there, in nats. */
  readonly entropies: FloatTensor;
  /** Int32 `[N]`, 1 + the number of tokens with a strictly greater logit. */
  readonly ranks: Tensor;
  /** For each position the likeliest tokens, best first. */
  readonly alternatives: readonly (readonly Prediction[])[];
  /** exp of the mean surprise of the positions. */
  readonly perplexity: number;
}

/**
 * Measures how much each token of a sequence surprised the model, through a lens that looks at the last layer only: the
 * graph reduces the scores of the vocabulary, `[T, V]`, which would take 206 MB for 1,024 tokens of GPT-2.
 */
export async function measureSurprise(
  runner: ModelRunner,
  reader: Reader,
  sequence: Sequence,
  options: SurpriseOptions,
): Promise<Surprise> {
  const { topK = 5, onProgress, signal } = options;
  const { nLayer } = runner.config;
  const positions = surprisePositions(sequence, options.positions);
  const total = positions.length;
  const asked = positions.map((position) => ({ row: position - 1, tokenId: sequence.tokenIds[position]! }));
  const onAnswered = (completed: number) =>
    onProgress?.({ task: "surprise", completed, total, message: `Measured ${completed} of ${total} tokens` });
  const plan = planSurprise(runner, positions, options);
  expectWithin(`measure ${total} tokens`, plan.cost, plan.maxMemory, "ask for fewer or earlier positions");
  const depths = [lastDepth(nLayer)];
  const seen = await readLens(runner, sequence, asked, { depths, best: topK, plan, onAnswered, signal });
  const shape = [total];
  return {
    sequence,
    positions,
    logProbs: { data: Float32Array.from(seen.logProbs), shape },
    entropies: { data: seen.entropies, shape },
    ranks: { data: seen.ranks, shape },
    alternatives: positions.map((_, n) => predictionsOf(reader, seen, n, topK)),
    perplexity: Math.exp(-seen.logProbs.reduce((sum, logProb) => sum + logProb, 0) / total),
  };
}

/** The positions that are asked for, or by default all that have tokens before them. */
export function surprisePositions(sequence: Sequence, positions?: readonly number[]): readonly number[] {
  return checkedPositions("measure", sequence, positions ?? [...sequence.tokenIds.keys()].slice(1));
}

/** How the model's own predictions are looked at, at N positions. */
export function planSurprise(machine: Machine, positions: readonly number[], options: SurpriseOptions): ReadingPlan {
  const { topK = 5 } = options;
  expectTopK(topK, machine.config.vocabSize);
  const resultBytes = positions.length * (3 * FLOAT + topK * PREDICTION);
  const request = { length: Math.max(...positions), questions: positions.length, resultBytes, depths: 1 };
  return planReading(machine, request, options);
}
