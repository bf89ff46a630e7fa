import { free } from "../../base/numbers.ts";
import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import { costOf, FLOAT, type Machine, memoryLimit, readBytes } from "../../model/memory.ts";
import { streamOf } from "../../model/places.ts";
import type { Reader, WholeText } from "../../model/reader.ts";
import { CHUNK_TOKENS } from "../../model/prompts.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Sequence } from "../../model/sequence.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import { packsOf, readEach } from "../texts.ts";
import { pooled, type Pooling, type PoolingOptions, POOLINGS, unit } from "./pooling.ts";

/** Options of {@linkcode LanguageModel.encode}. */
export interface EncodeOptions extends MemoryOptions, PoolingOptions {
  /** Called after each run. */
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

const OPTIONS: OptionTable<EncodeOptions> = {
  task: "encode",
  kinds: { pooling: POOLINGS, normalize: "true or false", ...READING },
};

/** Texts as vectors: texts that mean alike are near each other, as far as the model was trained for that. */
export interface Embeddings {
  /** The texts that were read, N of them, in the order given. */
  readonly sequences: readonly Sequence[];
  /** `[N, C]`, a vector for each text. */
  readonly vectors: FloatTensor;
  /** What stands for a text. */
  readonly pooling: Pooling;
  /** Whether vectors are divided by their length. */
  readonly normalize: boolean;
}

interface EncodePlan extends Plan {
  readonly sequences: readonly Sequence[];
  readonly pooling: Pooling;
  readonly normalize: boolean;
  /** Indices of the texts that are read in one run. */
  readonly packs: readonly (readonly number[])[];
}

/** The question that {@linkcode LanguageModel.encode} asks. */
export const ENCODE: Question<readonly WholeText[], EncodeOptions, EncodePlan, Embeddings> = {
  label: "Embeddings",
  options: OPTIONS,
  needs: "whole text",
  plan: planEncoding,
  run: encodeTexts,
};

/** Packs the texts into runs. */
function planEncoding(
  { runner: machine, reader }: AskedModel,
  texts: readonly WholeText[],
  options: EncodeOptions,
): EncodePlan {
  const { pooling = "mean", normalize = true } = options;
  const sequences = readTexts(reader, texts);
  const maxMemory = memoryLimit(machine, options.maxMemory);
  const result = FLOAT * sequences.length * machine.config.nEmbd;
  const lengths = sequences.map(({ tokenIds }) => tokenIds.length);
  const bytes = (T: number) => packBytes(machine, T);
  const fits = (T: number) => T <= CHUNK_TOKENS && bytes(T) + result <= maxMemory;
  const packs = packsOf([...lengths.keys()], (index) => lengths[index]!, fits);
  const longest = Math.max(...packs.map((pack) => tokensOf(pack, lengths)));
  return {
    ...{ sequences, pooling, normalize, packs, maxMemory },
    task: `encode a text of ${Math.max(...lengths)} tokens`,
    cost: costOf(packs.length, bytes(longest), result),
    advice: "shorten the longest text, or encode fewer at a time",
  };
}

/** What a run over T tokens takes, with the states that it gives. */
function packBytes(machine: Machine, T: number): number {
  return readBytes(machine, { T, R: 1 }) + 2 * FLOAT * T * machine.config.nEmbd;
}

function tokensOf(pack: readonly number[], lengths: readonly number[]): number {
  return pack.reduce((sum, index) => sum + lengths[index]!, 0);
}

function readTexts(reader: Reader, texts: readonly WholeText[]): readonly Sequence[] {
  if (!Array.isArray(texts)) {
    const found = texts === null ? "null" : typeof texts;
    throw new TypeError(`Cannot take ${found} as texts; pass an array, as in ["a text"]`);
  }
  if (texts.length === 0) throw new RangeError("Cannot encode an empty list of texts; pass one at least");
  return readEach("texts", texts, (input) => reader.whole(input));
}

/** Reads texts side by side, and makes a vector of each. */
async function encodeTexts(
  { runner }: AskedModel<ModelRunner>,
  { sequences, pooling, normalize, packs }: EncodePlan,
  { onProgress, signal }: Watch,
): Promise<Embeddings> {
  const C = runner.config.nEmbd;
  const total = sequences.length;
  const data = new Float32Array(total * C);
  let completed = 0;
  for (const pack of packs) {
    const read = pack.map((index) => sequences[index]!);
    const states = await streamOf(runner, {
      tokenIds: read.flatMap(({ tokenIds }) => tokenIds),
      texts: read.flatMap(({ tokenIds }, text) => tokenIds.map(() => text)),
      tokenTypes: read.flatMap(({ tokenIds, tokenTypes }) => tokenTypes ?? tokenIds.map(() => 0)),
    }, signal);
    let start = 0;
    pack.forEach((index, i) => {
      const T = read[i]!.tokenIds.length;
      const vector = pooled(states.subarray(start * C, (start + T) * C), T, pooling);
      data.set(normalize ? unit(vector) : vector, index * C);
      start += T;
    });
    free(states);
    completed += pack.length;
    onProgress?.({ task: "encode", completed, total, message: `Encoded ${completed} of ${total} texts` });
  }
  return { sequences, vectors: { data, shape: [total, C] }, pooling, normalize };
}
