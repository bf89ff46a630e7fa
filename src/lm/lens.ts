import { planPredictions, planRankings, type ReadingPlan, readWords } from "./lens_plan.ts";
import { expectWithin } from "./memory.ts";
import type { ModelRunner } from "./model_runner.ts";
import type { Depth, LensNumbers } from "./runner_types.ts";
import { checkedPositions, predictedPosition } from "./positions.ts";
import type { Reader } from "./sequence.ts";
import type {
  LayerPrediction,
  LayerPredictions,
  LayerPredictionsOptions,
  LensNorm,
  Rankings,
  RankingsOptions,
  RankingsWatchOptions,
} from "./lens_types.ts";
import type { Prediction, Sequence } from "./types.ts";

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
export interface LensOptions {
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

/** What each layer would predict at one position. */
export async function predictLayers(
  runner: ModelRunner,
  reader: Reader,
  sequence: Sequence,
  options: LayerPredictionsOptions,
): Promise<LayerPredictions> {
  const { topK = 10, norm = "final", halves = false, onProgress, signal } = options;
  const { nLayer: L } = runner.config;
  const position = predictedPosition("show the layers at", sequence, options.position);
  const row = position - 1;
  const asked = [{ row, tokenId: sequence.tokenIds[row]! }]; // the lens ranks a token; which one does not matter here
  const plan = planPredictions(runner, position, options);
  expectWithin(`show the layers at position ${position}`, plan.cost, plan.maxMemory, "ask for an earlier position");
  const depths = depthsOf(norm, L, halves);
  const onAnswered = (completed: number) =>
    onProgress?.({ task: "rankings", completed, total: 1, message: `Read the layers at position ${position}` });
  const seen = await readLens(runner, sequence, asked, { depths, best: topK, plan, onAnswered, signal });
  const layers = depths.map(({ index }, d): LayerPrediction => ({
    layer: Math.floor(index / 2),
    after: index % 2 === 0 ? "attention" : "block",
    predictions: predictionsOf(reader, seen, d, topK),
    entropy: seen.entropies[d]!,
    divergence: seen.divergences[d]!,
  }));
  return { sequence, position, norm, layers };
}

/** How the tokens of a sequence rank in each layer. */
export async function rankSequence(
  runner: ModelRunner,
  sequence: Sequence,
  options: RankingsOptions,
): Promise<Rankings> {
  const { norm = "final" } = options;
  const positions = checkedPositions("rank", sequence, options.positions);
  const tokenIds = positions.map((position) => sequence.tokenIds[position]!);
  const seen = await rank(runner, sequence, positions, tokenIds, options);
  return { sequence, positions, tokenIds, ...seen, norm };
}

/** How chosen words rank in each layer, all in the place of one token. */
export async function rankWords(
  runner: ModelRunner,
  reader: Reader,
  sequence: Sequence,
  options: RankingsWatchOptions,
): Promise<Rankings> {
  const { watch, norm = "final" } = options;
  const words = readWords(reader, watch);
  const position = predictedPosition("watch words at", sequence, options.position);
  const tokenIds = words.map((word) => word.tokenIds[0]!);
  const positions = words.map(() => position);
  const seen = await rank(runner, sequence, positions, tokenIds, options);
  return { sequence, positions, tokenIds, ...seen, norm, words };
}

async function rank(
  runner: ModelRunner,
  sequence: Sequence,
  positions: readonly number[],
  tokenIds: readonly number[],
  options: Pick<RankingsOptions, "norm" | "maxMemory" | "onProgress" | "signal">,
): Promise<Pick<Rankings, "ranks" | "probabilities" | "entropies" | "divergences">> {
  const { norm = "final", onProgress, signal } = options;
  const { nLayer } = runner.config;
  const total = positions.length;
  const plan = planRankings(runner, positions, options);
  expectWithin(`rank ${total} tokens`, plan.cost, plan.maxMemory, "ask for fewer or earlier positions");
  const asked = positions.map((position, n) => ({ row: position - 1, tokenId: tokenIds[n]! }));
  const onAnswered = (completed: number) =>
    onProgress?.({ task: "rankings", completed, total, message: `Ranked ${completed} of ${total} tokens` });
  const depths = depthsOf(norm, nLayer);
  const seen = await readLens(runner, sequence, asked, { depths, best: 1, plan, onAnswered, signal });
  const shape = [nLayer, total];
  return {
    ranks: { data: seen.ranks, shape },
    probabilities: { data: Float32Array.from(seen.logProbs, Math.exp), shape },
    entropies: { data: seen.entropies, shape },
    divergences: { data: seen.divergences, shape },
  };
}

/** Reads a sequence in pieces and looks at what is asked through the lens. */
export async function readLens(
  runner: ModelRunner,
  { tokenIds }: Sequence,
  asked: readonly Asked[],
  options: LensOptions,
): Promise<LensReading> {
  const { depths, best, plan, onAnswered, signal } = options;
  const D = depths.length;
  const reading = emptyReading(D, asked.length, best);
  using cache = runner.emptyCache();
  let answered = 0;
  for (const piece of planPieces(asked, plan.chunkRows, plan.chunkTokens)) {
    cache.rewind(piece.start);
    const ids = tokenIds.slice(piece.start, piece.end);
    if (piece.asked.length === 0) {
      await runner.read(ids, cache, [ids.length - 1], { signal });
      continue;
    }
    const rows = piece.asked.map((n) => asked[n]!.row - piece.start);
    const targets = piece.asked.map((n) => asked[n]!.tokenId);
    take(reading, await runner.look({ tokenIds: ids, cache, rows, targets, best, depths }, signal), piece.asked, D);
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

function emptyReading(D: number, N: number, K: number): LensReading {
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
function take(reading: LensReading, seen: LensNumbers, asked: readonly number[], D: number): void {
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
function depthsOf(norm: LensNorm, L: number, halves = false): readonly Depth[] {
  const depths = Array.from({ length: 2 * L }, (_, index) => ({ index, normed: norm === "final" }));
  return depths.with(-1, lastDepth(L)).filter(({ index }) => halves || index % 2 === 1);
}
