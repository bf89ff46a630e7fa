import type { Graph, Node, Value } from "../onnx/mod.ts";
import { type Spread, VJP_RULES, type VjpTable } from "./vjp_rules.ts";

/** What is differentiated, with respect to what, and where the backward pass is written. */
export interface BackwardOptions {
  /** The operations that led from `wrt` to `output`, in order. */
  readonly nodes: readonly Node[];
  /** The value whose cotangent is given. */
  readonly output: Value;
  /** The cotangent of `output`: its shape with a leading axis, `[N, ...]`, or with other rows, see `spread`. */
  readonly cotangent: Value;
  /** The value whose cotangent is asked for. */
  readonly wrt: Value;
  /** The rule of each operator. */
  readonly rules?: VjpTable;
  /**
   * Lays the rows of a saved value `[T, ...]` out as the rows of the cotangent `[M, ...]` are. Then there is no leading
   * axis, and every operation on the way must keep rows apart.
   */
  readonly spread?: Spread;
}

/**
 * Writes the reverse-mode derivative of `output` with respect to `wrt` into `g`, which may be the graph that holds
 * `nodes` or a branch of it, and returns the cotangent of `wrt`: its shape with the leading axis, `[N, ...]`, or with
 * the other rows.
 *
 * @throws {TypeError} When an operator on the way has no gradient, or `output` does not depend on `wrt`.
 */
export function backward(g: Graph, options: BackwardOptions): Value {
  const { nodes, output, cotangent, wrt, rules = VJP_RULES, spread = (saved) => saved } = options;
  const active = activeValues(nodes, wrt);
  const cotangents = new Map<Value, Value>([[output, cotangent]]);
  for (const node of nodes.toReversed()) {
    const dys = node.outputs.map((y) => cotangents.get(y));
    const follow = node.inputs.map((x) => active.has(x));
    if (!dys.some((dy) => dy !== undefined) || !follow.includes(true)) continue;
    const rule = rules[node.op];
    if (rule === "none") throw new TypeError(`Cannot differentiate through ${node.op} as it has no gradient`);
    const dxs = rule(g, node, dys, follow, spread);
    node.inputs.forEach((x, i) => {
      if (!follow[i]) return;
      const dx = dxs[i];
      if (!dx) throw new TypeError(`Cannot differentiate through input ${i} of ${node.op} as its rule leaves it out`);
      const summed = sumTo(g, dx, x);
      const sum = cotangents.get(x);
      cotangents.set(x, sum ? g.add(sum, summed) : summed);
    });
  }
  const result = cotangents.get(wrt);
  if (!result) throw new TypeError(`Cannot differentiate "${output.name}" as it does not depend on "${wrt.name}"`);
  return result;
}

/** The numbers that depend on `wrt`; sizes and comparisons do not change with it, or only by jumps. */
function activeValues(nodes: readonly Node[], wrt: Value): ReadonlySet<Value> {
  const active = new Set([wrt]);
  for (const node of nodes) {
    if (!node.inputs.some((x) => active.has(x))) continue;
    node.outputs.filter(({ dtype }) => dtype === wrt.dtype).forEach((y) => active.add(y));
  }
  return active;
}

/** Sums a cotangent over the axes along which its value was broadcast. */
function sumTo(g: Graph, dx: Value, x: Value): Value {
  const leading = dx.shape[0]!;
  let summed = dx;
  const extra = Math.max(0, dx.shape.length - 1 - x.shape.length);
  x.shape.forEach((dim, i) => {
    const axis = i - x.shape.length;
    if (dim === 1 && summed.shape.at(axis) !== 1) summed = g.sum(summed, axis);
  });
  for (let i = 0; i < extra; ++i) summed = g.sum(summed, i - x.shape.length - extra);
  return extra > 0 ? g.reshape(summed, [leading, ...x.shape]) : summed;
}
