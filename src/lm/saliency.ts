import type { ScoreName } from "../gpt2/program.ts";
import { defaultMaxMemory, explainBytes, formatBytes } from "./memory.ts";
import type { ModelRunner } from "./model_runner.ts";
import { logSumExp, normalizeL1 } from "./numbers.ts";
import { checkedPositions } from "./positions.ts";
import { saliencyDefinition } from "./presets.ts";
import type { Saliency, SaliencyDefinition, SaliencyOptions, Sequence } from "./types.ts";

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
  sequence: Sequence,
  options: SaliencyOptions,
  weightBytes: number,
): Promise<Saliency> {
  const definition = saliencyDefinition(options);
  const positions = checkedPositions("explain", sequence, options.positions);
  const maxMemory = options.maxMemory ?? defaultMaxMemory(runner.session.backend, weightBytes);
  const T = sequence.tokenIds.length;
  const chunks = planChunks(runner, positions, definition, maxMemory);
  const data = new Float32Array(definition.together ? T : positions.length * T);
  let completed = 0;
  for (const chunk of chunks) {
    const rows = await explainChunk(runner, sequence, positions, chunk, definition, options.signal);
    rows.forEach((row, i) => data.set(row, definition.together ? 0 : chunk.targets[i]! * T));
    completed += chunk.targets.length;
    const message = `Explained ${completed} of ${positions.length} tokens`;
    options.onProgress?.({ task: "saliency", completed, total: positions.length, message });
  }
  return { sequence, positions, scores: { data, shape: [data.length / T, T] }, options: definition };
}

/** Groups the targets, early ones first as they need fewer tokens, so that no run takes more than `maxMemory`. */
function planChunks(
  runner: ModelRunner,
  positions: readonly number[],
  { together }: SaliencyDefinition,
  maxMemory: number,
): readonly Chunk[] {
  if (!(maxMemory > 0)) throw new RangeError(`Cannot explain within maxMemory ${maxMemory} as it must be > 0`);
  const order = [...positions.keys()].sort((a, b) => positions[a]! - positions[b]!);
  const longest = positions[order.at(-1)!]!;
  const least = explainBytes(runner.config, 1, longest);
  if (least > maxMemory) {
    throw new RangeError(
      `Cannot explain position ${longest} within ${formatBytes(maxMemory)} as it takes about ${formatBytes(least)}; ` +
        "raise maxMemory or explain earlier positions",
    );
  }
  if (together) return [{ length: longest, targets: order }];
  const fits = (count: number, length: number) =>
    count === 1 || (count * length <= CHUNK_ROWS && explainBytes(runner.config, count, length) <= maxMemory);
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
  { tokenIds }: Sequence,
  positions: readonly number[],
  { length, targets }: Chunk,
  definition: SaliencyDefinition,
  signal?: AbortSignal,
): Promise<readonly Float32Array[]> {
  const { of, normalize, together } = definition;
  const ends = targets.map((target) => positions[target]!);
  const N = targets.length;
  const { scores, logits } = await runner.explain({
    tokenIds: tokenIds.slice(0, length),
    rows: ends.map((end) => end - 1),
    targets: ends.map((end) => tokenIds[end]!),
    // LIT's scalar is a loss: the sum of the targets' negative log-probabilities.
    mix: together ? new Float32Array(N).fill(-1) : identity(N),
    ofLogit: of === "logit",
    score: scoreName(definition),
  }, signal);
  const vocabulary = logits.length / N;
  const rows = (together ? [length] : ends).map((end, n) => scores.slice(n * length, n * length + end));
  if (normalize) return rows.map(normalizeL1);
  if (of !== "probability") return rows;
  // dp = p dlogp
  return rows.map((row, n) => {
    const own = logits.subarray(n * vocabulary, (n + 1) * vocabulary);
    const probability = Math.exp(own[tokenIds[ends[n]!]!]! - logSumExp(own));
    return row.map((score) => score * probability);
  });
}

function scoreName({ method, reduce }: SaliencyDefinition): ScoreName {
  return `${method}${reduce === "l2" ? "L2" : "Sum"}`;
}

function identity(size: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0));
}
