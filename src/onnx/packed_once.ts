/**
 * Which products read a matrix in the order that they compute with, when ONNX Runtime stores it so.
 *
 * @module
 */
import { GraphScope, type Initializer, type Node, type Value, withBranches } from "./graph.ts";

/** What the second name of a constant ends with. */
const AS_STORED = "as_stored";

/**
 * The same graph, of which a session that prepacks holds each matrix once: in the order of the products of the main
 * graph. ONNX Runtime would store it anew for each product that reads it, those of branches and with the transpose too,
 * and keep it as it was for lookups. Those read the same bytes by a second name here, which is an input with a default
 * value: ONNX Runtime packs constants only, so it leaves such a one in its file. The first name is packed, and then let
 * go of.
 */
export function packedOnce(graph: GraphScope): GraphScope {
  const files = new Map(
    graph.initializers.filter(({ data }) => data.kind === "external").map((one) => [one.value.name, one]),
  );
  const packed = new Set(graph.nodes.flatMap((node) => matrixOf(node)?.name ?? []).filter((name) => files.has(name)));
  const names = new Map<string, Value>();
  const asStored = (value: Value): Value => {
    if (!packed.has(value.name)) return value;
    const second = names.get(value.name) ?? { ...value, name: `${value.name}.${AS_STORED}` };
    names.set(value.name, second);
    return second;
  };
  const nodes = graph.nodes.map((node) => rename(node, asStored, matrixOf(node)));
  const seconds = [...names].map(([name, second]): Initializer => ({ value: second, data: files.get(name)!.data }));
  return GraphScope.from({
    nodes,
    inputs: [...graph.inputs, ...names.values()],
    outputs: graph.outputs,
    initializers: [...graph.initializers, ...seconds],
  });
}

/**
 * The same graph, of which a session that prepacks holds the matrices in 8 bits in the order of their products, and all
 * others as they are in their files: those are inputs with a default value.
 */
export function packedCodes(graph: GraphScope): GraphScope {
  const read = new Set(matricesOf(graph.nodes));
  const left = graph.initializers.filter(({ value, data }) => data.kind === "external" && read.has(value.name));
  return GraphScope.from({ ...graph, inputs: [...graph.inputs, ...left.map(({ value }) => value)] });
}

/** The names of the operands that ONNX Runtime packs, in branches too, but for those in 8 bits. */
function matricesOf(nodes: readonly Node[]): string[] {
  return nodes.flatMap((node) => {
    const branches = Object.values(node.attributes).filter((attribute) => attribute.kind === "graph");
    return [matrixOf(node)?.name ?? [], ...branches.map(({ value }) => matricesOf(value.nodes))].flat();
  });
}

/** The operand of a node that ONNX Runtime packs, if it has one. */
function matrixOf({ op, inputs }: Node): Value | undefined {
  return op === "Gemm" ? inputs[1] : undefined;
}

/** A node with other names of what it reads, in its branches too; `kept` stays. */
function rename(node: Node, other: (value: Value) => Value, kept?: Value): Node {
  const inputs = node.inputs.map((value) => value === kept ? value : other(value));
  return { ...node, inputs, attributes: withBranches(node, (nodes) => nodes.map((inner) => rename(inner, other))) };
}
