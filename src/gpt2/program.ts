/**
 * GPT-2 and its gradient as one graph, so that one session holds the weights once.
 *
 * @module
 */
import { backward } from "../autodiff/mod.ts";
import type { TensorEntry } from "../checkpoint/safetensors.ts";
import { Graph, type Value } from "../onnx/mod.ts";
import type { GPT2Config } from "./config.ts";
import { finalNorm, forward, type ForwardInputs, type ForwardValues, mlp, type Weights } from "./forward.ts";
import { lens, type LensInputs, type LensValues } from "./lens.ts";
import { sumOverVocabulary } from "./vocabulary.ts";
import { declareWeights, isQuantized } from "./weights.ts";

/** How the C numbers of a token become one score: of g or of g·x, the L2 norm or the signed sum. */
export const SCORES = ["gradientL2", "gradientSum", "gradientXInputL2", "gradientXInputSum"] as const;

/** The name of a score. */
export type ScoreName = typeof SCORES[number];

/** What a session is fed. */
export interface ProgramInputs extends ForwardInputs, LensInputs {
  /** The token that is explained, or ranked by the lens, at each of `rows`, int64 `[R]`. */
  readonly targets: Value;
  /** `[N, R]`, how the R scalars add up to the N that are differentiated; `[0, R]` leaves the gradient out. */
  readonly mix: Value;
  /** bool `[1]`: whether the scalar is the logit rather than the log-probability. */
  readonly ofLogit: Value;
}

/** What can be fetched from a session. */
export interface ProgramOutputs extends Omit<ForwardValues, "embeddings" | "middles"> {
  /** `[N, T]` each. */
  readonly scores: Readonly<Record<ScoreName, Value>>;
  /** The gradient, `[N, T, C]`, before it becomes scores. */
  readonly gradients: Value;
  /** The same times the scaled embeddings, `[N, T, C]`. */
  readonly products: Value;
  /** What each depth of the residual stream would predict. */
  readonly lens: LensValues;
}

/** A graph, what goes in and what comes out. */
export interface Program {
  /** The graph. */
  readonly graph: Graph;
  /** Its inputs. */
  readonly inputs: ProgramInputs;
  /** Its outputs. */
  readonly outputs: ProgramOutputs;
  /** Whether there is a gradient: not when products are computed in 8 bits. */
  readonly differentiable: boolean;
}

/**
 * Writes GPT-2 and, in a branch that runs when `mix` has rows, its gradient with respect to the embeddings, and in one
 * that runs when `best` is not 0, the logit lens.
 */
export function buildProgram(config: GPT2Config, entries: ReadonlyMap<string, TensorEntry>): Program {
  const g = new Graph();
  const w = declareWeights(g, config, entries);
  const differentiable = !isQuantized(entries);
  const blocks = [...Array(config.nLayer).keys()];
  const inputs: ProgramInputs = {
    inputIds: g.input("input_ids", "int64", ["T"]),
    pastKeys: blocks.map((i) => g.input(`past_key.${i}`, g.float, ["P", config.nEmbd])),
    pastValues: blocks.map((i) => g.input(`past_value.${i}`, g.float, ["P", config.nEmbd])),
    pastTexts: g.input("past_texts", "int64", ["P"]),
    texts: g.input("texts", "int64", ["T"]),
    positions: g.input("positions", "int64", ["T"]),
    embeddingScale: g.input("embedding_scale", g.float, ["T", 1]),
    rows: g.input("rows", "int64", ["R"]),
    targets: g.input("targets", "int64", ["R"]),
    mix: g.input("mix", g.float, ["N", "R"]),
    ofLogit: g.input("of_logit", "bool", [1]),
    best: g.input("best", "int64", [1]),
    depths: g.input("depths", "int64", ["D"]),
    normed: g.input("normed", "bool", ["D", 1, 1]),
  };
  const seen = forward(g, config, w, inputs);
  const gradient = differentiable ? gradientBranch(g, config, w, seen, inputs) : emptyScores(g, config);
  const { scores, gradients, products } = gradientScores(g, config, gradient, inputs);
  const layers = lens(g, config, w, seen, inputs);

  const { hiddenStates, attention, activations, keys, values, logits } = seen;
  const outputs = {
    hiddenStates,
    attention,
    activations,
    keys,
    values,
    logits,
    scores,
    gradients,
    products,
    lens: layers,
  };
  const all = [hiddenStates, attention, activations, keys, values, logits, Object.values(scores), gradients, products];
  for (const value of [...all, Object.values(layers)].flat()) g.output(value);
  return { graph: g, inputs, outputs, differentiable };
}

/** The scores, by a branch that runs when `mix` has rows. */
function gradientScores(
  g: Graph,
  config: GPT2Config,
  gradient: Graph,
  { mix }: ProgramInputs,
): Pick<ProgramOutputs, "scores" | "gradients" | "products"> {
  const wanted = g.greater(g.size(mix, -2), g.ints([0]));
  const values = g.if(wanted, gradient, emptyScores(g, config));
  const scores = Object.fromEntries(SCORES.map((name, i) => [name, values[i]!])) as Record<ScoreName, Value>;
  return { scores, gradients: values.at(-2)!, products: values.at(-1)! };
}

/** A branch that computes nothing. */
function emptyScores(g: Graph, { nEmbd }: GPT2Config): Graph {
  const nothing = g.branch();
  for (const _ of SCORES) nothing.output(nothing.zeros(nothing.ints([0, 0]), [0, 0]));
  const none = [0, 0, nEmbd];
  for (const _ of ["gradients", "products"]) nothing.output(nothing.zeros(nothing.ints(none), none));
  return nothing;
}

/** A branch that computes the scores. */
function gradientBranch(
  g: Graph,
  config: GPT2Config,
  w: Weights,
  seen: ForwardValues,
  inputs: ProgramInputs,
): Graph {
  const gradient = g.branch();
  const cotangent = lastMiddleCotangent(gradient, config, w, seen, inputs); // [N, T, C]
  const middle = seen.middles.at(-1)!; // [T, C]
  const dx = backward(gradient, { nodes: g.nodes, output: middle, cotangent, wrt: seen.embeddings });
  const product = gradient.mul(dx, seen.embeddings); // [N, T, C]
  for (const score of scoreValues(gradient, dx, product)) gradient.output(score);
  for (const vectors of [dx, product]) gradient.output(gradient.reshape(vectors, ["N", "T", config.nEmbd]));
  return gradient;
}

/**
 * The cotangent of the residual stream before the last MLP, `[N, T, C]`. From there to the logits, a row depends on
 * itself only, so this part is run again and differentiated on the R rows rather than on all N x T.
 */
function lastMiddleCotangent(
  g: Graph,
  config: GPT2Config,
  w: Weights,
  { middles, logits }: ForwardValues,
  inputs: ProgramInputs,
): Value {
  const at = g.gather(middles.at(-1)!, inputs.rows); // [R, C]
  const read = finalNorm(g, config, w, mlp(g, config, w, config.nLayer - 1, at).sum); // [R, C]
  const nodes = g.nodes.slice();
  const unembedding = w(config.tieWordEmbeddings ? "wte.weight" : "lm_head.weight"); // [V, C]
  const dread = g.gemm(logitCotangent(g, config, logits, inputs), unembedding); // [R, V] x [V, C] -> [R, C]
  const dat = backward(g, { nodes, output: read, cotangent: g.unsqueeze(dread, 0), wrt: at }); // [1, R, C]
  const rows = g.reshape(dat, at.shape); // [R, C]
  return g.matmul(placement(g, middles.at(-1)!, inputs), rows); // [N, T, R] x [R, C] -> [N, T, C]
}

/**
 * The cotangent of the logits, `[R, V]`: onehot(target) for the logit, onehot(target) - p for the log-probability.
 * The target's entry 1 - p is summed from the other tokens' probabilities, which keeps its digits when p is near 1.
 */
function logitCotangent(
  g: Graph,
  { vocabSize }: GPT2Config,
  logits: Value,
  { targets, ofLogit }: ProgramInputs,
): Value {
  const vocabulary = g.range(g.ints([0], []), g.ints([vocabSize], []), vocabSize); // [V]
  const onehot = g.cast(g.equal(g.unsqueeze(targets, -1), vocabulary), g.float); // [R, V]
  const p = g.softmax(logits); // [R, V]
  const others = g.sub(p, g.mul(p, onehot)); // [R, V]
  return g.where(ofLogit, onehot, g.sub(g.mul(onehot, sumOverVocabulary(g, others, vocabSize)), others));
}

/** `[N, T, R]`: `mix[n, r]` where position t is row r, zero elsewhere. */
function placement(g: Graph, stream: Value, { rows, mix }: ProgramInputs): Value {
  const positions = g.range(g.ints([0], []), g.scalar(g.size(stream, -2)), "T");
  const isRow = g.cast(g.equal(g.unsqueeze(positions, -1), rows), g.float); // [T, R]
  return g.mul(g.unsqueeze(mix, 1), isRow); // [N, 1, R] x [T, R]
}

/** The four scores of {@linkcode SCORES}, `[N, T]` each, from the gradient and its product with x, `[N, T, C]`. */
function scoreValues(g: Graph, gradient: Value, product: Value): readonly Value[] {
  return [gradient, product].flatMap((x) => [l2Norm(g, x), g.sum(x, -1)])
    .map((score) => g.reshape(score, ["N", "T"]));
}

/** The L2 norm over the last axis, scaled so that small numbers do not vanish when they are squared. */
function l2Norm(g: Graph, x: Value): Value {
  const largest = g.max(g.greatest(g.abs(x), -1), g.floats([1e-37], []));
  const scaled = g.div(x, largest);
  return g.mul(g.sqrt(g.sum(g.mul(scaled, scaled), -1)), largest);
}
