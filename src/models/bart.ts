/**
 * The original Transformer, an encoder and a decoder, on one page: BART (`bart`) and Marian's translators (`marian`).
 * Norms follow the sums of the residual stream; each block of the decoder looks at its own text, then at the source.
 *
 * Attention Is All You Need (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762) and BART (Lewis et al. 2019,
 * https://arxiv.org/abs/1910.13461), after
 * https://github.com/huggingface/transformers/blob/main/src/transformers/models/bart/modeling_bart.py
 *
 * Sizes: T tokens of the text, E of its source; C width, H heads; V vocabulary.
 *
 * @module
 */
import type { Value } from "../onnx/mod.ts";
import { activate, ACTIVATION_FUNCTIONS } from "./activation.ts";
import type { ModelBuilder } from "./builder.ts";
import type { SiteName } from "./sites.ts";
import {
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
import { type Family, type HeldWeights, TINY } from "./family.ts";
import {
  blocks,
  linear,
  type NamedWeight,
  norm,
  table,
  unembedding,
  weightMap,
  type WeightSpec,
} from "./weight_list.ts";

/** The settings of an encoder and decoder: Hugging Face's `config.json`, in camel case; sizes of blocks are the decoder's. */
export interface BartConfig extends ModelConfig {
  /** The family, or which of those that are made alike. */
  readonly modelType: "bart" | "marian";
  /** The number of blocks of the encoder. */
  readonly encoderLayers: number;
  /** The number of attention heads in one of them. */
  readonly encoderAttentionHeads: number;
  /** The number of neurons in the MLP of one of them. */
  readonly encoderFfnDim: number;
  /** Whether embeddings are multiplied by √C. */
  readonly scaleEmbedding: boolean;
  /** The token that a written text starts with. */
  readonly decoderStartTokenId: number;
  /** Whether the checkpoint holds a table of positions; or else they are sines and cosines. */
  readonly hasPositions: boolean;
  /** Whether the checkpoint holds what is added to the logits. */
  readonly hasLogitsBias: boolean;
  /** The stacks with token embeddings of their own; by default there is one table for both. */
  readonly ownEmbeddings: readonly ("encoder" | "decoder")[];
}

type Stack = BartConfig["ownEmbeddings"][number];
const STACKS: readonly Stack[] = ["encoder", "decoder"];

/** The number added to the variance in each LayerNorm, which files do not say. */
const EPSILON = 1e-5;
const LOGITS_BIAS = "final_logits_bias";
const SHARED = "shared.weight";
const ownTable = (stack: Stack) => `${stack}.embed_tokens.weight`;
/** Where the positions of texts begin in BART's tables: the first two rows are unused. */
const firstPosition = ({ modelType }: BartConfig) => modelType === "bart" ? 2 : 0;

function family(
  modelType: BartConfig["modelType"],
  name: string,
  architectures: readonly string[],
): Family<BartConfig> {
  return {
    name,
    modelTypes: [modelType],
    architectures,
    mask: "causal",
    hasSource: true,
    names: {
      prefix: "model.",
      blocks: "decoder.layers",
      blocksField: "decoder_layers",
      embedding: SHARED,
      unembedding: "lm_head.weight",
      unembeddingBias: LOGITS_BIAS,
      otherName: (own) => own === SHARED ? ownTable("decoder") : own,
    },
    parseConfig: (fields) => parseConfig(modelType, name, fields),
    settle,
    weights,
    layout: () => "norms after",
    cacheWidth: ({ nEmbd }) => nEmbd,
    keptNumbers: ({ nEmbd, nInner }) => 12 * nEmbd + 2 * nInner,
    sourceNumbers: ({ nEmbd, nLayer, nHead, encoderLayers, encoderAttentionHeads, encoderFfnDim }, { T, E }) => {
      const patterns = (encoderLayers + 1) * encoderAttentionHeads * E; // those of each block, and scores on the way
      const encoder = E * (patterns + encoderLayers * (7 * nEmbd + 2 * encoderFfnDim));
      return encoder + nLayer * E * (nHead * T + 4 * nEmbd);
    },
    tiny: (config) => ({ ...config, ...TINY, ...TINY_SOURCE }),
    forward,
    readout: (_m, _config, x) => x,
  };
}

const TINY_SOURCE = { encoderLayers: 2, encoderAttentionHeads: 2, encoderFfnDim: 100, decoderStartTokenId: 0 } as const;

/** BART, its sizes and what was made of it. */
export const BART = family("bart", "BART", ["BartForConditionalGeneration"]);
/** Marian: the translators of OPUS-MT (Junczys-Dowmunt et al. 2018, https://arxiv.org/abs/1804.00344). */
export const MARIAN = family("marian", "Marian", ["MarianMTModel"]);

/** What the files of a model leave out, and which tables they hold once for each stack. */
async function settle(config: BartConfig, { has, same }: HeldWeights): Promise<BartConfig> {
  const ownEmbeddings: Stack[] = [];
  for (const stack of STACKS) {
    if (has(SHARED) && has(ownTable(stack)) && !(await same(SHARED, ownTable(stack)))) ownEmbeddings.push(stack);
  }
  return {
    ...config,
    hasPositions: config.hasPositions || has("encoder.embed_positions.weight"),
    hasLogitsBias: has(LOGITS_BIAS),
    ownEmbeddings,
  };
}

/** Writes the forward pass, of the encoder and of the decoder. */
function forward(m: ModelBuilder, config: BartConfig): Value {
  const source = encoder(m, config); // [E, C]
  const { g } = m;
  let x = embedded(m, config, "decoder"); // [T, C]
  for (let i = 0; i < config.nLayer; ++i) {
    x = m.site(`resid.${i}`, x);
    const block = `decoder.layers.${i}`;
    const looked = attended(m, `${block}.self_attn`, { from: x, to: x, heads: config.nHead, mask: "causal" });
    const own = m.site(`attn_out.${i}`, looked); // [T, C]
    x = m.site(`resid_mid.${i}`, m.layerNorm(`${block}.self_attn_layer_norm`, g.add(x, own), EPSILON)); // [T, C]
    const across = attended(m, `${block}.encoder_attn`, { from: x, to: source, heads: config.nHead, mask: "cross" });
    const seen = m.site(`cross_out.${i}`, across); // [T, C]
    x = m.site(`resid_cross.${i}`, m.layerNorm(`${block}.encoder_attn_layer_norm`, g.add(x, seen), EPSILON)); // [T, C]
    x = mlp(m, config, block, [`neurons.${i}`, `mlp_out.${i}`], x); // [T, C]
  }
  return m.site(`resid.${config.nLayer}`, x);
}

/** What becomes of the source, `[E, C]`. */
function encoder(m: ModelBuilder, config: BartConfig): Value {
  const { g } = m;
  let x = embedded(m, config, "encoder"); // [E, C]
  for (let i = 0; i < config.encoderLayers; ++i) {
    x = m.site(`source_resid.${i}`, x);
    const block = `encoder.layers.${i}`;
    const heads = config.encoderAttentionHeads;
    const looked = attended(m, `${block}.self_attn`, { from: x, to: x, heads, mask: "source" });
    const own = m.site(`source_attn_out.${i}`, looked); // [E, C]
    x = m.site(`source_resid_mid.${i}`, m.layerNorm(`${block}.self_attn_layer_norm`, g.add(x, own), EPSILON)); // [E, C]
    x = mlp(m, config, block, [`source_neurons.${i}`, `source_mlp_out.${i}`], x); // [E, C]
  }
  return m.site(`source_resid.${config.encoderLayers}`, x);
}

/** What enters the blocks of a stack. */
function embedded(m: ModelBuilder, config: BartConfig, stack: Stack): Value {
  const { g } = m;
  const source = stack === "encoder";
  const factor = config.scaleEmbedding ? Math.sqrt(config.nEmbd) : 1;
  const words = m.embed(config.ownEmbeddings.includes(stack) ? ownTable(stack) : SHARED, { factor, source });
  const { positions } = source ? m.inputs.source! : m.inputs;
  const first = firstPosition(config);
  const rows = first === 0 ? positions : g.add(positions, g.ints([first], []));
  const x = g.add(words, g.gather(positionTable(m, config, stack), rows));
  return config.modelType === "bart" ? m.layerNorm(`${stack}.layernorm_embedding`, x, EPSILON) : x;
}

/** The stored positions, or sines in the first half of the width and cosines in the second, `[P, C]`. */
function positionTable(m: ModelBuilder, { hasPositions, nPositions, nEmbd }: BartConfig, stack: string): Value {
  if (hasPositions) return m.weight(`${stack}.embed_positions.weight`);
  return m.g.once("sines and cosines", () => {
    const numbers = Array.from({ length: nPositions * nEmbd }, (_, at) => {
      const [position, c] = [Math.floor(at / nEmbd), at % nEmbd];
      const sines = Math.ceil(nEmbd / 2);
      const pair = c < sines ? c : c - sines;
      const angle = position / 10000 ** (2 * pair / nEmbd);
      return c < sines ? Math.sin(angle) : Math.cos(angle);
    });
    return m.g.floats(numbers, [nPositions, nEmbd]);
  });
}

/** What attention adds to the residual stream `from` of what it sees in `to`. */
function attended(
  m: ModelBuilder,
  name: string,
  { from, to, heads, mask }: { from: Value; to: Value; heads: number; mask: "causal" | "source" | "cross" },
): Value {
  const merged = m.attend({
    query: m.linear(`${name}.q_proj`, from),
    key: m.linear(`${name}.k_proj`, to),
    value: m.linear(`${name}.v_proj`, to),
    heads,
    mask,
  });
  return m.linear(`${name}.out_proj`, merged);
}

/** The last part of a block; `sites` are those of its neurons, and of what they add. */
function mlp(
  m: ModelBuilder,
  { activationFunction }: BartConfig,
  block: string,
  sites: readonly [SiteName, SiteName],
  x: Value,
): Value {
  const neurons = m.site(sites[0], activate(m.g, activationFunction, m.linear(`${block}.fc1`, x)));
  const added = m.site(sites[1], m.linear(`${block}.fc2`, neurons));
  return m.layerNorm(`${block}.final_layer_norm`, m.g.add(x, added), EPSILON);
}

function weights(config: BartConfig): ReadonlyMap<string, WeightSpec> {
  const { vocabSize: V, nEmbd: C, hasPositions, ownEmbeddings } = config;
  const stack = (name: Stack, count: number, inner: number) => [
    ownEmbeddings.includes(name) ? table(ownTable(name), [V, C]) : [],
    hasPositions ? table(`${name}.embed_positions.weight`, [config.nPositions + firstPosition(config), C]) : [],
    config.modelType === "bart" ? norm(`${name}.layernorm_embedding`, C) : [],
    ...blocks(count, (i) => blockWeights(`${name}.layers.${i}`, C, inner, name === "decoder")),
  ];
  return weightMap(
    config.tieWordEmbeddings || ownEmbeddings.length < STACKS.length ? table(SHARED, [V, C]) : [],
    ...stack("encoder", config.encoderLayers, config.encoderFfnDim),
    ...stack("decoder", config.nLayer, config.nInner),
    config.tieWordEmbeddings ? [] : unembedding("lm_head.weight", [V, C]),
    config.hasLogitsBias ? [[LOGITS_BIAS, { shape: [1, V], part: "unembedding" }]] : [],
  );
}

function blockWeights(block: string, C: number, inner: number, crosses: boolean): NamedWeight[][] {
  const attention = (name: string) => [
    ...["q_proj", "k_proj", "v_proj", "out_proj"].map((part) =>
      linear(`${block}.${name}.${part}`, { from: C, to: C, part: "attention" })
    ),
    norm(`${block}.${name}_layer_norm`, C),
  ];
  return [
    ...attention("self_attn"),
    ...(crosses ? attention("encoder_attn") : []),
    linear(`${block}.fc1`, { from: C, to: inner, part: "mlp" }),
    linear(`${block}.fc2`, { from: inner, to: C, part: "mlp" }),
    norm(`${block}.final_layer_norm`, C),
  ];
}

function parseConfig(modelType: BartConfig["modelType"], name: string, file: Fields): BartConfig {
  const fields: Fields = { ...file, "is_encoder_decoder": null };
  const vocabSize = count(fields, "vocab_size", modelType === "bart" ? 50265 : 58101, LARGEST.vocabSize);
  refuseOtherComputation(name, fields, {
    "is_decoder": (value) => value !== false,
    "share_encoder_decoder_embeddings": (value) => value !== true,
    "decoder_vocab_size": (value) => value !== vocabSize,
  });
  const nEmbd = count(fields, "d_model", 1024, LARGEST.nEmbd);
  const width = { name: "d_model", size: nEmbd };
  const last = vocabSize - 1;
  const ends = textEnds(fields, vocabSize, { bos: 0, eos: [Math.min(modelType === "bart" ? 2 : 0, last)] });
  const start = tokenIds(fields, "decoder_start_token_id", vocabSize)[0];
  const usual = fields.decoder_start_token_id === null ? ends.bosTokenId : modelType === "bart" ? 2 : 58100;
  return {
    modelType,
    vocabSize,
    nPositions: count(fields, "max_position_embeddings", 1024, LARGEST.nPositions),
    nEmbd,
    nLayer: count(fields, "decoder_layers", 12, LARGEST.nLayer),
    nHead: headCount(fields, "decoder_attention_heads", 16, width),
    nInner: count(fields, "decoder_ffn_dim", 4096, LARGEST.nInner),
    activationFunction: choice(fields, "activation_function", "gelu", ACTIVATION_FUNCTIONS),
    tieWordEmbeddings: flag(fields, "tie_word_embeddings", true),
    encoderLayers: count(fields, "encoder_layers", 12, LARGEST.nLayer),
    encoderAttentionHeads: headCount(fields, "encoder_attention_heads", 16, width),
    encoderFfnDim: count(fields, "encoder_ffn_dim", 4096, LARGEST.nInner),
    scaleEmbedding: flag(fields, "scale_embedding", false),
    decoderStartTokenId: start ?? Math.min(usual, last),
    hasPositions: modelType === "bart",
    hasLogitsBias: true,
    ownEmbeddings: [],
    ...ends,
  };
}
