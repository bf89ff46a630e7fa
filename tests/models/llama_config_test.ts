import { equal } from "@std/assert";
import { parseConfig } from "../../src/models/families.ts";
import type { LlamaConfig } from "../../src/models/llama.ts";
import * as cases from "../support/config_cases.ts";

/** Hugging Face's defaults: Llama 7B. */
const LLAMA: LlamaConfig = {
  modelType: "llama",
  vocabSize: 32000,
  nPositions: 2048,
  nEmbd: 4096,
  nLayer: 32,
  nHead: 32,
  nInner: 11008,
  activationFunction: "silu",
  tieWordEmbeddings: false,
  numKeyValueHeads: 32,
  headDim: 128,
  rmsNormEps: 1e-6,
  ropeTheta: 10000,
  partialRotaryFactor: 1,
  attentionBias: "none",
  mlpBias: false,
  bosTokenId: 1,
  eosTokenIds: [2],
};

/** Mistral 7B; its default context is longer than the window, which limits it. */
const MISTRAL: LlamaConfig = {
  ...LLAMA,
  modelType: "mistral",
  nPositions: 4096,
  nInner: 14336,
  numKeyValueHeads: 8,
};

const QWEN2: LlamaConfig = {
  ...LLAMA,
  modelType: "qwen2",
  vocabSize: 151936,
  nPositions: 32768,
  nInner: 22016,
  attentionBias: "qkv",
  bosTokenId: 0,
  eosTokenIds: [],
};

const SMALL = { "hidden_size": 24, "num_attention_heads": 6 };
const small: Partial<LlamaConfig> = { nEmbd: 24, nHead: 6, numKeyValueHeads: 6, headDim: 4 };

cases.testFields(LLAMA, [
  [{ "vocab_size": 100 }, { vocabSize: 100 }],
  [{ "vocab_size": 2 }, { vocabSize: 2, eosTokenIds: [] }],
  [{ "vocab_size": 1 }, { vocabSize: 1, bosTokenId: 0, eosTokenIds: [] }],
  [{ "max_position_embeddings": 7 }, { nPositions: 7 }],
  [SMALL, small],
  [{ ...SMALL, "head_dim": null, "num_key_value_heads": null }, small],
  [{ ...SMALL, "num_key_value_heads": 3 }, { ...small, numKeyValueHeads: 3 }],
  [{ ...SMALL, "num_key_value_heads": 1 }, { ...small, numKeyValueHeads: 1 }],
  [{ ...SMALL, "head_dim": 6 }, { ...small, headDim: 6 }],
  [{ ...SMALL, "head_dim": 1024 }, { ...small, headDim: 1024 }],
  [{ "num_hidden_layers": 3 }, { nLayer: 3 }],
  [{ "intermediate_size": 37 }, { nInner: 37 }],
  [{ "hidden_act": "gelu_pytorch_tanh" }, { activationFunction: "gelu_pytorch_tanh" }],
  [{ "tie_word_embeddings": true }, { tieWordEmbeddings: true }],
  [{ "rms_norm_eps": 1e-5 }, { rmsNormEps: 1e-5 }],
  [{ "rms_norm_eps": 0 }, { rmsNormEps: 0 }],
  [{ "rope_theta": 500000 }, { ropeTheta: 500000 }],
  [{ "rope_scaling": null, "rope_parameters": null }, {}],
  [{ "attention_bias": true }, { attentionBias: "all" }],
  [{ "mlp_bias": true }, { mlpBias: true }],
  [{ "bos_token_id": 3, "eos_token_id": [4, 5] }, { bosTokenId: 3, eosTokenIds: [4, 5] }],
  [{ "bos_token_id": null, "eos_token_id": null }, { eosTokenIds: [] }],
  [{ "pretraining_tp": 2, "use_cache": false, "torch_dtype": "float16", "attention_dropout": 0.1 }, {}],
  [{ "is_causal": true, "layer_types": ["full_attention"], "sliding_window": null, "quantization_config": null }, {}],
  [JSON.parse('{"__proto__": {"vocab_size": 5}, "constructor": 7}'), {}],
]);

cases.testFields(MISTRAL, [
  [{ "max_position_embeddings": 100 }, { nPositions: 100 }],
  [{ "sliding_window": null }, { nPositions: 131072 }],
  [{ "sliding_window": 7 }, { nPositions: 7 }],
  [{ "sliding_window": 200000 }, { nPositions: 131072 }],
  [{ "sliding_window": 7, "layer_types": ["sliding_attention"] }, { nPositions: 7 }],
  [{ "attention_bias": true, "mlp_bias": true }, {}],
  [{ "num_key_value_heads": null }, { numKeyValueHeads: 32 }],
  [{ "hidden_size": 5120, "head_dim": 128 }, { nEmbd: 5120 }],
]);

const BY_LAYER = ["full_attention", "sliding_attention", "full_attention"];
const SLIDING = { "use_sliding_window": true, "sliding_window": 16 };
cases.testFields(QWEN2, [
  [{ "sliding_window": 16, "max_window_layers": 0 }, {}],
  [{ "sliding_window": "16" }, {}],
  [{ "use_sliding_window": true }, { nPositions: 4096 }],
  [SLIDING, { nPositions: 16 }],
  [{ ...SLIDING, "max_window_layers": 31 }, { nPositions: 16 }],
  [{ ...SLIDING, "max_window_layers": 32 }, {}],
  [{ ...SLIDING, "num_hidden_layers": 28 }, { nLayer: 28 }],
  [{ ...SLIDING, "num_hidden_layers": 3, "layer_types": BY_LAYER }, { nLayer: 3, nPositions: 16 }],
  [{ ...SLIDING, "max_window_layers": 0, "layer_types": ["full_attention"] }, {}],
  [{ "use_sliding_window": true, "sliding_window": null, "max_window_layers": 0 }, {}],
  [{ "attention_bias": false, "mlp_bias": true }, {}],
  [{ "vocab_size": 1 }, { vocabSize: 1 }],
]);

for (const [architecture, modelType] of [["Llama", "llama"], ["Mistral", "mistral"], ["Qwen2", "qwen2"]] as const) {
  Deno.test(`parseConfig() takes ${architecture}ForCausalLM among the architectures for model_type`, () => {
    equal(parseConfig({ architectures: ["X", `${architecture}ForCausalLM`] }).modelType, modelType);
  });
}

const noHeads = (heads: number) => `Cannot divide hidden_size 16 among num_attention_heads ${heads} heads`;
const noGroups = (heads: number) => `Cannot divide num_attention_heads 6 among num_key_value_heads ${heads} heads`;
const noPairs = (size: number) => `Cannot turn all of a head of ${size} numbers in pairs`;

cases.testRefusals("llama", [
  ...cases.badSizes(
    ...["vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "num_attention_heads"],
    ...["num_key_value_heads", "head_dim", "intermediate_size"],
  ),
  ...cases.badFlags("tie_word_embeddings", "attention_bias", "mlp_bias"),
  ...cases.badAmounts("rms_norm_eps"),
  ...cases.badAmounts("rope_theta", { above: true }),
  ...cases.badTokens(32000, "bos_token_id", "eos_token_id"),
  ...cases.badActivations("hidden_act"),
  ...cases.otherComputation("Llama", [["sliding_window", 2], ["layer_types", ["sliding_attention"]]]),
  [{ "hidden_size": 16, "num_attention_heads": 3 }, "RangeError", noHeads(3)],
  [{ "hidden_size": 16, "num_attention_heads": 32 }, "RangeError", noHeads(32)],
  [{ ...SMALL, "num_key_value_heads": 4 }, "RangeError", noGroups(4)],
  [{ ...SMALL, "num_key_value_heads": 12 }, "RangeError", noGroups(12)],
  [{ "hidden_size": 15, "num_attention_heads": 3 }, "RangeError", noPairs(5)],
  [{ "head_dim": 1 }, "RangeError", noPairs(1)],
  [{ "head_dim": 1026 }, "RangeError", "Cannot turn heads of 1026 numbers as they must have at most 1024"],
  [{ "partial_rotary_factor": 0.5 }, "RangeError", "Cannot turn 0.5 of a head of 128 numbers in pairs"],
  [{ "partial_rotary_factor": 0 }, "RangeError", "Cannot turn 0 of a head of 128 numbers in pairs"],
]);

cases.testRefusals("mistral", [
  ...cases.badSizes("sliding_window"),
  ...cases.otherComputation("Llama", []),
  [{ ...SMALL }, "RangeError", noGroups(8)],
  cases.uncomputed("Llama", "layer_types", ["sliding_attention"], { "sliding_window": null }),
]);

cases.testRefusals("qwen2", [
  ...cases.badFlags("use_sliding_window"),
  ...cases.besides({ "use_sliding_window": true }, [
    ...cases.badSizes("sliding_window"),
    ...cases.badAmounts("max_window_layers"),
  ]),
  ...cases.otherComputation("Llama", [["layer_types", BY_LAYER]]),
  cases.uncomputed("Llama", "layer_types", ["chunked_attention"], SLIDING),
  [{ ...SMALL }, "RangeError", noGroups(32)],
]);
