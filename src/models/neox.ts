/**
 * GPT-NeoX on one page, and with it Pythia: attention and MLP of a block read the same residual stream, side by side.
 *
 * GPT-NeoX-20B: An Open-Source Autoregressive Language Model (Black et al. 2022, https://arxiv.org/abs/2204.06745), after
 * https://github.com/huggingface/transformers/blob/main/src/transformers/models/gpt_neox/modeling_gpt_neox.py
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
import { expectTurnable, type RopeSettings, ropeSettings, rotation } from "./rotary.ts";
import { blocks, linear, norm, table, unembedding, weightMap, type WeightSpec } from "./weight_list.ts";

/** The settings of a GPT-NeoX model: Hugging Face's `config.json`, in camel case. */
export interface GPTNeoXConfig extends ModelConfig, RopeSettings {
  /** The family. */
  readonly modelType: "gpt_neox";
  /** The number added to the variance in each LayerNorm. */
  readonly layerNormEps: number;
  /** Whether attention and MLP of a block read the same residual stream, rather than one after the other. */
  readonly useParallelResidual: boolean;
  /** Whether the layers of attention have a bias. */
  readonly attentionBias: boolean;
}

/** GPT-NeoX, its sizes and what was made of it. */
export const GPT_NEOX: Family<GPTNeoXConfig> = {
  name: "GPT-NeoX",
  modelTypes: ["gpt_neox"],
  architectures: ["GPTNeoXForCausalLM"],
  mask: "causal",
  names: {
    prefix: "gpt_neox.",
    blocks: "layers",
    blocksField: "num_hidden_layers",
    embedding: "embed_in.weight",
    unembedding: "embed_out.weight",
  },
  parseConfig,
  weights,
  layout: ({ useParallelResidual }) => useParallelResidual ? "parallel" : "norms before",
  cacheWidth: ({ nEmbd }) => nEmbd,
  keptNumbers: ({ nEmbd, nInner }) => 11 * nEmbd + 4 * nInner,
  tiny: (config) => ({ ...config, ...TINY }),
  forward,
  readout: (m, { layerNormEps }, x) => m.layerNorm("final_layer_norm", x, layerNormEps),
  writers: ({ layerNormEps: epsilon, nEmbd, nHead }) => ({
    attention: (i) => `layers.${i}.attention.dense`,
    mlp: (i) => `layers.${i}.mlp.dense_4h_to_h`,
    heads: (i) => {
      const part = (n: number) => ({
        layer: `layers.${i}.attention.query_key_value`,
        start: (head: number) => (3 * head + n) * (nEmbd / nHead),
      });
      return { query: part(0), key: part(1), value: part(2) };
    },
    norm: { name: "final_layer_norm", kind: "layerNorm", epsilon },
  }),
};

/** Writes the forward pass of GPT-NeoX. */
function forward(m: ModelBuilder, config: GPTNeoXConfig): Value {
  const { g } = m;
  const { nLayer, nHead, nEmbd, layerNormEps, activationFunction, useParallelResidual } = config;
  const headSize = nEmbd / nHead;
  const turned = rotation(m, headSize, config);
  const merged = (x: Value) => g.reshape(x, ["T", nEmbd]);
  let x = m.embed("embed_in.weight"); // [T, C]
  for (let i = 0; i < nLayer; ++i) {
    x = m.site(`resid.${i}`, x);
    const a = m.layerNorm(`layers.${i}.input_layernorm`, x, layerNormEps); // [T, C]
    const projected = g.reshape(m.linear(`layers.${i}.attention.query_key_value`, a), ["T", nHead, 3 * headSize]);
    const [query, key, value] = g.split(projected, 3, -1).map(merged) as [Value, Value, Value]; // [T, C] each
    const sums = m.attend({ query: turned(query, nHead), key: turned(key, nHead), value, heads: nHead }); // [T, C]
    const added = m.site(`attn_out.${i}`, m.linear(`layers.${i}.attention.dense`, sums)); // [T, C]
    const middle = m.site(`resid_mid.${i}`, g.add(x, added)); // [T, C]

    const read = useParallelResidual ? x : middle;
    const b = m.layerNorm(`layers.${i}.post_attention_layernorm`, read, layerNormEps); // [T, C]
    const inner = m.linear(`layers.${i}.mlp.dense_h_to_4h`, b);
    const neurons = m.site(`neurons.${i}`, activate(g, activationFunction, inner)); // [T, nInner]
    x = g.add(middle, m.site(`mlp_out.${i}`, m.linear(`layers.${i}.mlp.dense_4h_to_h`, neurons))); // [T, C]
  }
  return m.site(`resid.${nLayer}`, x);
}

function weights(config: GPTNeoXConfig): ReadonlyMap<string, WeightSpec> {
  const { vocabSize: V, nEmbd: C, nInner: I, attentionBias: bias } = config;
  return weightMap(
    table("embed_in.weight", [V, C]),
    ...blocks(config.nLayer, (i) => [
      norm(`layers.${i}.input_layernorm`, C),
      linear(`layers.${i}.attention.query_key_value`, { from: C, to: 3 * C, part: "attention", bias }),
      linear(`layers.${i}.attention.dense`, { from: C, to: C, part: "attention", bias }),
      norm(`layers.${i}.post_attention_layernorm`, C),
      linear(`layers.${i}.mlp.dense_h_to_4h`, { from: C, to: I, part: "mlp" }),
      linear(`layers.${i}.mlp.dense_4h_to_h`, { from: I, to: C, part: "mlp" }),
    ]),
    norm("final_layer_norm", C),
    config.tieWordEmbeddings ? [] : unembedding("embed_out.weight", [V, C]),
  );
}

function parseConfig(fields: Fields): GPTNeoXConfig {
  refuseOtherComputation("GPT-NeoX", fields, { "is_decoder": (value) => typeof value !== "boolean" });
  const nEmbd = count(fields, "hidden_size", 6144, LARGEST.nEmbd);
  const nHead = headCount(fields, "num_attention_heads", 64, { name: "hidden_size", size: nEmbd });
  const vocabSize = count(fields, "vocab_size", 50432, LARGEST.vocabSize);
  // Its own names, by which files had them before `rope_parameters`. Those of other families are not read.
  const others = { "rope_theta": null, "partial_rotary_factor": null };
  const theta = amount(fields, "rotary_emb_base", 10000, { above: true });
  const rope = ropeSettings({ ...fields, ...others }, { theta, part: amount(fields, "rotary_pct", 0.25) });
  expectTurnable(nEmbd / nHead, rope);
  return {
    modelType: "gpt_neox",
    vocabSize,
    nPositions: count(fields, "max_position_embeddings", 2048, LARGEST.nPositions),
    nEmbd,
    nLayer: count(fields, "num_hidden_layers", 44, LARGEST.nLayer),
    nHead,
    nInner: count(fields, "intermediate_size", 24576, LARGEST.nInner),
    activationFunction: choice(fields, "hidden_act", "gelu", ACTIVATION_FUNCTIONS),
    tieWordEmbeddings: flag(fields, "tie_word_embeddings", false),
    layerNormEps: amount(fields, "layer_norm_eps", 1e-5),
    useParallelResidual: flag(fields, "use_parallel_residual", true),
    attentionBias: flag(fields, "attention_bias", true),
    ...rope,
    ...textEnds(fields, vocabSize, { bos: 0, eos: vocabSize > 2 ? [2] : [] }),
  };
}
