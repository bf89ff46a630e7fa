/**
 * Llama on one page, and the models that are made alike: Llama 1 to 3 and SmolLM2 (`llama`), Mistral (`mistral`) and
 * Qwen2 (`qwen2`).
 *
 * LLaMA: Open and Efficient Foundation Language Models (Touvron et al. 2023, https://arxiv.org/abs/2302.13971), after
 * https://github.com/huggingface/transformers/blob/main/src/transformers/models/llama/modeling_llama.py
 *
 * Sizes: T new tokens; C width, H heads of queries, K heads of keys and values, D numbers of a head; V vocabulary.
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

/** The settings of a Llama model: Hugging Face's `config.json`, in camel case. */
export interface LlamaConfig extends ModelConfig, RopeSettings {
  /** The family, or which of those that are made alike. */
  readonly modelType: "llama" | "mistral" | "qwen2";
  /** K, the heads of keys and values in a block; each serves H / K heads of queries. */
  readonly numKeyValueHeads: number;
  /** D, the numbers of a head. */
  readonly headDim: number;
  /** The number added to the mean square in each RMSNorm. */
  readonly rmsNormEps: number;
  /** Which layers of attention have a bias: none, those before it, or the one after it as well. */
  readonly attentionBias: "none" | "qkv" | "all";
  /** Whether the layers of the MLP have a bias. */
  readonly mlpBias: boolean;
}

/** Llama, its sizes and what was made of it. */
export const LLAMA: Family<LlamaConfig> = {
  name: "Llama",
  modelTypes: ["llama", "mistral", "qwen2"],
  architectures: ["LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM"],
  mask: "causal",
  names: {
    prefix: "model.",
    blocks: "layers",
    blocksField: "num_hidden_layers",
    embedding: "embed_tokens.weight",
    unembedding: "lm_head.weight",
  },
  parseConfig,
  weights,
  cacheWidth: ({ numKeyValueHeads, headDim }) => numKeyValueHeads * headDim,
  keptNumbers: ({ nEmbd, nInner, nHead, headDim }) => 3 * nEmbd + 4 * nHead * headDim + 5 * nInner,
  tiny: (config) => ({ ...config, ...TINY, numKeyValueHeads: 2, headDim: 16 }),
  forward,
  readout: (m, { rmsNormEps }, x) => m.rmsNorm("norm", x, rmsNormEps),
  writers: ({ rmsNormEps: epsilon, nHead, numKeyValueHeads, headDim }) => ({
    attention: (i) => `layers.${i}.self_attn.o_proj`,
    mlp: (i) => `layers.${i}.mlp.down_proj`,
    heads: (i) => {
      const shared = (head: number) => Math.floor(head * numKeyValueHeads / nHead) * headDim;
      return {
        query: { layer: `layers.${i}.self_attn.q_proj`, start: (head) => head * headDim },
        key: { layer: `layers.${i}.self_attn.k_proj`, start: shared },
        value: { layer: `layers.${i}.self_attn.v_proj`, start: shared },
      };
    },
    norm: { name: "norm", kind: "rmsNorm", epsilon },
  }),
};

/** Writes the forward pass of Llama. */
function forward(m: ModelBuilder, config: LlamaConfig): Value {
  const { g } = m;
  const { nLayer, nHead, numKeyValueHeads, headDim, rmsNormEps, activationFunction } = config;
  const turned = rotation(m, headDim, config);
  let x = m.embed("embed_tokens.weight"); // [T, C]
  for (let i = 0; i < nLayer; ++i) {
    x = m.site(`resid.${i}`, x);
    const a = m.rmsNorm(`layers.${i}.input_layernorm`, x, rmsNormEps); // [T, C]
    const query = turned(m.linear(`layers.${i}.self_attn.q_proj`, a), nHead); // [T, H D]
    const key = turned(m.linear(`layers.${i}.self_attn.k_proj`, a), numKeyValueHeads); // [T, K D]
    const value = m.linear(`layers.${i}.self_attn.v_proj`, a); // [T, K D]
    const merged = m.attend({ query, key, value, heads: nHead, keyHeads: numKeyValueHeads }); // [T, H D]
    const added = m.site(`attn_out.${i}`, m.linear(`layers.${i}.self_attn.o_proj`, merged)); // [T, C]
    x = m.site(`resid_mid.${i}`, g.add(x, added)); // [T, C]

    const b = m.rmsNorm(`layers.${i}.post_attention_layernorm`, x, rmsNormEps); // [T, C]
    const gate = activate(g, activationFunction, m.linear(`layers.${i}.mlp.gate_proj`, b)); // [T, nInner]
    const neurons = m.site(`neurons.${i}`, g.mul(gate, m.linear(`layers.${i}.mlp.up_proj`, b))); // [T, nInner]
    x = g.add(x, m.site(`mlp_out.${i}`, m.linear(`layers.${i}.mlp.down_proj`, neurons))); // [T, C]
  }
  return m.site(`resid.${nLayer}`, x);
}

function weights(config: LlamaConfig): ReadonlyMap<string, WeightSpec> {
  const { vocabSize: V, nEmbd: C, nInner: I, nHead, numKeyValueHeads, headDim: D } = config;
  const [HD, KD] = [nHead * D, numKeyValueHeads * D];
  const attention = (from: number, to: number, bias: boolean) => ({ from, to, part: "attention", bias }) as const;
  const mlp = (from: number, to: number) => ({ from, to, part: "mlp", bias: config.mlpBias }) as const;
  const [before, after] = [config.attentionBias !== "none", config.attentionBias === "all"];
  return weightMap(
    table("embed_tokens.weight", [V, C]),
    ...blocks(config.nLayer, (i) => [
      norm(`layers.${i}.input_layernorm`, C, { bias: false }),
      linear(`layers.${i}.self_attn.q_proj`, attention(C, HD, before)),
      linear(`layers.${i}.self_attn.k_proj`, attention(C, KD, before)),
      linear(`layers.${i}.self_attn.v_proj`, attention(C, KD, before)),
      linear(`layers.${i}.self_attn.o_proj`, attention(HD, C, after)),
      norm(`layers.${i}.post_attention_layernorm`, C, { bias: false }),
      linear(`layers.${i}.mlp.gate_proj`, mlp(C, I)),
      linear(`layers.${i}.mlp.up_proj`, mlp(C, I)),
      linear(`layers.${i}.mlp.down_proj`, mlp(I, C)),
    ]),
    norm("norm", C, { bias: false }),
    config.tieWordEmbeddings ? [] : unembedding("lm_head.weight", [V, C]),
  );
}

/** What transformers takes where a file says nothing. */
const DEFAULTS = {
  llama: { vocab: 32000, inner: 11008, positions: 2048, keyHeads: undefined, ends: true },
  mistral: { vocab: 32000, inner: 14336, positions: 131072, keyHeads: 8, ends: true },
  qwen2: { vocab: 151936, inner: 22016, positions: 32768, keyHeads: 32, ends: false },
} as const;

function parseConfig(file: Fields): LlamaConfig {
  const modelType = modelTypeOf(file);
  const defaults = DEFAULTS[modelType];
  const nLayer = count(file, "num_hidden_layers", 32, LARGEST.nLayer);
  const window = slidingWindow(modelType, file, nLayer);
  const fields = window === undefined ? file : { ...file, "layer_types": allFull(file.layer_types) };
  refuseOtherComputation("Llama", modelType === "llama" ? fields : { ...fields, "sliding_window": null });
  const nEmbd = count(fields, "hidden_size", 4096, LARGEST.nEmbd);
  const nHead = count(fields, "num_attention_heads", 32, LARGEST.nEmbd);
  const headDim = fields.head_dim == null
    ? nEmbd / headCount(fields, "num_attention_heads", 32, { name: "hidden_size", size: nEmbd })
    : count(fields, "head_dim", 0, LARGEST.nEmbd);
  const keyHeads = fields.num_key_value_heads === null ? nHead : defaults.keyHeads ?? nHead;
  const vocabSize = count(fields, "vocab_size", defaults.vocab, LARGEST.vocabSize);
  const positions = count(fields, "max_position_embeddings", defaults.positions, LARGEST.nPositions);
  const rope = ropeSettings(fields);
  expectTurnable(headDim, rope, { whole: true });
  const bias = flag(fields, "attention_bias", false) && modelType === "llama";
  return {
    modelType,
    vocabSize,
    nPositions: Math.min(positions, window ?? positions),
    nEmbd,
    nLayer,
    nHead,
    nInner: count(fields, "intermediate_size", defaults.inner, LARGEST.nInner),
    activationFunction: choice(fields, "hidden_act", "silu", ACTIVATION_FUNCTIONS),
    tieWordEmbeddings: flag(fields, "tie_word_embeddings", false),
    numKeyValueHeads: headCount(fields, "num_key_value_heads", keyHeads, { name: "num_attention_heads", size: nHead }),
    headDim,
    rmsNormEps: amount(fields, "rms_norm_eps", 1e-6),
    ...rope,
    attentionBias: modelType === "qwen2" ? "qkv" : bias ? "all" : "none",
    mlpBias: flag(fields, "mlp_bias", false) && modelType === "llama",
    ...textEnds(fields, vocabSize, {
      bos: defaults.ends ? Math.min(1, vocabSize - 1) : 0,
      eos: defaults.ends && vocabSize > 2 ? [2] : [],
    }),
  };
}

function modelTypeOf({ model_type: modelType, architectures }: Fields): LlamaConfig["modelType"] {
  if (modelType !== undefined) return modelType as LlamaConfig["modelType"];
  const named = (architectures as readonly unknown[]).find((name) => LLAMA.architectures.some((own) => own === name));
  return LLAMA.modelTypes[LLAMA.architectures.indexOf(named as string)] as LlamaConfig["modelType"];
}

/**
 * The most tokens of a text for which attention to the last tokens only, as some of these models have it, is attention to
 * all: longer texts are refused, as they would need another mask.
 */
function slidingWindow(modelType: LlamaConfig["modelType"], fields: Fields, nLayer: number): number | undefined {
  const inUse = modelType === "mistral" || (modelType === "qwen2" && flag(fields, "use_sliding_window", false));
  if (!inUse || fields.sliding_window === null) return undefined;
  const window = count(fields, "sliding_window", 4096, LARGEST.nPositions);
  if (modelType === "mistral") return window;
  const { layer_types: types } = fields; // of Qwen2, where the first layers may see all tokens
  const some = Array.isArray(types) ? types.includes(SLIDING) : nLayer > amount(fields, "max_window_layers", 28);
  return some ? window : undefined;
}

const SLIDING = "sliding_attention";

/** The kinds of the layers for texts that fit into the window. */
function allFull(types: unknown): unknown {
  return Array.isArray(types) ? types.map((type) => type === SLIDING ? "full_attention" : type) : types;
}
