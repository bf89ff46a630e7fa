import { equal, throws } from "@std/assert";
import { parseConfig } from "../../src/models/families.ts";
import type { OPTConfig } from "../../src/models/opt.ts";
import projected from "../goldens/opt/projected/config.json" with { type: "json" };
import * as cases from "../support/config_cases.ts";

/** Hugging Face's defaults: OPT 125M. */
const DEFAULTS: OPTConfig = {
  modelType: "opt",
  vocabSize: 50272,
  nPositions: 2048,
  nEmbd: 768,
  nLayer: 12,
  nHead: 12,
  nInner: 3072,
  activationFunction: "relu",
  tieWordEmbeddings: true,
  enableBias: true,
  bosTokenId: 2,
  eosTokenIds: [2],
};

cases.testFields(DEFAULTS, [
  [{ "vocab_size": 100 }, { vocabSize: 100 }],
  [{ "vocab_size": 1 }, { vocabSize: 1, bosTokenId: 0, eosTokenIds: [0] }],
  [{ "max_position_embeddings": 7 }, { nPositions: 7 }],
  [{ "hidden_size": 24, "num_attention_heads": 3 }, { nEmbd: 24, nHead: 3 }],
  [{ "num_hidden_layers": 3 }, { nLayer: 3 }],
  [{ "ffn_dim": 37 }, { nInner: 37 }],
  [{ "activation_function": "gelu" }, { activationFunction: "gelu" }],
  [{ "tie_word_embeddings": false }, { tieWordEmbeddings: false }],
  [{ "enable_bias": false }, { enableBias: false }],
  [{ "word_embed_proj_dim": 768, "do_layer_norm_before": true, "_remove_final_layer_norm": false }, {}],
  [{ "word_embed_proj_dim": null, "layer_norm_elementwise_affine": true }, {}],
  [{ "bos_token_id": 3, "eos_token_id": [4, 5] }, { bosTokenId: 3, eosTokenIds: [4, 5] }],
  [{ "eos_token_id": null }, { eosTokenIds: [] }],
  [{ "prefix": "</s>", "layerdrop": 0.5, "dropout": 0.1, "torch_dtype": "float16" }, {}],
  [JSON.parse('{"__proto__": {"vocab_size": 5}}'), {}],
]);

Deno.test("parseConfig() takes OPTForCausalLM among the architectures for model_type", () => {
  equal(parseConfig({ architectures: ["OPTForCausalLM"] }).modelType, "opt");
});

cases.testRefusals("opt", [
  ...cases.badSizes(
    ...["vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "num_attention_heads", "ffn_dim"],
  ),
  ...cases.badFlags("tie_word_embeddings", "enable_bias"),
  ...cases.badTokens(50272, "bos_token_id", "eos_token_id"),
  ...cases.badActivations("activation_function"),
  ...cases.otherComputation("OPT", [
    ["sliding_window", 2],
    ["word_embed_proj_dim", 512], // OPT 350M
    ["word_embed_proj_dim", "768"],
    ["do_layer_norm_before", false], // OPT 350M
    ["_remove_final_layer_norm", true],
    ["layer_norm_elementwise_affine", false],
  ]),
  [
    { "hidden_size": 16, "num_attention_heads": 3 },
    "RangeError",
    "Cannot divide hidden_size 16 among num_attention_heads 3 heads",
  ],
]);

Deno.test("parseConfig() refuses OPT's projected embeddings as transformers writes them", () => {
  const [, , message] = cases.uncomputed("OPT", "word_embed_proj_dim", 14);
  throws(() => parseConfig(projected), { name: "TypeError", message });
});
