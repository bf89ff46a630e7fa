/**
 * Edges between heads as a question to a program: how much what one head writes matters to a scalar by way of what a later
 * head reads, to first order. What a head j writes is projected by its part of the output matrix, o_j = z_j W_O; what a head
 * i of a later block reads, by its queries, keys or values, is the stream x before the norm of its block, and the gradient
 * of that alone is g_i = ∂/∂x (norm(x) W_i)ᵀ ∂s/∂q_i. The edge is Σ over tokens of o_j · g_i. Between both nothing but sums
 * stands, so nothing is left out.
 *
 * Sizes as in `builder.ts`; N = 1 scalar, J = (L - 1) H heads that write, R = H heads of queries, or K of keys and values.
 *
 * @module
 */
import { backward } from "../autodiff/mod.ts";
import type { Feed } from "../onnx/feed.ts";
import type { Graph, Node, Value } from "../onnx/mod.ts";
import type { Attention } from "./attention.ts";
import type { ModelBuilder } from "./builder.ts";

/** The edges of a model. */
export class EdgesOfHeads {
  /** What reads: the queries, keys and values of all heads of each block, whose gradients are asked for. */
  readonly operands: readonly Value[];
  readonly #sent: readonly Value[];
  readonly #m: ModelBuilder;
  readonly #attentions: readonly Attention[];
  readonly #projection: (block: number) => string;

  /** Declares its inputs for a model whose block i writes by the linear layer `projection(i)`. */
  constructor(g: Graph, m: ModelBuilder, projection: (block: number) => string) {
    this.#m = m;
    this.#attentions = m.attentions.slice();
    this.#projection = projection;
    this.operands = this.#attentions.flatMap(({ query, key, value }) => [query, key, value]);
    this.#sent = this.#attentions.slice(0, -1).map(({ merged }, i) => g.input(`sent of ${i}`, g.float, merged.shape));
  }

  /** How many outputs there are: three for each block but the first. */
  get count(): number {
    return 3 * (this.#attentions.length - 1);
  }

  /**
   * Writes the edges of a branch, `[1, R, J]` each: to the queries, the keys and the values of each block but the first.
   * `gradients` are those of the operands, `[M, R D]`, of which `slots` `[N, T]` says where they are.
   */
  write(branch: Graph, nodes: readonly Node[], gradients: readonly Value[], slots: Value): readonly Value[] {
    if (this.count === 0) return [];
    const first = branch.gather(slots, branch.ints([0], [])); // [T], of the only scalar
    const sent = this.#written(branch); // [T, C, J]
    return this.operands.slice(3).map((operand, n) => {
      const block = 1 + Math.floor(n / 3);
      const { heads, keyHeads, nodes: [start] } = this.#attentions[block]!;
      const own = branch.gather(gradients[n + 3]!, first); // [T, R D]
      const cotangents = new Map([[operand, byOwnHead(branch, own, n % 3 === 0 ? heads : keyHeads)]]);
      const stream = this.#m.at(`resid.${block}`);
      const [dstream] = backward(branch, { steps: nodes.slice(0, start), cotangents, wrt: [stream] }); // [R, T, C]
      const products = branch.matmul(branch.transpose(dstream!, [1, 0, 2]), sent); // [T, R, J]
      return branch.sum(products, -3); // [1, R, J]
    });
  }

  /** What each head but those of the last block writes, `[T, C, J]`. */
  #written(branch: Graph): Value {
    const m = this.#m.within(branch);
    const each = this.#sent.map((sums, block) => {
      const own = byOwnHead(branch, sums, this.#attentions[block]!.heads); // [H, T, H D]
      const rows = m.product(this.#projection(block), branch.mergeRows(own)); // [H T, C]
      return branch.transpose(branch.splitRows(rows, own), [1, 2, 0]); // [T, C, H]
    });
    return branch.concat(each, -1);
  }

  /** The feeds of a run of T tokens: what each block's heads send, `[T, H D]`, nothing by default. */
  feeds(T: number, sent?: readonly Float32Array[]): Feed[] {
    return this.#sent.map((value, i) => {
      const width = value.shape[1] as number;
      return { value, data: sent?.[i] ?? new Float32Array(T * width), dims: [T, width] };
    });
  }
}

/** A copy for each of R heads in which the numbers of the others are 0: of `[T, R D]`, `[R, T, R D]`. */
function byOwnHead(g: Graph, x: Value, heads: number): Value {
  const width = x.shape[1] as number;
  const mask = g.once(`${heads} heads of ${width}`, () => {
    const own = Array.from({ length: heads * width }, (_, i) => {
      return Number(Math.floor(i / width) === Math.floor((i % width) * heads / width));
    });
    return g.floats(own, [heads, 1, width]);
  });
  return g.mul(x, mask);
}
