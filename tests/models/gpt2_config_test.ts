import { deepEqual, equal, throws } from "@std/assert";
import { tokenIds } from "../../src/models/config.ts";
import { parseConfig } from "../../src/models/families.ts";
import type { GPT2Config } from "../../src/models/gpt2.ts";

/** Hugging Face's defaults: GPT-2 small. */
const DEFAULTS: GPT2Config = {
  modelType: "gpt2",
  vocabSize: 50257,
  nPositions: 1024,
  nEmbd: 768,
  nLayer: 12,
  nHead: 12,
  nInner: 3072,
  activationFunction: "gelu_new",
  layerNormEpsilon: 1e-5,
  scaleAttnWeights: true,
  scaleAttnByInverseLayerIdx: false,
  tieWordEmbeddings: true,
  bosTokenId: 50256,
  eosTokenIds: [50256],
};

type Changes = Readonly<Record<string, unknown>>;
const MODEL_TYPES =
  '"gpt2", "llama", "mistral", "qwen2", "gpt_neox", "opt", "bert", "distilbert", "roberta", "bart", "marian"';
const otherModel = (found: string) =>
  `Cannot load a ${found} model as this package reads the model types ${MODEL_TYPES}`;
const parse = (changes: Changes = {}) => parseConfig({ model_type: "gpt2", ...changes });

Deno.test("parseConfig() has Hugging Face's defaults", () => {
  deepEqual(parse(), DEFAULTS);
});

const FIELDS: readonly (readonly [Changes, Partial<GPT2Config>])[] = [
  [{ vocab_size: 100 }, { vocabSize: 100, bosTokenId: 99, eosTokenIds: [99] }],
  [{ vocab_size: 60000 }, { vocabSize: 60000 }],
  [{ vocab_size: 1 }, { vocabSize: 1, bosTokenId: 0, eosTokenIds: [0] }],
  [{ n_positions: 7 }, { nPositions: 7 }],
  [{ n_embd: 24 }, { nEmbd: 24, nInner: 96 }],
  [{ n_layer: 48 }, { nLayer: 48 }],
  [{ n_head: 1 }, { nHead: 1 }],
  [{ n_inner: 5 }, { nInner: 5 }],
  [{ n_inner: null }, {}],
  [{ layer_norm_epsilon: 0 }, { layerNormEpsilon: 0 }],
  [{ layer_norm_epsilon: 1e-6 }, { layerNormEpsilon: 1e-6 }],
  [{ scale_attn_weights: false }, { scaleAttnWeights: false }],
  [{ scale_attn_by_inverse_layer_idx: true }, { scaleAttnByInverseLayerIdx: true }],
  [{ tie_word_embeddings: false }, { tieWordEmbeddings: false }],
  [{ bos_token_id: 3 }, { bosTokenId: 3 }],
  [{ bos_token_id: null }, {}],
  [{ eos_token_id: 4 }, { eosTokenIds: [4] }],
  [{ eos_token_id: [4, 5] }, { eosTokenIds: [4, 5] }],
  [{ eos_token_id: null }, { eosTokenIds: [] }],
  [{ eos_token_id: [] }, { eosTokenIds: [] }],
  [{ n_layer: null, layer_norm_epsilon: null, tie_word_embeddings: null, activation_function: null }, {}],
  [{
    n_ctx: 1,
    n_positions: 1024,
    resid_pdrop: 0.1,
    summary_type: "cls_index",
    reorder_and_upcast_attn: true,
    torch_dtype: "x",
  }, {}],
  [{ add_cross_attention: false, quantization_config: null }, {}],
  [{ is_causal: true, is_encoder_decoder: false, sliding_window: null, layer_types: ["full_attention"] }, {}],
  // tests/goldens/gpt2/f64 has both names of the heads, and numbers of transformers that hold this.
  [{ n_head: 4, num_attention_heads: 2, hidden_size: 768, n_embd: 16 }, { nHead: 2 }],
  [{ n_head: 4, num_attention_heads: null }, { nHead: 4 }],
];

for (const [changes, expected] of FIELDS) {
  Deno.test(`parseConfig() reads ${JSON.stringify(changes)}`, () => {
    deepEqual(parse(changes), { ...DEFAULTS, ...expected });
  });
}

for (const name of ["gelu", "gelu_fast", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", "swish", "tanh"]) {
  Deno.test(`parseConfig() reads activation_function "${name}"`, () => {
    equal(parse({ activation_function: name }).activationFunction, name);
  });
}

Deno.test("parseConfig() takes GPT2LMHeadModel among the architectures for model_type", () => {
  deepEqual(parseConfig({ architectures: ["GPT2LMHeadModel"] }), DEFAULTS);
});

const whole = (name: string, value: string) =>
  `Cannot use ${name} of config.json as it must be a whole number >= 1: ${value}`;
const truth = (name: string, value: string) =>
  `Cannot use ${name} of config.json as it must be true or false: ${value}`;
const epsilon = (value: string) => `Cannot use layer_norm_epsilon of config.json as it must be >= 0: ${value}`;
const activation = (value: string) =>
  `Cannot use activation_function ${value} as only these are supported: ` +
  "gelu, gelu_fast, gelu_new, gelu_pytorch_tanh, relu, silu, swish, tanh";

const REFUSALS: readonly (readonly [Changes, "RangeError" | "TypeError", string])[] = [
  [{ model_type: "mamba" }, "TypeError", otherModel('"mamba"')],
  [{ model_type: null }, "TypeError", otherModel("null")],
  [{ add_cross_attention: true }, "TypeError", "Cannot load a GPT-2 model with add_cross_attention"],
  [{ add_cross_attention: 1 }, "TypeError", "Cannot load a GPT-2 model with add_cross_attention"],
  [{ quantization_config: {} }, "TypeError", "Cannot load quantized weights (quantization_config)"],
  ...([
    ["is_causal", false],
    ["is_causal", 0],
    ["is_encoder_decoder", true],
    ["sliding_window", 2],
    ["attention_chunk_size", 2],
    ["layer_types", ["full_attention", "sliding_attention"]],
    ["layer_types", "full_attention"],
    ["transformers_weights", "other.safetensors"],
  ] as const).map(([name, value]) => {
    const found = `${name} ${JSON.stringify(value)} as this package does not compute it`;
    const message = `Cannot load a GPT-2 model with ${found}; take another model, or remove ${name} from config.json ` +
      "to run it without";
    return [{ [name]: value }, "TypeError", message] as const;
  }),
  [{ n_embd: 16, n_head: 3 }, "RangeError", "Cannot divide n_embd 16 among n_head 3 heads"],
  ...["vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner"].flatMap((name) => [
    [{ [name]: 0 }, "RangeError", whole(name, "0")] as const,
    [{ [name]: -12 }, "RangeError", whole(name, "-12")] as const,
    [{ [name]: 1.5 }, "RangeError", whole(name, "1.5")] as const,
    [{ [name]: 1e300 }, "RangeError", whole(name, "1e+300")] as const,
    [{ [name]: "12" }, "TypeError", whole(name, '"12"')] as const,
    [{ [name]: [12] }, "TypeError", whole(name, "[12]")] as const,
  ]),
  ...["scale_attn_weights", "scale_attn_by_inverse_layer_idx", "tie_word_embeddings"].flatMap((name) => [
    [{ [name]: 1 }, "TypeError", truth(name, "1")] as const,
    [{ [name]: "true" }, "TypeError", truth(name, '"true"')] as const,
  ]),
  [{ layer_norm_epsilon: -1e-5 }, "RangeError", epsilon("-0.00001")],
  [{ layer_norm_epsilon: Infinity }, "RangeError", epsilon("Infinity")],
  [{ layer_norm_epsilon: "1e-5" }, "TypeError", epsilon('"1e-5"')],
  [{ activation_function: "quick_gelu" }, "TypeError", activation('"quick_gelu"')],
  [{ activation_function: 1 }, "TypeError", activation("1")],
  ...["bos_token_id", "eos_token_id"].flatMap((name) => [
    [{ [name]: 50257 }, "RangeError", `Cannot use ${name} 50257 as the vocabulary holds 50257 tokens`] as const,
    [{ [name]: -1 }, "RangeError", `Cannot use ${name} -1 as the vocabulary holds 50257 tokens`] as const,
    [{ [name]: [1, 0.5] }, "RangeError", `Cannot use ${name} 0.5 as the vocabulary holds 50257 tokens`] as const,
    [{ [name]: "0" }, "TypeError", `Cannot use ${name} "0" as the vocabulary holds 50257 tokens`] as const,
  ]),
];

for (const [changes, name, message] of REFUSALS) {
  Deno.test(`parseConfig() refuses ${JSON.stringify(changes)}: ${name}`, () => {
    throws(() => parse(changes), { name, message });
  });
}

for (const json of [null, undefined, [], "gpt2", 12]) {
  Deno.test(`parseConfig() refuses ${JSON.stringify(json)} in place of an object`, () => {
    const message = `Cannot read config.json as it is not an object: ${JSON.stringify(json)}`;
    throws(() => parseConfig(json), { name: "TypeError", message });
  });
}

for (const json of [{}, { architectures: ["GPT2ForSequenceClassification"] }, { architectures: "GPT2LMHeadModel" }]) {
  Deno.test(`parseConfig() refuses ${JSON.stringify(json)}, which does not say what it is`, () => {
    const architectures = "GPT2LMHeadModel, LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, " +
      "GPTNeoXForCausalLM, OPTForCausalLM, BertForMaskedLM, BertForPreTraining, BertModel, DistilBertForMaskedLM, " +
      "DistilBertModel, RobertaForMaskedLM, RobertaModel, BartForConditionalGeneration, MarianMTModel";
    const message = `Cannot read config.json as it has neither a model_type, such as ${MODEL_TYPES}, nor an ` +
      `architecture of ${architectures}`;
    throws(() => parseConfig(json), { name: "TypeError", message });
  });
}

Deno.test("tokenIds() reads one id, several or none", () => {
  deepEqual(tokenIds({ eos: 0 }, "eos", 1), [0]);
  deepEqual(tokenIds({ eos: [2, 1] }, "eos", 3), [2, 1]);
  deepEqual(tokenIds({ eos: null }, "eos", 3), []);
  deepEqual(tokenIds({}, "eos", 3), []);
});
