import { equal } from "@std/assert";
import type { BertConfig } from "../../src/models/bert.ts";
import { parseConfig } from "../../src/models/families.ts";
import * as cases from "../support/config_cases.ts";

/** Hugging Face's defaults: BERT base. */
const BERT: BertConfig = {
  modelType: "bert",
  vocabSize: 30522,
  nPositions: 512,
  nEmbd: 768,
  nLayer: 12,
  nHead: 12,
  nInner: 3072,
  activationFunction: "gelu",
  tieWordEmbeddings: true,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  firstPosition: 0,
  hasHead: true,
  bosTokenId: 0,
  eosTokenIds: [],
};

const DISTILBERT: BertConfig = { ...BERT, modelType: "distilbert", nLayer: 6, typeVocabSize: 0 };

/** Of its rows of positions, texts have those from 2. */
const ROBERTA: BertConfig = {
  ...BERT,
  modelType: "roberta",
  vocabSize: 50265,
  nPositions: 510,
  firstPosition: 2,
  eosTokenIds: [2],
};

const SHARED: readonly (readonly [cases.Changes, Partial<BertConfig>])[] = [
  [{ "hidden_size": 24, "num_attention_heads": 3 }, { nEmbd: 24, nHead: 3 }],
  [{ "num_hidden_layers": 3 }, { nLayer: 3 }],
  [{ "tie_word_embeddings": false }, { tieWordEmbeddings: false }],
  [{ "position_embedding_type": "absolute", "add_cross_attention": false, "torch_dtype": "float16" }, {}],
  [{ "gradient_checkpointing": false, "classifier_dropout": null, "pad_token_id": 1, "use_cache": true }, {}],
  [JSON.parse('{"__proto__": {"vocab_size": 5}}'), {}],
];

cases.testFields(BERT, [
  ...SHARED,
  [{ "vocab_size": 100 }, { vocabSize: 100 }],
  [{ "max_position_embeddings": 7 }, { nPositions: 7 }],
  [{ "intermediate_size": 37 }, { nInner: 37 }],
  [{ "hidden_act": "gelu_new" }, { activationFunction: "gelu_new" }],
  [{ "type_vocab_size": 1 }, { typeVocabSize: 1 }],
  [{ "layer_norm_eps": 1e-5 }, { layerNormEps: 1e-5 }],
  [{ "bos_token_id": 3, "eos_token_id": [4] }, { bosTokenId: 3, eosTokenIds: [4] }],
  [{ "is_decoder": false }, {}],
]);

cases.testFields(DISTILBERT, [
  ...SHARED,
  [{ "dim": 24, "n_heads": 3 }, { nEmbd: 24, nHead: 3 }],
  [{ "dim": 48, "hidden_size": 24, "n_heads": 5, "num_attention_heads": 3 }, { nEmbd: 24, nHead: 3 }],
  [{ "dim": 24, "hidden_size": null }, { nEmbd: 24 }],
  [{ "n_layers": 3 }, { nLayer: 3 }],
  [{ "hidden_dim": 37, "intermediate_size": 5 }, { nInner: 37 }],
  [{ "activation": "relu", "hidden_act": "tanh" }, { activationFunction: "relu" }],
  [{ "type_vocab_size": 2, "layer_norm_eps": 1e-5 }, {}], // it has no types, and always the same epsilon
  [{ "sinusoidal_pos_embds": true }, {}],
]);

cases.testFields(ROBERTA, [
  ...SHARED,
  [{ "max_position_embeddings": 514 }, { nPositions: 512 }],
  [{ "max_position_embeddings": 3 }, { nPositions: 1 }],
  [{ "pad_token_id": 0 }, { firstPosition: 1, nPositions: 511 }],
  [{ "pad_token_id": 5 }, { firstPosition: 6, nPositions: 506 }],
  [{ "type_vocab_size": 1 }, { typeVocabSize: 1 }],
  [{ "vocab_size": 1 }, { vocabSize: 1, firstPosition: 1, nPositions: 511, eosTokenIds: [] }],
]);

for (
  const [architecture, modelType] of [
    ["BertForMaskedLM", "bert"],
    ["BertForPreTraining", "bert"],
    ["BertModel", "bert"],
    ["DistilBertForMaskedLM", "distilbert"],
    ["DistilBertModel", "distilbert"],
    ["RobertaForMaskedLM", "roberta"],
    ["RobertaModel", "roberta"],
  ] as const
) {
  Deno.test(`parseConfig() takes ${architecture} among the architectures for model_type`, () => {
    equal(parseConfig({ architectures: [architecture] }).modelType, modelType);
  });
}

const encoder = (family: string, vocabSize: number): cases.Refusal[] => [
  ...cases.badSizes("vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "num_attention_heads"),
  ...cases.badFlags("tie_word_embeddings"),
  ...cases.badTokens(vocabSize, "bos_token_id", "eos_token_id"),
  ...cases.otherComputation(family, [
    ["sliding_window", 2],
    ["is_decoder", true],
    ["position_embedding_type", "relative_key"],
    ["position_embedding_type", "relative_key_query"],
  ]),
  [
    { "hidden_size": 16, "num_attention_heads": 3 },
    "RangeError",
    "Cannot divide hidden_size 16 among num_attention_heads 3 heads",
  ],
];

const withTypes = [
  ...cases.badSizes("intermediate_size", "type_vocab_size"),
  ...cases.badAmounts("layer_norm_eps"),
  ...cases.badActivations("hidden_act"),
];

cases.testRefusals("bert", [...encoder("BERT", 30522), ...withTypes]);

cases.testRefusals("distilbert", [
  ...encoder("DistilBERT", 30522),
  ...cases.badSizes("dim", "n_layers", "n_heads", "hidden_dim"),
  ...cases.badActivations("activation"),
  cases.uncomputed("DistilBERT", "sinusoidal_pos_embds", "yes"),
  [{ "dim": 16, "n_heads": 3 }, "RangeError", "Cannot divide dim 16 among n_heads 3 heads"],
]);

const noRows = (rows: number, first: number) =>
  `Cannot use max_position_embeddings ${rows} as those of texts begin at ${first}`;

cases.testRefusals("roberta", [
  ...encoder("RoBERTa", 50265),
  ...withTypes,
  ...cases.badTokens(50265, "pad_token_id"),
  [{ "pad_token_id": null }, "TypeError", "Cannot use pad_token_id null as positions are counted from it"],
  [{ "max_position_embeddings": 2 }, "RangeError", noRows(2, 2)],
  [{ "max_position_embeddings": 512, "pad_token_id": 600 }, "RangeError", noRows(512, 601)],
]);
