/**
 * The gradient of attention, Y = P V with P = softmax(Q Kᵀ + mask), for each head of N scalars at once:
 *
 *     dV = Pᵀ dY,  dS = P ∘ (dY Vᵀ - rowsum(dY ∘ Y)),  dQ = dS K,  dK = dSᵀ Q
 *
 * where rowsum(dY ∘ Y) = rowsum(dP ∘ P) as in FlashAttention (Dao et al. 2022, https://arxiv.org/abs/2205.14135). It is
 * subtracted within the product, `[dY, rowsum] [V, -1]ᵀ`, as a pass over `[N, H, T, S]` costs as much as a product. What
 * the scores are multiplied by is multiplied there too, so that Q and K need not be. Heads that share keys and values add
 * up what they give to them.
 *
 * Sizes as in `attention.ts` and `gradient.ts`.
 *
 * @module
 */
import type { Graph, Value } from "../onnx/mod.ts";
import { type Attention, byHead, byToken, transposedByHead } from "./attention.ts";
import { addedUp, blocksOf, endOf, ofLongerText } from "./key_blocks.ts";

/** The rows that go back through one stack of blocks. */
export interface BackwardRows {
  /** The scalar of each row that goes back, int64 `[M]`. */
  readonly backScalars: Value;
  /** The token of each row that goes back, int64 `[M]`. */
  readonly backTokens: Value;
  /** Which row that goes back has the gradient of a scalar at a token, or is zero, int64 `[N, T]`. */
  readonly slots: Value;
}

/** What the rows of a backward pass are. */
export interface GradientRows extends BackwardRows {
  /** The rows of logits that are differentiated, int64 `[R]`. */
  readonly rows: Value;
  /** `[N, R]`, how the R scalars add up to the N that are differentiated; `[0, R]` leaves the gradient out. */
  readonly mix: Value;
  /** The rows that go back through an encoder, where there is one: all of its tokens for each scalar, in this order. */
  readonly source?: BackwardRows;
  /**
   * Where blocks of keys begin and the last one ends, int64 `[B + 1]`: a block goes back with the queries that may look at
   * it, from its own first token on. Patterns may then be of a longer text. None where all keys go back at once.
   */
  readonly bounds?: Value;
}

/** The queries, keys and values of a block's attention, and its output, head by head. */
interface Heads {
  /** The queries, not scaled, `[heads..., T, D]`. */
  readonly queries: Value;
  /** The keys, `[heads..., S, D]`. */
  readonly keys: Value;
  /** The values and minus one for each key, scaled as the scores are, `[heads..., D + 1, S]`. */
  readonly extended: Value;
}

/** Writes the gradients of a model's attention into a graph. */
export class AttentionGradient {
  readonly #g: Graph;
  readonly #rows: GradientRows;
  /** `mix[n, r]` where row m is the token of row r, for scalar n; zero elsewhere, `[M, R]`. */
  readonly #placement: Value;

  /** Begins with what all blocks share. */
  constructor(g: Graph, rows: GradientRows) {
    this.#g = g;
    this.#rows = rows;
    const isRow = g.cast(g.equal(g.unsqueeze(rows.backTokens, -1), rows.rows), g.float); // [M, R]
    this.#placement = g.mul(g.gather(rows.mix, rows.backScalars), isRow);
  }

  /** Adds up what belongs to the R rows, `[R, X]`, for the scalars and puts it where their rows are, `[M, X]`. */
  placed(own: Value): Value {
    return this.#g.gemm(this.#placement, own);
  }

  /**
   * From the cotangent of an attention's merged heads, `[M, H D]`, those of its queries, `[M, H D]`, keys and values,
   * `[M, K D]`.
   */
  ofAllRows(attention: Attention, dmerged: Value): readonly [Value, Value, Value] {
    const g = this.#g;
    const { pattern, kept, sums, heads, headSize } = attention;
    if (this.#rows.bounds) return this.#inBlocks(attention, dmerged, this.#rows.bounds);
    const { queries, keys, extended } = this.#heads(attention);
    const computed = kept ? g.mul(pattern, kept) : pattern; // rows that are given do not depend on their scores
    const rows = g.mergeRows(g.reshape(dmerged, [dmerged.shape[0]!, heads, headSize])); // [M H, D]
    const gathered = g.gather(rows, this.#slots(attention)); // [N, heads..., T, D]
    const dscores = this.#scoreCotangent(gathered, sums, extended, computed); // [N, heads..., T, S]
    const dqueries = g.matmul(dscores, keys); // [N, heads..., T, S] x [heads..., S, D]
    const dkeys = g.matmul(transposed(g, dscores), queries); // [N, heads..., S, T] x [heads..., T, D]
    const dvalues = g.matmul(transposed(g, pattern), gathered); // [heads..., S, T] x [N, heads..., T, D]
    return [
      this.#packed(attention, dqueries),
      this.#packedKeys(attention, dkeys),
      this.#packedKeys(attention, dvalues),
    ];
  }

  /** The same where only the R rows have a cotangent, `[R, H D]`, as in the last block. */
  ofOwnRows(attention: Attention, dmerged: Value): readonly [Value, Value, Value] {
    const g = this.#g;
    const { rows, mix } = this.#rows;
    const { heads, headSize } = attention;
    const { queries, keys, extended } = this.#heads(attention);
    const pattern = this.#ownPattern(attention); // [heads..., R, S]
    const computed = attention.kept ? g.mul(pattern, g.gather(attention.kept, rows, -2)) : pattern;
    const sums = g.gather(this.#sums(attention), rows, -2); // [heads..., R, D]
    const dsums = byHead(g, g.reshape(dmerged, ["R", ...groupsOf(attention), headSize])); // [heads..., R, D]
    const dscores = this.#scoreCotangent(dsums, sums, extended, computed); // [heads..., R, S]
    const dqueries = byToken(g, g.matmul(dscores, keys)); // [R, heads..., D]
    const shares = groupsOf(attention).reduce((x) => g.unsqueeze(x, 1), g.unsqueeze(mix, 1)); // [N, 1..., 1, R]
    const dkeys = g.matmul(g.mul(transposed(g, dscores), shares), g.gather(queries, rows, -2)); // [N, heads..., S, D]
    const dvalues = g.matmul(g.mul(transposed(g, pattern), shares), dsums); // [N, heads..., S, D]
    return [
      this.placed(g.reshape(dqueries, ["R", heads * headSize])),
      this.#packedKeys(attention, dkeys),
      this.#packedKeys(attention, dvalues),
    ];
  }

  /**
   * The same as {@linkcode AttentionGradient.ofAllRows}, block by block of the keys: a pattern is zero above its diagonal,
   * so that B blocks take (B + 1) / 2 B of the operations.
   */
  #inBlocks(attention: Attention, dmerged: Value, bounds: Value): readonly [Value, Value, Value] {
    const g = this.#g;
    const { heads, headSize } = attention;
    const pattern = ofLongerText(attention.pattern); // [heads..., U, U]
    const { queries, keys, extended } = this.#heads(attention);
    const rows = g.mergeRows(g.reshape(dmerged, [dmerged.shape[0]!, heads, headSize])); // [M H, D]
    const gathered = g.gather(rows, this.#slots(attention)); // [N, heads..., T, D]
    const along = g.sum(g.mul(gathered, this.#sums(attention)), -1); // [N, heads..., T, 1]
    const dsums = g.concat([gathered, along], -1); // [N, heads..., T, D + 1]
    const blocks = blocksOf(g, bounds).map(({ from, own, ownOfPattern }) => {
      const seen = ownOfPattern(pattern); // [heads..., T', B']
      const dscores = g.mul(g.matmul(from(dsums), own(extended, -1)), seen); // [N, heads..., T', B']
      return {
        dqueries: g.matmul(dscores, own(keys, -2)), // [N, heads..., T', D]
        dkeys: g.matmul(transposed(g, dscores), from(queries)), // [N, heads..., B', D]
        dvalues: g.matmul(transposed(g, seen), from(gathered)), // [N, heads..., B', D]
      };
    });
    const joined = (parts: readonly Value[]) => g.concat(parts, -2, attention.axes[1]);
    return [
      this.#packed(attention, addedUp(g, blocks.map(({ dqueries }) => dqueries), bounds)),
      this.#packedKeys(attention, joined(blocks.map(({ dkeys }) => dkeys))),
      this.#packedKeys(attention, joined(blocks.map(({ dvalues }) => dvalues))),
    ];
  }

  /** The pattern at the R rows, `[heads..., R, S]`. */
  #ownPattern({ pattern, axes: [, columns] }: Attention): Value {
    const g = this.#g;
    const { rows, bounds } = this.#rows;
    if (!bounds) return g.gather(pattern, rows, -2);
    return g.slice(g.gather(ofLongerText(pattern), rows, -2), g.ints([0]), endOf(g, bounds), -1, columns);
  }

  /** The sums of values by attention, `[heads..., T, D]`: where blocks go back, from what is kept of each token. */
  #sums(attention: Attention): Value {
    const g = this.#g;
    const { sums, merged, headSize, axes: [rows] } = attention;
    return this.#rows.bounds ? byHead(g, g.reshape(merged, [rows, ...groupsOf(attention), headSize])) : sums;
  }

  /** The cotangent of the products of queries and keys, from that of the sums, `[..., T, D]`. */
  #scoreCotangent(dsums: Value, sums: Value, extended: Value, pattern: Value): Value {
    const g = this.#g;
    const along = g.sum(g.mul(dsums, sums), -1); // [..., T, 1]
    const centred = g.matmul(g.concat([dsums, along], -1), extended); // [..., T, S]
    return g.mul(centred, pattern);
  }

  /** What is transposed here is not transposed where no gradient is asked for. */
  #heads(attention: Attention): Heads {
    const g = this.#g;
    const { query, keys, values, scale, headSize, axes } = attention;
    const scaled = transposedByHead(g, g.mul(values, g.floats([scale], []))); // [heads..., D, S]
    return {
      queries: byHead(g, g.reshape(query, [axes[0], ...groupsOf(attention), headSize])),
      keys: byHead(g, keys),
      extended: g.concat([scaled, this.#forEachKey(attention)], -2),
    };
  }

  /** Minus the scale for each key, `[heads..., 1, S]`. */
  #forEachKey({ scale, values, axes: [, columns] }: Attention): Value {
    const g = this.#g;
    const heads = values.shape.slice(1, -1) as readonly number[];
    return g.once(`-${scale} for each of ${columns}, heads ${heads}`, () => {
      const sizes = g.concat([g.ints([...heads, 1]), g.size(values, 0)], -1);
      return g.add(g.zeros(sizes, [...heads, 1, columns]), g.floats([-scale], []));
    });
  }

  /** The rows that go back through the stack that an attention is in. */
  #rowsOf({ mask }: Attention): BackwardRows {
    return mask === "source" ? this.#rows.source! : this.#rows;
  }

  /** Which head of which row that goes back is each of `[N, heads..., T]`. */
  #slots(attention: Attention): Value {
    const g = this.#g;
    const { heads, axes: [rows] } = attention;
    const groups = groupsOf(attention);
    return g.once(`slots of ${groups} heads, ${rows}`, () => {
      const own = g.ints([...Array(heads).keys()], [...groups, 1]);
      const slots = groups.reduce((x) => g.unsqueeze(x, 1), this.#rowsOf(attention).slots); // [N, 1..., T]
      return g.add(g.mul(slots, g.ints([heads], [])), own);
    });
  }

  /**
   * Packs cotangents of keys or values, `[N, heads..., S, D]`, as rows, `[M, K D]`: of heads that share them added up, and
   * of a source all of its tokens for each scalar.
   */
  #packedKeys(attention: Attention, parts: Value): Value {
    const g = this.#g;
    const { keyHeads, headSize, mask, axes: [, columns] } = attention;
    const grouped = parts.shape.length === 5;
    const own = grouped ? g.reshape(g.sum(parts, -3), ["N", keyHeads, columns, headSize]) : parts; // [N, K, S, D]
    if (mask !== "cross") return this.#packed(attention, own);
    const byToken = g.transpose(own, [0, 2, 1, 3]); // [N, X, K, D]
    return g.mergeRows(g.reshape(byToken, ["N", columns, keyHeads * headSize])); // [N X, K D]
  }

  /** Packs cotangents `[N, heads..., T, D]` as the rows that go back, `[M, H D]`. */
  #packed(attention: Attention, parts: Value): Value {
    const g = this.#g;
    const [, ...heads] = parts.shape.slice(0, -2) as [string, ...number[]];
    const H = heads.reduce((a, b) => a * b, 1);
    const rows = g.gather(g.mergeRows(parts), this.#index(attention, H)); // [M, H, D]
    return g.reshape(rows, [rows.shape[0]!, H * (parts.shape.at(-1) as number)]);
  }

  /** Where the heads of each row that goes back are among those of a cotangent `[N, H, T]`, `[M, H]`. */
  #index(attention: Attention, H: number): Value {
    const g = this.#g;
    return g.once(`places of ${H} heads, ${attention.axes[0]}`, () => {
      const { slots, backScalars, backTokens } = this.#rowsOf(attention);
      const T = g.size(slots, -1);
      const first = g.add(g.mul(backScalars, g.mul(T, g.ints([H]))), backTokens); // [M]
      return g.add(g.unsqueeze(first, -1), g.mul(g.ints([...Array(H).keys()]), T)); // [M, 1] + [H]
    });
  }
}

/** The sizes of the axes of the heads of queries. */
function groupsOf({ heads, keyHeads }: Attention): readonly number[] {
  return heads === keyHeads ? [heads] : [keyHeads, heads / keyHeads];
}

const transposed = (g: Graph, x: Value) => {
  const rank = x.shape.length;
  return g.transpose(x, [...Array(rank).keys()].with(-2, rank - 1).with(-1, rank - 2));
};
