/**
 * The logit lens: each block's output read as if it were the last one's.
 *
 * After nostalgebraist (2020), "interpreting GPT: the logit lens", and Ecco's `layer_predictions` and `rankings`,
 * https://github.com/jalammar/ecco/blob/main/src/ecco/output.py
 *
 * Sizes: L blocks, R rows, C width, V vocabulary, K best tokens.
 *
 * @module
 */
import type { Graph, Value } from "../onnx/mod.ts";
import type { GPT2Config } from "./config.ts";
import { finalNorm, type ForwardValues, type Weights } from "./forward.ts";

/** What the lens is fed. */
export interface LensInputs {
  /** The token that is ranked at each of `rows`, int64 `[R]`. */
  readonly targets: Value;
  /** The rows that are read, int64 `[R]`. */
  readonly rows: Value;
  /** K, how many of the best tokens are wanted, int64 `[1]`; 0 leaves the lens out. */
  readonly best: Value;
  /** Which blocks have `ln_f` applied, bool `[L, 1, 1]`. */
  readonly normed: Value;
}

/** What the lens sees; the names of {@linkcode LENS}. */
export type LensValues = Readonly<Record<typeof LENS[number], Value>>;

/**
 * - `greater`: how many tokens have a strictly greater logit than the target, `[L, R, 1]`
 * - `logits`: the K greatest logits, greatest first, `[L, R, K]`
 * - `tokenIds`: their tokens, `[L, R, K]`
 * - `total`: Σ exp(logit − greatest logit) over the vocabulary, `[L, R, 1]`
 * - `gap`: the greatest difference between the last block's logits and those of the model, `[1, R, 1]`
 *
 * Whole numbers are float32, which is exact up to 2^24, far more than a vocabulary holds.
 */
export const LENS = ["greater", "logits", "tokenIds", "total", "gap"] as const;

/** Writes the lens into a branch that runs when `best` is not 0. */
export function lens(
  g: Graph,
  config: GPT2Config,
  w: Weights,
  seen: Pick<ForwardValues, "hiddenStates" | "logits">,
  inputs: LensInputs,
): LensValues {
  const branch = g.branch();
  const nothing = g.branch();
  for (const value of lensValues(branch, config, w, seen, inputs)) {
    branch.output(value);
    const empty = value.shape.map((size) => typeof size === "number" ? size : 0); // R and K are 0
    nothing.output(nothing.zeros(nothing.ints(empty), empty));
  }
  const values = g.if(g.greater(inputs.best, g.ints([0])), branch, nothing);
  return Object.fromEntries(LENS.map((name, i) => [name, values[i]!])) as Record<typeof LENS[number], Value>;
}

/**
 * One product with the unembedding for all blocks, so that a session that prepacks weights packs it once more and not
 * L times. The caller keeps L x R small.
 */
function lensValues(
  g: Graph,
  config: GPT2Config,
  w: Weights,
  { hiddenStates, logits: ownLogits }: Pick<ForwardValues, "hiddenStates" | "logits">,
  { targets, rows, best, normed }: LensInputs,
): readonly Value[] {
  const { nLayer: L, vocabSize: V } = config;
  const blocks = hiddenStates.slice(1).map((x) => g.unsqueeze(g.gather(x, rows), 0)); // L of [1, R, C]
  const stream = g.concat(blocks, -3); // [L, R, C]
  const read = g.where(normed, finalNorm(g, config, w, stream), stream); // [L, R, C]
  const unembedding = w(config.tieWordEmbeddings ? "wte.weight" : "lm_head.weight"); // [V, C]
  const products = g.gemm(g.mergeRows(read), unembedding, { transposed: true }); // [L*R, C] x [C, V] -> [L*R, V]
  const logits = g.splitRows(products, read); // [L, R, V]

  const vocabulary = g.range(g.ints([0], []), g.ints([V], []), V); // [V]
  const isTarget = g.equal(g.unsqueeze(targets, -1), vocabulary); // [R, V]
  const lowest = g.floats([-3.4028234663852886e38], []);
  const own = g.greatest(g.where(isTarget, logits, lowest), -1); // [L, R, 1]
  const greater = g.sum(g.cast(g.greater(logits, own), g.float), -1); // [L, R, 1]
  const top = g.topK(logits, best, "K"); // [L, R, K]
  const total = g.sum(g.exp(g.sub(logits, g.greatest(logits, -1))), -1); // [L, R, 1]
  const last = g.slice(logits, g.ints([L - 1]), g.ints([L]), -3, 1); // [1, R, V]
  const gap = g.greatest(g.abs(g.sub(last, ownLogits)), -1); // [1, R, 1]
  return [greater, top.values, g.cast(top.indices, g.float), total, gap];
}
