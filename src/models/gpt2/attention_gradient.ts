/**
 * The gradient of attention, Y = P V with P = softmax(Q Kᵀ + mask), for each head of N scalars at once:
 *
 *     dV = Pᵀ dY,  dS = P ∘ (dY Vᵀ - rowsum(dY ∘ Y)),  dQ = dS K,  dK = dSᵀ Q
 *
 * where rowsum(dY ∘ Y) = rowsum(dP ∘ P) as in FlashAttention (Dao et al. 2022, https://arxiv.org/abs/2205.14135). It is
 * subtracted within the product, `[dY, rowsum] [V, -1]ᵀ`, as a pass over `[N, H, T, S]` costs as much as a product. What
 * the scores are multiplied by is multiplied there too, so that Q and K need not be.
 *
 * Sizes as in `gradient.ts`.
 *
 * @module
 */
import type { Graph, Value } from "../../onnx/mod.ts";
import type { GPT2Config } from "./config.ts";
import { attentionScale, type ForwardInputs, type ForwardValues } from "./forward.ts";

/** The inputs of the backward pass. */
export interface GradientInputs extends ForwardInputs {
  /** The token that is explained, or ranked by the lens, at each of `rows`, int64 `[R]`. */
  readonly targets: Value;
  /** `[N, R]`, how the R scalars add up to the N that are differentiated; `[0, R]` leaves the gradient out. */
  readonly mix: Value;
  /** bool `[1]`: whether the scalar is the logit rather than the log-probability. */
  readonly ofLogit: Value;
  /** The scalar of each row that goes back, int64 `[M]`. */
  readonly backScalars: Value;
  /** The token of each row that goes back, int64 `[M]`. */
  readonly backTokens: Value;
  /** Which row that goes back has the gradient of a scalar at a token, or is zero, int64 `[N, T]`. */
  readonly slots: Value;
}

/** The queries, keys and values of a block's attention, and its output, head by head. */
interface Heads {
  /** The queries, not scaled, `[H, T, D]`. */
  readonly queries: Value;
  /** The keys, `[H, S, D]`. */
  readonly keys: Value;
  /** The values and minus one for each key, scaled as the scores are, `[H, D + 1, S]`. */
  readonly extended: Value;
  /** The sums of values by attention, `[H, T, D]`. */
  readonly sums: Value;
}

/** Writes the gradients of a model's attention into a graph. */
export class AttentionGradient {
  readonly #g: Graph;
  readonly #config: GPT2Config;
  readonly #seen: ForwardValues;
  readonly #inputs: GradientInputs;
  /** Which head of which row that goes back is each of `[N, H, T]`. */
  readonly #slots: Value;
  /** `mix[n, r]` where row m is the token of row r, for scalar n; zero elsewhere, `[M, R]`. */
  readonly #placement: Value;
  /** Where the first head of each row that goes back is among those of a cotangent `[N, H, T]`, `[M, 1]`. */
  readonly #firstHeads: Value;

  /** Begins with what all blocks share. */
  constructor(
    g: Graph,
    { config, seen, inputs }: {
      readonly config: GPT2Config;
      readonly seen: ForwardValues;
      readonly inputs: GradientInputs;
    },
  ) {
    const { mix, rows, slots, backScalars, backTokens } = inputs;
    const { nHead } = config;
    this.#g = g;
    this.#config = config;
    this.#seen = seen;
    this.#inputs = inputs;
    const heads = g.ints([...Array(nHead).keys()], [nHead, 1]);
    this.#slots = g.add(g.mul(g.unsqueeze(slots, 1), g.ints([nHead], [])), heads); // [N, 1, T] + [H, 1]
    const isRow = g.cast(g.equal(g.unsqueeze(backTokens, -1), rows), g.float); // [M, R]
    this.#placement = g.mul(g.gather(mix, backScalars), isRow);
    const perScalar = g.mul(g.size(slots, -1), g.ints([nHead]));
    this.#firstHeads = g.unsqueeze(g.add(g.mul(backScalars, perScalar), backTokens), -1);
  }

  /**
   * Adds up what belongs to the R rows, `[R, X]`, for the scalars and puts it where their rows are, `[M, X]`, where
   * `other` may be already.
   */
  placed(own: Value, other?: Value): Value {
    return this.#g.gemm(this.#placement, own, other && { bias: other });
  }

  /** From the cotangent of block i's merged heads, `[M, C]`, that of its queries, keys and values, `[M, 3 C]`. */
  ofAllRows(i: number, dmerged: Value): Value {
    const g = this.#g;
    const { queries, keys, extended, sums } = this.#heads(i);
    const pattern = this.#seen.attention[i]!; // [H, T, S]
    const { nHead, nEmbd } = this.#config;
    const heads = g.mergeRows(g.reshape(dmerged, ["M", nHead, nEmbd / nHead])); // [M H, D]
    const dsums = g.gather(heads, this.#slots); // [N, H, T, D]
    const dscores = this.#scoreCotangent(dsums, { sums, extended, pattern }); // [N, H, T, S]
    const dqueries = g.matmul(dscores, keys); // [N, H, T, S] x [H, S, D]
    const dkeys = g.matmul(transposed(g, dscores), queries); // [N, H, S, T] x [H, T, D]
    const dvalues = g.matmul(transposed(g, pattern), dsums); // [H, S, T] x [N, H, T, D]
    return this.#packed([dqueries, dkeys, dvalues]);
  }

  /** The same of the last block, of which only the R rows have a cotangent, `[R, C]`. */
  ofOwnRows(i: number, dmerged: Value): Value {
    const g = this.#g;
    const { rows, mix } = this.#inputs;
    const { nHead, nEmbd } = this.#config;
    const { queries, keys, extended, sums } = this.#heads(i);
    const pattern = g.gather(this.#seen.attention[i]!, rows, -2); // [H, R, S]
    const dsums = g.transpose(g.reshape(dmerged, ["R", nHead, nEmbd / nHead]), [1, 0, 2]); // [H, R, D]
    const dscores = this.#scoreCotangent(dsums, { sums: g.gather(sums, rows, -2), extended, pattern }); // [H, R, S]
    const dqueries = g.transpose(g.matmul(dscores, keys), [1, 0, 2]); // [R, H, D]
    const shares = g.unsqueeze(g.unsqueeze(mix, 1), 1); // [N, 1, 1, R]
    const dkeys = g.matmul(g.mul(transposed(g, dscores), shares), g.gather(queries, rows, -2)); // [N, H, S, D]
    const dvalues = g.matmul(g.mul(transposed(g, pattern), shares), dsums); // [N, H, S, D]
    return g.concat([this.placed(g.reshape(dqueries, ["R", nEmbd])), this.#packed([dkeys, dvalues])], -1);
  }

  /** The cotangent of the products of queries and keys, from that of the sums, `[..., T, D]`. */
  #scoreCotangent(
    dsums: Value,
    { sums, extended, pattern }: Pick<Heads, "sums" | "extended"> & { readonly pattern: Value },
  ): Value {
    const g = this.#g;
    const along = g.sum(g.mul(dsums, sums), -1); // [..., T, 1]
    const centred = g.matmul(g.concat([dsums, along], -1), extended); // [..., T, S]
    return g.mul(centred, pattern);
  }

  /** Block i's attention. What is transposed here is not transposed where no gradient is asked for. */
  #heads(i: number): Heads {
    const g = this.#g;
    const { nHead, nEmbd } = this.#config;
    const { query, keys, values, sums } = this.#seen.attentions[i]!;
    const scale = attentionScale(this.#config, i);
    const scaled = g.transpose(g.mul(values, g.floats([scale], [])), [1, 2, 0]); // [H, D, S]
    return {
      queries: g.transpose(g.reshape(query, ["T", nHead, nEmbd / nHead]), [1, 0, 2]),
      keys: g.transpose(keys, [1, 0, 2]),
      extended: g.concat([scaled, this.#forEachKey(-scale)], -2),
      sums,
    };
  }

  /** A number for each key, `[H, 1, S]`. */
  #forEachKey(number: number): Value {
    const g = this.#g;
    const { nHead } = this.#config;
    return g.once(`${number} for each key`, () => {
      const sizes = g.concat([g.ints([nHead, 1]), g.size(this.#seen.attentions[0]!.values, -3)], -1);
      return g.add(g.zeros(sizes, [nHead, 1, "S"]), g.floats([number], []));
    });
  }

  /** Packs cotangents `[N, H, T, D]` as the rows that go back, side by side: `[M, parts C]`. */
  #packed(parts: readonly Value[]): Value {
    const g = this.#g;
    const { nHead, nEmbd } = this.#config;
    const table = g.concat(parts.map((part) => g.mergeRows(part)), -2, `${parts.length}*N*${nHead}*T`); // [parts N H T, D]
    const index = g.once(`heads in ${parts.length} parts`, () => this.#packedIndex(parts.length));
    return g.reshape(g.gather(table, index), ["M", parts.length * nEmbd]);
  }

  /** Where the heads of each row that goes back are among those of so many cotangents, `[M, parts H]`. */
  #packedIndex(parts: number): Value {
    const g = this.#g;
    const { nHead } = this.#config;
    const { slots } = this.#inputs;
    const [N, T] = [g.size(slots, -2), g.size(slots, -1)];
    const perPart = g.mul(N, g.mul(T, g.ints([nHead])));
    const starts = g.mul(g.ints([...Array(parts).keys()], [parts, 1]), perPart); // [parts, 1]
    const heads = g.add(starts, g.mul(g.ints([...Array(nHead).keys()]), T)); // [parts, H]
    return g.add(this.#firstHeads, g.reshape(heads, [parts * nHead]));
  }
}

const transposed = (g: Graph, x: Value) => {
  const rank = x.shape.length;
  return g.transpose(x, [...Array(rank).keys()].with(-2, rank - 1).with(-1, rank - 2));
};
