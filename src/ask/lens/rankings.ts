import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import type { FloatTensor, Tensor } from "../../base/tensor.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import { FLOAT } from "../../model/memory.ts";
import type { Reader } from "../../model/reader.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence, Word } from "../../model/sequence.ts";
import { checkedPositions, predictedPosition } from "../positions.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import { depthsOf, expectNorm, type LensNorm, planReading, type ReadingPlan, readLens } from "./reading.ts";

/** Options of {@linkcode LanguageModel.rankings}. */
export interface RankingsOptions extends MemoryOptions {
  /** The positions whose tokens are ranked; by default every token after the prompt. */
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

const OPTIONS: OptionTable<RankingsOptions> = {
  task: "rank tokens",
  kinds: { positions: "anything", norm: "anything", ...READING },
};

/** Options of {@linkcode LanguageModel.rankingsWatch}. */
export interface RankingsWatchOptions extends MemoryOptions {
  /**
   * The 0-based index of the token in whose place the words are ranked: any but the first.
   *
   * @default That of the next token, `sequence.tokenIds.length`
   */
  readonly position?: number;
  /**
   * The words, by text or token id. A text is read as it stands, `" keys"` and `"keys"` are two words; one of several
   * tokens is ranked by its first.
   */
  readonly watch: readonly (string | number)[];
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

const WATCH_OPTIONS: OptionTable<RankingsWatchOptions> = {
  task: "watch words",
  kinds: { position: "a number", watch: "anything", norm: "anything", ...READING },
  required: ["watch"],
};

/** How tokens rank in what each layer would predict. */
export interface Rankings {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** The positions in whose place the tokens are ranked, N of them; of watched words that of the next token too. */
  readonly positions: readonly number[];
  /** The ranked tokens, N of them. */
  readonly tokenIds: readonly number[];
  /** Int32 `[L, N]`, 1 is the most likely: 1 + the number of tokens with a strictly greater logit. */
  readonly ranks: Tensor;
  /** `[L, N]`, the probability of each ranked token. */
  readonly probabilities: FloatTensor;
  /** `[L, N]`, the entropy of the whole distribution, in nats. */
  readonly entropies: FloatTensor;
  /** `[L, N]`, KL(final || layer) in nats: how far the layer's distribution is from the model's own; the last row is 0. */
  readonly divergences: FloatTensor;
  /** The norm before the unembedding. */
  readonly norm: LensNorm;
  /** The watched words, N of them, each ranked by its first token; only of {@linkcode LanguageModel.rankingsWatch}. */
  readonly words?: readonly Word[];
}

/** What is ranked where: N tokens at N positions, of which some may be the same. */
type Ranked = Pick<Rankings, "sequence" | "positions" | "tokenIds" | "norm" | "words">;

interface RankingsPlan extends Plan, ReadingPlan {
  readonly ranked: Ranked;
}

/** The question that {@linkcode LanguageModel.rankings} asks. */
export const RANKINGS: Question<Sequence, RankingsOptions, RankingsPlan, Rankings> = {
  label: "Rankings",
  options: OPTIONS,
  needs: "next token",
  plan(model, sequence, options) {
    model.reader.expectSequence(sequence);
    const { norm = "final" } = options;
    const positions = checkedPositions("rank", sequence, options.positions);
    const tokenIds = positions.map((position) => sequence.tokenIds[position]!);
    return planRankings(model, { sequence, positions, tokenIds, norm }, options);
  },
  run: rank,
};

/** The question that {@linkcode LanguageModel.rankingsWatch} asks. */
export const RANKINGS_WATCH: Question<Sequence, RankingsWatchOptions, RankingsPlan, Rankings> = {
  label: "Rankings",
  options: WATCH_OPTIONS,
  needs: "next token",
  plan(model, sequence, options) {
    model.reader.expectSequence(sequence);
    const { watch, norm = "final" } = options;
    const words = readWords(model.reader, watch);
    const position = predictedPosition("watch words at", sequence, options.position);
    const positions = words.map(() => position);
    const tokenIds = words.map((word) => word.tokenIds[0]!);
    return planRankings(model, { sequence, positions, tokenIds, norm, words }, options);
  },
  run: rank,
};

/**
 * Reads the words that are to be ranked.
 *
 * @throws {TypeError | RangeError} When they are no list, or none, or one cannot be read.
 */
function readWords(reader: Reader, watch: readonly (string | number)[]): readonly Word[] {
  if (!Array.isArray(watch)) {
    throw new TypeError(`Cannot watch ${JSON.stringify(watch)} as words; pass an array of texts and token ids`);
  }
  if (watch.length === 0) {
    throw new RangeError('Cannot watch an empty list of words; pass some, such as [" is", " are"]');
  }
  return Array.from(watch, (word) => reader.word(word)); // map() would leave holes out
}

/** Four numbers for each layer and ranked token. */
function planRankings({ runner: machine }: AskedModel, ranked: Ranked, options: MemoryOptions): RankingsPlan {
  const { sequence, positions, norm } = ranked;
  const { nLayer } = machine.config;
  expectNorm(norm);
  const resultBytes = nLayer * positions.length * 4 * FLOAT;
  const request = {
    sequence,
    length: Math.max(...positions),
    questions: positions.length,
    resultBytes,
    depths: nLayer,
  };
  return {
    ...planReading(machine, request, options),
    ranked,
    task: `rank ${positions.length} tokens`,
    advice: "ask for fewer or earlier positions",
  };
}

async function rank(
  { runner }: AskedModel<ModelRunner>,
  plan: RankingsPlan,
  { onProgress, signal }: Watch,
): Promise<Rankings> {
  const { sequence, positions, tokenIds, norm, words } = plan.ranked;
  const { nLayer } = runner.config;
  const total = positions.length;
  const asked = positions.map((position, n) => ({ row: position - 1, tokenId: tokenIds[n]! }));
  const onAnswered = (completed: number) =>
    onProgress?.({ task: "rankings", completed, total, message: `Ranked ${completed} of ${total} tokens` });
  const depths = depthsOf(norm, nLayer);
  const seen = await readLens(runner, sequence, asked, { depths, best: 1, plan, onAnswered, signal });
  const shape = [nLayer, total];
  return {
    ...{ sequence, positions, tokenIds },
    ranks: { data: seen.ranks, shape },
    probabilities: { data: Float32Array.from(seen.logProbs, Math.exp), shape },
    entropies: { data: seen.entropies, shape },
    divergences: { data: seen.divergences, shape },
    norm,
    ...words && { words },
  };
}
