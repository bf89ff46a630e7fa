/**
 * GPT-2 on one page.
 *
 * Language Models are Unsupervised Multitask Learners (Radford et al. 2019), after the reference implementations
 * https://github.com/openai/gpt-2/blob/master/src/model.py and
 * https://github.com/huggingface/transformers/blob/main/src/transformers/models/gpt2/modeling_gpt2.py
 *
 * Sizes: T new tokens, P cached ones before them, S = P + T; C width, H heads, D = C / H; V vocabulary.
 *
 * @module
 */
import type { Graph, Value } from "../../onnx/mod.ts";
import type { GPT2Config } from "./config.ts";

/** Looks a weight up by its checkpoint name, such as `h.0.ln_1.weight`. */
export type Weights = (name: string) => Value;

/** The inputs of the forward pass. */
export interface ForwardInputs {
  /** The new tokens, int64 `[T]`. */
  readonly inputIds: Value;
  /** The cached keys of each block, `[P, C]`. */
  readonly pastKeys: readonly Value[];
  /** The cached values of each block, `[P, C]`. */
  readonly pastValues: readonly Value[];
  /** The first text that each cached token belongs to, int64 `[P]`: all to 0, unless several are read side by side. */
  readonly pastTexts: Value;
  /** The last text that each cached token belongs to, int64 `[P]`: the first one, unless several begin alike. */
  readonly pastLastTexts: Value;
  /** Which text each new token belongs to, int64 `[T]`. */
  readonly texts: Value;
  /** Where in its text each new token stands, int64 `[T]`. */
  readonly positions: Value;
  /** What the embedding of each token is multiplied by, `[T, 1]`: 1, or less on the way from a zero baseline. */
  readonly embeddingScale: Value;
  /** The rows of the new tokens whose logits are wanted, int64 `[R]`. */
  readonly rows: Value;
}

/** Everything that can be seen inside the model. */
export interface ForwardValues {
  /** The token embeddings, scaled, before positions are added, `[T, C]`. */
  readonly embeddings: Value;
  /** The residual stream, L + 1 of `[T, C]`: the embeddings, then what leaves each block, before `ln_f`. */
  readonly hiddenStates: readonly Value[];
  /** The residual stream between attention and MLP, L of `[T, C]`. */
  readonly middles: readonly Value[];
  /** The attention probabilities of each block, `[H, T, S]`. */
  readonly attention: readonly Value[];
  /** The MLP's neurons in each block after the activation function, `[T, nInner]`. */
  readonly activations: readonly Value[];
  /** What the attention of each block computes from. */
  readonly attentions: readonly AttentionValues[];
  /** The keys of the new tokens in each block, `[T, C]`. */
  readonly keys: readonly Value[];
  /** The values of the new tokens in each block, `[T, C]`. */
  readonly values: readonly Value[];
  /** The scores of the next token at each of `rows`, `[R, V]`. */
  readonly logits: Value;
}

/**
 * What the attention of a block computes from, and what it gives. Operands are not transposed yet: ONNX Runtime reads
 * transposed ones where they are, unless a branch reads them too.
 */
export interface AttentionValues {
  /** Queries, keys and values side by side, `[T, 3 C]`. */
  readonly projected: Value;
  /** The queries of all heads side by side, `[T, C]`. */
  readonly query: Value;
  /** The keys, cached ones too, `[S, H, D]`. */
  readonly keys: Value;
  /** The values, cached ones too, `[S, H, D]`. */
  readonly values: Value;
  /** The sums of values by attention, `[H, T, D]`. */
  readonly sums: Value;
  /** The same with the heads of a token side by side, `[T, C]`. */
  readonly merged: Value;
}

/** Writes the forward pass of GPT-2 into `g`. */
export function forward(g: Graph, config: GPT2Config, w: Weights, inputs: ForwardInputs): ForwardValues {
  const { inputIds, pastKeys, pastValues, positions, embeddingScale, rows } = inputs;
  const seen = {
    hiddenStates: [] as Value[],
    middles: [] as Value[],
    attention: [] as Value[],
    activations: [] as Value[],
    attentions: [] as AttentionValues[],
  };
  const cache = { keys: [] as Value[], values: [] as Value[] };
  const mask = causalMask(g, inputs); // [T, S]

  const embeddings = g.mul(g.gather(w("wte.weight"), inputIds), embeddingScale); // [T, C]
  let x = g.add(embeddings, g.gather(w("wpe.weight"), positions)); // [T, C]
  for (let i = 0; i < config.nLayer; ++i) {
    seen.hiddenStates.push(x);
    const h = (name: string) => w(`h.${i}.${name}`);

    const a = norm(g, config, h, "ln_1", x); // [T, C]
    const projected = conv1d(g, h, "attn.c_attn", a); // [T, 3 C]
    const [query, key, value] = g.split(projected, 3, -1) as [Value, Value, Value]; // [T, C] each
    cache.keys.push(key);
    cache.values.push(value);
    const queries = heads(g, config, g.mul(query, g.floats([attentionScale(config, i)], []))); // [T, H, D]
    const keys = heads(g, config, g.concat([pastKeys[i]!, key], -2, "S")); // [S, H, D]
    const values = heads(g, config, g.concat([pastValues[i]!, value], -2, "S")); // [S, H, D]
    const scores = g.matmul(g.transpose(queries, [1, 0, 2]), g.transpose(keys, [1, 2, 0])); // [H, T, D] x [H, D, S]
    const pattern = g.softmax(g.add(scores, mask)); // [H, T, S]
    seen.attention.push(pattern);
    const sums = g.matmul(pattern, g.transpose(values, [1, 0, 2])); // [H, T, S] x [H, S, D] -> [H, T, D]
    const merged = g.reshape(g.transpose(sums, [1, 0, 2]), ["T", config.nEmbd]); // [T, C]
    seen.attentions.push({ projected, query, keys, values, sums, merged });
    x = g.add(x, conv1d(g, h, "attn.c_proj", merged)); // [T, C]
    seen.middles.push(x);

    const { neurons, sum } = mlp(g, config, w, i, x);
    seen.activations.push(neurons);
    x = sum; // [T, C]
  }
  seen.hiddenStates.push(x);

  const read = finalNorm(g, config, w, g.gather(x, rows)); // [R, C]
  const unembedding = w(config.tieWordEmbeddings ? "wte.weight" : "lm_head.weight"); // [V, C]
  const logits = g.gemm(read, unembedding, { transposed: true }); // [R, C] x [C, V] -> [R, V]
  return { embeddings, ...seen, ...cache, logits };
}

/** The second half of block `i`: the neurons after the activation function, and the residual stream they add to. */
export function mlp(g: Graph, config: GPT2Config, w: Weights, i: number, x: Value): { neurons: Value; sum: Value } {
  const h = (name: string) => w(`h.${i}.${name}`);
  const m = norm(g, config, h, "ln_2", x); // [T, C]
  const neurons = activate(g, config, conv1d(g, h, "mlp.c_fc", m)); // [T, nInner]
  return { neurons, sum: g.add(x, conv1d(g, h, "mlp.c_proj", neurons)) }; // [T, C]
}

/** What the logits are read from. */
export function finalNorm(g: Graph, config: GPT2Config, w: Weights, x: Value): Value {
  return norm(g, config, w, "ln_f", x);
}

/**
 * Zero where a token may look, the most negative number where it would see the future or another text, `[T, S]`. The
 * tokens of a text are read in its order, whatever stands between them. A cached token may be of several texts, from its
 * first to its last.
 */
function causalMask(g: Graph, { inputIds, pastKeys, pastTexts, pastLastTexts, texts }: ForwardInputs): Value {
  const past = g.size(pastKeys[0]!, -2);
  const end = g.scalar(g.add(past, g.size(inputIds, -1)));
  const queries = g.range(g.scalar(past), end, "T"); // P .. S-1
  const keys = g.range(g.ints([0], []), end, "S"); // 0 .. S-1
  const read = g.lessOrEqual(g.unsqueeze(keys, 0), g.unsqueeze(queries, -1)); // [1, S] <= [T, 1]
  const text = g.unsqueeze(texts, -1); // [T, 1]
  const ends = (past: Value) => g.unsqueeze(g.concat([past, texts], -1, "S"), 0); // [1, S]
  const begun = g.lessOrEqual(ends(pastTexts), text); // [T, S]
  const unended = g.lessOrEqual(text, ends(pastLastTexts)); // [T, S]
  const hidden = g.floats([-3.4028234663852886e38], []);
  return g.where(read, g.where(begun, g.where(unended, g.floats([0], []), hidden), hidden), hidden);
}

function norm(g: Graph, config: GPT2Config, w: Weights, name: string, x: Value): Value {
  return g.layerNorm(x, w(`${name}.weight`), w(`${name}.bias`), config.layerNormEpsilon);
}

/** A linear layer whose weight is stored `[in, out]`, as GPT-2's checkpoints do. */
function conv1d(g: Graph, w: Weights, name: string, x: Value): Value {
  return g.gemm(x, w(`${name}.weight`), { bias: w(`${name}.bias`) });
}

/** `[R, C]` as `[R, H, D]`. */
function heads(g: Graph, { nEmbd, nHead }: GPT2Config, x: Value): Value {
  return g.reshape(x, [x.shape[0]!, nHead, nEmbd / nHead]);
}

/** What the products of queries and keys are multiplied by. */
export function attentionScale({ nEmbd, nHead, ...config }: GPT2Config, layer: number): number {
  const size = config.scaleAttnWeights ? 1 / Math.sqrt(nEmbd / nHead) : 1;
  return config.scaleAttnByInverseLayerIdx ? size / (layer + 1) : size;
}

function activate(g: Graph, { activationFunction }: GPT2Config, x: Value): Value {
  switch (activationFunction) {
    case "gelu":
      return gelu(g, x);
    case "gelu_new":
    case "gelu_pytorch_tanh":
      return g.geluTanh(x);
    case "relu":
      return g.relu(x);
    case "silu":
    case "swish":
      return g.mul(x, g.sigmoid(x));
    case "tanh":
      return g.tanh(x);
  }
}

/** The exact GELU, `x Φ(x)`. */
function gelu(g: Graph, x: Value): Value {
  const phi = g.add(g.floats([1], []), g.erf(g.mul(x, g.floats([Math.SQRT1_2], [])))); // 2 Φ(x)
  return g.mul(g.mul(x, g.floats([0.5], [])), phi);
}
