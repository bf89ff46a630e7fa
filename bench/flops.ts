/**
 * Floating point operations of matrix products, two for each multiplication with its addition; nothing else counts,
 * which is less than a hundredth.
 *
 * **Spent** is counted in the graph that runs: the sizes of every product in it, for the runs that are planned.
 *
 * **Necessary** is what no program can leave out that computes an explanation of the tokens at p_1 ... p_n by exact
 * gradients in dense products. With C the width, I the MLP's width, L blocks and V tokens, a row of a block takes
 * `linear = 2 (4 C² + 2 C I)`, and attention from one row to t tokens `4 C t` forwards and `8 C t` backwards.
 *
 * - Forwards, once: rows 0 ... p_n - 1 through L - 1 blocks, each looking at itself and those before it; of the last
 *   block the keys and values of all rows, and the rest for the rows p_i - 1 only; there also the logits, `2 C V`.
 * - Backwards, for each target i: the logits, `2 C V`, the last block from the row p_i - 1, whose attention reaches keys
 *   and values of all p_i rows, and p_i rows through the other L - 1 blocks. Only gradients of activations are needed,
 *   so a linear layer costs as much as forwards.
 *
 * @module
 */
import type { Chunk } from "../src/ask/saliency/target_groups.ts";
import { packRows } from "../src/models/back_rows.ts";
import type { ModelConfig } from "../src/models/config.ts";
import { blockSizes, boundsOf, KEY_BLOCKS } from "../src/models/key_blocks.ts";
import { Program, type ProgramOptions } from "../src/models/program.ts";
import { weightsOf } from "../src/models/weights.ts";
import type { Node, Shape } from "../src/onnx/mod.ts";

/** The sizes of named axes. */
type Sizes = Readonly<Record<string, number>>;

/** The size of an axis: a number, a name, or a product of some as in `N*T`. */
function sizeOf(dim: number | string, sizes: Sizes): number {
  return String(dim).split("*").reduce((product, factor) => {
    const size = sizes[factor] ?? Number(factor);
    if (Number.isNaN(size)) throw new Error(`Cannot count operations as the size of axis "${dim}" is not known`);
    return product * size;
  }, 1);
}

const count = (shape: Shape, sizes: Sizes) => shape.reduce<number>((product, dim) => product * sizeOf(dim, sizes), 1);

/** The operations of the products among some nodes, without what is inside branches. */
function productFlops(nodes: readonly Node[], sizes: Sizes): number {
  const products = nodes.filter(({ op }) => op === "Gemm" || op === "MatMul");
  return products.reduce((sum, { inputs, outputs }) => {
    return sum + 2 * count(outputs[0]!.shape, sizes) * sizeOf(inputs[0]!.shape.at(-1)!, sizes);
  }, 0);
}

/** The program of a checkpoint with such settings, without the weights' bytes. */
function programOf(config: ModelConfig, options?: ProgramOptions): Program {
  const close = () => {};
  const read = () => Promise.reject(new Error("Cannot read weights that are only counted"));
  const source = { name: "model.safetensors", size: 0, read, readInto: close, close };
  const entries = weightsOf(config).entries().map(([name, { shape }]) => {
    return [name, { name, dtype: "F32", shape, start: 0, end: 0, source }] as const;
  });
  return new Program(config, new Map(entries), options);
}

/** Counts what is spent on a model. */
export class FlopCounter {
  readonly #config: ModelConfig;
  readonly #forward: readonly Node[];
  readonly #backward: readonly Node[];
  /** What reads a text once, and what goes back from it in each run. */
  readonly #halves: readonly [first: readonly Node[], second: readonly Node[]];

  /** Counts for models with such settings. */
  constructor(config: ModelConfig) {
    const { graph, outputs } = programOf(config);
    const score = outputs.scores.gradientXInputL2;
    const branch = graph.nodes.find(({ outputs }) => outputs.includes(score))?.attributes.then_branch;
    if (branch?.kind !== "graph") throw new Error("Cannot find the gradient in the graph");
    this.#config = config;
    this.#forward = graph.nodes;
    this.#backward = branch.value.nodes;
    const halves = programOf(config, { blocks: KEY_BLOCKS }).halves().graph.nodes[0]!.attributes;
    const [first, second] = [halves.then_branch, halves.else_branch];
    if (first?.kind !== "graph" || second?.kind !== "graph") throw new Error("Cannot find the halves of the graph");
    this.#halves = [first.value.nodes, second.value.nodes];
  }

  /** What is spent on reading T tokens for R rows of logits. */
  reading(T: number, R: number): number {
    return productFlops(this.#forward, { T, S: T, P: 0, R });
  }

  /**
   * What is spent on explaining the tokens at some positions in runs, each of some of them by their index; `once` where the
   * text is read before them rather than in each.
   */
  explaining(positions: readonly number[], runs: readonly Chunk[], once: boolean): number {
    const longest = Math.max(...runs.map(({ length }) => length));
    const read = once ? productFlops(this.#halves[0], { T: longest, S: longest, P: 0 }) : 0;
    return runs.reduce((sum, { length: T, targets }) => {
      const rows = targets.map((target) => positions[target]! - 1);
      const N = rows.length;
      const identity = Array.from({ length: N * N }, (_, i) => i % (N + 1) === 0 ? 1 : 0);
      const M = packRows(T, rows, identity).tokens.length;
      const sizes = { T, S: T, P: 0, R: N, N, M };
      if (!once) return sum + this.reading(T, N) + productFlops(this.#backward, sizes);
      return sum + productFlops(this.#halves[1], { ...sizes, ...blockSizes(boundsOf(T, KEY_BLOCKS)) });
    }, read);
  }

  /** What explaining the tokens at some positions takes at the least: the formula above. */
  necessary(positions: readonly number[]): number {
    const { nEmbd: C, nInner: I, nLayer: L, vocabSize: V } = this.#config;
    const mlp = 4 * C * I;
    const linear = 8 * C ** 2 + mlp;
    const keysAndValues = 4 * C ** 2;
    const seen = (rows: number) => rows * (rows + 1) / 2; // how many tokens all rows look at, together
    const rows = Math.max(...positions);
    const forward = (L - 1) * (linear * rows + 4 * C * seen(rows)) + keysAndValues * rows;
    const ownRow = linear - keysAndValues + 2 * C * V;
    const each = positions.map((p) => {
      const lastBlock = 2 * ownRow + 12 * C * p + keysAndValues * p;
      return lastBlock + (L - 1) * (linear * p + 8 * C * seen(p));
    });
    return forward + each.reduce((a, b) => a + b, 0);
  }
}
