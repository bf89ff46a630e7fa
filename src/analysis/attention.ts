import { expectOptions } from "../lm/options.ts";
import type { Trace } from "../lm/trace_types.ts";
import type { FloatTensor, Sequence } from "../lm/types.ts";
import { ATTENTION_OF, ATTENTION_ROLLOUT } from "./option_tables.ts";
import { indexOfLayer, recordedLayers, recordedTensor } from "./recorded.ts";
import { showing } from "../show/showing.ts";

/** What the attention heads of a model look at, each score the mean over the tokens that have such an earlier token. */
export interface HeadScores {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** `[L, H]`, the attention to the token before. */
  readonly previousToken: FloatTensor;
  /** `[L, H]`, the attention to the first token of the text. */
  readonly firstToken: FloatTensor;
  /** `[L, H]`, the attention to earlier occurrences of the same token. */
  readonly duplicateToken: FloatTensor;
  /** `[L, H]`, the attention to the tokens that follow earlier occurrences of the same token. */
  readonly induction: FloatTensor;
  /** How many tokens each mean is over; where it is 0, the scores are 0 and say nothing. */
  readonly counts?: Readonly<Record<HeadScoreName, number>>;
  /** The blocks that L stands for, in rising order; absent when the trace names none, as it holds all. */
  readonly layers?: readonly number[];
}

/** What a head can be scored for. */
export type HeadScoreName = "previousToken" | "firstToken" | "duplicateToken" | "induction";

/** Attention rollout: how much of each token reaches each other one when blocks are chained. */
export interface AttentionRollout {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** `[L, T, T]`, after each block: from (query), to (token of the text); each row sums to 1. */
  readonly rollout: FloatTensor;
}

/** Which attention to read. */
export interface AttentionOfOptions {
  /** The 0-based index of the block. */
  readonly layer: number;
  /** The 0-based index of the head; without it, the mean of the heads. */
  readonly head?: number;
}

/** Options of {@linkcode attentionRollout}. */
export interface AttentionRolloutOptions {
  /**
   * How the heads of a block become one: their mean, as in the paper, or the greatest for each pair of tokens.
   *
   * @default {"mean"}
   */
  readonly heads?: "mean" | "max";
}

/**
 * The attention of one head, or the mean of all heads of a block: `[T, T]`, from (query), to (key); rows sum to 1.
 *
 * @throws {TypeError} When the trace has no attention.
 * @throws {RangeError} When that block was not recorded, or there is no such head.
 *
 * @example What the last token looks at
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { attentionOf, topK } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = model.sequence("The keys to the cabinet");
 * const trace = await model.trace(sequence, { capture: ["attention"] });
 * const { data } = attentionOf(trace, { layer: 2, head: 0 });
 * const T = sequence.tokens.length;
 * console.log(topK(data.subarray((T - 1) * T), 3).map((position) => sequence.tokens[position]!.text));
 * ```
 */
export function attentionOf(trace: Trace, options: AttentionOfOptions): FloatTensor {
  options = expectOptions(options, ATTENTION_OF);
  const { layer, head } = options;
  const attention = recordedTensor(trace, "attention", "read attention");
  const [L, H, T] = attention.shape as [number, number, number];
  const index = indexOfLayer(recordedLayers(trace, L), layer, "read attention");
  if (head === undefined) {
    return showing("Attention", { data: Float32Array.from(fuseHeads(attention, index, "mean")), shape: [T, T] });
  }
  if (!Number.isInteger(head) || head < 0 || head >= H) {
    throw new RangeError(`Cannot read the attention of head ${head} as there are heads 0 to ${H - 1}`);
  }
  const start = (index * H + head) * T * T;
  return showing("Attention", { data: attention.data.slice(start, start + T * T), shape: [T, T] });
}

/**
 * How much of each token reaches each position when blocks are chained: attention rollout (Abnar and Zuidema 2020,
 * https://arxiv.org/abs/2005.00928). With A the attention of a block, its heads as one, the rollout after the block is
 * (A/2 + I/2), rows normalised to sum 1, times the rollout before it; the half of I stands for the residual stream.
 * It takes no account of what the attended values hold, nor of the MLPs.
 *
 * @throws {TypeError} When the trace has no attention, or `heads` is neither "mean" nor "max".
 * @throws {RangeError} When a block before the last recorded one was not recorded.
 *
 * @example Which tokens the last position is made of
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { attentionRollout } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = model.sequence("The keys to the cabinet");
 * const { rollout } = attentionRollout(await model.trace(sequence, { capture: ["attention"] }));
 * const shares = rollout.data.subarray(-sequence.tokens.length);
 * sequence.tokens.forEach(({ text }, i) => console.log(text, shares[i]!.toFixed(3)));
 * ```
 */
export function attentionRollout(trace: Trace, options: AttentionRolloutOptions = {}): AttentionRollout {
  options = expectOptions(options, ATTENTION_ROLLOUT);
  const { heads = "mean" } = options;
  if (heads !== "mean" && heads !== "max") {
    throw new TypeError(`Cannot roll attention out over the ${JSON.stringify(heads)} of heads; use "mean" or "max"`);
  }
  const attention = recordedTensor(trace, "attention", "roll attention out");
  const [L, , T] = attention.shape as [number, number, number];
  const layers = recordedLayers(trace, L);
  if (layers.some((layer, index) => layer !== index)) {
    const remedy = "record all blocks up to the last one";
    throw new RangeError(`Cannot roll attention out over blocks ${layers.join(", ")} alone; ${remedy}`);
  }
  const data = new Float32Array(L * T * T);
  let rollout = identity(T);
  for (let layer = 0; layer < L; ++layer) {
    rollout = multiplyTriangular(mixedWithResidual(fuseHeads(attention, layer, heads), T), rollout, T);
    data.set(rollout, layer * T * T);
  }
  return showing("AttentionRollout", { sequence: trace.sequence, rollout: { data, shape: [L, T, T] } });
}

/**
 * Scores each head for four known kinds of heads. With A the attention of the head, from t (query) to s (key):
 *
 * - `previousToken`: the mean of A[t, t - 1] over t >= 1.
 * - `firstToken`: the mean of A[t, 0] over t >= 1.
 * - `duplicateToken`: the mean, over the tokens t that stood in the text before, of the sum of A[t, s] over those s < t
 *   that have the id of t.
 * - `induction`: the mean, over the tokens t of which such a place exists, of the sum of A[t, s] over those s < t whose
 *   token before, s - 1, has the id of t.
 *
 * The places are those of TransformerLens's `head_detector` with `exclude_current_token`; it divides by all tokens, so
 * that a score depends on how many repeats a text has, and here only the tokens that have such a place count. On random
 * tokens repeated twice ({@linkcode repeatedRandomTokens}) `induction` is the usual induction score, the mean of a
 * diagonal (Olsson et al. 2022, https://arxiv.org/abs/2209.11895). Where no token has such a place, scores are 0 and the
 * count in `counts` is 0.
 *
 * @throws {TypeError} When the trace has no attention.
 *
 * @example The head that looks most at the token before
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { argmax, headScores } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const trace = await model.trace(model.sequence("The keys to the cabinet are on the table"), { capture: ["attention"] });
 * const { previousToken } = headScores(trace);
 * const best = argmax(previousToken.data);
 * const heads = previousToken.shape[1]!;
 * console.log(`layer ${Math.floor(best / heads)}, head ${best % heads}: ${previousToken.data[best]}`);
 * ```
 */
export function headScores(trace: Trace): HeadScores {
  const attention = recordedTensor(trace, "attention", "score heads");
  const [L, H, T] = attention.shape as [number, number, number];
  recordedLayers(trace, L);
  const { sequence, layers } = trace;
  const places = placesOf(sequence.tokenIds);
  const scored = Object.entries(places).map(([name, rows]): [string, FloatTensor, number] => {
    const count = rows.filter((row) => row.length > 0).length;
    const data = Float32Array.from({ length: L * H }, (_, head) => {
      let sum = 0;
      rows.forEach((row, t) => {
        for (const s of row) sum += attention.data[(head * T + t) * T + s]!;
      });
      return count === 0 ? 0 : sum / count;
    });
    return [name, { data, shape: [L, H] }, count];
  });
  const scores = Object.fromEntries(scored) as Record<HeadScoreName, FloatTensor>;
  const counts = Object.fromEntries(scored.map(([name, , count]) => [name, count])) as Record<HeadScoreName, number>;
  return showing("HeadScores", { sequence, ...scores, counts, ...(layers ? { layers } : {}) });
}

/** For each kind of head and each token, the earlier tokens that such a head looks at. */
function placesOf(ids: readonly number[]): Record<HeadScoreName, readonly (readonly number[])[]> {
  const earlier = new Map<number, number[]>();
  const duplicateToken = ids.map((id, t) => {
    const before = earlier.get(id) ?? [];
    earlier.set(id, [...before, t]);
    return before;
  });
  return {
    previousToken: ids.map((_, t) => t > 0 ? [t - 1] : []),
    firstToken: ids.map((_, t) => t > 0 ? [0] : []),
    duplicateToken,
    induction: duplicateToken.map((before, t) => before.map((s) => s + 1).filter((s) => s < t)),
  };
}

/** `[T, T]`, the heads of a block as one. */
function fuseHeads({ data, shape }: FloatTensor, index: number, heads: "mean" | "max"): Float64Array {
  const [, H, T] = shape as [number, number, number];
  const fused = new Float64Array(T * T);
  for (let head = 0; head < H; ++head) {
    const start = (index * H + head) * T * T;
    for (let i = 0; i < fused.length; ++i) {
      const value = data[start + i]!;
      fused[i] = heads === "max" ? Math.max(fused[i]!, value) : fused[i]! + value / H;
    }
  }
  return fused;
}

/** A/2 + I/2, each row divided by its sum. */
function mixedWithResidual(attention: Float64Array, T: number): Float64Array {
  const mixed = attention.map((value) => value / 2);
  for (let t = 0; t < T; ++t) {
    mixed[t * T + t]! += 0.5;
    let sum = 0;
    for (let s = 0; s < T; ++s) sum += mixed[t * T + s]!;
    for (let s = 0; s < T; ++s) mixed[t * T + s]! /= sum;
  }
  return mixed;
}

/** The product of two lower triangular matrices, as no token sees a later one. */
function multiplyTriangular(a: Float64Array, b: Float64Array, T: number): Float64Array {
  const product = new Float64Array(T * T);
  for (let i = 0; i < T; ++i) {
    for (let k = 0; k <= i; ++k) {
      const factor = a[i * T + k]!;
      for (let j = 0; j <= k; ++j) product[i * T + j]! += factor * b[k * T + j]!;
    }
  }
  return product;
}

function identity(T: number): Float64Array {
  return Float64Array.from({ length: T * T }, (_, i) => Math.floor(i / T) === i % T ? 1 : 0);
}
