/**
 * What changes scores however a token is chosen, as Hugging Face's processors do, each in float32.
 * https://github.com/huggingface/transformers/blob/main/src/transformers/generation/logits_process.py
 *
 * @module
 */

import type { Penalties, Processor, ScoreContext } from "../../../model/score_settings.ts";
import { bannedNext, endsWith } from "./ngrams.ts";

/** The greatest finite float32. */
const GREATEST = Math.fround(3.4028234663852886e38);

/** The processors that settings ask for, in Hugging Face's order; those that would change nothing are left out. */
export function penaltyProcessors(settings: Penalties, context: ScoreContext): readonly Processor[] {
  const { prompt, source = prompt, eosTokenIds } = context;
  const { encoderRepetitionPenalty: encoder = 1, repetitionPenalty = 1 } = settings;
  const { noRepeatNgramSize = 0, encoderNoRepeatNgramSize = 0 } = settings;
  const { sequenceBias = [], badWords = [], suppressTokens = [], beginSuppressTokens = [] } = settings;
  const banned = badWords.filter((word) => !(word.length === 1 && eosTokenIds.includes(word[0]!)));
  const least = settings.minNewTokens === undefined ? settings.minLength : prompt.length + settings.minNewTokens;
  const first = prompt.length + (prompt.length === 1 && settings.forcedBosTokenId !== undefined ? 1 : 0);
  const all: readonly (Processor | false | undefined)[] = [
    sequenceBias.length > 0 && bias(sequenceBias),
    encoder !== 1 && ((_, scores) => penalise(scores, source, Math.fround(1 / encoder))),
    repetitionPenalty !== 1 && ((ids, scores) => penalise(scores, ids, Math.fround(repetitionPenalty))),
    noRepeatNgramSize > 0 && ((ids, scores) => suppress(scores, bannedNext(ids, ids, noRepeatNgramSize))),
    encoderNoRepeatNgramSize > 0 &&
    ((ids, scores) => suppress(scores, bannedNext(source, ids, encoderNoRepeatNgramSize))),
    banned.length > 0 && bias(banned.map((word) => [word, -Infinity])),
    least !== undefined && least > prompt.length &&
    ((ids, scores) => ids.length < least && suppress(scores, eosTokenIds)),
    forced([settings.forcedBosTokenId ?? []].flat(), 1),
    forced([settings.forcedEosTokenId ?? []].flat(), context.end - 1),
    settings.removeInvalidValues === true && ((_, scores) => removeInvalid(scores)),
    decay(settings, context),
    suppressTokens.length > 0 && ((_, scores) => suppress(scores, suppressTokens)),
    beginSuppressTokens.length > 0 &&
    ((ids, scores) => ids.length === first && suppress(scores, beginSuppressTokens)),
  ];
  return all.filter((one) => typeof one === "function");
}

function suppress(scores: Float32Array, tokenIds: Iterable<number>): void {
  for (const id of tokenIds) scores[id] = -Infinity;
}

/** Divides scores by a penalty, or multiplies them where they are below 0: once for each token, however often it stands. */
function penalise(scores: Float32Array, tokenIds: readonly number[], penalty: number): void {
  for (const id of new Set(tokenIds)) {
    const score = scores[id]!;
    scores[id] = score < 0 ? score * penalty : score / penalty;
  }
}

/** Adds to the scores of tokens that complete a word. All that is added to a score is added up before. */
function bias(words: readonly (readonly [word: readonly number[], bias: number])[]): Processor {
  const byWord = new Map(words.map(([word, number]) => [word.join(), { word, number: Math.fround(number) }]));
  const sorted = [...byWord.values()].sort((a, b) => Number(a.word.length > 1) - Number(b.word.length > 1));
  return (tokenIds, scores) => {
    const sums = new Map<number, number>();
    for (const { word, number } of sorted) {
      const last = word.at(-1)!;
      if (endsWith(tokenIds, word.slice(0, -1))) sums.set(last, Math.fround((sums.get(last) ?? 0) + number));
    }
    for (const [id, sum] of sums) scores[id]! += sum;
  };
}

/** Leaves nothing but some tokens, all alike, when the text has so many tokens. */
function forced(tokenIds: readonly number[], length: number): Processor | false {
  return tokenIds.length > 0 && ((ids, scores) => {
    if (ids.length !== length) return;
    scores.fill(-Infinity);
    for (const id of tokenIds) scores[id] = 0;
  });
}

function removeInvalid(scores: Float32Array): void {
  for (let i = 0; i < scores.length; ++i) {
    const score = scores[i]!;
    if (!Number.isFinite(score)) scores[i] = Number.isNaN(score) ? 0 : Math.sign(score) * GREATEST;
  }
}

/** Makes the end of a text ever likelier. */
function decay(
  { exponentialDecayLengthPenalty: given }: Penalties,
  { prompt, eosTokenIds }: ScoreContext,
): Processor | undefined {
  if (!given) return undefined;
  const [start, factor] = given;
  return (tokenIds, scores) => {
    const since = tokenIds.length - prompt.length - start;
    if (since <= 0) return;
    const share = Math.fround(factor ** since - 1);
    for (const id of new Set(eosTokenIds)) {
      const score = scores[id]!;
      if (Number.isFinite(score)) scores[id] = score + Math.fround(Math.abs(score) * share);
    }
  };
}
