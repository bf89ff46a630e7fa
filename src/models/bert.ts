/**
 * BERT on one page, and the encoders that are made alike: RoBERTa (`roberta`) and DistilBERT (`distilbert`). Each token
 * sees all of its text, before and after it; norms follow the sums of the residual stream.
 *
 * BERT: Pre-training of Deep Bidirectional Transformers (Devlin et al. 2019, https://arxiv.org/abs/1810.04805), after
 * https://github.com/huggingface/transformers/blob/main/src/transformers/models/bert/modeling_bert.py
 *
 * Sizes: T tokens; C width, H heads; V vocabulary.
 *
 * @module
 */
import type { Value } from "../onnx/mod.ts";
import { activate, ACTIVATION_FUNCTIONS } from "./activation.ts";
import { type BertNames, NAMES } from "./bert_names.ts";
import type { ModelBuilder } from "./builder.ts";
import {
  amount,
  choice,
  count,
  type Fields,
  flag,
  headCount,
  LARGEST,
  type ModelConfig,
  refuseOtherComputation,
  textEnds,
  tokenIds,
} from "./config.ts";
import { type Family, TINY } from "./family.ts";
import { blocks, linear, norm, table, unembedding, weightMap, type WeightSpec } from "./weight_list.ts";

/** The settings of an encoder such as BERT: Hugging Face's `config.json`, in camel case. */
export interface BertConfig extends ModelConfig {
  /** The family, or which of those that are made alike. */
  readonly modelType: "bert" | "distilbert" | "roberta";
  /** How many types of tokens there are, as the first and the second of two texts; 0 where tokens have none. */
  readonly typeVocabSize: number;
  /** The number added to the variance in each LayerNorm. */
  readonly layerNormEps: number;
  /** The row of the table of positions that the first token of a text has. */
  readonly firstPosition: number;
  /** Whether there is a head that predicts masked tokens, as the checkpoint tells. */
  readonly hasHead: boolean;
}

function family(
  modelType: BertConfig["modelType"],
  name: string,
  architectures: readonly string[],
): Family<BertConfig> {
  const names = NAMES[modelType];
  return {
    name,
    modelTypes: [modelType],
    architectures,
    mask: "full",
    names: {
      prefix: names.prefix,
      blocks: names.blocks,
      blocksField: modelType === "distilbert" ? "n_layers" : "num_hidden_layers",
      embedding: names.words,
      unembedding: names.decoder,
      unembeddingBias: names.decoderBias,
      // Checkpoints that were converted from TensorFlow.
      otherName: (own) =>
        own.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/LayerNorm\.bias$/, "LayerNorm.beta"),
      // The decoder has a bias of its own where it is not tied, and then the other one is not used.
      preferredName: (own) => own === names.decoderBias ? names.decoder.replace(/weight$/, "bias") : own,
    },
    parseConfig: (fields) => parseConfig(modelType, name, fields),
    settle: (config, { has }) => Promise.resolve({ ...config, hasHead: has(`${names.transform}.weight`) }),
    hasHead: (config) => config.hasHead,
    weights: (config) => weights(names, config),
    layout: () => "norms after",
    cacheWidth: ({ nEmbd }) => nEmbd,
    keptNumbers: ({ nEmbd, nInner }) => 7 * nEmbd + 2 * nInner,
    tokenTypes: ({ typeVocabSize }) => typeVocabSize,
    tiny: (config) => ({ ...config, ...TINY }),
    forward: (m, config) => forward(m, names, config),
    readout: (m, config, x) => config.hasHead ? readout(m, names, config, x) : x,
  };
}

/** BERT, its sizes and what was made of it. */
export const BERT = family("bert", "BERT", ["BertForMaskedLM", "BertForPreTraining", "BertModel"]);
/** DistilBERT (Sanh et al. 2019, https://arxiv.org/abs/1910.01108). */
export const DISTILBERT = family("distilbert", "DistilBERT", ["DistilBertForMaskedLM", "DistilBertModel"]);
/** RoBERTa (Liu et al. 2019, https://arxiv.org/abs/1907.11692). */
export const ROBERTA = family("roberta", "RoBERTa", ["RobertaForMaskedLM", "RobertaModel"]);

/** Writes the forward pass of BERT. */
function forward(m: ModelBuilder, names: BertNames, config: BertConfig): Value {
  const { g } = m;
  const { nLayer, nHead, layerNormEps, activationFunction, firstPosition } = config;
  const places = firstPosition === 0 ? m.inputs.positions : g.add(m.inputs.positions, g.ints([firstPosition], []));
  const types = names.types && m.inputs.tokenTypes && g.gather(m.weight(names.types), m.inputs.tokenTypes);
  const words = m.embed(names.words); // [T, C]
  const sum = g.add(types ? g.add(words, types) : words, g.gather(m.weight(names.positions), places)); // [T, C]
  let x = m.layerNorm(names.embeddingNorm, sum, layerNormEps); // [T, C]
  for (let i = 0; i < nLayer; ++i) {
    x = m.site(`resid.${i}`, x);
    const block = (part: string) => `${names.blocks}.${i}.${part}`;
    const merged = m.attend({
      query: m.linear(block(names.query), x),
      key: m.linear(block(names.key), x),
      value: m.linear(block(names.value), x),
      heads: nHead,
      mask: "full",
    }); // [T, C]
    const attended = m.site(`attn_out.${i}`, m.linear(block(names.attentionOut), merged)); // [T, C]
    x = m.site(`resid_mid.${i}`, m.layerNorm(block(names.attentionNorm), g.add(x, attended), layerNormEps)); // [T, C]

    const inner = m.linear(block(names.mlpIn), x);
    const neurons = m.site(`neurons.${i}`, activate(g, activationFunction, inner)); // [T, nInner]
    const added = m.site(`mlp_out.${i}`, m.linear(block(names.mlpOut), neurons)); // [T, C]
    x = m.layerNorm(block(names.mlpNorm), g.add(x, added), layerNormEps); // [T, C]
  }
  return m.site(`resid.${nLayer}`, x);
}

/** What the logits of a masked token are read from. */
function readout(m: ModelBuilder, names: BertNames, config: BertConfig, x: Value): Value {
  const activation = config.modelType === "roberta" ? "gelu" : config.activationFunction;
  const transformed = activate(m.g, activation, m.linear(names.transform, x));
  return m.layerNorm(names.transformNorm, transformed, config.layerNormEps);
}

function weights(names: BertNames, config: BertConfig): ReadonlyMap<string, WeightSpec> {
  const { vocabSize: V, nPositions, nEmbd: C, nInner: I, nLayer, typeVocabSize, firstPosition } = config;
  const attention = { from: C, to: C, part: "attention" } as const;
  const head = [
    linear(names.transform, { from: C, to: C, part: "unembedding" }),
    norm(names.transformNorm, C),
    config.tieWordEmbeddings ? [] : unembedding(names.decoder, [V, C]),
    unembedding(names.decoderBias, [V]),
  ];
  return weightMap(
    table(names.words, [V, C]),
    table(names.positions, [nPositions + firstPosition, C]),
    names.types ? table(names.types, [typeVocabSize, C]) : [],
    norm(names.embeddingNorm, C),
    ...blocks(nLayer, (i) => {
      const block = (part: string) => `${names.blocks}.${i}.${part}`;
      return [
        linear(block(names.query), attention),
        linear(block(names.key), attention),
        linear(block(names.value), attention),
        linear(block(names.attentionOut), attention),
        norm(block(names.attentionNorm), C),
        linear(block(names.mlpIn), { from: C, to: I, part: "mlp" }),
        linear(block(names.mlpOut), { from: I, to: C, part: "mlp" }),
        norm(block(names.mlpNorm), C),
      ];
    }),
    ...(config.hasHead ? head : []),
  );
}

/** What config.json calls the settings that kinds of encoders name differently. */
function settingNames(modelType: BertConfig["modelType"], fields: Fields) {
  if (modelType !== "distilbert") {
    return {
      width: "hidden_size",
      layers: "num_hidden_layers",
      heads: "num_attention_heads",
      neurons: "intermediate_size",
      activation: "hidden_act",
    };
  }
  // Of two names that differ, transformers takes the one that all models share.
  const own = (shared: string, name: string) => fields[shared] == null ? name : shared;
  return {
    width: own("hidden_size", "dim"),
    layers: own("num_hidden_layers", "n_layers"),
    heads: own("num_attention_heads", "n_heads"),
    neurons: "hidden_dim",
    activation: "activation",
  };
}

function parseConfig(modelType: BertConfig["modelType"], name: string, fields: Fields): BertConfig {
  const names = settingNames(modelType, fields);
  refuseOtherComputation(name, fields, {
    "is_decoder": (value) => value !== false,
    "position_embedding_type": (value) => value !== "absolute",
    "sinusoidal_pos_embds": (value) => typeof value !== "boolean", // how the table was made, which the file holds
  });
  const roberta = modelType === "roberta";
  const vocabSize = count(fields, "vocab_size", roberta ? 50265 : 30522, LARGEST.vocabSize);
  const nEmbd = count(fields, names.width, 768, LARGEST.nEmbd);
  const rows = count(fields, "max_position_embeddings", 512, LARGEST.nPositions);
  // A RoBERTa table begins with the rows up to that of padding, which no token has.
  const firstPosition = roberta ? paddingId(fields, vocabSize) + 1 : 0;
  if (firstPosition >= rows) {
    throw new RangeError(`Cannot use max_position_embeddings ${rows} as those of texts begin at ${firstPosition}`);
  }
  return {
    modelType,
    vocabSize,
    nPositions: rows - firstPosition,
    nEmbd,
    nLayer: count(fields, names.layers, modelType === "distilbert" ? 6 : 12, LARGEST.nLayer),
    nHead: headCount(fields, names.heads, 12, { name: names.width, size: nEmbd }),
    nInner: count(fields, names.neurons, 3072, LARGEST.nInner),
    activationFunction: choice(fields, names.activation, "gelu", ACTIVATION_FUNCTIONS),
    tieWordEmbeddings: flag(fields, "tie_word_embeddings", true),
    typeVocabSize: modelType === "distilbert" ? 0 : count(fields, "type_vocab_size", 2, LARGEST.vocabSize),
    layerNormEps: modelType === "distilbert" ? 1e-12 : amount(fields, "layer_norm_eps", 1e-12),
    firstPosition,
    hasHead: true,
    ...textEnds(fields, vocabSize, { bos: 0, eos: roberta && vocabSize > 2 ? [2] : [] }),
  };
}

function paddingId(fields: Fields, vocabSize: number): number {
  if (fields.pad_token_id === null) {
    throw new TypeError("Cannot use pad_token_id null as positions are counted from it");
  }
  return tokenIds(fields, "pad_token_id", vocabSize)[0] ?? Math.min(1, vocabSize - 1);
}
