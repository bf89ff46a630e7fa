import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import type { PenaltyOptions } from "../../model/score_settings.ts";
import type { BeamOptions } from "./beams/settings.ts";
import type { SamplingOptions } from "./sampling.ts";

/**
 * Options of {@linkcode LanguageModel.steps}, {@linkcode LanguageModel.generate},
 * {@linkcode LanguageModel.generateBatch} and {@linkcode LanguageModel.tree}.
 * What is not given is as the model's `generation_config.json` has it; without one, decoding is greedy. The settings have
 * the names and the meaning of Hugging Face's `generate`, and are applied in its order: `docs/definitions.md` lists it.
 */
export interface DecodeOptions extends SamplingOptions, PenaltyOptions, BeamOptions, MemoryOptions {
  /**
   * The most tokens that are written.
   *
   * @default {20}
   */
  readonly maxNewTokens?: number;
  /** The most tokens that the text has, with its prompt, instead of `maxNewTokens`. */
  readonly maxLength?: number;
  /**
   * Token ids and texts that end the writing; the token that completes one is the last. A text may begin in the prompt.
   */
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

export const DECODING = {
  maxNewTokens: "a number",
  maxLength: "a number",
  minNewTokens: "a number",
  minLength: "a number",
  temperature: "a number",
  topH: "a number",
  topK: "a number",
  topP: "a number",
  minP: "a number",
  typicalP: "a number",
  epsilonCutoff: "a number",
  etaCutoff: "a number",
  seed: "a number",
  stop: "anything",
  sequenceBias: "an array",
  repetitionPenalty: "a number",
  encoderRepetitionPenalty: "a number",
  noRepeatNgramSize: "a number",
  encoderNoRepeatNgramSize: "a number",
  badWords: "an array",
  forcedBosTokenId: "a number",
  forcedEosTokenId: "a number or an array",
  exponentialDecayLengthPenalty: "an array",
  suppressTokens: "an array",
  beginSuppressTokens: "an array",
  removeInvalidValues: "true or false",
  renormalizeLogits: "true or false",
  candidates: "a number",
  beams: "a number",
  lengthPenalty: "a number",
  earlyStopping: "anything",
  ...READING,
} as const;

export const DECODE: OptionTable<DecodeOptions> = { task: "decode", kinds: DECODING };
