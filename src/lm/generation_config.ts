/**
 * What the authors of a model say about writing with it: Hugging Face's `generation_config.json`.
 *
 * @module
 */
import { shown } from "../checkpoint/shown.ts";
import { type GPT2Config, tokenIds } from "../gpt2/config.ts";
import { createSampler, type SamplingOptions } from "./sampling.ts";

/** How a model writes when a caller says nothing. */
export interface GenerationDefaults {
  /** The tokens that end a text. */
  readonly eosTokenIds: readonly number[];
  /** How tokens are chosen; nothing means greedily. */
  readonly sampling: SamplingOptions;
}

/** Among how many tokens `do_sample` draws when the file does not say it, as in Hugging Face's `generate`. */
const DEFAULT_TOP_K = 50;

/**
 * Reads a parsed `generation_config.json`, or what is to be done without one. `do_sample` decides: without it, decoding
 * is greedy and the numbers of the file do not count.
 *
 * @throws {TypeError} When it is not an object, or a field has the wrong type.
 * @throws {RangeError} When a number is out of its range.
 */
export function readGenerationConfig(json: unknown, config: GPT2Config): GenerationDefaults {
  if (json === undefined) return { eosTokenIds: config.eosTokenIds, sampling: {} };
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TypeError(`Cannot read generation_config.json as it is not an object: ${shown(json)}`);
  }
  const fields = json as Readonly<Record<string, unknown>>;
  const eosTokenIds = "eos_token_id" in fields
    ? tokenIds(fields, "eos_token_id", config.vocabSize)
    : config.eosTokenIds;
  return { eosTokenIds, sampling: fields.do_sample === true ? readSampling(fields, config.vocabSize) : {} };
}

function readSampling(fields: Readonly<Record<string, unknown>>, vocabSize: number): SamplingOptions {
  const temperature = number(fields, "temperature", 1);
  const topK = number(fields, "top_k", DEFAULT_TOP_K);
  const topP = number(fields, "top_p", 1);
  const sampling = { temperature, ...topK > 0 && { topK: Math.min(topK, vocabSize) }, ...topP < 1 && { topP } };
  try {
    createSampler(sampling);
  } catch (error) {
    throw new RangeError(`Cannot use generation_config.json: ${error instanceof Error ? error.message : error}`);
  }
  return sampling;
}

function number(fields: Readonly<Record<string, unknown>>, name: string, fallback: number): number {
  const value = fields[name] ?? fallback;
  if (typeof value !== "number") {
    throw new TypeError(`Cannot use ${name} of generation_config.json as it is not a number: ${shown(value)}`);
  }
  return value;
}
