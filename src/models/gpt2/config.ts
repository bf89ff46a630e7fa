import { shown } from "../../base/words.ts";

/** The settings of a GPT-2 model: Hugging Face's `config.json`, in camel case. */
export interface GPT2Config {
  /** V, the number of tokens. */
  readonly vocabSize: number;
  /** The context length: the most positions that a sequence can have. */
  readonly nPositions: number;
  /** C, the width of the residual stream. */
  readonly nEmbd: number;
  /** L, the number of blocks. */
  readonly nLayer: number;
  /** H, the number of attention heads in a block. */
  readonly nHead: number;
  /** The number of neurons in the MLP of a block, 4C by default. */
  readonly nInner: number;
  /** The activation function of the MLP. */
  readonly activationFunction: ActivationFunction;
  /** The number added to the variance in each LayerNorm. */
  readonly layerNormEpsilon: number;
  /** Whether attention scores are divided by the square root of the head size. */
  readonly scaleAttnWeights: boolean;
  /** Whether attention scores are divided by the number of the block, counted from 1. */
  readonly scaleAttnByInverseLayerIdx: boolean;
  /** Whether the logits are read with the transpose of the token embeddings. */
  readonly tieWordEmbeddings: boolean;
  /** The token that an unconditional text starts with. */
  readonly bosTokenId: number;
  /** The tokens that end a text. */
  readonly eosTokenIds: readonly number[];
}

/** The activation functions that are supported, by their Hugging Face names. */
export type ActivationFunction = "gelu" | "gelu_new" | "gelu_pytorch_tanh" | "relu" | "silu" | "swish" | "tanh";

const ACTIVATION_FUNCTIONS: readonly ActivationFunction[] = [
  "gelu",
  "gelu_new",
  "gelu_pytorch_tanh",
  "relu",
  "silu",
  "swish",
  "tanh",
];

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

/**
 * Reads a parsed `config.json`. Missing fields have Hugging Face's defaults.
 *
 * @throws {TypeError} When it is not a GPT-2 configuration or a field has the wrong type.
 * @throws {RangeError} When the numbers do not fit together.
 */
export function parseConfig(json: unknown): GPT2Config {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TypeError(`Cannot read config.json as it is not an object: ${shown(json)}`);
  }
  const fields = withOwnNames(json as Readonly<Record<string, unknown>>);
  refuseOtherModels(fields);
  refuseOtherComputation(fields);
  const nEmbd = count(fields, "n_embd", 768, LARGEST.nEmbd);
  const nHead = count(fields, "n_head", 12, LARGEST.nEmbd);
  if (nEmbd % nHead !== 0) {
    throw new RangeError(`Cannot divide n_embd ${nEmbd} among n_head ${nHead} heads`);
  }
  const vocabSize = count(fields, "vocab_size", 50257, LARGEST.vocabSize);
  const fallback = vocabSize > 50256 ? 50256 : vocabSize - 1;
  const bosTokenId = tokenIds(fields, "bos_token_id", vocabSize)[0] ?? fallback;
  return {
    vocabSize,
    nPositions: count(fields, fields.n_positions == null ? "n_ctx" : "n_positions", 1024, LARGEST.nPositions),
    nEmbd,
    nLayer: count(fields, "n_layer", 12, LARGEST.nLayer),
    nHead,
    nInner: fields.n_inner == null ? 4 * nEmbd : count(fields, "n_inner", 0, LARGEST.nInner),
    activationFunction: activationFunction(fields),
    layerNormEpsilon: epsilon(fields),
    scaleAttnWeights: flag(fields, "scale_attn_weights", true),
    scaleAttnByInverseLayerIdx: flag(fields, "scale_attn_by_inverse_layer_idx", false),
    tieWordEmbeddings: flag(fields, "tie_word_embeddings", true),
    bosTokenId,
    eosTokenIds: "eos_token_id" in fields ? tokenIds(fields, "eos_token_id", vocabSize) : [fallback],
  };
}

/**
 * The names that all models share, which Hugging Face's `GPT2Config.attribute_map` reads as GPT-2's own. Of two that
 * differ, transformers takes the shared one.
 */
const SHARED_NAMES = {
  "hidden_size": "n_embd",
  "max_position_embeddings": "n_positions",
  "num_attention_heads": "n_head",
  "num_hidden_layers": "n_layer",
};

function withOwnNames(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const own = { ...fields };
  for (const [shared, name] of Object.entries(SHARED_NAMES)) own[name] = fields[shared] ?? own[name];
  return own;
}

function refuseOtherModels(fields: Readonly<Record<string, unknown>>): void {
  const { model_type: modelType, architectures } = fields;
  if (modelType !== undefined && modelType !== "gpt2") {
    throw new TypeError(`Cannot load a ${shown(modelType)} model as this package reads "gpt2" models only`);
  }
  if (modelType === undefined && !(Array.isArray(architectures) && architectures.includes("GPT2LMHeadModel"))) {
    throw new TypeError('Cannot read config.json as GPT-2 as it has neither model_type "gpt2" nor GPT2LMHeadModel');
  }
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

function refuseOtherComputation(fields: Readonly<Record<string, unknown>>): void {
  if (![undefined, null, false].some((value) => value === fields.add_cross_attention)) {
    throw new TypeError("Cannot load a GPT-2 model with add_cross_attention");
  }
  if (fields.quantization_config != null) throw new TypeError("Cannot load quantized weights (quantization_config)");
  for (const [name, isOther] of Object.entries(OTHER_COMPUTATION)) {
    if (fields[name] == null || !isOther(fields[name])) continue;
    throw new TypeError(
      `Cannot load a GPT-2 model with ${name} ${shown(fields[name])} as this package does not compute it; ` +
        `take another model, or remove ${name} from config.json to run it without`,
    );
  }
}

function count(fields: Readonly<Record<string, unknown>>, name: string, fallback: number, most: number): number {
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

/** What is wrong with a bad number: its value, or that it is none. */
function numberError(value: unknown): typeof RangeError | typeof TypeError {
  return typeof value === "number" ? RangeError : TypeError;
}

function flag(fields: Readonly<Record<string, unknown>>, name: string, fallback: boolean): boolean {
  const value = fields[name] ?? fallback;
  if (typeof value !== "boolean") {
    throw new TypeError(`Cannot use ${name} of config.json as it must be true or false: ${shown(value)}`);
  }
  return value;
}

function epsilon(fields: Readonly<Record<string, unknown>>): number {
  const value = fields.layer_norm_epsilon ?? 1e-5;
  if (typeof value !== "number" || !(value >= 0 && value < Infinity)) {
    const message = `Cannot use layer_norm_epsilon of config.json as it must be >= 0: ${shown(value)}`;
    throw new (numberError(value))(message);
  }
  return value;
}

function activationFunction(fields: Readonly<Record<string, unknown>>): ActivationFunction {
  const value = fields.activation_function ?? "gelu_new";
  const name = ACTIVATION_FUNCTIONS.find((known) => known === value);
  if (name === undefined) {
    const known = ACTIVATION_FUNCTIONS.join(", ");
    throw new TypeError(
      `Cannot use activation_function ${shown(value)} as only these are supported: ${known}`,
    );
  }
  return name;
}

/** One token id or several, as `eos_token_id` has them; null is none. */
export function tokenIds(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  vocabSize: number,
): readonly number[] {
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
