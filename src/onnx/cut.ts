/**
 * A graph in two halves: what is computed once, and what is computed from that for each question.
 *
 * @module
 */
import { type Attribute, GraphScope, type Initializer, type Node, type Value } from "./graph.ts";
import type { Shape } from "./shape.ts";

/** Where a graph is cut. */
export interface Cut {
  /** One output of the `If` whose then-branch answers the question: the second half computes it, whatever the condition. */
  readonly answer: Value;
  /** The inputs that ask the question. What depends on them is computed in the second half. */
  readonly asked: readonly Value[];
  /** What else the second half gives. */
  readonly fetched: readonly Value[];
  /**
   * The shape in which the second half is fed what the first computed; undefined for what it computes again, as it takes
   * less time than it takes memory.
   */
  readonly keptAs: (value: Value) => Shape | undefined;
}

/** A value that the first half makes and the second is fed. */
export interface KeptValue {
  /** What a run of the first half gives. */
  readonly made: Value;
  /** The input of the second. */
  readonly fed: Value;
}

/** A graph in two halves, each a branch of one `If`, so that one session holds the constants once. */
export interface InHalves {
  /** The graph. Its inputs and what it gives have the names that they had. */
  readonly graph: GraphScope;
  /** Whether a run computes the first half rather than the second, bool `[1]`; what the other gives is empty. */
  readonly isFirst: Value;
  /** What the second half needs of the first. */
  readonly kept: readonly KeptValue[];
}

/**
 * Cuts a graph. The first half takes what it can of the branch: of the derivative of a function of x, all that depends on
 * x alone.
 *
 * @throws {Error} When a half needs a value of another `If`, whose branches are not looked into.
 */
export function cut(graph: GraphScope, { answer, asked, fetched, keptAs }: Cut): InHalves {
  const question = graph.nodes.find(({ outputs }) => outputs.includes(answer));
  const branch = question?.attributes.then_branch;
  if (branch?.kind !== "graph") throw new Error(`Cannot cut a graph at "${answer.name}" as no branch computes it`);
  const { nodes, outputs, initializers } = branch.value;
  const all = [...graph.nodes.filter((node) => node !== question), ...nodes];
  const makers = new Map(all.flatMap((node) => node.outputs.map(({ name }) => [name, node] as const)));
  const late = dependingOn(all, asked);
  const kept = new Map<string, KeptValue & { readonly inner: Value }>();
  const isKept = ({ name }: Value) => {
    const maker = makers.get(name);
    const inner = maker && !late.has(maker) ? maker.outputs.find((value) => value.name === name) : undefined;
    const shape = inner && keptAs(inner);
    if (inner && shape) {
      kept.set(name, { inner, made: suffixed(inner, "made"), fed: { ...suffixed(inner, "fed"), shape } });
    }
    return shape !== undefined;
  };
  const own = fetched.map((value) => suffixed(value, "own"));
  const second = half(all, makers, [...fetched, ...outputs], isKept);
  const keeping = [...kept.values()];
  const early = keeping.map(({ inner }) => inner);
  const first = half(all, makers, early, () => false);
  const names = new Map([
    ...fetched.map(({ name }, i) => [name, own[i]!] as const),
    ...keeping.map(({ inner, fed }) => [inner.name, fed] as const),
  ]);
  const sides: readonly Side[] = [
    { nodes: first, inner: early, outer: keeping.map(({ made }) => made) },
    { nodes: renamed(second, names), inner: [...own, ...outputs], outer: [...fetched, ...question!.outputs] },
  ];
  const isFirst: Value = { name: "is_first", dtype: "bool", shape: [1] };
  const inputs = [...graph.inputs, ...keeping.map(({ fed }) => fed)];
  return {
    graph: ofBranches(isFirst, sides, { inputs, initializers: [...graph.initializers, ...initializers] }),
    isFirst,
    kept: keeping,
  };
}

/** One of two branches: what it computes, and as what the whole gives that. */
interface Side {
  readonly nodes: readonly Node[];
  readonly inner: readonly Value[];
  readonly outer: readonly Value[];
}

/** An `If` between two branches, with what they need of some inputs and constants. */
function ofBranches(
  condition: Value,
  sides: readonly Side[],
  { inputs, initializers }: Pick<GraphScope, "inputs" | "initializers">,
): GraphScope {
  const read = new Set(sides.flatMap(({ nodes }) => nodes.flatMap(({ inputs }) => inputs.map(({ name }) => name))));
  const used = initializers.filter(({ value }) => read.has(value.name));
  const sizes = new Map<string, Initializer>();
  const branches = sides.map(({ nodes, inner }, i): Attribute => {
    const empty = sides.map(({ outer }, k) => k === i ? [] : outer.map((value) => suffixed(value, "empty")));
    const makeEmpty = empty.flat().map((value): Node => ({
      op: "ConstantOfShape",
      inputs: [sizesOf(sizes, value)],
      outputs: [value],
      attributes: { value: { kind: "zero", value: value.dtype } },
    }));
    const outputs = sides.flatMap((_, k) => k === i ? inner : empty[k]!);
    const parts = { nodes: [...nodes, ...makeEmpty], inputs: [], outputs, initializers: [] };
    return { kind: "graph", value: GraphScope.from(parts) };
  });
  const outputs = sides.flatMap(({ outer }) => outer);
  const attributes = { "then_branch": branches[0]!, "else_branch": branches[1]! };
  return GraphScope.from({
    nodes: [{ op: "If", inputs: [condition], outputs, attributes }],
    inputs: [condition, ...inputs.filter(({ name }) => read.has(name))],
    outputs,
    initializers: [...used, ...sizes.values()],
  });
}

/** The shape of a value of which there is nothing: axes with a name have the size 0. */
function sizesOf(known: Map<string, Initializer>, { shape }: Value): Value {
  const sizes = shape.map((dim) => typeof dim === "number" ? dim : 0);
  const name = `empty.${sizes.join(".")}`;
  const made = known.get(name) ?? {
    value: { name, dtype: "int64", shape: [sizes.length] },
    data: { kind: "inline", bytes: new Uint8Array(BigInt64Array.from(sizes, BigInt).buffer) },
  };
  known.set(name, made);
  return made.value;
}

const suffixed = (value: Value, suffix: string): Value => ({ ...value, name: `${value.name}.${suffix}` });

/** Nodes that read and make other values in the places of some. */
function renamed(nodes: readonly Node[], names: ReadonlyMap<string, Value>): readonly Node[] {
  const rename = (value: Value) => names.get(value.name) ?? value;
  return nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }));
}

/** The nodes that depend on some inputs. */
function dependingOn(nodes: readonly Node[], inputs: readonly Value[]): ReadonlySet<Node> {
  const names = new Set(inputs.map(({ name }) => name));
  return new Set(nodes.filter((node) => {
    const depends = node.inputs.some(({ name }) => names.has(name));
    if (depends) node.outputs.forEach(({ name }) => names.add(name));
    return depends;
  }));
}

/** The nodes that compute some values, in their order, from those that are kept, inputs and constants. */
function half(
  nodes: readonly Node[],
  makers: ReadonlyMap<string, Node>,
  values: readonly Value[],
  isKept: (value: Value) => boolean,
): readonly Node[] {
  const needed = new Set<Node>();
  const open = [...values];
  for (let value = open.pop(); value; value = open.pop()) {
    const maker = makers.get(value.name);
    if (!maker || needed.has(maker) || isKept(value)) continue;
    if (maker.op === "If") {
      throw new Error(`Cannot cut a graph where "${value.name}" is needed, which is of two branches`);
    }
    needed.add(maker);
    open.push(...maker.inputs);
  }
  return nodes.filter((node) => needed.has(node));
}
