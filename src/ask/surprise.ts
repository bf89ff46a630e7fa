import type { OptionTable } from "../base/options.ts";
import type { Progress } from "../base/progress.ts";
import type { FloatTensor, Tensor } from "../base/tensor.ts";
import { type MemoryOptions, READING } from "../model/cost.ts";
import { FLOAT } from "../model/memory.ts";
import type { ModelRunner } from "../model/runner.ts";
import type { Sequence } from "../model/sequence.ts";
import {
  checkedTopK,
  lastDepth,
  planReading,
  PREDICTION,
  predictionsOf,
  type ReadingPlan,
  readLens,
} from "./lens/reading.ts";
import { checkedPositions } from "./positions.ts";
import type { Prediction } from "./prediction.ts";
import type { AskedModel, Plan, Question, Watch } from "./question.ts";

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

const OPTIONS: OptionTable<SurpriseOptions> = {
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

interface SurprisePlan extends Plan, ReadingPlan {
  readonly sequence: Sequence;
  readonly positions: readonly number[];
  readonly topK: number;
}

/** The question that {@linkcode LanguageModel.surprise} asks. */
export const SURPRISE: Question<Sequence, SurpriseOptions, SurprisePlan, Surprise> = {
  label: "Surprise",
  options: OPTIONS,
  needs: "next token",
  plan: planSurprise,
  run: measureSurprise,
};

function planSurprise(
  { runner: machine, reader }: AskedModel,
  sequence: Sequence,
  options: SurpriseOptions,
): SurprisePlan {
  reader.expectSequence(sequence);
  const all = [...sequence.tokenIds.keys()].slice(1);
  const positions = checkedPositions("measure", sequence, options.positions ?? all);
  const topK = checkedTopK(options.topK, 5, machine.config.vocabSize);
  const resultBytes = positions.length * (3 * FLOAT + topK * PREDICTION);
  const request = { sequence, length: Math.max(...positions), questions: positions.length, resultBytes, depths: 1 };
  return {
    ...planReading(machine, request, options),
    ...{ sequence, positions, topK },
    task: `measure ${positions.length} tokens`,
    advice: "ask for fewer or earlier positions",
  };
}

/**
 * Measures how much each token of a sequence surprised the model, through a lens that looks at the last layer only: the
 * graph reduces the scores of the vocabulary, `[T, V]`, which would take 206 MB for 1,024 tokens of GPT-2.
 */
async function measureSurprise(
  { runner, reader }: AskedModel<ModelRunner>,
  plan: SurprisePlan,
  { onProgress, signal }: Watch,
): Promise<Surprise> {
  const { sequence, positions, topK } = plan;
  const total = positions.length;
  const asked = positions.map((position) => ({ row: position - 1, tokenId: sequence.tokenIds[position]! }));
  const onAnswered = (completed: number) =>
    onProgress?.({ task: "surprise", completed, total, message: `Measured ${completed} of ${total} tokens` });
  const depths = [lastDepth(runner.config.nLayer)];
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
