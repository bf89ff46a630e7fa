import { stoppable } from "../../base/kernel.ts";
import { logSumExp, topK } from "../../base/numbers.ts";
import type { KVCache } from "../../model/kv_cache.ts";
import { costOf, type Machine, memoryLimit, readBytes } from "../../model/memory.ts";
import type { Reader } from "../../model/reader.ts";
import { CHUNK_TOKENS, readPrompt } from "../../model/prompts.ts";
import type { PromptTokens } from "../../model/requests.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { Prompt } from "../../model/sequence.ts";
import type { ModelConfig } from "../../models/config.ts";
import { predict } from "../prediction.ts";
import { type AskedModel, expectAbility, type Plan } from "../question.ts";
import { DECODE, type DecodeOptions } from "./options.ts";
import { createSampler } from "./sampling.ts";
import { expectOneLength, mostNewTokens, overDefaults } from "./scores/lengths.ts";
import { createProcessors, type ScoreProcessor } from "./scores/processors.ts";
import { readSettings } from "./scores/rules.ts";
import { createStopTest, type StopTest } from "./scores/stops.ts";
import type { ProcessedScores, Step } from "./step.ts";

/** What the decoder works with. */
export interface Decoder {
  /** Reads tokens. */
  readonly runner: ModelRunner;
  /** Spells tokens. */
  readonly reader: Reader;
  /** The tokens that end a text. */
  readonly eosTokenIds: readonly number[];
}

/** A chosen token and the scores that it was chosen by, `[V]`. */
export interface Choice {
  readonly tokenId: number;
  readonly logits: Float32Array;
  /** What the settings made of them, where they change anything. */
  readonly scores?: Float32Array;
}

/** Where decoding begins. */
export interface Start {
  /** The tokens before the first choice. */
  readonly before: readonly number[];
  /** The source, where an encoder reads one. */
  readonly source?: PromptTokens["source"];
  /** What has been read; what follows is added. */
  readonly cache: KVCache;
  /** Reads the rest of what stands before the first choice, and returns the scores of what follows, `[V]`. */
  readonly read: () => Promise<Float32Array>;
  /** The first token, when it is not for the options to choose. It does not count as one of `maxNewTokens`. */
  readonly first?: number;
}

/** How prompts are continued. */
export interface WritingPlan extends Plan {
  readonly prompts: readonly Prompt[];
  /** What the caller and the model say together. */
  readonly options: DecodeOptions;
}

/**
 * Plans to continue one prompt by one token after another. Only a limit that is given holds.
 *
 * @throws {TypeError | RangeError} When there is no room after the prompt, or a length is out of its range.
 */
export function planDecoding(machine: Machine, prompt: Prompt, options: DecodeOptions): WritingPlan {
  const { length: P } = prompt.tokenIds;
  const E = prompt.source?.tokenIds.length ?? 0;
  expectRoomAfter(prompt.tokenIds, machine.config);
  expectOneLength(options);
  const limit = memoryLimit(machine, options.maxMemory);
  const most = mostNewTokens(options, P);
  expectCount("maxNewTokens", most, 1);
  const written = Math.min(most, machine.config.nPositions - P);
  const first = readBytes(machine, { T: Math.min(P, CHUNK_TOKENS), S: P, E, R: 1 });
  const last = readBytes(machine, { T: 1, S: P + written, Z: E, R: 1 });
  return {
    prompts: [prompt],
    options,
    task: `continue a prompt of ${P} tokens by ${most}`,
    cost: costOf(Math.ceil(P / CHUNK_TOKENS) + written - 1, Math.max(first, last), 8 * (P + written)),
    maxMemory: options.maxMemory === undefined ? Infinity : limit,
    advice: "ask for fewer tokens",
  };
}

/** What a caller says, over what the model says, for work that asks nothing else before it begins. */
export function prepared<Options extends DecodeOptions>(model: AskedModel, options: Options): Options {
  model.expectUsable();
  expectAbility(DECODE.task, "next token", model.runner);
  return { ...overDefaults(model.defaults, options), signal: stoppable(options.signal) };
}

/** Chooses what follows a prompt. Nothing is computed before a choice is asked for. */
export async function* choose(
  decoder: Decoder,
  prompt: Prompt,
  options: DecodeOptions,
  given?: KVCache,
): AsyncGenerator<Choice> {
  const { runner } = decoder;
  using own = given ? undefined : runner.emptyCache();
  const cache = given ?? own!;
  const read = () => readPrompt(runner, prompt, cache, options.signal);
  yield* chooseFrom(decoder, { before: prompt.tokenIds, source: prompt.source, cache, read }, options);
}

/**
 * Refuses a prompt after which there is no room.
 *
 * @throws {RangeError} When it fills the context.
 */
export function expectRoomAfter(prompt: readonly number[], { nPositions }: ModelConfig): void {
  if (prompt.length < nPositions) return;
  const room = `a prompt of ${prompt.length} tokens as the context holds ${nPositions}`;
  throw new RangeError(`Cannot continue ${room}; shorten it`);
}

/** Chooses one token after another. All but the last one are left in the cache of `start`. */
export async function* chooseFrom(decoder: Decoder, start: Start, options: DecodeOptions): AsyncGenerator<Choice> {
  const { runner } = decoder;
  const writer = createWriter(decoder, start, options);
  let logits = await start.read();
  for (;;) {
    const choice = writer.choose(logits);
    tellWritten(options, writer.written.length - (start.first === undefined ? 0 : 1), writer.most);
    yield choice;
    if (writer.ended()) return;
    const request = { signal: options.signal };
    [logits] = await runner.read([choice.tokenId], start.cache, [0], request) as [Float32Array];
  }
}

/** Tells how many tokens of at most so many are written. */
export function tellWritten({ onProgress }: Pick<DecodeOptions, "onProgress">, completed: number, total: number): void {
  onProgress?.({ task: "decode", completed, total, message: `Wrote ${completed} of at most ${total} tokens` });
}

/** Writes one text. */
export interface Writer {
  /** What has been written. */
  readonly written: readonly number[];
  /** How many tokens may be written, without one that was chosen by hand. */
  readonly most: number;
  /** Chooses the next token by the scores of the vocabulary. */
  readonly choose: (logits: Float32Array) => Choice;
  /** Whether the last token ends the text. */
  readonly ended: () => boolean;
}

/** A writer of one text that begins with `first`, or else by the options, which are checked at once. */
export function createWriter(
  decoder: Decoder,
  { before, source, first }: Pick<Start, "before" | "source" | "first">,
  options: DecodeOptions,
): Writer {
  const begun = first === undefined ? before : [...before, first];
  const least = first === undefined ? 1 : 0;
  const { most, end, process, stops } = createRules(decoder, { tokenIds: begun, source }, options, { least });
  const sample = createSampler(options);
  const all = [...before];
  const written: number[] = [];
  return {
    written,
    most,
    choose: (logits) => {
      const isGiven = written.length === 0 && first !== undefined;
      const scores = isGiven ? undefined : process?.(all, logits);
      const tokenId = isGiven ? first : sample(scores ?? logits);
      written.push(tokenId);
      all.push(tokenId);
      return { tokenId, logits, ...scores && { scores } };
    },
    ended: () => all.length >= end || stops(all),
  };
}

/** What options mean for one text. */
export interface TextRules {
  /** How many tokens may be written. */
  readonly most: number;
  /** How many tokens the text has at most. */
  readonly end: number;
  /** What changes the scores of the next token, if anything does. */
  readonly process: ScoreProcessor | undefined;
  /** Whether the last token of a text ends it. */
  readonly stops: StopTest;
}

/**
 * What options mean for what follows a prompt.
 *
 * @throws {TypeError | RangeError} When an option is out of its range.
 */
export function createRules(
  { runner, reader, eosTokenIds }: Decoder,
  { tokenIds: before, source }: PromptTokens,
  options: DecodeOptions,
  { least, leastKept = 1 }: { readonly least: number; readonly leastKept?: number },
): TextRules {
  const { maxNewTokens, stop = [], candidates = 0 } = options;
  const { vocabSize, nPositions } = runner.config;
  expectOneLength(options);
  if (maxNewTokens !== undefined) expectCount("maxNewTokens", maxNewTokens, least);
  expectCount("candidates", candidates, 0);
  const settings = readSettings(options, reader);
  const most = mostNewTokens(options, before.length, least);
  const end = Math.min(before.length + most, nPositions);
  const context = { prompt: before, source: source?.tokenIds, end, eosTokenIds, vocabSize, leastKept };
  const process = createProcessors(settings, context);
  const stops = createStopTest(stop, { eosTokenIds, vocabSize, bytesOf: (id) => reader.token(id).bytes });
  return { most, end, process, stops };
}

/**
 * Describes each chosen token: its place, its probability, and what else was likely. `shared` was written between the
 * prompt and the first choice.
 */
export async function* describe(
  { reader }: Decoder,
  { tokenIds }: Prompt,
  candidates: number,
  choices: AsyncIterable<Choice>,
  shared: readonly number[] = [],
): AsyncGenerator<Step> {
  const tokenOf = reader.writing([...tokenIds, ...shared]);
  let position = tokenIds.length + shared.length;
  for await (const { tokenId, logits, scores } of choices) {
    const token = tokenOf(tokenId);
    const norm = logSumExp(logits);
    const best = predict(reader, topK(logits, Math.min(candidates, logits.length)), logits, norm);
    const processed = scores && processedBy(reader, scores, tokenId, candidates);
    const logProb = logits[tokenId]! - norm;
    yield { position: position++, tokenId, token, logProb, candidates: best, logits, ...processed && { processed } };
  }
}

/** Describes what settings made of scores. */
function processedBy(reader: Reader, scores: Float32Array, tokenId: number, candidates: number): ProcessedScores {
  const norm = logSumExp(scores);
  const possible = scores.reduce((count, score) => count + Number(Math.exp(score - norm) > 0), 0);
  const best = predict(reader, topK(scores, Math.min(candidates, possible)), scores, norm);
  return { possible, logProb: scores[tokenId]! - norm, candidates: best };
}

export function expectCount(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`Cannot decode with ${name} ${value} as it must be a whole number >= ${least}`);
  }
}
