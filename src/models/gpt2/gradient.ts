/**
 * The gradient of GPT-2 with respect to its embeddings, block by block. What works on each row by itself is
 * differentiated by the rules of its operators, on the M rows of {@linkcode packRows}; attention by the formulas below,
 * on all N x T pairs of a scalar and a token, as its matrices have one shape then.
 *
 * Sizes as in `forward.ts`, without cached tokens, so that S = T; N scalars, R rows of logits, M rows that go back.
 *
 * @module
 */
import { backward } from "../../autodiff/mod.ts";
import type { Graph, Node, Value } from "../../onnx/mod.ts";
import { sumOverVocabulary, vocabularyOnes } from "../vocabulary.ts";
import { AttentionGradient, type GradientInputs } from "./attention_gradient.ts";
import type { GPT2Config } from "./config.ts";
import { finalNorm, type ForwardValues, mlp, type Weights } from "./forward.ts";

/** The forward pass to differentiate. */
export interface GradientOptions {
  /** The settings of the model. */
  readonly config: GPT2Config;
  /** Its weights. */
  readonly w: Weights;
  /** The nodes of the forward pass. */
  readonly nodes: readonly Node[];
  /** Its activations. */
  readonly seen: ForwardValues;
  /** The inputs of the graph. */
  readonly inputs: GradientInputs;
}

/** Writes the gradient of the N scalars with respect to the embeddings into `g`, `[M, C]`. */
export function gradient(g: Graph, options: GradientOptions): Value {
  const { config, nodes, seen, inputs } = options;
  const attention = new AttentionGradient(g, options);
  const back = (output: Value, wrt: Value, cotangent: Value) => {
    let tokens: Value | undefined; // not before the cotangent, or else all blocks' saved values are spread at once
    const spread = (saved: Value) => {
      if (saved.shape[0] !== "T") return saved;
      return g.gather(saved, tokens ??= g.after(inputs.backTokens, cotangent, -2)); // [M, ...]
    };
    return backward(g, { nodes, output, wrt, cotangent, spread });
  };
  const last = config.nLayer - 1;
  const { merged } = seen.attentions[last]!;
  const own = ownMiddleCotangent(g, options); // [R, C]
  const ownMerged = backward(g, { nodes, output: seen.middles[last]!, wrt: merged, cotangent: own }); // [R, C]
  let dprojected = attention.ofOwnRows(last, ownMerged); // [M, 3 C]
  let dx = attention.placed(own, back(seen.attentions[last]!.projected, seen.hiddenStates[last]!, dprojected)); // [M, C]
  for (let i = last - 1; i >= 0; --i) {
    const { projected, merged } = seen.attentions[i]!;
    const dmiddle = back(seen.hiddenStates[i + 1]!, seen.middles[i]!, dx); // [M, C]
    dprojected = attention.ofAllRows(i, back(seen.middles[i]!, merged, dmiddle)); // [M, 3 C]
    dx = g.add(dmiddle, back(projected, seen.hiddenStates[i]!, dprojected)); // [M, C]
  }
  return dx;
}

/**
 * The cotangent of the residual stream before the last MLP at the R rows, `[R, C]`. From there to the logits, a row
 * depends on itself only, so this part is run again and differentiated on these rows.
 */
function ownMiddleCotangent(g: Graph, { config, w, seen: { middles, logits }, inputs }: GradientOptions): Value {
  const at = g.gather(middles.at(-1)!, inputs.rows); // [R, C]
  const start = g.nodes.length;
  const read = finalNorm(g, config, w, mlp(g, config, w, config.nLayer - 1, at).sum); // [R, C]
  const nodes = g.nodes.slice(start);
  const dread = readCotangent(g, { config, w, logits, inputs }); // [R, C]
  return backward(g, { nodes, output: read, cotangent: dread, wrt: at });
}

/**
 * The cotangent of what the logits are read from, `[R, C]`: the unembedding of the target for the logit, less its mean
 * by probability for the log-probability. The target's share 1 - p is summed from the other tokens' probabilities, which
 * keeps its digits when p is near 1.
 */
function readCotangent(
  g: Graph,
  { config: { vocabSize, tieWordEmbeddings }, w, logits, inputs: { targets, ofLogit } }:
    & Pick<GradientOptions, "config" | "w" | "inputs">
    & { readonly logits: Value },
): Value {
  const unembedding = w(tieWordEmbeddings ? "wte.weight" : "lm_head.weight"); // [V, C]
  const vocabulary = g.range(g.ints([0], []), g.ints([vocabSize], []), vocabSize); // [V]
  const isTarget = g.equal(g.unsqueeze(targets, -1), vocabulary); // [R, V]
  const others = g.where(isTarget, g.floats([0], []), g.softmax(logits)); // [R, V]
  const mean = g.gemm(others, unembedding); // [R, V] x [V, C] -> [R, C]
  const own = g.gather(unembedding, targets); // [R, C]
  return g.where(ofLogit, own, g.sub(g.mul(own, sumOverVocabulary(g, others, vocabularyOnes(g, vocabSize))), mean));
}
