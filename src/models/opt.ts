/**
 * OPT on one page.
 *
 * OPT: Open Pre-trained Transformer Language Models (Zhang et al. 2022, https://arxiv.org/abs/2205.01068), after
 * https://github.com/huggingface/transformers/blob/main/src/transformers/models/opt/modeling_opt.py
 *
 * Sizes: T new tokens; P positions; C width, H heads; V vocabulary.
 *
 * @module
 */
import type { Value } from "../onnx/mod.ts";
import { activate, ACTIVATION_FUNCTIONS } from "./activation.ts";
import type { ModelBuilder } from "./builder.ts";
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
} from "./config.ts";
import { type Family, TINY } from "./family.ts";
import { blocks, linear, norm, table, unembedding, weightMap, type WeightSpec } from "./weight_list.ts";

/** The settings of an OPT model: Hugging Face's `config.json`, in camel case. */
export interface OPTConfig extends ModelConfig {
  /** The family. */
  readonly modelType: "opt";
  /** Whether linear layers have a bias. */
  readonly enableBias: boolean;
}

/** Where the positions of texts begin in the table: its first two rows are unused. */
const FIRST_POSITION = 2;
/** The number added to the variance in each LayerNorm, which files do not say. */
const EPSILON = 1e-5;

/** OPT, its sizes and what was made of it. */
export const OPT: Family<OPTConfig> = {
  name: "OPT",
  modelTypes: ["opt"],
  architectures: ["OPTForCausalLM"],
  mask: "causal",
  names: {
    prefix: "model.",
    blocks: "decoder.layers",
    blocksField: "num_hidden_layers",
    embedding: "decoder.embed_tokens.weight",
    unembedding: "lm_head.weight",
  },
  parseConfig,
  weights,
  cacheWidth: ({ nEmbd }) => nEmbd,
  keptNumbers: ({ nEmbd, nInner }) => 7 * nEmbd + 2 * nInner,
  tiny: (config) => ({ ...config, ...TINY }),
  forward,
  readout: (m, _config, x) => m.layerNorm("decoder.final_layer_norm", x, EPSILON),
  writers: ({ nEmbd, nHead }) => ({
    positions: { table: "decoder.embed_positions.weight", first: FIRST_POSITION },
    attention: (i) => `decoder.layers.${i}.self_attn.out_proj`,
    mlp: (i) => `decoder.layers.${i}.fc2`,
    heads: (i) => {
      const own = (name: string) => ({
        layer: `decoder.layers.${i}.self_attn.${name}`,
        start: (head: number) => head * (nEmbd / nHead),
      });
      return { query: own("q_proj"), key: own("k_proj"), value: own("v_proj") };
    },
    norm: { name: "decoder.final_layer_norm", kind: "layerNorm", epsilon: EPSILON },
  }),
};

/** Writes the forward pass of OPT. */
function forward(m: ModelBuilder, { nLayer, nHead, activationFunction }: OPTConfig): Value {
  const { g } = m;
  const places = g.add(m.inputs.positions, g.ints([FIRST_POSITION], []));
  let x = g.add(m.embed("decoder.embed_tokens.weight"), g.gather(m.weight("decoder.embed_positions.weight"), places));
  for (let i = 0; i < nLayer; ++i) {
    x = m.site(`resid.${i}`, x);
    const block = `decoder.layers.${i}`;
    const a = m.layerNorm(`${block}.self_attn_layer_norm`, x, EPSILON); // [T, C]
    const merged = m.attend({
      query: m.linear(`${block}.self_attn.q_proj`, a),
      key: m.linear(`${block}.self_attn.k_proj`, a),
      value: m.linear(`${block}.self_attn.v_proj`, a),
      heads: nHead,
    }); // [T, C]
    const added = m.site(`attn_out.${i}`, m.linear(`${block}.self_attn.out_proj`, merged)); // [T, C]
    x = m.site(`resid_mid.${i}`, g.add(x, added)); // [T, C]

    const b = m.layerNorm(`${block}.final_layer_norm`, x, EPSILON); // [T, C]
    const neurons = m.site(`neurons.${i}`, activate(g, activationFunction, m.linear(`${block}.fc1`, b))); // [T, nInner]
    x = g.add(x, m.site(`mlp_out.${i}`, m.linear(`${block}.fc2`, neurons))); // [T, C]
  }
  return m.site(`resid.${nLayer}`, x);
}

function weights(config: OPTConfig): ReadonlyMap<string, WeightSpec> {
  const { vocabSize: V, nPositions: P, nEmbd: C, nInner: I, enableBias: bias } = config;
  const attention = { from: C, to: C, part: "attention", bias } as const;
  return weightMap(
    table("decoder.embed_tokens.weight", [V, C]),
    table("decoder.embed_positions.weight", [P + FIRST_POSITION, C]),
    ...blocks(config.nLayer, (i) => [
      norm(`decoder.layers.${i}.self_attn_layer_norm`, C),
      linear(`decoder.layers.${i}.self_attn.q_proj`, attention),
      linear(`decoder.layers.${i}.self_attn.k_proj`, attention),
      linear(`decoder.layers.${i}.self_attn.v_proj`, attention),
      linear(`decoder.layers.${i}.self_attn.out_proj`, attention),
      norm(`decoder.layers.${i}.final_layer_norm`, C),
      linear(`decoder.layers.${i}.fc1`, { from: C, to: I, part: "mlp", bias }),
      linear(`decoder.layers.${i}.fc2`, { from: I, to: C, part: "mlp", bias }),
    ]),
    norm("decoder.final_layer_norm", C),
    config.tieWordEmbeddings ? [] : unembedding("lm_head.weight", [V, C]),
  );
}

/** What OPT's smaller sisters have that is not computed: norms after each half, narrower embeddings. */
const OTHERS = {
  "do_layer_norm_before": (value: unknown) => value !== true,
  "_remove_final_layer_norm": (value: unknown) => value !== false,
  "layer_norm_elementwise_affine": (value: unknown) => value !== true,
};

function parseConfig(fields: Fields): OPTConfig {
  const nEmbd = count(fields, "hidden_size", 768, LARGEST.nEmbd);
  refuseOtherComputation("OPT", fields, { ...OTHERS, "word_embed_proj_dim": (value) => value !== nEmbd });
  const vocabSize = count(fields, "vocab_size", 50272, LARGEST.vocabSize);
  const end = Math.min(2, vocabSize - 1);
  return {
    modelType: "opt",
    vocabSize,
    nPositions: count(fields, "max_position_embeddings", 2048, LARGEST.nPositions),
    nEmbd,
    nLayer: count(fields, "num_hidden_layers", 12, LARGEST.nLayer),
    nHead: headCount(fields, "num_attention_heads", 12, { name: "hidden_size", size: nEmbd }),
    nInner: count(fields, "ffn_dim", 3072, LARGEST.nInner),
    activationFunction: choice(fields, "activation_function", "relu", ACTIVATION_FUNCTIONS),
    tieWordEmbeddings: flag(fields, "tie_word_embeddings", true),
    enableBias: flag(fields, "enable_bias", true),
    ...textEnds(fields, vocabSize, { bos: end, eos: [end] }),
  };
}
