/**
 * Reads a text through the logit lens, in runs that take no more than they may.
 *
 * @module
 */
import type { Cost, MemoryOptions } from "../../model/cost.ts";
import { costOf, LENS_LOGITS, lensBytes, type Machine, memoryLimit } from "../../model/memory.ts";
import type { Reader } from "../../model/reader.ts";
import { CHUNK_TOKENS } from "../../model/prompts.ts";
import type { LensNumbers } from "../../model/requests.ts";
import type { ModelRunner } from "../../model/runner.ts";
import { lookThroughLens } from "../../model/survey.ts";
import { sourceTokens } from "../../model/sources.ts";
import type { Sequence } from "../../model/sequence.ts";
import type { Depth } from "../../models/lens.ts";
import type { Prediction } from "../prediction.ts";

/**
 * Which norm stands between a layer and the unembedding: `final` applies the last norm (`ln_f` in GPT-2) to every
 * layer, as it is applied to the last one (the logit lens); `none` applies it to the last layer only, as Ecco does.
 */
export type LensNorm = "final" | "none";

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

/** What a reading through the lens is of. */
interface Request {
  /** The text that is read. */
  readonly sequence: Sequence;
  /** How many of its tokens are read. */
  readonly length: number;
  /** How many rows are looked at. */
  readonly questions: number;
  /** The bytes of the result. */
  readonly resultBytes: number;
  /** At how many places of the model the residual stream is read. */
  readonly depths: number;
}

/** About what a listed prediction with its token takes as an object. */
export const PREDICTION = 256;

/** Halves tokens and rows until a run fits. */
export function planReading(
  machine: Machine,
  { sequence, length: S, questions, resultBytes, depths }: Request,
  { maxMemory }: MemoryOptions,
): ReadingPlan {
  const { config } = machine;
  const limit = memoryLimit(machine, maxMemory);
  const E = sequence.source?.tokenIds.length ?? 0;
  const bytes = (T: number, R: number) => lensBytes(machine, { T, S, E, R, depths });
  const mostRows = Math.max(1, Math.floor(LENS_LOGITS / (depths * config.vocabSize)));
  let chunkTokens = Math.min(S, CHUNK_TOKENS);
  let chunkRows = Math.min(questions, mostRows);
  while (chunkTokens * chunkRows > 1 && bytes(chunkTokens, chunkRows) + resultBytes > limit) {
    chunkTokens = Math.ceil(chunkTokens / 2);
    chunkRows = Math.ceil(chunkRows / 2);
  }
  const runs = Math.ceil(S / chunkTokens) + Math.ceil(questions / chunkRows);
  return { chunkTokens, chunkRows, cost: costOf(runs, bytes(chunkTokens, chunkRows), resultBytes), maxMemory: limit };
}

/**
 * How many of the best tokens are listed: as many as are asked for, or else `usual`, or the whole vocabulary of `V` tokens
 * where it is smaller.
 *
 * @throws {RangeError} When there are not so many.
 */
export function checkedTopK(asked: number | undefined, usual: number, V: number): number {
  const topK = asked ?? Math.min(usual, V);
  if (Number.isInteger(topK) && topK >= 1 && topK <= V) return topK;
  throw new RangeError(`Cannot list topK ${topK} tokens as it must be a whole number from 1 to ${V}`);
}

export function expectNorm(norm: LensNorm = "final"): void {
  if (norm === "final" || norm === "none") return;
  throw new TypeError(`Cannot use norm ${JSON.stringify(norm)}; use "final" or "none"`);
}

/** How far the last depth may be from the model's own logits, relative to the best of them where that is above 1. */
const GAP_BOUND = 1e-4;

/** A token that is ranked as what follows the token at `row`. */
interface Asked {
  readonly row: number;
  readonly tokenId: number;
}

/** Tokens from `start` to before `end` that are read in one run, and the indices of what is asked on the way. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly asked: readonly number[];
}

/** How a sequence is read through the lens. */
export interface ReadLensOptions {
  /** Where the residual stream is read; the last one is where the model itself reads it. */
  readonly depths: readonly Depth[];
  /** K, how many of the best tokens are wanted. */
  readonly best: number;
  /** The most tokens of one run, and the most rows of them that are looked at. */
  readonly plan: Pick<ReadingPlan, "chunkTokens" | "chunkRows">;
  /** Told how many of what is asked has been answered. */
  readonly onAnswered?: (count: number) => void;
  /** Stops between two runs. */
  readonly signal?: AbortSignal | undefined;
}

/** What each of D depths says about each of N questions. */
export interface LensReading {
  /** 1 + the number of tokens with a strictly greater logit, `[D, N]`. */
  readonly ranks: Int32Array;
  /** ln p of the token that is asked about, `[D, N]`. */
  readonly logProbs: Float64Array;
  /** The best tokens, best first, `[D, N, K]`. */
  readonly tokenIds: Int32Array;
  /** Their logits, `[D, N, K]`. */
  readonly logits: Float32Array;
  /** ln Σ exp(logit) over the vocabulary, `[D, N]`. */
  readonly logSums: Float64Array;
  /** The entropy of each distribution in nats, `[D, N]`. */
  readonly entropies: Float32Array;
  /** KL(last depth || this one) in nats, `[D, N]`. */
  readonly divergences: Float32Array;
}

/** Reads a sequence in pieces and looks at what is asked through the lens. */
export async function readLens(
  runner: ModelRunner,
  { tokenIds, source: read }: Sequence,
  asked: readonly Asked[],
  options: ReadLensOptions,
): Promise<LensReading> {
  const { depths, best, plan, onAnswered, signal } = options;
  const D = depths.length;
  const reading = emptyReading(D, asked.length, best);
  using cache = runner.emptyCache();
  let answered = 0;
  for (const piece of planPieces(asked, plan.chunkRows, plan.chunkTokens)) {
    cache.rewind(piece.start);
    const ids = tokenIds.slice(piece.start, piece.end);
    const source = cache.source?.length === 0 ? sourceTokens(read?.tokenIds) : undefined; // the first piece brings it
    if (piece.asked.length === 0) {
      await runner.read(ids, cache, [ids.length - 1], { source, signal });
      continue;
    }
    const rows = piece.asked.map((n) => asked[n]!.row - piece.start);
    const targets = piece.asked.map((n) => asked[n]!.tokenId);
    const request = { tokenIds: ids, cache, rows, targets, best, depths, source };
    takeLens(reading, await lookThroughLens(runner, request, signal), piece.asked, D);
    onAnswered?.(answered += piece.asked.length);
  }
  return reading;
}

/** Cuts the reading so that no run looks at more than `most` rows; a row that is asked more often is read again. */
function planPieces(asked: readonly Asked[], most: number, tokens: number): readonly Piece[] {
  const order = [...asked.keys()].sort((a, b) => asked[a]!.row - asked[b]!.row);
  const pieces: Piece[] = [];
  let start = 0;
  for (let next = 0; next < order.length;) {
    start = Math.min(start, asked[order[next]!]!.row);
    const limit = start + tokens;
    const taken = order.slice(next, next + most).filter((n) => asked[n]!.row < limit);
    const end = taken.length > 0 ? asked[taken.at(-1)!]!.row + 1 : limit;
    pieces.push({ start, end, asked: taken });
    next += taken.length;
    start = end;
  }
  return pieces;
}

/** A reading of N questions at D depths, K best tokens each, that nothing was taken into yet. */
export function emptyReading(D: number, N: number, K: number): LensReading {
  return {
    ranks: new Int32Array(D * N),
    logProbs: new Float64Array(D * N),
    tokenIds: new Int32Array(D * N * K),
    logits: new Float32Array(D * N * K),
    logSums: new Float64Array(D * N),
    entropies: new Float32Array(D * N),
    divergences: new Float32Array(D * N),
  };
}

/** Puts the numbers of one run, `[D, R]`, in their places. */
export function takeLens(reading: LensReading, seen: LensNumbers, asked: readonly number[], D: number): void {
  const N = reading.ranks.length / D;
  const K = reading.logits.length / reading.ranks.length;
  const R = asked.length;
  asked.forEach((n, r) => {
    const lastTotal = Math.log(seen.total[(D - 1) * R + r]!);
    for (let depth = 0; depth < D; ++depth) {
      const from = depth * R + r;
      const to = depth * N + n;
      const greatest = seen.logits[from * K]!;
      const total = Math.log(seen.total[from]!);
      reading.ranks[to] = 1 + seen.greater[from]!;
      reading.logProbs[to] = seen.target[from]! - greatest - total;
      reading.logits.set(seen.logits.subarray(from * K, (from + 1) * K), to * K);
      reading.tokenIds.set(seen.tokenIds.subarray(from * K, (from + 1) * K), to * K);
      reading.logSums[to] = greatest + total;
      reading.entropies[to] = total - seen.mean[from]!;
      // Rounding may leave less than nothing of a distribution that is all but the last one.
      reading.divergences[to] = Math.max(0, total - lastTotal - seen.shift[from]!);
    }
    expectOwnLogits(seen.gap[r]!, reading.logits[((D - 1) * N + n) * K]!);
  });
}

/** The last depth of the lens is the model; anything else would be a mistake of ours. */
function expectOwnLogits(gap: number, greatest: number): void {
  if (gap <= GAP_BOUND * Math.max(1, Math.abs(greatest))) return;
  throw new Error(`Cannot read the layers as the last one is ${gap} away from the model's own logits`);
}

/** The K best tokens at index `at` of `[D, N]`. */
export function predictionsOf(reader: Reader, seen: LensReading, at: number, K: number): Prediction[] {
  const logits = [...seen.logits.subarray(at * K, (at + 1) * K)];
  return logits.map((logit, k) => {
    const tokenId = seen.tokenIds[at * K + k]!;
    const probability = Math.exp(logit - seen.logSums[at]!);
    return { tokenId, token: reader.token(tokenId), probability, logit, rank: 1 + logits.indexOf(logit) };
  });
}

/** Where the model itself reads the residual stream. */
export function lastDepth(L: number): Depth {
  return { index: 2 * L - 1, normed: true };
}

/** The ends of all blocks, or both halves of all. */
export function depthsOf(norm: LensNorm, L: number, halves = false): readonly Depth[] {
  const depths = Array.from({ length: 2 * L }, (_, index) => ({ index, normed: norm === "final" }));
  return depths.with(-1, lastDepth(L)).filter(({ index }) => halves || index % 2 === 1);
}
