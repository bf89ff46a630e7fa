import { entropyOf, logSumExp, topK as bestOf } from "../../base/numbers.ts";
import type { KVCache } from "../../model/kv_cache.ts";
import { costOf, FLOAT, type Machine, memoryLimit, readBytes } from "../../model/memory.ts";
import type { Reader } from "../../model/reader.ts";
import { CHUNK_TOKENS } from "../../model/prompts.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import { sourceTokens } from "../../model/sources.ts";
import { checkedTopK, PREDICTION } from "../lens/reading.ts";
import { predict } from "../prediction.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import { type Candidates, CANDIDATES_OPTIONS, type CandidatesOptions } from "./types.ts";

/** How a text is read for what follows it. */
export interface CandidatesPlan extends Plan {
  readonly sequence: Sequence;
  readonly topK: number;
  /** The most tokens of one run. */
  readonly chunkTokens: number;
}

/** The question that {@linkcode LanguageModel.candidates} asks. */
export const CANDIDATES: Question<Sequence, CandidatesOptions, CandidatesPlan, Candidates> = {
  label: "Candidates",
  options: CANDIDATES_OPTIONS,
  needs: "next token",
  plan({ runner, reader }, sequence, options) {
    reader.expectSequence(sequence);
    return planCandidates(runner, sequence, options);
  },
  async run(model, plan, watch) {
    using cache = model.runner.emptyCache();
    return await candidatesAfter(model, plan, { cache, start: 0, watch });
  },
};

/** Plans to read a sequence that is checked, in runs that halve until they fit. */
export function planCandidates(machine: Machine, sequence: Sequence, options: CandidatesOptions): CandidatesPlan {
  const { vocabSize } = machine.config;
  const topK = checkedTopK(options.topK, 10, vocabSize);
  const maxMemory = memoryLimit(machine, options.maxMemory);
  const S = sequence.tokenIds.length;
  const E = sequence.source?.tokenIds.length ?? 0;
  const result = vocabSize * FLOAT + topK * PREDICTION;
  const bytes = (T: number) => readBytes(machine, { T, S, E, R: 1 });
  let chunkTokens = Math.min(S, CHUNK_TOKENS);
  while (chunkTokens > 1 && bytes(chunkTokens) + result > maxMemory) chunkTokens = Math.ceil(chunkTokens / 2);
  return {
    ...{ sequence, topK, chunkTokens, maxMemory },
    task: `list candidates after ${S} tokens`,
    cost: costOf(Math.ceil(S / chunkTokens), bytes(chunkTokens), result),
    advice: "shorten the text",
  };
}

/** What has been read, and what hears of the rest. */
export interface Begun {
  /** The keys and values of the tokens before `start`; the others are added. */
  readonly cache: KVCache;
  /** The first token that is read. */
  readonly start: number;
  readonly watch: Watch;
  /** Hears how many tokens are in the cache, after each run. */
  readonly onRead?: (length: number) => void;
}

/** Reads a sequence from `start` on, at least its last token, and describes what may follow. */
export async function candidatesAfter(
  { runner, reader }: Pick<AskedModel<ModelRunner>, "runner" | "reader">,
  plan: CandidatesPlan,
  begun: Begun,
): Promise<Candidates> {
  const { sequence, topK } = plan;
  const logits = await readFrom(runner, plan, begun);
  return { sequence, ...described(reader, logits, topK) };
}

/** The logits after the last token, `[V]`. */
async function readFrom(
  runner: ModelRunner,
  { sequence: { tokenIds, source }, chunkTokens }: CandidatesPlan,
  { cache, start, watch: { onProgress, signal }, onRead }: Begun,
): Promise<Float32Array> {
  const total = tokenIds.length;
  for (let from = start;; from += chunkTokens) {
    const chunk = tokenIds.slice(from, from + chunkTokens);
    const read = { signal, ...from === 0 && { source: sourceTokens(source?.tokenIds) } };
    const [logits] = await runner.read(chunk, cache, [chunk.length - 1], read);
    const completed = from + chunk.length;
    onRead?.(completed);
    onProgress?.({ task: "candidates", completed, total, message: `Read ${completed} of ${total} tokens` });
    if (completed === total) return logits!;
  }
}

function described(reader: Reader, logits: Float32Array, topK: number): Omit<Candidates, "sequence"> {
  const norm = logSumExp(logits);
  return {
    predictions: predict(reader, bestOf(logits, topK), logits, norm),
    logits: { data: logits, shape: [logits.length] },
    entropy: entropyOf(logits, norm),
  };
}
