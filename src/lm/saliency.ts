import type { ScoreName } from "../gpt2/program.ts";
import { gain, integrate, rowValue } from "./integrate.ts";
import { expectWithin } from "./memory.ts";
import type { Explanation, ModelRunner } from "./model_runner.ts";
import { normalizeL1 } from "./numbers.ts";
import { type Chunk, planSaliency, type SaliencyPlan } from "./saliency_plan.ts";
import type { Saliency, SaliencyDefinition, SaliencyOptions } from "./saliency_types.ts";
import type { Reader } from "./sequence.ts";
import type { Sequence } from "./types.ts";

/** What is told and heard while a chunk is explained. */
interface ChunkOptions {
  readonly onStep: () => void;
  readonly signal?: AbortSignal | undefined;
}

/** The finished rows of a chunk, each as long as there are tokens before its target. */
interface ChunkResult {
  readonly rows: readonly Float32Array[];
  /** One for each row, if they are wanted. */
  readonly gaps?: readonly number[];
}

/** Explains tokens of a sequence by the gradient with respect to the embeddings of those before them. */
export async function explainSequence(
  runner: ModelRunner,
  reader: Reader,
  sequence: Sequence,
  options: SaliencyOptions,
): Promise<Saliency> {
  const plan = planSaliency(runner, reader, sequence, options);
  const { positions, definition, completeness, chunks, cost, maxMemory } = plan;
  const { together, steps = 1 } = definition;
  const what = together ? `${positions.length} positions together` : `position ${chunks.at(-1)!.length}`;
  expectWithin(`explain ${what}`, cost, maxMemory, `explain ${together ? "fewer" : "earlier"} positions`);
  const T = sequence.tokenIds.length;
  const total = positions.length;
  const data = new Float32Array(together ? T : total * T);
  const gaps = new Array<number>(data.length / T).fill(0);
  let done = 0; // in targets times steps
  for (const chunk of chunks) {
    const onStep = () => {
      done += chunk.targets.length;
      const completed = done / steps;
      const message = `Explained ${Math.floor(completed)} of ${total} tokens`;
      options.onProgress?.({ task: "saliency", completed, total, message });
    };
    const { rows, gaps: own } = await explainChunk(runner, sequence, plan, chunk, { onStep, signal: options.signal });
    rows.forEach((row, i) => data.set(row, together ? 0 : chunk.targets[i]! * T));
    own?.forEach((gap, i) => gaps[together ? 0 : chunk.targets[i]!] = gap);
  }
  const saliency = { sequence, positions, scores: { data, shape: [data.length / T, T] }, options: definition };
  return completeness ? { ...saliency, convergenceGaps: gaps } : saliency;
}

async function explainChunk(
  runner: ModelRunner,
  sequence: Sequence,
  { positions, definition, completeness }: SaliencyPlan,
  { length, targets }: Chunk,
  options: ChunkOptions,
): Promise<ChunkResult> {
  const { method, normalize, together } = definition;
  const ends = targets.map((target) => positions[target]!);
  const explanation = explanationOf(sequence.tokenIds, length, ends, definition);
  const cut = (scores: Float32Array) => {
    const rows = (together ? [length] : ends).map((end, n) => scores.slice(n * length, n * length + end));
    return normalize ? rows.map(normalizeL1) : rows;
  };
  if (method === "integratedGradients") {
    const { scores, gaps } = await integrate(runner, explanation, definition, options);
    return { rows: cut(scores), gaps };
  }
  const { scores, gaps } = await differentiate(runner, explanation, definition, { ...options, completeness });
  return { rows: cut(scores), ...(gaps && { gaps }) };
}

/** The scores `[M, length]` by the gradient at the text itself, and how far their products are from complete. */
async function differentiate(
  runner: ModelRunner,
  explanation: Explanation,
  { method, of, reduce, normalize }: SaliencyDefinition,
  { completeness, onStep, signal }: ChunkOptions & { readonly completeness: boolean },
): Promise<{ readonly scores: Float32Array; readonly gaps?: readonly number[] }> {
  const own: ScoreName = `${method as "gradient" | "gradientXInput"}${reduce === "l2" ? "L2" : "Sum"}`;
  const fetch = new Set<ScoreName>(completeness ? [own, "gradientXInputSum"] : [own]);
  const { numbers, logits } = await runner.explain({ ...explanation, fetch: [...fetch] }, signal);
  const T = explanation.tokenIds.length;
  const M = numbers[0]!.length / T;
  // dp = p dlogp. A normalised row does not need it, and it may underflow.
  const factors = Array.from({ length: M }, (_, n) => of === "probability" ? rowValue(explanation, logits, of, n) : 1);
  const scores = normalize ? numbers[0]! : numbers[0]!.map((score, i) => score * factors[Math.floor(i / T)]!);
  if (!completeness) {
    onStep();
    return { scores };
  }
  const gained = await gain(runner, explanation, logits, of, signal);
  const sums = numbers.at(-1)!;
  const gaps = gained.map((value, n) => {
    return factors[n]! * sums.subarray(n * T, (n + 1) * T).reduce((a, b) => a + b, 0) - value;
  });
  onStep();
  return { scores, gaps };
}

/** What is differentiated: a scalar for each target, or their sum; less that of the contrast, if there is one. */
function explanationOf(
  tokenIds: readonly number[],
  length: number,
  ends: readonly number[],
  { of, together, contrast }: SaliencyDefinition,
): Explanation {
  const N = ends.length;
  const own = ends.map((end) => ({ row: end - 1, target: tokenIds[end]! }));
  const all = contrast ? [...own, ...own.map(({ row }) => ({ row, target: contrast.tokenIds[0]! }))] : own;
  const R = all.length;
  // LIT's scalar is a loss: the sum of the targets' negative log-probabilities.
  const sign = (r: number) => (together ? -1 : 1) * (r < N ? 1 : -1);
  const mix = Float32Array.from({ length: (together ? 1 : N) * R }, (_, i) => {
    const [n, r] = [Math.floor(i / R), i % R];
    return together || r % N === n ? sign(r) : 0;
  });
  return {
    tokenIds: tokenIds.slice(0, length),
    rows: all.map(({ row }) => row),
    targets: all.map(({ target }) => target),
    mix,
    ofLogit: of === "logit" || contrast !== undefined,
  };
}
