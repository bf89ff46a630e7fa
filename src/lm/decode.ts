import type { Token } from "../tokenizer/token.ts";
import type { KVCache } from "./kv_cache.ts";
import type { ModelRunner } from "./model_runner.ts";
import { logSumExp, rankOf, topK as bestOf } from "./numbers.ts";
import { createSampler, type SamplingOptions } from "./sampling.ts";
import type { Reader } from "./sequence.ts";
import type { Prediction, Step } from "./types.ts";

/** Options of {@linkcode LanguageModel.steps} and {@linkcode LanguageModel.generate}. Greedy by default. */
export interface DecodeOptions extends SamplingOptions {
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

/** Decodes one token after another. Nothing is computed before a step is asked for. */
export async function* decode(
  { runner, reader, eosTokenIds }: Decoder,
  { tokenIds: prompt, text }: { readonly tokenIds: readonly number[]; readonly text: string },
  options: DecodeOptions,
): AsyncGenerator<Step> {
  const { maxNewTokens = 20, stop = [], candidates = 5, signal } = options;
  const { vocabSize, nPositions } = runner.config;
  const choose = createSampler(options);
  expectCount("maxNewTokens", maxNewTokens, 1);
  expectCount("candidates", candidates, 0);
  if (prompt.length >= nPositions) {
    const room = `a prompt of ${prompt.length} tokens as the context holds ${nPositions}`;
    throw new RangeError(`Cannot continue ${room}; shorten it`);
  }
  const stops = stopTest(stop, [...eosTokenIds], vocabSize);
  const cache = runner.emptyCache();
  const written: number[] = [];
  let logits = await runner.readPrompt(prompt, cache, signal);
  for (;;) {
    const tokenId = choose(logits);
    written.push(tokenId);
    const position = prompt.length + written.length - 1;
    const token = reader.continuation(prompt, text, written).tokens[position]!;
    yield describe(reader, position, token, logits, candidates);
    const full = position + 1 >= nPositions;
    if (full || written.length >= maxNewTokens || stops(tokenId, () => reader.spell(written))) return;
    logits = await next(runner, tokenId, cache, signal);
  }
}

async function next(runner: ModelRunner, tokenId: number, cache: KVCache, signal?: AbortSignal) {
  const [logits] = await runner.read([tokenId], cache, [0], { signal });
  return logits!;
}

function describe(
  reader: Reader,
  position: number,
  token: Token,
  logits: Float32Array,
  count: number,
): Step {
  const tokenId = token.id;
  const norm = logSumExp(logits);
  const candidates = bestOf(logits, Math.min(count, logits.length)).map((id) => predict(reader, id, logits, norm));
  return { position, tokenId, token, logProb: logits[tokenId]! - norm, candidates, logits };
}

function predict(reader: Reader, tokenId: number, logits: Float32Array, norm: number): Prediction {
  const logit = logits[tokenId]!;
  return {
    tokenId,
    token: reader.token(tokenId),
    probability: Math.exp(logit - norm),
    logit,
    rank: rankOf(logits, tokenId),
  };
}

/** Whether a token, or the text that it completes, ends the writing. */
function stopTest(stop: readonly (number | string)[], eos: readonly number[], vocabSize: number) {
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

function expectCount(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`Cannot decode with ${name} ${value} as it must be a whole number >= ${least}`);
  }
}
