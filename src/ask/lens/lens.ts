import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import type { FloatTensor, Tensor } from "../../base/tensor.ts";
import { shown } from "../../base/words.ts";
import { type Cost, type MemoryOptions, READING } from "../../model/cost.ts";
import { FLOAT } from "../../model/memory.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import type { Token } from "../../tokenizer/token.ts";
import { predictedPosition } from "../positions.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import {
  depthsOf,
  expectNorm,
  lastDepth,
  type LensNorm,
  type LensReading,
  planReading,
  PREDICTION,
  type ReadingPlan,
  readLens,
} from "./reading.ts";

/** Options of {@linkcode LanguageModel.lens}. */
export interface LensOptions extends MemoryOptions {
  /** The positions that are predicted; by default every one but the first, and that of the next token. */
  readonly positions?: readonly number[];
  /**
   * The norm before the unembedding.
   *
   * @default {"final"}
   */
  readonly norm?: LensNorm;
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

const OPTIONS: OptionTable<LensOptions> = {
  task: "read the layers",
  kinds: { positions: "anything", norm: "anything", ...READING },
};

/** What each layer would predict at each position of a text: the logit lens over all of it. */
export interface Lens {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** The predicted positions, N of them; the length of the text is that of the next token. */
  readonly positions: readonly number[];
  /** The ranked tokens, N of them: those of the text, and for the next one what the model itself prefers. */
  readonly tokenIds: readonly number[];
  /** Int32 `[L, N]`, the likeliest token of each layer. */
  readonly best: Tensor;
  /** `[L, N]`, its probability. */
  readonly bestProbabilities: FloatTensor;
  /** Every token that is the likeliest or ranked somewhere, by rising ids. */
  readonly tokens: readonly Token[];
  /** Int32 `[L, N]`, the rank of each ranked token: 1 + the number of tokens with a strictly greater logit. */
  readonly ranks: Tensor;
  /** `[L, N]`, ln p of each ranked token; its surprise is the negative, in nats. */
  readonly logProbs: FloatTensor;
  /** `[L, N]`, the entropy of the whole distribution, in nats. */
  readonly entropies: FloatTensor;
  /** `[L, N]`, KL(final || layer) in nats: how far the layer's distribution is from the model's own; the last row is 0. */
  readonly divergences: FloatTensor;
  /** The norm before the unembedding. */
  readonly norm: LensNorm;
}

interface LensPlan extends Plan, ReadingPlan {
  readonly sequence: Sequence;
  readonly positions: readonly number[];
  readonly norm: LensNorm;
}

/** The question that {@linkcode LanguageModel.lens} asks. */
export const LENS: Question<Sequence, LensOptions, LensPlan, Lens> = {
  label: "Lens",
  options: OPTIONS,
  needs: "next token",
  plan: planLens,
  run: lookThrough,
};

/** The positions that are asked for, or all that have tokens before them. */
function lensPositions(sequence: Sequence, positions: readonly number[] | undefined): readonly number[] {
  if (positions === undefined) return sequence.tokenIds.map((_, before) => before + 1);
  if (!Array.isArray(positions)) {
    throw new TypeError(`Cannot read the layers at positions ${shown(positions)}; pass an array such as [1]`);
  }
  if (positions.length === 0) throw new RangeError("Cannot read the layers at an empty list of positions");
  // Array.from, as map() would leave holes out
  return Array.from(positions, (position) => predictedPosition("read the layers at", sequence, position ?? NaN));
}

function planLens({ runner: machine, reader }: AskedModel, sequence: Sequence, options: LensOptions): LensPlan {
  reader.expectSequence(sequence);
  const { norm = "final" } = options;
  const positions = lensPositions(sequence, options.positions);
  expectNorm(norm);
  const { nLayer } = machine.config;
  const N = positions.length;
  const resultBytes = nLayer * N * (6 * FLOAT + PREDICTION);
  const request = { sequence, length: Math.max(...positions), questions: N, resultBytes, depths: nLayer };
  const plan = planReading(machine, request, options);
  const twice = positions.includes(sequence.tokenIds.length); // what the model prefers is read before it is ranked
  const cost: Cost = twice ? { ...plan.cost, runs: 2 * plan.cost.runs } : plan.cost;
  return {
    ...{ ...plan, cost, sequence, positions, norm },
    task: `read the layers at ${N} positions`,
    advice: "ask for fewer or earlier positions",
  };
}

/** The token that the model itself prefers as the next. */
async function preferred(runner: ModelRunner, plan: LensPlan, signal: AbortSignal): Promise<number> {
  const { sequence } = plan;
  const row = sequence.tokenIds.length - 1;
  const asked = [{ row, tokenId: sequence.tokenIds[row]! }]; // the lens ranks a token; which one does not matter here
  const depths = [lastDepth(runner.config.nLayer)];
  const { tokenIds } = await readLens(runner, sequence, asked, { depths, best: 1, plan, signal });
  return tokenIds[0]!;
}

/**
 * Looks through the lens at all positions at once: the graph reduces the scores of the vocabulary, `[L, T, V]`, which
 * would take 466 MB for 193 tokens of GPT-2.
 */
async function lookThrough(
  { runner, reader }: AskedModel<ModelRunner>,
  plan: LensPlan,
  { onProgress, signal }: Watch,
): Promise<Lens> {
  const { sequence, positions, norm } = plan;
  const T = sequence.tokenIds.length;
  const total = positions.length;
  const next = positions.includes(T) ? await preferred(runner, plan, signal) : undefined;
  const tokenIds = positions.map((position) => position === T ? next! : sequence.tokenIds[position]!);
  const asked = positions.map((position, n) => ({ row: position - 1, tokenId: tokenIds[n]! }));
  const onAnswered = (completed: number) =>
    onProgress?.({ task: "lens", completed, total, message: `Read the layers at ${completed} of ${total} places` });
  const depths = depthsOf(norm, runner.config.nLayer);
  const seen = await readLens(runner, sequence, asked, { depths, best: 1, plan, onAnswered, signal });
  const ids = [...new Set([...seen.tokenIds, ...tokenIds])].sort((a, b) => a - b);
  const tokens = ids.map((id) => reader.token(id));
  return { sequence, positions, tokenIds, tokens, ...numbersOf(seen, [depths.length, total]), norm };
}

/** The numbers of a reading with one best token, `[L, N]`. */
function numbersOf(seen: LensReading, shape: readonly number[]) {
  const probability = (logit: number, i: number) => Math.exp(logit - seen.logSums[i]!);
  return {
    best: { data: seen.tokenIds, shape },
    bestProbabilities: { data: seen.logits.map(probability), shape },
    ranks: { data: seen.ranks, shape },
    logProbs: { data: Float32Array.from(seen.logProbs), shape },
    entropies: { data: seen.entropies, shape },
    divergences: { data: seen.divergences, shape },
  };
}
