/**
 * The options of the methods of {@linkcode LanguageModel}, for {@linkcode expectOptions}.
 *
 * @module
 */
import type { BeamSearchOptions } from "./beam_types.ts";
import type { DecodeOptions } from "./decode.ts";
import type { FaithfulnessOptions } from "./faithfulness_types.ts";
import type { IdentityOptions } from "./identity_types.ts";
import type { LayerPredictionsOptions, RankingsOptions, RankingsWatchOptions } from "./lens_types.ts";
import type { LoadOptions } from "./load.ts";
import { LONG_WORK, type OptionTable } from "./options.ts";
import type { SaliencyOptions } from "./saliency_types.ts";
import type { SurpriseOptions } from "./surprise_types.ts";
import type { TraceOptions } from "./trace_types.ts";
import type { ForkOptions } from "./tree_types.ts";

/** What readings of a text have in common. */
const READING = { ...LONG_WORK, maxMemory: "a number" } as const;

const DECODING = {
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

export const LOAD: OptionTable<LoadOptions> = {
  task: "load a model",
  kinds: {
    backend: ["auto", "native", "wasm", "webgpu"],
    threads: "a number",
    prepack: "true or false",
    worker: "true or false",
    dtype: ["float32", "q8"],
    revision: "a text",
    cacheDir: "a text",
    localFilesOnly: "true or false",
    token: "a text",
    endpoint: "a text",
    generationConfig: "an object or false",
    ...LONG_WORK,
  },
};

export const SEQUENCE: OptionTable<{ readonly promptLength?: number }> = {
  task: "make a sequence",
  kinds: { promptLength: "a number" },
};

export const DECODE: OptionTable<DecodeOptions> = { task: "decode", kinds: DECODING };

export const BEAMS: OptionTable<BeamSearchOptions> = {
  task: "search with beams",
  kinds: { ...DECODING, best: "a number" },
};

export const FORK: OptionTable<ForkOptions> = { task: "fork", kinds: { ...DECODING, branch: "a number" } };

export const TRACE: OptionTable<TraceOptions> = {
  task: "trace",
  kinds: { capture: "anything", layers: "anything", ...READING },
};

export const SALIENCY: OptionTable<SaliencyOptions> = {
  task: "explain",
  kinds: {
    preset: "anything",
    method: "anything",
    of: "anything",
    reduce: "anything",
    normalize: "true or false",
    contrast: "a text or a number",
    steps: "a number",
    baseline: "anything",
    completeness: "true or false",
    positions: "anything",
    ...READING,
  },
};

export const FAITHFULNESS: OptionTable<FaithfulnessOptions> = {
  task: "try a map",
  kinds: { positions: "an array", steps: "a number", randomOrders: "a number", seed: "a number", ...READING },
};

export const LAYER_PREDICTIONS: OptionTable<LayerPredictionsOptions> = {
  task: "show the layers",
  kinds: { position: "a number", topK: "a number", norm: "anything", halves: "true or false", ...READING },
};

export const RANKINGS: OptionTable<RankingsOptions> = {
  task: "rank tokens",
  kinds: { positions: "anything", norm: "anything", ...READING },
};

export const RANKINGS_WATCH: OptionTable<RankingsWatchOptions> = {
  task: "watch words",
  kinds: { position: "a number", watch: "anything", norm: "anything", ...READING },
  required: ["watch"],
};

export const SURPRISE: OptionTable<SurpriseOptions> = {
  task: "measure surprise",
  kinds: { positions: "anything", topK: "a number", ...READING },
};

export const IDENTITY: OptionTable<IdentityOptions> = { task: "identify a model", kinds: LONG_WORK };
