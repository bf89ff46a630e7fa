/**
 * GPT-2 and its gradient as one graph, so that one session holds the weights once.
 *
 * @module
 */
import type { TensorEntry } from "../../checkpoint/safetensors.ts";
import { Graph, type Value } from "../../onnx/mod.ts";
import type { GradientInputs } from "./attention_gradient.ts";
import type { GPT2Config } from "./config.ts";
import { forward, type ForwardValues } from "./forward.ts";
import { gradient, type GradientOptions } from "./gradient.ts";
import { lens, type LensInputs, type LensValues } from "./lens.ts";
import { declareWeights, isQuantized } from "./weights.ts";

/** How the C numbers of a token become one score: of g or of g·x, the L2 norm or the signed sum. */
export const SCORES = ["gradientL2", "gradientSum", "gradientXInputL2", "gradientXInputSum"] as const;

/** The name of a score. */
export type ScoreName = typeof SCORES[number];

/** The inputs of the graph. */
export interface ProgramInputs extends GradientInputs, LensInputs {}

/** The outputs of the graph: activations at its hooks, scores, and the logit lens. */
export interface ProgramOutputs extends Omit<ForwardValues, "embeddings" | "middles" | "attentions"> {
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
    pastLastTexts: g.input("past_last_texts", "int64", ["P"]),
    texts: g.input("texts", "int64", ["T"]),
    positions: g.input("positions", "int64", ["T"]),
    embeddingScale: g.input("embedding_scale", g.float, ["T", 1]),
    rows: g.input("rows", "int64", ["R"]),
    targets: g.input("targets", "int64", ["R"]),
    mix: g.input("mix", g.float, ["N", "R"]),
    ofLogit: g.input("of_logit", "bool", [1]),
    backScalars: g.input("back_scalars", "int64", ["M"]),
    backTokens: g.input("back_tokens", "int64", ["M"]),
    slots: g.input("slots", "int64", ["N", "T"]),
    best: g.input("best", "int64", [1]),
    depths: g.input("depths", "int64", ["D"]),
    normed: g.input("normed", "bool", ["D", 1]),
  };
  const seen = forward(g, config, w, inputs);
  const scoring = differentiable
    ? gradientBranch(g, { config, w, nodes: g.nodes.slice(), seen, inputs })
    : emptyScores(g, config);
  const { scores, gradients, products } = gradientScores(g, config, scoring, inputs);
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
  scoring: Graph,
  { mix }: ProgramInputs,
): Pick<ProgramOutputs, "scores" | "gradients" | "products"> {
  const wanted = g.greater(g.size(mix, -2), g.ints([0]));
  const values = g.if(wanted, scoring, emptyScores(g, config));
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
function gradientBranch(g: Graph, options: GradientOptions): Graph {
  const branch = g.branch();
  const { seen, inputs: { backTokens, slots } } = options;
  const dx = gradient(branch, options); // [M, C]
  const product = branch.mul(dx, branch.gather(seen.embeddings, backTokens)); // [M, C]
  for (const score of scoreValues(branch, dx, product)) branch.output(branch.gather(score, slots)); // [N, T]
  for (const vectors of [dx, product]) branch.output(branch.gather(vectors, slots)); // [N, T, C]
  return branch;
}

/** The four scores of {@linkcode SCORES}, `[M]` each, from the gradient and its product with x, `[M, C]`. */
function scoreValues(g: Graph, gradient: Value, product: Value): readonly Value[] {
  return [gradient, product].flatMap((x) => [l2Norm(g, x), g.sum(x, -1)])
    .map((score) => g.reshape(score, ["M"]));
}

/** The L2 norm over the last axis, scaled so that small numbers do not vanish when they are squared. */
function l2Norm(g: Graph, x: Value): Value {
  const largest = g.max(g.greatest(g.abs(x), -1), g.floats([1e-37], []));
  const scaled = g.div(x, largest);
  return g.mul(g.sqrt(g.sum(g.mul(scaled, scaled), -1)), largest);
}
