/**
 * Attention, softmax(scale Q Kᵀ + mask) V, of H heads (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762). With
 * grouped heads (Ainslie et al. 2023, https://arxiv.org/abs/2305.13245), G = H / K heads of queries share each of K heads
 * of keys and values.
 *
 * Sizes: T new tokens, P cached ones before them, S = P + T; E new source tokens, Z cached ones, X = Z + E; D numbers of a
 * head. `[heads...]` stands for `[H]`, or for `[K, G]` where heads are grouped, as then one product serves a group. Where
 * an encoder looks at its own tokens, E stands for T and S; where a decoder looks at an encoder's, X stands for S.
 *
 * @module
 */
import type { Graph, Value } from "../onnx/mod.ts";
import type { ForwardInputs } from "./forward_inputs.ts";

/** What an attention computes from. */
export interface AttentionOptions {
  /** The queries of all heads side by side, `[T, H D]`. */
  readonly query: Value;
  /** The keys of the new tokens, `[T, K D]`. */
  readonly key: Value;
  /** The values of the new tokens, `[T, K D]`. */
  readonly value: Value;
  /** H, the heads of queries. */
  readonly heads: number;
  /** K, the heads of keys and values; H by default. */
  readonly keyHeads?: number;
  /** What the products of queries and keys are multiplied by; 1 / √D by default. */
  readonly scale?: number;
  /** What a token may look at. */
  readonly mask?: AttentionMask;
  /** Changes the attention probabilities, `[heads..., T, S]`, and says which of their rows it keeps. */
  readonly change?: (pattern: Value) => Pick<Attention, "pattern" | "kept">;
}

/**
 * What a token may look at: tokens of its text up to itself, all of its text, or, with an encoder, as a source token all of
 * its source, and as a token of the decoder all of its text's source.
 */
export type AttentionMask = "causal" | "full" | "source" | "cross";

/** The names of the axes: of those that look, and of those that are looked at. */
const AXES: Readonly<Record<AttentionMask, readonly [rows: string, columns: string]>> = {
  causal: ["T", "S"],
  full: ["T", "S"],
  source: ["E", "E"],
  cross: ["T", "X"],
};

/**
 * What an attention computed from, and what it gave. Operands are not transposed yet: ONNX Runtime reads transposed ones
 * where they are, unless a branch reads them too.
 */
export interface Attention extends Required<Omit<AttentionOptions, "change">> {
  /** D, the numbers of a head. */
  readonly headSize: number;
  /** The keys, cached ones too, `[S, H, D]`, or `[S, K, 1, D]`. */
  readonly keys: Value;
  /** The values, cached ones too, `[S, H, D]`, or `[S, K, 1, D]`. */
  readonly values: Value;
  /** The attention probabilities, `[heads..., T, S]`. */
  readonly pattern: Value;
  /** 1 for each row that is computed, 0 for one that is given from outside, `[heads..., T, 1]`; none where all are. */
  readonly kept?: Value;
  /** The same, `[H, T, S]`. */
  readonly probabilities: Value;
  /** The sums of values by attention, `[heads..., T, D]`. */
  readonly sums: Value;
  /** The same with the heads of a token side by side, `[T, H D]`. */
  readonly merged: Value;
  /** The names of its two axes. */
  readonly axes: readonly [rows: string, columns: string];
  /** Where its nodes begin and end among those of the graph. */
  readonly nodes: readonly [start: number, end: number];
}

/** Writes the attention of block `i`, counted among those with the same mask. */
export function attention(g: Graph, inputs: ForwardInputs, i: number, options: AttentionOptions): Attention {
  const { query, key, value, heads, keyHeads = heads, mask = "causal", change } = options;
  const headSize = query.shape[1] as number / heads;
  const { scale = 1 / Math.sqrt(headSize) } = options;
  const allowed = maskOf(g, inputs, mask); // [T, S]
  const start = g.nodes.length;
  const groups = heads === keyHeads ? [] : [heads / keyHeads];
  const shared = groups.map(() => 1);
  const [rows, columns] = AXES[mask];
  const past = mask === "source" ? undefined : mask === "cross" ? inputs.source! : inputs;
  const withPast = (x: Value, cached?: Value) => cached ? g.concat([cached, x], -2, columns) : x;
  const perQuery = [rows, keyHeads, ...groups, headSize];
  const perKey = [columns, keyHeads, ...shared, headSize];
  const queries = g.reshape(g.mul(query, g.floats([scale], [])), perQuery); // [T, heads..., D]
  const keys = g.reshape(withPast(key, past?.pastKeys[i]), perKey);
  const values = g.reshape(withPast(value, past?.pastValues[i]), perKey);
  const scores = g.matmul(byHead(g, queries), transposedByHead(g, keys)); // [heads..., T, S]
  const computed = g.softmax(g.add(scores, allowed)); // [heads..., T, S]
  const changed = change?.(computed) ?? { pattern: computed };
  const { pattern } = changed;
  const sums = g.matmul(pattern, byHead(g, values)); // [heads..., T, D]
  const merged = g.reshape(byToken(g, sums), [rows, heads * headSize]); // [T, H D]
  const probabilities = groups.length === 0 ? pattern : g.mergeFirst(pattern); // [H, T, S]
  const nodes = [start, g.nodes.length] as const;
  const seen = { keys, values, ...changed, probabilities, sums, merged, nodes, axes: AXES[mask] };
  return { query, key, value, heads, keyHeads, scale, mask, headSize, ...seen };
}

/** The axes of heads of `[rows, heads..., D]`. */
const headAxes = ({ shape }: Value) => [...shape.keys()].slice(1, -1);

/** `[rows, heads..., D]` as `[heads..., rows, D]`. */
export function byHead(g: Graph, x: Value): Value {
  return g.transpose(x, [...headAxes(x), 0, -1]);
}

/** `[rows, heads..., D]` as `[heads..., D, rows]`. */
export function transposedByHead(g: Graph, x: Value): Value {
  return g.transpose(x, [...headAxes(x), -1, 0]);
}

/** `[heads..., rows, D]` as `[rows, heads..., D]`. */
export function byToken(g: Graph, x: Value): Value {
  const heads = [...x.shape.keys()].slice(0, -2);
  return g.transpose(x, [-2, ...heads, -1]);
}

/**
 * Zero where a token may look, the most negative number where it would see the future or another text, `[T, S]`. The
 * tokens of a text are read in its order, whatever stands between them. A cached token may be of several texts, from its
 * first to its last.
 */
function maskOf(g: Graph, inputs: ForwardInputs, mask: AttentionMask): Value {
  return g.once(`${mask} mask`, () => {
    const hidden = g.floats([-3.4028234663852886e38], []);
    const own = (texts: Value, first: Value, last: Value) => {
      const text = g.unsqueeze(texts, -1); // [T, 1]
      const begun = g.lessOrEqual(g.unsqueeze(first, 0), text); // [T, S]
      const unended = g.lessOrEqual(text, g.unsqueeze(last, 0)); // [T, S]
      return g.where(begun, g.where(unended, g.floats([0], []), hidden), hidden);
    };
    const { source } = inputs;
    if (mask === "source") return own(source!.texts, source!.texts, source!.texts); // [E, E]
    const { pastTexts, pastLastTexts, texts } = mask === "cross" ? source! : inputs;
    const all = (past: Value) => g.concat([past, texts], -1, AXES[mask][1]);
    const seen = own(inputs.texts, all(pastTexts), all(pastLastTexts)); // [T, S]
    return mask === "causal" ? g.where(notLater(g, inputs), seen, hidden) : seen;
  });
}

/** Whether a token stands at or before another, `[T, S]`. */
function notLater(g: Graph, { inputIds, pastTexts }: ForwardInputs): Value {
  const past = g.size(pastTexts, -1);
  const end = g.scalar(g.add(past, g.size(inputIds, -1)));
  const queries = g.range(g.scalar(past), end, "T"); // P .. S-1
  const keys = g.range(g.ints([0], []), end, "S"); // 0 .. S-1
  return g.lessOrEqual(g.unsqueeze(keys, 0), g.unsqueeze(queries, -1)); // [1, S] <= [T, 1]
}
