/**
 * What the values of settings may be, for callers and for files.
 *
 * @module
 */
import { shown } from "../../../base/words.ts";
import type { Penalties, PenaltyOptions, ScoreSettings, WarperOptions, Words } from "../../../model/score_settings.ts";

/** What a number must be, to complete "as it must be". */
interface Rule {
  readonly must: string;
  readonly fits: (value: number) => boolean;
}

const single = (value: number) => Math.fround(value);
const POSITIVE: Rule = { must: "a number > 0", fits: (value) => single(value) > 0 && single(value) < Infinity };
const SHARE: Rule = { must: "a number from 0 to 1", fits: (value) => value >= 0 && value <= 1 };
const SOME: Rule = { must: "a number > 0 and <= 1", fits: (value) => value > 0 && value <= 1 };
const CUTOFF: Rule = { must: "a number >= 0 and < 1", fits: (value) => value >= 0 && value < 1 };
const wholeFrom = (least: number): Rule => {
  return { must: `a whole number >= ${least}`, fits: (value) => Number.isSafeInteger(value) && value >= least };
};

/** The rule of each setting that is a number. */
export const NUMBER_RULES = {
  temperature: { must: "a number >= 0", fits: (value) => value >= 0 && value < Infinity },
  topH: SOME,
  topK: wholeFrom(1),
  topP: SHARE,
  minP: SHARE,
  typicalP: SOME,
  epsilonCutoff: CUTOFF,
  etaCutoff: CUTOFF,
  encoderRepetitionPenalty: POSITIVE,
  repetitionPenalty: POSITIVE,
  noRepeatNgramSize: wholeFrom(0),
  encoderNoRepeatNgramSize: wholeFrom(0),
  minLength: wholeFrom(0),
  minNewTokens: wholeFrom(0),
  maxLength: wholeFrom(1),
  maxNewTokens: wholeFrom(1), // of files; a fork may write none
} as const satisfies Readonly<Record<string, Rule>>;

/** The settings that change scores, without those that only limit how much is written. */
const SETTINGS = {
  ...{ temperature: true, topH: true, topK: true, topP: true, minP: true, typicalP: true },
  ...{ epsilonCutoff: true, etaCutoff: true, sequenceBias: true, encoderRepetitionPenalty: true },
  ...{ repetitionPenalty: true, noRepeatNgramSize: true, encoderNoRepeatNgramSize: true, badWords: true },
  ...{ minLength: true, minNewTokens: true, forcedBosTokenId: true, forcedEosTokenId: true },
  ...{ removeInvalidValues: true, exponentialDecayLengthPenalty: true, suppressTokens: true },
  ...{ beginSuppressTokens: true, renormalizeLogits: true },
} as const satisfies Record<keyof ScoreSettings, true>;

/** A setting that is a number. */
export type NumberSetting = keyof typeof NUMBER_RULES;

/** Says what is wrong with the value of a setting that is a number, if anything is. */
export function problemOf(name: NumberSetting, value: unknown): string | undefined {
  const { must, fits }: Rule = NUMBER_RULES[name];
  return typeof value === "number" && fits(value) ? undefined : `it must be ${must}`;
}

/** Reads words. */
export interface WordReader {
  /** The tokens of a text as it stands, or a token id, checked. */
  readonly word: (input: string | number) => { readonly tokenIds: readonly number[] };
}

/**
 * The settings of options, with words as token ids.
 *
 * @throws {TypeError | RangeError} When one has a value that it cannot have.
 */
export function readSettings(options: PenaltyOptions & WarperOptions, reader: WordReader): ScoreSettings {
  expectNumbers(options);
  const { sequenceBias, badWords, suppressTokens, beginSuppressTokens } = options;
  const { forcedBosTokenId, forcedEosTokenId, exponentialDecayLengthPenalty: decay } = options;
  const wordsOf = (name: string, words: unknown) => list(name, words).map((word) => idsOf(name, word, reader));
  const oneOf = (name: string, words: unknown) => list(name, words).map((word) => idOf(name, word, reader));
  if (forcedBosTokenId !== undefined) idOf("forcedBosTokenId", forcedBosTokenId, reader);
  if (forcedEosTokenId !== undefined) [forcedEosTokenId].flat().forEach((id) => idOf("forcedEosTokenId", id, reader));
  if (decay !== undefined) expectDecay(decay);
  return {
    ...Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(SETTINGS, name))),
    ...sequenceBias && { sequenceBias: list("sequenceBias", sequenceBias).map((pair) => biasOf(pair, reader)) },
    ...badWords && { badWords: wordsOf("badWords", badWords) },
    ...suppressTokens && { suppressTokens: oneOf("suppressTokens", suppressTokens) },
    ...beginSuppressTokens && { beginSuppressTokens: oneOf("beginSuppressTokens", beginSuppressTokens) },
  };
}

function expectNumbers(options: PenaltyOptions & WarperOptions): void {
  for (const name of Object.keys(NUMBER_RULES) as NumberSetting[]) {
    if (name === "maxNewTokens") continue;
    const value: unknown = Reflect.get(options, name);
    const problem = value === undefined ? undefined : problemOf(name, value);
    if (problem) throw new RangeError(`Cannot decode with ${name} ${shown(value)} as ${problem}`);
  }
}

function list(name: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return Array.from(value); // map() would leave holes out
  throw new TypeError(`Cannot decode with ${name} ${shown(value)} as it must be an array`);
}

function idsOf(name: string, word: unknown, reader: WordReader): readonly number[] {
  const ids = typeof word === "string" ? reader.word(word).tokenIds : Array.isArray(word) ? word : undefined;
  if (ids === undefined || ids.length === 0) {
    throw new TypeError(`Cannot decode with ${shown(word)} in ${name}; use a text, or an array of token ids`);
  }
  return ids.map((id) => idOf(name, id, reader));
}

function idOf(name: string, token: unknown, reader: WordReader): number {
  if (typeof token !== "string" && typeof token !== "number") {
    throw new TypeError(`Cannot decode with ${shown(token)} in ${name}; use a token id, or a text that is one token`);
  }
  const { tokenIds } = reader.word(token);
  if (tokenIds.length === 1) return tokenIds[0]!;
  const count = `it is ${tokenIds.length} tokens`;
  throw new RangeError(`Cannot decode with ${shown(token)} in ${name} as ${count}; use a text that is one`);
}

function biasOf(pair: unknown, reader: WordReader): NonNullable<Penalties["sequenceBias"]>[number] {
  const [word, bias] = Array.isArray(pair) && pair.length === 2 ? pair as [Words, unknown] : [undefined, undefined];
  const fits = typeof bias === "number" && (Number.isFinite(Math.fround(bias)) || bias === -Infinity);
  if (word === undefined || !fits) {
    const form = "a pair of a word and a number that is finite, or -Infinity";
    throw new TypeError(`Cannot decode with ${shown(pair)} in sequenceBias; use ${form}`);
  }
  return [idsOf("sequenceBias", word, reader), bias];
}

function expectDecay(value: unknown): void {
  const [start, factor] = Array.isArray(value) && value.length === 2 ? value : [];
  if (Number.isSafeInteger(start) && typeof factor === "number" && Number.isFinite(factor)) return;
  const form = "use a whole number of tokens and a factor, as in [10, 1.05]";
  throw new TypeError(`Cannot decode with exponentialDecayLengthPenalty ${shown(value)}; ${form}`);
}
