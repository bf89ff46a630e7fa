/**
 * The gradient of a model with respect to its token embeddings. What works on each row by itself is differentiated by the
 * rules of its operators, on the M rows of {@linkcode packRows}; attention, the only operation that mixes rows, by the
 * formulas of `attention_gradient.ts`, on all N x T pairs of a scalar and a token, as its matrices have one shape then.
 * After the last attention only the R rows of logits have a cotangent, and only these go back.
 *
 * Where weights have a matrix in 8 bits for the way back, the products of the M rows are taken with it. Those of the R rows
 * are not, as they are few.
 *
 * Sizes as in `builder.ts`, without cached tokens, so that S = T; N scalars, R rows of logits, M rows that go back.
 *
 * @module
 */
import { activeValues, backward, INT8_RULES, productInInt8, type Step } from "../autodiff/mod.ts";
import type { Graph, Node, Value } from "../onnx/mod.ts";
import { AttentionGradient, type GradientRows } from "./attention_gradient.ts";
import type { ModelBuilder } from "./builder.ts";
import { sumOverVocabulary, vocabularyOnes } from "./vocabulary.ts";

/** The inputs of the backward pass. */
export interface GradientInputs extends GradientRows {
  /** The token that is explained at each of `rows`, int64 `[R]`. */
  readonly targets: Value;
  /** bool `[1]`: whether the scalar is the logit rather than the log-probability. */
  readonly ofLogit: Value;
  /** Cotangents of the stream at `rows`, `[R, C]`, and whether they are meant, bool `[1]`, rather than the targets'. */
  readonly given?: { readonly cotangents: Value; readonly asked: Value };
}

/** The forward pass to differentiate. */
export interface Differentiable {
  /** The model. */
  readonly m: ModelBuilder;
  /** Its nodes, up to the residual stream that leaves the last block. */
  readonly nodes: readonly Node[];
  /** That stream, `[T, C]`. */
  readonly stream: Value;
  /** The same at `rows`, `[R, C]`. */
  readonly own: Value;
  /** The nodes from there to what the logits are read from. */
  readonly readoutNodes: readonly Node[];
  /** What the logits are read from, `[R, C]`. */
  readonly read: Value;
  /** What it is multiplied by, `[V, C]`; none where there are no logits. */
  readonly unembedding?: Value | undefined;
  /** The logits, `[R, V]`. */
  readonly logits: Value;
}

/**
 * Writes the gradient of the N scalars with respect to the embeddings into `g`, `[M, C]`, and where there is an encoder
 * with respect to those of the source, `[N X, C]`; and with respect to what else is inside, `[M, W]` each.
 */
export function gradient(
  g: Graph,
  model: Differentiable,
  inputs: GradientInputs,
  inner: readonly Value[] = [],
): { readonly starts: readonly [Value, Value?]; readonly inner: readonly Value[] } {
  const { m, nodes, stream } = model;
  const attention = new AttentionGradient(g, inputs);
  const last = m.attentions.at(-1)!;
  const embeddings = m.at("embed");
  const end = last.nodes[1];
  const down = streamCotangent(g, model, inputs); // [R, C]

  const rest = nodes.slice(end);
  const starts = [embeddings, ...(inputs.source ? [m.at("source_embed")] : [])];
  const frontier = frontierOf(nodes.slice(0, end), rest, starts, stream);
  const atRows = (saved: Value) => saved.shape[0] === "T" ? g.gather(saved, inputs.rows) : saved;
  const after = new Set(rest.flatMap(({ outputs }) => outputs)); // what the last attention is followed by
  const late = inner.filter((value) => after.has(value));
  const wrt = [...frontier, ...late];
  const found = backward(g, { steps: rest, cotangents: new Map([[stream, down]]), wrt, spread: atRows });

  const cotangents = new Map<Value, Value>();
  const give = (value: Value, dx: Value) => {
    const other = cotangents.get(value);
    cotangents.set(value, other ? g.add(other, dx) : dx);
  };
  const ownMerged = found[frontier.indexOf(last.merged)]!; // [R, H D]
  frontier.forEach((value, i) => value !== last.merged && give(value, attention.placed(found[i]!))); // [M, C]
  const operands = [last.query, last.key, last.value];
  attention.ofOwnRows(last, ownMerged).forEach((dx, i) => give(operands[i]!, dx)); // [M, H D], [M, K D] twice

  const steps = stepsOf(m, attention, nodes.slice(0, last.nodes[0]));
  const early = inner.filter((value) => value !== last.merged && !after.has(value));
  const own = { steps, cotangents, wrt: [...starts, ...early], spread: spreadTo(g, inputs), rules: INT8_RULES };
  const gradients = backward(g, own);
  const ofInner = (value: Value) => {
    if (value === last.merged) return attention.placed(ownMerged);
    if (after.has(value)) return attention.placed(found[wrt.indexOf(value)]!);
    return gradients[starts.length + early.indexOf(value)]!;
  };
  return { starts: gradients.slice(0, starts.length) as unknown as [Value, Value?], inner: inner.map(ofInner) };
}

/**
 * What the nodes of `rest`, on their way to `end`, read of what the nodes before made of `starts`: for a model with a
 * residual stream, that stream and the last attention's merged heads.
 */
function frontierOf(
  before: readonly Node[],
  rest: readonly Node[],
  starts: readonly Value[],
  end: Value,
): readonly Value[] {
  const made = activeValues(before, starts);
  const needed = new Set([end]);
  for (const { inputs, outputs } of rest.toReversed()) {
    if (outputs.some((y) => needed.has(y))) inputs.forEach((x) => needed.add(x));
  }
  return [...needed].filter((value) => made.has(value));
}

/** The nodes of the forward pass, each attention among them as one step. */
function stepsOf(m: ModelBuilder, attention: AttentionGradient, nodes: readonly Node[]): readonly Step[] {
  const steps: Step[] = [];
  let at = 0;
  for (const one of m.attentions.slice(0, -1)) {
    const { query, key, value, merged, nodes: [start, end] } = one;
    const vjp = (_g: Graph, [dmerged]: readonly (Value | undefined)[]) => attention.ofAllRows(one, dmerged!);
    steps.push(...nodes.slice(at, start), { inputs: [query, key, value], outputs: [merged], vjp });
    at = end;
  }
  return [...steps, ...nodes.slice(at)];
}

/**
 * Lays saved rows out as those that go back are, `[M, ...]`: not before there is a cotangent for them, or else all
 * blocks' saved values are spread at once.
 */
function spreadTo(g: Graph, rows: GradientRows): (saved: Value, cotangent: Value) => Value {
  const after = new Map<Value, Value>();
  return (saved, cotangent) => {
    const stack = saved.shape[0] === "T" ? rows : saved.shape[0] === "E" ? rows.source : undefined;
    if (!stack) return saved;
    const tokens = after.get(cotangent) ?? g.after(stack.backTokens, cotangent, 0);
    after.set(cotangent, tokens);
    return g.gather(saved, tokens);
  };
}

/** The cotangent of the residual stream that leaves the last block, at the R rows, `[R, C]`. */
function streamCotangent(g: Graph, model: Differentiable, inputs: GradientInputs): Value {
  const { unembedding, own, read, readoutNodes: steps } = model;
  const { given } = inputs;
  const ofTargets = (g: Graph, unembedding: Value) => {
    const dread = readCotangent(g, { ...model, unembedding }, inputs); // [R, C]
    return backward(g, { steps, cotangents: new Map([[read, dread]]), wrt: [own] })[0]!; // [R, C]
  };
  if (!unembedding) return given!.cotangents;
  if (!given) return ofTargets(g, unembedding);
  const [meant, other] = [g.branch(), g.branch()];
  meant.output(meant.mul(given.cotangents, meant.floats([1], []))); // a branch cannot give what it has not made
  other.output(ofTargets(other, unembedding));
  return g.if(given.asked, meant, other)[0]!;
}

/**
 * The cotangent of what the logits are read from, `[R, C]`: the unembedding of the target for the logit, less its mean
 * by probability for the log-probability. The target's share 1 - p is summed from the other tokens' probabilities, which
 * keeps its digits when p is near 1.
 */
function readCotangent(
  g: Graph,
  { unembedding, logits }: Differentiable & { readonly unembedding: Value },
  { targets, ofLogit }: GradientInputs,
): Value {
  const V = logits.shape[1] as number;
  const vocabulary = g.range(g.ints([0], []), g.ints([V], []), V); // [V]
  const isTarget = g.equal(g.unsqueeze(targets, -1), vocabulary); // [R, V]
  const others = g.where(isTarget, g.floats([0], []), g.softmax(logits)); // [R, V]
  const { back, quantized } = unembedding;
  const matrix = quantized?.only && !back
    ? g.dequantized(quantized.codes, quantized.scales, unembedding.shape[1] as number, others)
    : unembedding; // [V, C]
  const mean = back ? productInInt8(g, others, back) : g.gemm(others, matrix); // [R, V] x [V, C] -> [R, C]
  const own = back ? g.mul(g.cast(g.gather(back.codes, targets), g.float), back.scales) : g.gather(matrix, targets); // [R, C]
  return g.where(ofLogit, own, g.sub(g.mul(own, sumOverVocabulary(g, others, vocabularyOnes(g, V))), mean));
}
