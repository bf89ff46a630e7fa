import type { ScoreName } from "../gpt2/program.ts";
import { defaultMaxMemory, explainBytes, formatBytes } from "./memory.ts";
import { integrate, rowValue } from "./integrate.ts";
import type { Explanation, ModelRunner } from "./model_runner.ts";
import { normalizeL1 } from "./numbers.ts";
import { checkedPositions } from "./positions.ts";
import { saliencyDefinition } from "./presets.ts";
import type { Reader } from "./sequence.ts";
import type { Saliency, SaliencyDefinition, SaliencyOptions } from "./saliency_types.ts";
import type { Sequence } from "./types.ts";

/** The most rows, targets times tokens, of one run: more is hardly faster, takes more memory and cannot be stopped. */
const CHUNK_ROWS = 512;

/** Targets that are explained in one run, over the first `length` tokens. */
interface Chunk {
  readonly length: number;
  /** Indices into the list of positions. */
  readonly targets: readonly number[];
}

/** Explains tokens of a sequence by the gradient with respect to the embeddings of those before them. */
export async function explainSequence(
  runner: ModelRunner,
  reader: Reader,
  sequence: Sequence,
  options: SaliencyOptions,
): Promise<Saliency> {
  runner.expectDifferentiable();
  const contrast = options.contrast === undefined ? undefined : reader.word(options.contrast);
  const definition = saliencyDefinition(options, contrast);
  const { together, steps = 1 } = definition;
  const positions = checkedPositions("explain", sequence, options.positions);
  const maxMemory = options.maxMemory ?? defaultMaxMemory(runner.session.backend, runner.config);
  const T = sequence.tokenIds.length;
  const total = positions.length;
  const data = new Float32Array(together ? T : total * T);
  const gaps = new Array<number>(data.length / T).fill(0);
  let done = 0; // in targets times steps
  for (const chunk of planChunks(runner, positions, definition, maxMemory)) {
    const onStep = () => {
      done += chunk.targets.length;
      const completed = done / steps;
      const message = `Explained ${Math.floor(completed)} of ${total} tokens`;
      options.onProgress?.({ task: "saliency", completed, total, message });
    };
    const { signal } = options;
    const { rows, gaps: own } = await explainChunk(runner, sequence, positions, chunk, definition, { onStep, signal });
    rows.forEach((row, i) => data.set(row, together ? 0 : chunk.targets[i]! * T));
    own?.forEach((gap, i) => gaps[together ? 0 : chunk.targets[i]!] = gap);
  }
  const saliency = { sequence, positions, scores: { data, shape: [data.length / T, T] }, options: definition };
  return definition.method === "integratedGradients" ? { ...saliency, convergenceGaps: gaps } : saliency;
}

/** Groups the targets, early ones first as they need fewer tokens, so that no run takes more than `maxMemory`. */
function planChunks(
  runner: ModelRunner,
  positions: readonly number[],
  { together, contrast }: SaliencyDefinition,
  maxMemory: number,
): readonly Chunk[] {
  if (!(maxMemory > 0)) throw new RangeError(`Cannot explain within maxMemory ${maxMemory} as it must be > 0`);
  const order = [...positions.keys()].sort((a, b) => positions[a]! - positions[b]!);
  const longest = positions[order.at(-1)!]!;
  const bytes = (N: number, T: number) => explainBytes(runner.config, N, T, contrast ? 2 * N : N);
  const least = bytes(1, longest);
  if (least > maxMemory) {
    throw new RangeError(
      `Cannot explain position ${longest} within ${formatBytes(maxMemory)} as it takes about ${formatBytes(least)}; ` +
        "raise maxMemory or explain earlier positions",
    );
  }
  if (together) return [{ length: longest, targets: order }];
  const fits = (count: number, length: number) =>
    count === 1 || (count * length <= CHUNK_ROWS && bytes(count, length) <= maxMemory);
  const chunks: Chunk[] = [];
  let targets: number[] = [];
  for (const target of order) {
    if (targets.length > 0 && !fits(targets.length + 1, positions[target]!)) {
      chunks.push({ length: positions[targets.at(-1)!]!, targets });
      targets = [];
    }
    targets.push(target);
  }
  return [...chunks, { length: longest, targets }];
}

/** The finished rows of a chunk, each as long as there are tokens before its target. */
async function explainChunk(
  runner: ModelRunner,
  sequence: Sequence,
  positions: readonly number[],
  { length, targets }: Chunk,
  definition: SaliencyDefinition,
  options: { readonly onStep: () => void; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly rows: readonly Float32Array[]; readonly gaps?: readonly number[] }> {
  const { of, method, normalize, together } = definition;
  const ends = targets.map((target) => positions[target]!);
  const explanation = explanationOf(sequence.tokenIds, length, ends, definition);
  const cut = (scores: Float32Array) =>
    (together ? [length] : ends).map((end, n) => scores.slice(n * length, n * length + end));
  if (method === "integratedGradients") {
    const { scores, gaps } = await integrate(runner, explanation, definition, options);
    return { rows: normalize ? cut(scores).map(normalizeL1) : cut(scores), gaps };
  }
  const fetch: ScoreName = `${method}${definition.reduce === "l2" ? "L2" : "Sum"}`;
  const { numbers, logits } = await runner.explain({ ...explanation, fetch }, options.signal);
  options.onStep();
  const rows = cut(numbers);
  if (normalize) return { rows: rows.map(normalizeL1) };
  if (of !== "probability") return { rows };
  // dp = p dlogp
  return {
    rows: rows.map((row, n) => {
      const probability = rowValue(explanation, logits, of, n);
      return row.map((score) => score * probability);
    }),
  };
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
