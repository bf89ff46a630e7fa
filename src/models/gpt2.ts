/**
 * GPT-2 on one page.
 *
 * Language Models are Unsupervised Multitask Learners (Radford et al. 2019), after the reference implementations
 * https://github.com/openai/gpt-2/blob/master/src/model.py and
 * https://github.com/huggingface/transformers/blob/main/src/transformers/models/gpt2/modeling_gpt2.py
 *
 * Sizes: T new tokens; C width, H heads, D = C / H; V vocabulary.
 *
 * @module
 */
import type { Value } from "../onnx/mod.ts";
import { activate, ACTIVATION_FUNCTIONS } from "./activation.ts";
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
} from "./config.ts";
import { type Family, TINY } from "./family.ts";
import {
  blocks,
  linear,
  type LinearSpec,
  norm,
  table,
  unembedding,
  weightMap,
  type WeightSpec,
} from "./weight_list.ts";

/** The settings of a GPT-2 model: Hugging Face's `config.json`, in camel case. */
export interface GPT2Config extends ModelConfig {
  /** The family. */
  readonly modelType: "gpt2";
  /** The number added to the variance in each LayerNorm. */
  readonly layerNormEpsilon: number;
  /** Whether attention scores are divided by the square root of the head size. */
  readonly scaleAttnWeights: boolean;
  /** Whether attention scores are divided by the number of the block, counted from 1. */
  readonly scaleAttnByInverseLayerIdx: boolean;
}

/** GPT-2, its sizes and what was made of it. */
export const GPT2: Family<GPT2Config> = {
  name: "GPT-2",
  modelTypes: ["gpt2"],
  architectures: ["GPT2LMHeadModel"],
  mask: "causal",
  names: {
    prefix: "transformer.",
    blocks: "h",
    blocksField: "n_layer",
    embedding: "wte.weight",
    unembedding: "lm_head.weight",
  },
  parseConfig,
  weights,
  cacheWidth: ({ nEmbd }) => nEmbd,
  keptNumbers: ({ nEmbd, nInner }) => 7 * nEmbd + 2 * nInner,
  tiny: (config) => ({ ...config, ...TINY }),
  forward,
  readout: (m, { layerNormEpsilon }, x) => m.layerNorm("ln_f", x, layerNormEpsilon),
  writers: ({ layerNormEpsilon: epsilon, nEmbd, nHead }) => ({
    positions: { table: "wpe.weight", first: 0 },
    attention: (i) => `h.${i}.attn.c_proj`,
    mlp: (i) => `h.${i}.mlp.c_proj`,
    heads: (i) => {
      const third = (n: number) => ({
        layer: `h.${i}.attn.c_attn`,
        start: (head: number) => n * nEmbd + head * (nEmbd / nHead),
      });
      return { query: third(0), key: third(1), value: third(2) };
    },
    norm: { name: "ln_f", kind: "layerNorm", epsilon },
  }),
};

/** Writes the forward pass of GPT-2. */
function forward(m: ModelBuilder, config: GPT2Config): Value {
  const { g } = m;
  const { nLayer, nHead, activationFunction, layerNormEpsilon: epsilon } = config;
  let x = g.add(m.embed("wte.weight"), g.gather(m.weight("wpe.weight"), m.inputs.positions)); // [T, C]
  for (let i = 0; i < nLayer; ++i) {
    x = m.site(`resid.${i}`, x);
    const a = m.layerNorm(`h.${i}.ln_1`, x, epsilon); // [T, C]
    const [query, key, value] = g.split(m.linear(`h.${i}.attn.c_attn`, a), 3, -1) as [Value, Value, Value]; // [T, C] each
    const merged = m.attend({ query, key, value, heads: nHead, scale: attentionScale(config, i) }); // [T, C]
    x = m.site(`resid_mid.${i}`, g.add(x, m.site(`attn_out.${i}`, m.linear(`h.${i}.attn.c_proj`, merged)))); // [T, C]

    const b = m.layerNorm(`h.${i}.ln_2`, x, epsilon); // [T, C]
    const neurons = m.site(`neurons.${i}`, activate(g, activationFunction, m.linear(`h.${i}.mlp.c_fc`, b))); // [T, nInner]
    x = g.add(x, m.site(`mlp_out.${i}`, m.linear(`h.${i}.mlp.c_proj`, neurons))); // [T, C]
  }
  return m.site(`resid.${nLayer}`, x);
}

/** What the products of queries and keys are multiplied by. */
function attentionScale({ nEmbd, nHead, ...config }: GPT2Config, block: number): number {
  const size = config.scaleAttnWeights ? 1 / Math.sqrt(nEmbd / nHead) : 1;
  return config.scaleAttnByInverseLayerIdx ? size / (block + 1) : size;
}

/** A linear layer whose weight is stored `[in, out]`, as GPT-2's checkpoints do. */
const conv1d = (name: string, from: number, to: number, part: LinearSpec["part"]) =>
  linear(name, { from, to, part, layout: "in-out" });

function weights(config: GPT2Config): ReadonlyMap<string, WeightSpec> {
  const { vocabSize: V, nPositions: P, nEmbd: C, nInner: I, nLayer, tieWordEmbeddings } = config;
  return weightMap(
    table("wte.weight", [V, C]),
    table("wpe.weight", [P, C]),
    ...blocks(nLayer, (i) => [
      norm(`h.${i}.ln_1`, C),
      conv1d(`h.${i}.attn.c_attn`, C, 3 * C, "attention"),
      conv1d(`h.${i}.attn.c_proj`, C, C, "attention"),
      norm(`h.${i}.ln_2`, C),
      conv1d(`h.${i}.mlp.c_fc`, C, I, "mlp"),
      conv1d(`h.${i}.mlp.c_proj`, I, C, "mlp"),
    ]),
    norm("ln_f", C),
    tieWordEmbeddings ? [] : unembedding("lm_head.weight", [V, C]),
  );
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

function parseConfig(file: Fields): GPT2Config {
  const fields: Record<string, unknown> = { ...file };
  for (const [shared, name] of Object.entries(SHARED_NAMES)) fields[name] = file[shared] ?? file[name];
  refuseOtherComputation("GPT-2", fields);
  const nEmbd = count(fields, "n_embd", 768, LARGEST.nEmbd);
  const nHead = headCount(fields, "n_head", 12, { name: "n_embd", size: nEmbd });
  const vocabSize = count(fields, "vocab_size", 50257, LARGEST.vocabSize);
  const end = vocabSize > 50256 ? 50256 : vocabSize - 1;
  return {
    modelType: "gpt2",
    vocabSize,
    nPositions: count(fields, fields.n_positions == null ? "n_ctx" : "n_positions", 1024, LARGEST.nPositions),
    nEmbd,
    nLayer: count(fields, "n_layer", 12, LARGEST.nLayer),
    nHead,
    nInner: fields.n_inner == null ? 4 * nEmbd : count(fields, "n_inner", 0, LARGEST.nInner),
    activationFunction: choice(fields, "activation_function", "gelu_new", ACTIVATION_FUNCTIONS),
    layerNormEpsilon: amount(fields, "layer_norm_epsilon", 1e-5),
    scaleAttnWeights: flag(fields, "scale_attn_weights", true),
    scaleAttnByInverseLayerIdx: flag(fields, "scale_attn_by_inverse_layer_idx", false),
    tieWordEmbeddings: flag(fields, "tie_word_embeddings", true),
    ...textEnds(fields, vocabSize, { bos: end, eos: [end] }),
  };
}
