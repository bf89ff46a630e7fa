/**
 * The settings that models of every family have, and how fields of a `config.json` are read. What a file of a stranger
 * says is checked field by field.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import type { ActivationFunction } from "./activation.ts";

/** The settings that models of every family have: Hugging Face's `config.json`, by the names of GPT-2's in camel case. */
export interface ModelConfig {
  /** The family, as Hugging Face's `model_type` names it. */
  readonly modelType: string;
  /** V, the number of tokens. */
  readonly vocabSize: number;
  /** The context length: the most positions that a sequence can have. */
  readonly nPositions: number;
  /** C, the width of the residual stream. */
  readonly nEmbd: number;
  /** L, the number of blocks. */
  readonly nLayer: number;
  /** H, the number of attention heads in a block: of queries, where several share keys and values. */
  readonly nHead: number;
  /** The number of neurons in the MLP of a block. */
  readonly nInner: number;
  /** The activation function of the MLP. */
  readonly activationFunction: ActivationFunction;
  /** Whether the logits are read with the transpose of the token embeddings. */
  readonly tieWordEmbeddings: boolean;
  /** The token that an unconditional text starts with. */
  readonly bosTokenId: number;
  /** The tokens that end a text. */
  readonly eosTokenIds: readonly number[];
}

/**
 * The largest sizes that are read. They are far above every model there is, and small enough that names, shapes and
 * estimates of them are made at once. Ids of tokens leave the graph as float32, which is exact up to 2^24.
 */
export const LARGEST = {
  vocabSize: 2 ** 24,
  nPositions: 2 ** 20,
  nEmbd: 2 ** 16,
  nLayer: 2 ** 10,
  nInner: 2 ** 20,
} as const;

/** The fields of a parsed `config.json`. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * The fields of a parsed `config.json`.
 *
 * @throws {TypeError} When it is no object.
 */
export function fieldsOf(json: unknown): Fields {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TypeError(`Cannot read config.json as it is not an object: ${shown(json)}`);
  }
  return json as Fields;
}

/**
 * Settings by which transformers computes something else from the same weights: attention to later tokens, or, once its
 * cache is in use, to the last tokens only; weights of another file.
 */
const OTHER_COMPUTATION: Readonly<Record<string, (value: unknown) => boolean>> = {
  "is_encoder_decoder": (value) => value !== false,
  "is_causal": (value) => value !== true,
  "sliding_window": () => true,
  "attention_chunk_size": () => true,
  "layer_types": (value) => !(Array.isArray(value) && value.every((type) => type === "full_attention")),
  "transformers_weights": () => true,
};

/**
 * Refuses settings that this package does not compute. Of `more`, a family's own, those whose value `isOther` says so.
 *
 * @throws {TypeError} With the field's name and its value.
 */
export function refuseOtherComputation(family: string, fields: Fields, more: typeof OTHER_COMPUTATION = {}): void {
  if (![undefined, null, false].some((value) => value === fields.add_cross_attention)) {
    throw new TypeError(`Cannot load a ${family} model with add_cross_attention`);
  }
  if (fields.quantization_config != null) throw new TypeError("Cannot load quantized weights (quantization_config)");
  for (const [name, isOther] of Object.entries({ ...OTHER_COMPUTATION, ...more })) {
    if (fields[name] == null || !isOther(fields[name])) continue;
    throw new TypeError(
      `Cannot load a ${family} model with ${name} ${shown(fields[name])} as this package does not compute it; ` +
        `take another model, or remove ${name} from config.json to run it without`,
    );
  }
}

/** A whole number from 1 to `most`. */
export function count(fields: Fields, name: string, fallback: number, most: number): number {
  const value = fields[name] ?? fallback;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) {
    throw new (numberError(value))(
      `Cannot use ${name} of config.json as it must be a whole number >= 1: ${shown(value)}`,
    );
  }
  if (value > most) {
    throw new RangeError(`Cannot use ${name} of config.json as it must be at most ${most}: ${shown(value)}`);
  }
  return value;
}

/** A finite number that is at least 0, or above it when `above` says so. */
export function amount(fields: Fields, name: string, fallback: number, { above = false } = {}): number {
  const value = fields[name] ?? fallback;
  if (typeof value !== "number" || !(value >= 0 && value < Infinity) || (above && value === 0)) {
    const bound = above ? "> 0" : ">= 0";
    throw new (numberError(value))(`Cannot use ${name} of config.json as it must be ${bound}: ${shown(value)}`);
  }
  return value;
}

/** True or false. */
export function flag(fields: Fields, name: string, fallback: boolean): boolean {
  const value = fields[name] ?? fallback;
  if (typeof value !== "boolean") {
    throw new TypeError(`Cannot use ${name} of config.json as it must be true or false: ${shown(value)}`);
  }
  return value;
}

/** One of some names. */
export function choice<Name extends string>(
  fields: Fields,
  name: string,
  fallback: Name,
  known: readonly Name[],
): Name {
  const value = fields[name] ?? fallback;
  const found = known.find((one) => one === value);
  if (found === undefined) {
    throw new TypeError(`Cannot use ${name} ${shown(value)} as only these are supported: ${known.join(", ")}`);
  }
  return found;
}

/** What is wrong with a bad number: its value, or that it is none. */
function numberError(value: unknown): typeof RangeError | typeof TypeError {
  return typeof value === "number" ? RangeError : TypeError;
}

/**
 * The number of heads that a width is divided among.
 *
 * @throws {RangeError} When they do not divide it.
 */
export function headCount(
  fields: Fields,
  name: string,
  fallback: number,
  width: { name: string; size: number },
): number {
  const heads = count(fields, name, fallback, LARGEST.nEmbd);
  if (width.size % heads === 0) return heads;
  throw new RangeError(`Cannot divide ${width.name} ${width.size} among ${name} ${heads} heads`);
}

/** One token id or several, as `eos_token_id` has them; null is none. */
export function tokenIds(fields: Fields, name: string, vocabSize: number): readonly number[] {
  const value = fields[name];
  const ids = value == null ? [] : Array.isArray(value) ? value : [value];
  for (const id of ids) {
    if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
      throw new (numberError(id))(
        `Cannot use ${name} ${shown(id)} as the vocabulary holds ${vocabSize} tokens`,
      );
    }
  }
  return ids;
}

/** The tokens that begin and end a text; `fallback` where a file says nothing. */
export function textEnds(
  fields: Fields,
  vocabSize: number,
  fallback: { readonly bos: number; readonly eos: readonly number[] },
): Pick<ModelConfig, "bosTokenId" | "eosTokenIds"> {
  return {
    bosTokenId: tokenIds(fields, "bos_token_id", vocabSize)[0] ?? fallback.bos,
    eosTokenIds: "eos_token_id" in fields ? tokenIds(fields, "eos_token_id", vocabSize) : fallback.eos,
  };
}
