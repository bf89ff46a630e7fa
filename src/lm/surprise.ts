import { lastDepth, predictionsOf, readLens } from "./lens.ts";
import { planSurprise } from "./lens_plan.ts";
import { expectWithin } from "./memory.ts";
import type { ModelRunner } from "./model_runner.ts";
import { checkedPositions } from "./positions.ts";
import type { Reader } from "./sequence.ts";
import type { Surprise, SurpriseOptions } from "./surprise_types.ts";
import type { Sequence } from "./types.ts";

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
