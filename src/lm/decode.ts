import { shown } from "../checkpoint/shown.ts";
import type { GPT2Config } from "../gpt2/config.ts";
import type { MemoryOptions } from "./cost_types.ts";
import { decodeCost } from "./decode_plan.ts";
import type { KVCache } from "./kv_cache.ts";
import { expectWithin, memoryLimit } from "./memory.ts";
import type { ModelRunner } from "./model_runner.ts";
import { logSumExp, topK } from "./numbers.ts";
import { createSampler, type SamplingOptions } from "./sampling.ts";
import type { Reader } from "./sequence.ts";
import type { Prediction, Progress, Step } from "./types.ts";

/**
 * Options of {@linkcode LanguageModel.steps}, {@linkcode LanguageModel.generate},
 * {@linkcode LanguageModel.generateBatch} and {@linkcode LanguageModel.tree}.
 * Greedy by default, unless the model's `generation_config.json` says `do_sample`: what it says about sampling then holds
 * for what is not given.
 */
export interface DecodeOptions extends SamplingOptions, MemoryOptions {
  /**
   * The most tokens that are written.
   *
   * @default {20}
   */
  readonly maxNewTokens?: number;
  /** Token ids and texts that end the writing; the token that completes one is the last. */
  readonly stop?: readonly (number | string)[];
  /**
   * How many of the likeliest tokens each step lists.
   *
   * @default {5}
   */
  readonly candidates?: number;
  /** Hears of each token that was written, with {@linkcode Progress.task} `"decode"`; `total` is the most there may be. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two steps. */
  readonly signal?: AbortSignal;
}

/** What the decoder works with. */
export interface Decoder {
  /** Reads tokens. */
  readonly runner: ModelRunner;
  /** Spells tokens. */
  readonly reader: Reader;
  /** The tokens that end a text. */
  readonly eosTokenIds: readonly number[];
}

/** Checked ids and the text that they spell. */
export interface Prompt {
  readonly tokenIds: readonly number[];
  readonly text: string;
}

/** A chosen token and the scores that it was chosen by, `[V]`. */
export interface Choice {
  readonly tokenId: number;
  readonly logits: Float32Array;
}

/** How many tokens are written at most when a caller says nothing. */
export const DEFAULT_MAX_NEW_TOKENS = 20;

/** Where decoding begins. */
export interface Start {
  /** What has been read; what follows is added. */
  readonly cache: KVCache;
  /** Reads the rest of what stands before the first choice, and returns the scores of what follows, `[V]`. */
  readonly read: () => Promise<Float32Array>;
  /** The first token, when it is not for the options to choose. It does not count as one of `maxNewTokens`. */
  readonly first?: number;
}

/** Chooses what follows a prompt. Nothing is computed before a choice is asked for. */
export async function* choose(
  decoder: Decoder,
  { tokenIds: prompt }: Prompt,
  options: DecodeOptions,
  given?: KVCache,
): AsyncGenerator<Choice> {
  const { runner } = decoder;
  expectRoomAfter(prompt, runner.config);
  if (options.maxMemory !== undefined) {
    const { maxNewTokens = DEFAULT_MAX_NEW_TOKENS } = options;
    expectCount("maxNewTokens", maxNewTokens, 1);
    const what = `continue a prompt of ${prompt.length} tokens by ${maxNewTokens}`;
    const limit = memoryLimit(runner, options.maxMemory);
    expectWithin(what, decodeCost(runner, prompt.length, maxNewTokens), limit, "ask for fewer tokens");
  }
  using own = given ? undefined : runner.emptyCache();
  const cache = given ?? own!;
  yield* chooseFrom(decoder, { cache, read: () => runner.readPrompt(prompt, cache, options.signal) }, options);
}

/**
 * Refuses a prompt after which there is no room.
 *
 * @throws {RangeError} When it fills the context.
 */
export function expectRoomAfter(prompt: readonly number[], { nPositions }: GPT2Config): void {
  if (prompt.length < nPositions) return;
  const room = `a prompt of ${prompt.length} tokens as the context holds ${nPositions}`;
  throw new RangeError(`Cannot continue ${room}; shorten it`);
}

/** Chooses one token after another. All but the last one are left in the cache of `start`. */
export async function* chooseFrom(
  decoder: Decoder,
  { cache, read, first }: Start,
  options: DecodeOptions,
): AsyncGenerator<Choice> {
  const { runner } = decoder;
  const writer = createWriter(decoder, options, first);
  let logits = await read();
  const room = runner.config.nPositions - cache.length;
  for (;;) {
    const tokenId = writer.choose(logits);
    tellWritten(options, writer.written.length - (first === undefined ? 0 : 1));
    yield { tokenId, logits };
    if (writer.ended(room)) return;
    [logits] = await runner.read([tokenId], cache, [0], { signal: options.signal }) as [Float32Array];
  }
}

/** Tells how many tokens of so many texts are written. */
export function tellWritten(
  { onProgress, maxNewTokens = DEFAULT_MAX_NEW_TOKENS }: DecodeOptions,
  completed: number,
  texts = 1,
): void {
  const total = texts * maxNewTokens;
  onProgress?.({ task: "decode", completed, total, message: `Wrote ${completed} of at most ${total} tokens` });
}

/** Writes one text. */
export interface Writer {
  /** What has been written. */
  readonly written: readonly number[];
  /** Chooses the next token by the scores of the vocabulary. */
  readonly choose: (logits: Float32Array) => number;
  /** Whether the last token ends the text, which may have as many as `room`. */
  readonly ended: (room: number) => boolean;
}

/** A writer of one text that begins with `first`, or else by the options, which are checked at once. */
export function createWriter({ runner, reader, eosTokenIds }: Decoder, options: DecodeOptions, first?: number): Writer {
  const { maxNewTokens = DEFAULT_MAX_NEW_TOKENS, stop = [], candidates = 0 } = options;
  const given = first === undefined ? 0 : 1;
  const sample = createSampler(options);
  expectCount("maxNewTokens", maxNewTokens, 1 - given);
  expectCount("candidates", candidates, 0);
  const stops = stopTest(stop, eosTokenIds, runner.config.vocabSize);
  const written: number[] = [];
  return {
    written,
    choose: (logits) => {
      const tokenId = written.length === 0 && first !== undefined ? first : sample(logits);
      written.push(tokenId);
      return tokenId;
    },
    ended: (room) =>
      written.length >= Math.min(given + maxNewTokens, room) || stops(written.at(-1)!, () => reader.spell(written)),
  };
}

/**
 * Describes each chosen token: its place, its probability, and what else was likely. `shared` was written between the
 * prompt and the first choice.
 */
export async function* describe(
  { reader }: Decoder,
  { tokenIds, text }: Prompt,
  candidates: number,
  choices: AsyncIterable<Choice>,
  shared: readonly number[] = [],
): AsyncGenerator<Step> {
  const written = [...shared];
  for await (const { tokenId, logits } of choices) {
    const position = tokenIds.length + written.length;
    written.push(tokenId);
    const token = reader.continuation(tokenIds, text, written).tokens[position]!;
    const norm = logSumExp(logits);
    const best = predict(reader, topK(logits, Math.min(candidates, logits.length)), logits, norm);
    yield { position, tokenId, token, logProb: logits[tokenId]! - norm, candidates: best, logits };
  }
}

/** Describes the likeliest tokens. All that have a greater score than one of them stand before it. */
function predict(
  reader: Reader,
  likeliest: readonly number[],
  logits: Float32Array,
  norm: number,
): readonly Prediction[] {
  const scores = likeliest.map((tokenId) => logits[tokenId]!);
  return likeliest.map((tokenId, i) => {
    const logit = scores[i]!;
    const probability = Math.exp(logit - norm);
    return { tokenId, token: reader.token(tokenId), probability, logit, rank: 1 + scores.indexOf(logit) };
  });
}

/** Whether a token, or the text that it completes, ends the writing. */
function stopTest(stop: readonly (number | string)[], eos: readonly number[], vocabSize: number) {
  if (!Array.isArray(stop)) {
    throw new TypeError(`Cannot stop at ${shown(stop)}; pass an array of texts and token ids`);
  }
  for (const entry of stop) {
    const fits = typeof entry === "string" ? entry !== "" : Number.isInteger(entry) && entry >= 0 && entry < vocabSize;
    if (!fits) {
      const what = JSON.stringify(entry);
      throw new RangeError(`Cannot stop at ${what}; use a text, or a token id from 0 to ${vocabSize - 1}`);
    }
  }
  const ids = new Set([...eos, ...stop.filter((entry) => typeof entry === "number")]);
  const texts = stop.filter((entry) => typeof entry === "string");
  return (tokenId: number, text: () => string): boolean => {
    if (ids.has(tokenId)) return true;
    if (texts.length === 0) return false;
    const spelled = text();
    return texts.some((entry) => spelled.includes(entry));
  };
}

export function expectCount(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`Cannot decode with ${name} ${value} as it must be a whole number >= ${least}`);
  }
}
