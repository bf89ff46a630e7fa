/**
 * What the authors of a model say about writing with it: Hugging Face's `generation_config.json`, as version 5.23 of
 * transformers means it.
 *
 * @module
 */
import { shown } from "../../base/words.ts";
import { type ModelConfig, tokenIds } from "../../models/config.ts";
import type { BeamSearchOptions } from "./beams/types.ts";
import { readBeams } from "./beams/generation_config.ts";
import { type Fields, type GenerationFile, LISTS } from "./generation_lists.ts";
import { expectBuilt } from "./generation_refusals.ts";
import type { DecodeOptions } from "./options.ts";
import { type NumberSetting, problemOf } from "./scores/rules.ts";

/** How a model writes when a caller says nothing. */
export interface GenerationDefaults {
  /** The tokens that end a text. */
  readonly eosTokenIds: readonly number[];
  /** What holds where a caller says nothing else; nothing means greedily. */
  readonly defaults: BeamSearchOptions;
}

/** Among how many tokens `do_sample` draws when the file does not say it, as in Hugging Face's `generate`. */
const DEFAULT_TOP_K = 50;

/** Fields that are numbers: the option of each, and when it changes anything. */
type Numbers = Readonly<Record<string, readonly [NumberSetting, (value: number) => boolean]>>;

/** The numbers that hold always. */
const NUMBERS: Numbers = {
  "encoder_repetition_penalty": ["encoderRepetitionPenalty", (value) => value !== 1],
  "repetition_penalty": ["repetitionPenalty", (value) => value !== 1],
  "no_repeat_ngram_size": ["noRepeatNgramSize", (value) => value > 0],
  "encoder_no_repeat_ngram_size": ["encoderNoRepeatNgramSize", (value) => value > 0],
  "min_length": ["minLength", (value) => value > 0],
  "min_new_tokens": ["minNewTokens", (value) => value > 0],
  "max_length": ["maxLength", () => true],
  "max_new_tokens": ["maxNewTokens", () => true],
};

/** The numbers that hold where `do_sample` is true. */
const SAMPLING: Numbers = {
  temperature: ["temperature", () => true],
  "top_h": ["topH", () => true],
  "top_k": ["topK", (value) => value !== 0],
  "top_p": ["topP", (value) => value < 1],
  "min_p": ["minP", (value) => value !== 0],
  "typical_p": ["typicalP", (value) => value < 1],
  "epsilon_cutoff": ["epsilonCutoff", (value) => value > 0 && value < 1],
  "eta_cutoff": ["etaCutoff", (value) => value > 0 && value < 1],
};

/**
 * Reads a parsed `generation_config.json`, or what is to be done without one: transformers then reads the same fields
 * in `config.json`. `do_sample` decides about drawing: without it, decoding is greedy and the numbers that narrow draws
 * do not count. A field that is `null` is not given, and one that transformers does not know counts for nothing.
 *
 * @param files What the two files hold; no `generation` when there is none.
 * @param config The model.
 * @param changes Fields that stand in the place of those of the file, or `false` for none of them but the end of a text.
 * @throws {TypeError} When it is not an object, or a field has the wrong type.
 * @throws {RangeError} When a number is out of its range, or a field asks for what is not built.
 */
export function readGenerationConfig(
  files: { readonly generation: unknown; readonly config?: Fields },
  config: ModelConfig,
  changes: Fields | false = {},
): GenerationDefaults {
  const { generation: json = { ...files.config, "_from_model_config": true } } = files;
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TypeError(`Cannot read generation_config.json as it is not an object: ${shown(json)}`);
  }
  const { eos_token_id: eos, ...rest } = json as Fields;
  const fields: Fields = {
    ..."eos_token_id" in json && { "eos_token_id": eos },
    ...changes !== false && { ...rest, ...changes },
  };
  const file = {
    name: files.generation === undefined ? "config.json" : "generation_config.json",
    fields,
    vocabSize: config.vocabSize,
  };
  expectBuilt(file);
  const eosTokenIds = "eos_token_id" in fields
    ? tokenIds(fields, "eos_token_id", config.vocabSize)
    : config.eosTokenIds;
  const { maxLength, minLength, ...always } = numbers(file, NUMBERS);
  return {
    eosTokenIds,
    defaults: {
      ...always,
      ...maxLength !== undefined && always.maxNewTokens === undefined && { maxLength },
      ...minLength !== undefined && always.minNewTokens === undefined && { minLength },
      ...lists(file),
      ...readBeams(file),
      ...fields.do_sample === true && readSampling(file),
    },
  };
}

function readSampling(file: GenerationFile): DecodeOptions {
  const { temperature, top_k: topK } = file.fields;
  const fields = { ...file.fields, temperature: temperature ?? 1, "top_k": topK ?? DEFAULT_TOP_K };
  const sampling: DecodeOptions = numbers({ ...file, fields }, SAMPLING);
  if (sampling.temperature === 0) {
    const advice = "load the model with generationConfig: { do_sample: false } to write greedily";
    throw new RangeError(`Cannot use ${file.name} as it asks to draw with temperature 0; ${advice}`);
  }
  return sampling.topK === undefined ? sampling : { ...sampling, topK: Math.min(sampling.topK, file.vocabSize) };
}

/** The fields of a table that change anything, by the names of their options. */
function numbers({ name: file, fields }: GenerationFile, table: Numbers): { [Name in NumberSetting]?: number } {
  const found: { [Name in NumberSetting]?: number } = {};
  for (const [name, [option, matters]] of Object.entries(table)) {
    const value = fields[name] ?? undefined;
    if (value === undefined) continue;
    if (typeof value !== "number") {
      throw new TypeError(`Cannot use ${name} of ${file} as it is not a number: ${shown(value)}`);
    }
    if (!matters(value)) continue;
    const problem = problemOf(option, value);
    if (problem) throw new RangeError(`Cannot use ${name} ${value} of ${file} as ${problem}`);
    found[option] = value;
  }
  return found;
}

/** The fields that are lists, texts and flags, by the names of their options. */
function lists(file: GenerationFile): DecodeOptions {
  const given = Object.entries(LISTS).filter(([name]) => file.fields[name] != null);
  return Object.fromEntries(given.map(([name, [option, read]]) => [option, read(file, name)]));
}
