import { equal } from "@std/assert";
import { parseConfig } from "../../src/models/families.ts";
import type { GPTNeoXConfig } from "../../src/models/neox.ts";
import * as cases from "../support/config_cases.ts";

/** Hugging Face's defaults: GPT-NeoX 20B but for the vocabulary. */
const DEFAULTS: GPTNeoXConfig = {
  modelType: "gpt_neox",
  vocabSize: 50432,
  nPositions: 2048,
  nEmbd: 6144,
  nLayer: 44,
  nHead: 64,
  nInner: 24576,
  activationFunction: "gelu",
  tieWordEmbeddings: false,
  layerNormEps: 1e-5,
  useParallelResidual: true,
  attentionBias: true,
  ropeTheta: 10000,
  partialRotaryFactor: 0.25,
  bosTokenId: 0,
  eosTokenIds: [2],
};

cases.testFields(DEFAULTS, [
  [{ "vocab_size": 100 }, { vocabSize: 100 }],
  [{ "vocab_size": 2 }, { vocabSize: 2, eosTokenIds: [] }],
  [{ "max_position_embeddings": 7 }, { nPositions: 7 }],
  [{ "hidden_size": 32, "num_attention_heads": 2 }, { nEmbd: 32, nHead: 2 }],
  [{ "num_hidden_layers": 3 }, { nLayer: 3 }],
  [{ "intermediate_size": 37 }, { nInner: 37 }],
  [{ "hidden_act": "gelu_fast" }, { activationFunction: "gelu_fast" }],
  [{ "tie_word_embeddings": true }, { tieWordEmbeddings: true }],
  [{ "layer_norm_eps": 0.01 }, { layerNormEps: 0.01 }],
  [{ "use_parallel_residual": false }, { useParallelResidual: false }],
  [{ "attention_bias": false }, { attentionBias: false }],
  [{ "rotary_pct": 1, "rotary_emb_base": 500 }, { partialRotaryFactor: 1, ropeTheta: 500 }],
  [{ "rope_parameters": { "partial_rotary_factor": 0.5, "rope_theta": 500 }, "rotary_pct": 1 }, {
    partialRotaryFactor: 0.5,
    ropeTheta: 500,
  }],
  [{ "partial_rotary_factor": 0.5, "rope_theta": 500 }, {}], // names that it does not read
  [{ "bos_token_id": 3, "eos_token_id": [4, 5] }, { bosTokenId: 3, eosTokenIds: [4, 5] }],
  [{ "eos_token_id": null }, { eosTokenIds: [] }],
  [{ "is_decoder": true, "classifier_dropout": 0.1, "hidden_dropout": 0.5, "torch_dtype": "float16" }, {}],
  [JSON.parse('{"__proto__": {"vocab_size": 5}}'), {}],
]);

Deno.test("parseConfig() takes GPTNeoXForCausalLM among the architectures for model_type", () => {
  equal(parseConfig({ architectures: ["GPTNeoXForCausalLM"] }).modelType, "gpt_neox");
});

const unturned = (part: number, size: number) => `Cannot turn ${part} of a head of ${size} numbers in pairs`;

cases.testRefusals("gpt_neox", [
  ...cases.badSizes(
    ...["vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "num_attention_heads"],
    "intermediate_size",
  ),
  ...cases.badFlags("tie_word_embeddings", "use_parallel_residual", "attention_bias"),
  ...cases.badAmounts("layer_norm_eps"),
  ...cases.badAmounts("rotary_pct"),
  ...cases.badAmounts("rotary_emb_base", { above: true }),
  ...cases.badTokens(50432, "bos_token_id", "eos_token_id"),
  ...cases.badActivations("hidden_act"),
  ...cases.otherComputation("GPT-NeoX", [["sliding_window", 2], ["is_decoder", 1]]),
  [
    { "hidden_size": 16, "num_attention_heads": 3 },
    "RangeError",
    "Cannot divide hidden_size 16 among num_attention_heads 3 heads",
  ],
  [{ "rotary_pct": 1.5 }, "RangeError", "Cannot use partial_rotary_factor 1.5 as it must be at most 1"],
  [{ "rotary_pct": 0 }, "RangeError", unturned(0, 96)],
  [{ "rotary_pct": 0.001 }, "RangeError", unturned(0.001, 96)],
  [
    { "hidden_size": 15, "num_attention_heads": 3, "rotary_pct": 1 },
    "RangeError",
    "Cannot turn all of a head of 5 numbers in pairs",
  ],
  [
    { "hidden_size": 4096, "num_attention_heads": 2 },
    "RangeError",
    "Cannot turn heads of 2048 numbers as they must have at most 1024",
  ],
]);
