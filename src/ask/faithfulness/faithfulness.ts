import { free, logitsRow, logSumExp } from "../../base/numbers.ts";
import { createRandom } from "../../base/random.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { AskedModel, Question, Watch } from "../question.ts";
import type { Saliency } from "../saliency/definition.ts";
import { unitOf } from "../saliency/map.ts";
import { type FaithfulnessPlan, innerCounts, leftCounts, planFaithfulness, type Trial } from "./plan.ts";
import { type Faithfulness, FAITHFULNESS_OPTIONS, type FaithfulnessOptions } from "./types.ts";

/** The question that {@linkcode LanguageModel.faithfulness} asks. */
export const FAITHFULNESS: Question<Saliency, FaithfulnessOptions, FaithfulnessPlan, Faithfulness> = {
  label: "Faithfulness",
  options: FAITHFULNESS_OPTIONS,
  needs: "next token",
  plan: planFaithfulness,
  run: tryMap,
};

/** Takes the tokens of a map away and brings them back, and watches the explained token. */
async function tryMap(
  { runner }: AskedModel<ModelRunner>,
  plan: FaithfulnessPlan,
  { onProgress, signal }: Watch,
): Promise<Faithfulness> {
  const { saliency, positions, steps } = plan;
  const N = positions.length;
  const S = steps + 1;
  const curves = [0, 1, 2, 3].map((): FloatTensor => ({ data: new Float32Array(N * S), shape: [N, S] }));
  for (let n = 0; n < N; ++n) {
    const own = await curvesOf(runner, plan, n, (done, all) => {
      const completed = n + done / all;
      const message = `Tried ${Math.floor(completed)} of ${N} ${unitOf(saliency)}s`;
      onProgress?.({ task: "faithfulness", completed, total: N, message });
    }, signal);
    curves.forEach(({ data }, i) => data.set(own[i]!, n * S));
  }
  const [deletion, insertion, randomDeletion, randomInsertion] = curves as [
    FloatTensor,
    FloatTensor,
    FloatTensor,
    FloatTensor,
  ];
  const gain = (above: FloatTensor, below: FloatTensor) =>
    positions.map((_, n) => area(above.data.subarray(n * S, n * S + S)) - area(below.data.subarray(n * S, n * S + S)));
  return {
    saliency,
    positions,
    shares: Array.from({ length: S }, (_, j) => j / steps),
    ...{ deletion, insertion, randomDeletion, randomInsertion },
    deletionGain: gain(randomDeletion, deletion),
    insertionGain: gain(insertion, randomInsertion),
  };
}

/** The four curves of one position: deletion, insertion, and both in random order. */
async function curvesOf(
  runner: ModelRunner,
  { saliency, trials, steps, randomOrders, seed, batches }: FaithfulnessPlan,
  n: number,
  onBatch: (done: number, all: number) => void,
  signal: AbortSignal | undefined,
): Promise<readonly (readonly number[])[]> {
  const trial = trials[n]!;
  const T = trial.scores.length;
  const order = mostSalientFirst(trial.scores);
  const high = Math.floor(seed / 2 ** 32) * 2 ** 32;
  const random = createRandom(high + ((Math.imul(seed, 0x9E3779B1) + T) >>> 0));
  const orders = Array.from({ length: randomOrders }, () => shuffled(T, random));
  const inner = innerCounts(T, steps);
  const sets = [
    ...[order.slice(0, 0), order],
    ...inner.flatMap((k) => [order.slice(T - k), order.slice(0, k), ...orders.map((other) => other.slice(0, k))]),
  ];
  const seen: number[] = [];
  while (seen.length < sets.length) {
    const batch = sets.slice(seen.length, seen.length + batches[n]!);
    seen.push(...await probabilities(runner, saliency, trial, batch, signal));
    onBatch(seen.length, sets.length);
  }
  const [none, all] = seen as [number, number];
  /** With k left: the least salient, the most salient, or the mean of random ones. */
  const left = (k: number, which: 0 | 1 | 2) => {
    if (k === 0 || k === T) return k === 0 ? none : all;
    const at = 2 + (2 + randomOrders) * inner.indexOf(k);
    if (which < 2) return seen[at + which]!;
    return seen.slice(at + 2, at + 2 + randomOrders).reduce((sum, p) => sum + p, 0) / randomOrders;
  };
  const counts = leftCounts(T, steps);
  const deletion = counts.map((k) => left(k, 0));
  const insertion = counts.toReversed().map((k) => left(k, 1));
  const drawn = counts.map((k) => left(k, 2));
  return [deletion, insertion, drawn, drawn.toReversed()];
}

/** The probability of what is explained, once for each set of what stands before it that is kept. */
async function probabilities(
  runner: ModelRunner,
  { options: { contrast } }: Saliency,
  { tokenIds, bounds, targets }: Trial,
  batch: readonly (readonly number[])[],
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const T = tokenIds.length;
  const embeddingScale = new Float32Array(batch.length * T);
  batch.forEach((kept, b) => {
    embeddingScale.fill(1, b * T + bounds.at(-1)!, (b + 1) * T); // the first tokens of what is explained stay
    for (const unit of kept) embeddingScale.fill(1, b * T + bounds[unit]!, b * T + bounds[unit + 1]!);
  });
  const reading = {
    tokenIds: batch.flatMap(() => tokenIds),
    texts: batch.flatMap((_, b) => tokenIds.map(() => b)),
    rows: batch.flatMap((_, b) => targets.map(({ row }) => b * T + row)),
    embeddingScale,
  };
  const logits = await runner.logits(reading, signal);
  const found = batch.map((_, b) =>
    targets.reduce((product, { tokenId }, i) => {
      const own = logitsRow(logits, b * targets.length + i, batch.length * targets.length);
      const logit = own[tokenId]!;
      if (contrast) return product / (1 + Math.exp(own[contrast.tokenIds[0]!]! - logit));
      return product * Math.exp(logit - logSumExp(own));
    }, 1)
  );
  free(logits);
  return found;
}

/** The tokens by their scores, greatest first; of equal ones the earlier. */
function mostSalientFirst(scores: Float32Array): number[] {
  return [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
}

/** 0 to n - 1 in random order, by Fisher and Yates. */
function shuffled(n: number, random: () => number): number[] {
  const order = [...Array(n).keys()];
  for (let i = n - 1; i > 0; --i) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The area under a curve over [0, 1], by trapezoids. */
function area(values: Float32Array): number {
  const inner = values.reduce((sum, value) => sum + value, 0) - (values[0]! + values.at(-1)!) / 2;
  return inner / (values.length - 1);
}
