/**
 * The logit lens: the residual stream, after any half of a block, read as if it had left the last one.
 *
 * After nostalgebraist (2020), "interpreting GPT: the logit lens", and Ecco's `layer_predictions` and `rankings`,
 * https://github.com/jalammar/ecco/blob/main/src/ecco/output.py. Divergences are those of the tuned lens (Belrose et al.
 * 2023), https://github.com/AlignmentResearch/tuned-lens
 *
 * Sizes: L blocks, D depths, R rows, C width, V vocabulary, K best tokens.
 *
 * @module
 */
import { type Feed, idsFeed } from "../onnx/feed.ts";
import type { Graph, Value } from "../onnx/mod.ts";
import type { ModelBuilder } from "./builder.ts";
import { sumOverVocabulary, vocabularyOnes } from "./vocabulary.ts";

/** The inputs of the logit lens. */
export interface LensInputs {
  /** The token that is ranked at each of the rows of the run, int64 `[R]`. */
  readonly targets: Value;
  /** K, how many of the best tokens are wanted, int64 `[1]`; 0 leaves the lens out. */
  readonly best: Value;
  /** Where the residual stream is read, int64 `[D]`: {@linkcode Depth.index}. */
  readonly depths: Value;
  /** Which depths have the final norm applied, bool `[D, 1]`. */
  readonly normed: Value;
}

/** Where the logit lens reads the residual stream. */
export interface Depth {
  /** 2i after the attention of block i, 2i + 1 after its MLP; the last one, 2L - 1, is what the model itself reads. */
  readonly index: number;
  /** Whether the final norm is applied. */
  readonly normed: boolean;
}

/** What is asked through the lens. */
export interface LensRequest {
  /** The token that is ranked at each of R rows. */
  readonly targets: readonly number[];
  /** K. */
  readonly best: number;
  /** Where the residual stream is read. */
  readonly depths: readonly Depth[];
}

/** What the lens sees; the names of {@linkcode LENS}. */
export type LensValues = Readonly<Record<typeof LENS[number], Value>>;

/**
 * - `greater`: how many tokens have a strictly greater logit than the target, `[D, R, 1]`
 * - `target`: the logit of the target, `[D, R, 1]`
 * - `logits`: the K greatest logits, greatest first, `[D, R, K]`
 * - `tokenIds`: their tokens, `[D, R, K]`
 * - `total`: Σ exp(c) over the vocabulary, where c = logit − greatest logit, `[D, R, 1]`
 * - `mean`: Σ p c, where p is the probability of a token, `[D, R, 1]`: the entropy is ln total − mean
 * - `shift`: Σ q (c − d), where q and d are those of the last depth, `[D, R, 1]`: KL(last || this one) is
 *   ln total − ln total of the last − shift
 * - `gap`: the greatest difference between the last depth's logits and those of the model, `[1, R, 1]`
 *
 * Whole numbers are float32, which is exact up to 2^24, far more than a vocabulary holds.
 */
export const LENS = ["greater", "target", "logits", "tokenIds", "total", "mean", "shift", "gap"] as const;

/** What the lens reads. */
export interface LensModel {
  /** The model. */
  readonly m: ModelBuilder;
  /** The number of blocks. */
  readonly nLayer: number;
  /** Writes what the logits are read from, `[..., C]`. */
  readonly readout: (m: ModelBuilder, x: Value) => Value;
  /** Writes the logits of that, `[rows, V]`. */
  readonly toLogits: (m: ModelBuilder, read: Value) => Value;
  /** The logits of the model itself, `[R, V]`. */
  readonly logits: Value;
}

/** The logit lens as a question to a program: a branch that runs when `best` is not 0. */
export class LensQuestion {
  /** What it is asked with. */
  readonly inputs: LensInputs;
  /** What it answers. */
  readonly outputs: LensValues;

  /** Writes it into the graph of a model. */
  constructor(g: Graph, model: LensModel) {
    this.inputs = {
      targets: g.input("lens_targets", "int64", ["R"]),
      best: g.input("best", "int64", [1]),
      depths: g.input("depths", "int64", ["D"]),
      normed: g.input("normed", "bool", ["D", 1]),
    };
    const branch = g.branch();
    const nothing = g.branch();
    for (const value of lensValues(branch, model, this.inputs)) {
      branch.output(value);
      const empty = value.shape.map((size) => typeof size === "number" ? size : 0); // D, R and K are 0
      nothing.output(nothing.zeros(nothing.ints(empty), empty));
    }
    const values = g.if(g.greater(this.inputs.best, g.ints([0])), branch, nothing);
    this.outputs = Object.fromEntries(LENS.map((name, i) => [name, values[i]!])) as Record<typeof LENS[number], Value>;
  }

  /** The feeds of a run with `rows` rows, in which it is asked nothing by default. */
  feeds(rows: number, request?: LensRequest): Feed[] {
    const { targets = Array<number>(rows).fill(0), best = 0, depths = [] } = request ?? {};
    return [
      idsFeed(this.inputs.targets, targets),
      idsFeed(this.inputs.best, [best]),
      idsFeed(this.inputs.depths, depths.map(({ index }) => index)),
      {
        value: this.inputs.normed,
        data: Uint8Array.from(depths, ({ normed }) => Number(normed)),
        dims: [depths.length, 1],
      },
    ];
  }
}

/**
 * One product with the unembedding for all depths, so that a session that prepacks weights packs it once more and not
 * D times. The caller keeps D x R small.
 *
 * The depths of a row stand together, so that what they have in common with its last depth is a matrix product. Tensors
 * of the size of the logits are much larger than a cache, so the fewer of them are written, the faster it is.
 */
function lensValues(g: Graph, model: LensModel, inputs: LensInputs): readonly Value[] {
  const { m, nLayer, readout, toLogits, logits: ownLogits } = model;
  const { best, depths, normed } = inputs;
  const V = ownLogits.shape[1] as number;
  const halves = Array.from({ length: nLayer }, (_, i) => [m.at(`resid_mid.${i}`), m.at(`resid.${i + 1}`)]).flat();
  const all = g.concat(halves.map((x) => g.unsqueeze(g.gather(x, m.inputs.rows), -2)), -2); // [R, 2L, C]
  const stream = g.gather(all, depths, -2); // [R, D, C]
  const read = g.where(normed, readout(m.within(g), stream), stream); // [R, D, C]
  const products = toLogits(m.within(g), g.mergeRows(read)); // [R*D, C] x [C, V] -> [R*D, V]
  const logits = g.splitRows(products, read); // [R, D, V]

  const target = targetLogits(g, products, inputs, V); // [R, D, 1]
  const greater = g.sum(g.cast(g.greater(logits, target), g.float), -1); // [R, D, 1]
  const top = g.topK(logits, best, "K"); // [R, D, K]
  const greatest = g.slice(top.values, g.ints([0]), g.ints([1]), -1, 1); // [R, D, 1]
  const gap = g.greatest(g.abs(g.sub(last(g, logits), g.unsqueeze(ownLogits, 1))), -1); // [R, 1, 1]
  const distributions = distributionValues(g, logits, greatest, V);
  const values = [greater, target, top.values, g.cast(top.indices, g.float), ...distributions, gap];
  return values.map((value) => g.transpose(value, [1, 0, 2])); // [D, R, ...]
}

/** The logits of the targets, `[R, D, 1]`, among `products`, `[R*D, V]`. */
function targetLogits(g: Graph, products: Value, { targets, depths }: LensInputs, V: number): Value {
  const vocabulary = g.ints([V]);
  const perRow = g.mul(g.size(depths, -1), vocabulary);
  const row = g.range(g.ints([0], []), g.scalar(g.size(targets, -1)), "R"); // [R]
  const depth = g.range(g.ints([0], []), g.scalar(g.size(depths, -1)), "D"); // [D]
  const first = g.add(g.mul(row, perRow), targets); // [R], the place of the target at the first depth
  const places = g.add(g.unsqueeze(first, -1), g.mul(depth, vocabulary)); // [R, D]
  return g.gather(g.mergeRows(g.unsqueeze(products, -1)), places);
}

/**
 * `total`, `mean` and `shift` of {@linkcode LENS}, each `[R, D, 1]`, of logits `[R, D, V]` of which `greatest`,
 * `[R, D, 1]`, is the greatest.
 */
export function distributionValues(g: Graph, logits: Value, greatest: Value, V: number): readonly Value[] {
  const centred = g.sub(logits, greatest); // [R, D, V]
  const weights = g.exp(centred); // [R, D, V]
  const ones = vocabularyOnes(g, V); // [V, 1]
  const total = sumOverVocabulary(g, weights, ones); // [R, D, 1]
  const mean = g.div(sumOverVocabulary(g, g.mul(weights, centred), ones), total); // [R, D, 1]
  const difference = g.sub(centred, last(g, centred)); // [R, D, V]
  const lastWeights = g.reshape(last(g, weights), [logits.shape[0]!, V, 1]);
  const shift = g.div(g.matmul(difference, lastWeights), last(g, total)); // [R, D, V] x [R, V, 1]
  return [total, mean, shift];
}

/** What `x`, `[R, D, ...]`, holds of the last depth, `[R, 1, ...]`. */
function last(g: Graph, x: Value): Value {
  return g.slice(x, g.ints([-1]), g.ints([Number.MAX_SAFE_INTEGER]), -2, 1);
}
