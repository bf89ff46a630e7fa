/**
 * The fields of `generation_config.json` that are no single numbers.
 *
 * @module
 */
import { shown } from "../../base/words.ts";
import { tokenIds } from "../../models/config.ts";
import type { DecodeOptions } from "./options.ts";

/** Fields of a file. */
export type Fields = Readonly<Record<string, unknown>>;

/** A file that says how to write. */
export interface GenerationFile {
  /** What it is called. */
  readonly name: string;
  /** What it says. */
  readonly fields: Fields;
  /** How many tokens the model has. */
  readonly vocabSize: number;
}

type Read = (file: GenerationFile, name: string) => unknown;

/** The option of each field, and how it is read. */
export const LISTS: Readonly<Record<string, readonly [keyof DecodeOptions, Read]>> = {
  "sequence_bias": ["sequenceBias", biases],
  "bad_words_ids": ["badWords", (file, name) => arrayOf(file, name).map((word) => wordOf(file, name, word))],
  "suppress_tokens": ["suppressTokens", idsOf],
  "begin_suppress_tokens": ["beginSuppressTokens", idsOf],
  "forced_bos_token_id": ["forcedBosTokenId", (file, name) => checked(file, name, [file.fields[name]])[0]],
  "forced_eos_token_id": ["forcedEosTokenId", (file, name) => checked(file, name, [file.fields[name]].flat())],
  "exponential_decay_length_penalty": ["exponentialDecayLengthPenalty", decay],
  "remove_invalid_values": ["removeInvalidValues", flag],
  "renormalize_logits": ["renormalizeLogits", flag],
  "stop_strings": ["stop", texts],
};

function fail({ name: file, fields }: GenerationFile, name: string, form: string): never {
  throw new TypeError(`Cannot use ${name} of ${file} as it is not ${form}: ${shown(fields[name])}`);
}

function checked({ vocabSize }: GenerationFile, name: string, ids: readonly unknown[]): readonly number[] {
  return tokenIds({ [name]: ids }, name, vocabSize);
}

function arrayOf(file: GenerationFile, name: string, form = "an array"): readonly unknown[] {
  const value = file.fields[name];
  return Array.isArray(value) ? value : fail(file, name, form);
}

function idsOf(file: GenerationFile, name: string): readonly number[] {
  return checked(file, name, arrayOf(file, name, "an array of token ids"));
}

function wordOf(file: GenerationFile, name: string, word: unknown): readonly number[] {
  if (!Array.isArray(word) || word.length === 0) fail(file, name, "an array of arrays of token ids");
  return checked(file, name, word);
}

function biases(file: GenerationFile, name: string): DecodeOptions["sequenceBias"] {
  const form = "an array of pairs of an array of token ids and a number";
  return arrayOf(file, name, form).map((pair) => {
    const [word, bias] = Array.isArray(pair) && pair.length === 2 ? pair : fail(file, name, form);
    if (typeof bias !== "number" || !Number.isFinite(Math.fround(bias))) fail(file, name, form);
    return [wordOf(file, name, word), bias] as const;
  });
}

function decay(file: GenerationFile, name: string): DecodeOptions["exponentialDecayLengthPenalty"] {
  const [start, factor, ...rest] = arrayOf(file, name);
  const fits = Number.isSafeInteger(start) && typeof factor === "number" && rest.length === 0;
  return fits ? [start as number, factor] : fail(file, name, "a whole number of tokens and a factor");
}

function flag(file: GenerationFile, name: string): boolean {
  const value = file.fields[name];
  return typeof value === "boolean" ? value : fail(file, name, "true or false");
}

function texts(file: GenerationFile, name: string): readonly string[] {
  const all = [file.fields[name]].flat();
  const fits = all.length > 0 && all.every((one) => typeof one === "string" && one !== "");
  return fits ? all as string[] : fail(file, name, "a text, or an array of texts");
}
