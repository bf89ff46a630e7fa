import type { Trace } from "../ask/trace/trace.ts";
import { expectOptions, LONG_WORK, type OptionTable } from "../base/options.ts";
import type { Progress } from "../base/progress.ts";
import type { FloatTensor } from "../base/tensor.ts";
import type { Sequence } from "../model/sequence.ts";
import { watched } from "../model/watch.ts";
import { showing } from "../show/showing.ts";

import { Pace } from "./pace.ts";
import { expectFinite, finiteTensor, indexOfLayer, recordedLayers, recordedTensor } from "./recorded.ts";
import { identity, rolledRow } from "./rollout.ts";

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
  /** The layers that L stands for, in rising order; absent when the trace names none, as it holds all. */
  readonly layers?: readonly number[];
}

/** What a head can be scored for. */
export type HeadScoreName = "previousToken" | "firstToken" | "duplicateToken" | "induction";

/** Attention rollout: how much of each token reaches each other one when layers are chained. */
export interface AttentionRollout {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** `[L, T, T]`, after each layer: from (query), to (token of the text); each row sums to 1. */
  readonly rollout: FloatTensor;
}

/** Which attention to read. */
export interface AttentionOfOptions {
  /** The 0-based index of the layer. */
  readonly layer: number;
  /** The 0-based index of the head; without it, the mean of the heads. */
  readonly head?: number;
}

const ATTENTION_OF: OptionTable<AttentionOfOptions> = {
  task: "read attention",
  kinds: { layer: "a number", head: "a number" },
  required: ["layer"],
};

/** Options of {@linkcode attentionRollout}. */
export interface AttentionRolloutOptions {
  /**
   * How the heads of a layer become one: their mean, as in the paper, or the greatest for each pair of tokens.
   *
   * @default {"mean"}
   */
  readonly heads?: "mean" | "max";
  /** Called after each layer. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops the work; so does the Stop button of a notebook. */
  readonly signal?: AbortSignal;
}

const ATTENTION_ROLLOUT: OptionTable<AttentionRolloutOptions> = {
  task: "roll attention out",
  kinds: { heads: "anything", ...LONG_WORK },
};

/** Options of {@linkcode headScores}. */
export interface HeadScoresOptions {
  /** Called after each layer. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops the work; so does the Stop button of a notebook. */
  readonly signal?: AbortSignal;
}

const HEAD_SCORES: OptionTable<HeadScoresOptions> = { task: "score heads", kinds: LONG_WORK };

/**
 * The attention of one head, or the mean of all heads of a layer: `[T, T]`, from (query), to (key); rows sum to 1.
 *
 * @throws {TypeError} When the trace has no attention.
 * @throws {RangeError} When that layer was not recorded, there is no such head, or its attention holds NaN.
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
  if (head !== undefined && (!Number.isInteger(head) || head < 0 || head >= H)) {
    throw new RangeError(`Cannot read the attention of head ${head} as there are heads 0 to ${H - 1}`);
  }
  const start = (index * H + (head ?? 0)) * T * T;
  const end = start + (head === undefined ? H : 1) * T * T;
  expectFinite(attention, "attention", "read attention", start, end);
  const data = attention.data.slice(start, end);
  return showing("Attention", { data: head === undefined ? meanOf(data, H) : data, shape: [T, T] });
}

/** The mean of as many matrices as there are heads. */
function meanOf(heads: Float32Array, H: number): Float32Array {
  const size = heads.length / H;
  const sums = new Float64Array(size);
  for (let head = 0; head < H; ++head) {
    for (let i = 0; i < size; ++i) sums[i]! += heads[head * size + i]! / H;
  }
  return Float32Array.from(sums);
}

/**
 * How much of each token reaches each position when layers are chained: attention rollout (Abnar and Zuidema 2020,
 * https://arxiv.org/abs/2005.00928). With A the attention of a layer, its heads as one, the rollout after the layer is
 * (A/2 + I/2), rows normalised to sum 1, times the rollout before it; the half of I stands for the residual stream.
 * It takes no account of what the attended values hold, nor of the MLPs.
 *
 * @throws {TypeError} When the trace has no attention, or `heads` is neither "mean" nor "max".
 * @throws {RangeError} When a layer before the last recorded one was not recorded.
 * @throws The signal's reason, when it is aborted.
 *
 * @example Which tokens the last position is made of
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { attentionRollout } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = model.sequence("The keys to the cabinet");
 * const { rollout } = await attentionRollout(await model.trace(sequence, { capture: ["attention"] }));
 * const shares = rollout.data.subarray(-sequence.tokens.length);
 * sequence.tokens.forEach(({ text }, i) => console.log(text, shares[i]!.toFixed(3)));
 * ```
 */
export async function attentionRollout(
  trace: Trace,
  options: AttentionRolloutOptions = {},
): Promise<AttentionRollout> {
  options = expectOptions(options, ATTENTION_ROLLOUT);
  return await watched(options, (options) => rollOut(trace, options));
}

async function rollOut(trace: Trace, options: AttentionRolloutOptions): Promise<AttentionRollout> {
  const { heads = "mean" } = options;
  if (heads !== "mean" && heads !== "max") {
    throw new TypeError(`Cannot roll attention out over the ${JSON.stringify(heads)} of heads; use "mean" or "max"`);
  }
  const pace = new Pace(options.signal);
  const attention = await finiteTensor(trace, "attention", "roll attention out", pace);
  const [L, H, T] = attention.shape as [number, number, number];
  const layers = recordedLayers(trace, L);
  if (layers.some((layer, index) => layer !== index)) {
    const remedy = "record all layers up to the last one";
    throw new RangeError(`Cannot roll attention out over layers ${layers.join(", ")} alone; ${remedy}`);
  }
  const data = new Float32Array(L * T * T);
  let [rollout, next] = [identity(T), identity(T)];
  for (let layer = 0; layer < L; ++layer) {
    const block = attention.data.subarray(layer * H * T * T, (layer + 1) * H * T * T);
    for (let t = 0; t < T; ++t) {
      rolledRow({ block, H, T, heads }, t, rollout, next);
      if (pace.isDue(t * (H + t / 2))) await pace.turn();
    }
    [rollout, next] = [next, rollout];
    data.set(rollout.subarray(0, T * T), layer * T * T);
    const message = `Rolled out ${layer + 1} of ${L} layers`;
    options.onProgress?.({ task: "rollout", completed: layer + 1, total: L, message });
    await pace.turn();
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
 * @throws The signal's reason, when it is aborted.
 *
 * @example The head that looks most at the token before
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { argmax, headScores } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const trace = await model.trace(model.sequence("The keys to the cabinet are on the table"), { capture: ["attention"] });
 * const { previousToken } = await headScores(trace);
 * const best = argmax(previousToken.data);
 * const heads = previousToken.shape[1]!;
 * console.log(`layer ${Math.floor(best / heads)}, head ${best % heads}: ${previousToken.data[best]}`);
 * ```
 */
export async function headScores(trace: Trace, options: HeadScoresOptions = {}): Promise<HeadScores> {
  options = expectOptions(options, HEAD_SCORES);
  return await watched(options, (options) => scoreHeads(trace, options));
}

async function scoreHeads(trace: Trace, options: HeadScoresOptions): Promise<HeadScores> {
  const pace = new Pace(options.signal);
  const attention = await finiteTensor(trace, "attention", "score heads", pace);
  const [L, H, T] = attention.shape as [number, number, number];
  recordedLayers(trace, L);
  const { sequence, layers } = trace;
  const places = placesOf(sequence.tokenIds);
  const scored = eachScore((name) => ({
    ...{ data: new Float32Array(L * H), count: places[name].filter((row) => row.length > 0).length },
    offsets: Uint32Array.from(places[name].flatMap((row, t) => row.map((s) => t * T + s))),
  }));
  for (let head = 0; head < L * H; ++head) {
    const own = attention.data.subarray(head * T * T, (head + 1) * T * T);
    for (const { data, count, offsets } of Object.values(scored)) {
      let sum = 0;
      for (const offset of offsets) sum += own[offset]!;
      data[head] = count === 0 ? 0 : sum / count;
      if (pace.isDue(4 * offsets.length)) await pace.turn();
    }
    if ((head + 1) % H > 0) continue;
    const completed = (head + 1) / H;
    const message = `Scored the heads of ${completed} of ${L} layers`;
    options.onProgress?.({ task: "headScores", completed, total: L, message });
  }
  await pace.turn();
  const scores = eachScore((name): FloatTensor => ({ data: scored[name].data, shape: [L, H] }));
  const counts = eachScore((name) => scored[name].count);
  return showing("HeadScores", { sequence, ...scores, counts, ...(layers ? { layers } : {}) });
}

/** The kinds of heads, by what they look at. */
export const HEAD_SCORE_NAMES: readonly HeadScoreName[] = [
  "previousToken",
  "firstToken",
  "duplicateToken",
  "induction",
];

/** A value for each kind of head. */
export function eachScore<T>(valueOf: (name: HeadScoreName) => T): Record<HeadScoreName, T> {
  return {
    previousToken: valueOf("previousToken"),
    firstToken: valueOf("firstToken"),
    duplicateToken: valueOf("duplicateToken"),
    induction: valueOf("induction"),
  };
}

/** For each kind of head and each token, the earlier tokens that such a head looks at. */
export function placesOf(ids: readonly number[]): Record<HeadScoreName, readonly (readonly number[])[]> {
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
