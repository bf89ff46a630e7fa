/**
 * Products with matrices that are stored in panels.
 *
 * @module
 */
import { GraphScope, type Initializer, type Node, type Value, withBranches } from "./graph.ts";
import type { Dim, Shape } from "./shape.ts";

/**
 * The same graph, in which each `Gemm` with a matrix that has panels, in the main graph or in a branch, multiplies by
 * those: one product a panel, side by side again afterwards. Results differ by rounding. Without panels it is the graph
 * itself.
 */
export function inPanels(graph: GraphScope): GraphScope {
  const sizes = new Sizes();
  const nodes = graph.nodes.flatMap((node) => inPanelsOf(node, sizes));
  if (sizes.initializers.length === 0) return graph;
  return GraphScope.from({ ...graph, nodes, initializers: [...graph.initializers, ...sizes.initializers] });
}

/** The whole numbers that nodes are given, each once; branches see those of the main graph. */
class Sizes {
  readonly initializers: Initializer[] = [];
  readonly #known = new Map<string, Value>();

  of(...numbers: readonly number[]): Value {
    const name = `panels.${numbers.join(".")}`;
    const known = this.#known.get(name) ?? { name, dtype: "int64", shape: [numbers.length] } as const;
    if (!this.#known.has(name)) {
      this.#known.set(name, known);
      const bytes = new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer);
      this.initializers.push({ value: known, data: { kind: "inline", bytes } });
    }
    return known;
  }
}

/** A node, or those that do the same with panels. */
function inPanelsOf(node: Node, sizes: Sizes): readonly Node[] {
  const panels = node.op === "Gemm" ? node.inputs[1]!.panels : undefined;
  if (panels?.transposed === ("transB" in node.attributes)) return productOf(node, panels.value, sizes);
  return [{ ...node, attributes: withBranches(node, (nodes) => nodes.flatMap((one) => inPanelsOf(one, sizes))) }];
}

/** `x W + b` with `x [R, in]` and W in panels. */
function productOf({ inputs, outputs }: Node, matrix: Value, sizes: Sizes): readonly Node[] {
  const [x, , bias] = inputs as [Value, Value, Value?];
  const result = outputs[0]!;
  const [rows, columns] = result.shape as [Dim, number];
  const [count, , width] = matrix.shape as [number, number, number];
  const steps: ((from: Value) => Omit<Node, "outputs"> & { readonly shape: Shape })[] = [
    () => ({ op: "MatMul", inputs: [x, matrix], attributes: {}, shape: [count, rows, width] }),
    (from) => {
      const attributes = { perm: { kind: "ints", value: [1, 0, 2] } } as const;
      return { op: "Transpose", inputs: [from], attributes, shape: [rows, count, width] };
    },
    (from) => {
      // A size of 0 is that of the operand.
      const size = sizes.of(0, count * width);
      return { op: "Reshape", inputs: [from, size], attributes: {}, shape: [rows, count * width] };
    },
  ];
  if (count * width !== columns) {
    steps.push((from) => {
      const bounds = [sizes.of(0), sizes.of(columns), sizes.of(-1)];
      return { op: "Slice", inputs: [from, ...bounds], attributes: {}, shape: [rows, columns] };
    });
  }
  if (bias) steps.push((from) => ({ op: "Add", inputs: [from, bias], attributes: {}, shape: [rows, columns] }));
  const nodes: Node[] = [];
  for (const [i, step] of steps.entries()) {
    const { shape, ...node } = step(nodes.at(-1)?.outputs[0] ?? x);
    const named = { ...result, name: `${result.name}.panels.${i}`, shape };
    nodes.push({ ...node, outputs: [i === steps.length - 1 ? result : named] });
  }
  return nodes;
}
