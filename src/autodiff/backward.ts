import type { Graph, Node, Value } from "../onnx/mod.ts";
import { type Spread, VJP_RULES, type VjpRule, type VjpTable } from "./vjp_rules.ts";

/** Several operations that are differentiated as one, by a rule of their own. */
export interface Composite {
  /** What they read that may be differentiated. */
  readonly inputs: readonly Value[];
  /** What they give. */
  readonly outputs: readonly Value[];
  /** The cotangents of the inputs, from those of the outputs. */
  readonly vjp: (g: Graph, dys: readonly (Value | undefined)[]) => readonly Value[];
}

/** An operation, or several as one. */
export type Step = Node | Composite;

/** What is differentiated, with respect to what, and where the backward pass is written. */
export interface BackwardOptions {
  /** The operations that led from `wrt` to what has a cotangent, in order. */
  readonly steps: readonly Step[];
  /**
   * The values whose cotangents are given, and those: a value's shape with a leading axis, `[N, ...]`, or with other
   * rows, see `spread`.
   */
  readonly cotangents: ReadonlyMap<Value, Value>;
  /** The values whose cotangents are asked for. */
  readonly wrt: readonly Value[];
  /** The rule of each operator. */
  readonly rules?: VjpTable;
  /**
   * Lays the rows of a saved value `[T, ...]` out as those of a cotangent `[M, ...]` are, which it is given. Then there
   * is no leading axis, and every operation on the way must keep rows apart.
   */
  readonly spread?: (saved: Value, cotangent: Value) => Value;
}

/**
 * Writes the reverse-mode derivative of some values with respect to others into `g`, which may be the graph that holds
 * `steps` or a branch of it, and returns the cotangent of each of `wrt`: its shape with the leading axis, `[N, ...]`, or
 * with the other rows.
 *
 * @throws {TypeError} When an operator on the way has no gradient, or nothing depends on one of `wrt`.
 */
export function backward(g: Graph, options: BackwardOptions): readonly Value[] {
  const { steps, wrt, rules = VJP_RULES, spread } = options;
  const active = activeValues(steps, wrt);
  const cotangents = new Map(options.cotangents);
  for (const step of steps.toReversed()) {
    const dys = step.outputs.map((y) => cotangents.get(y));
    const follow = step.inputs.map((x) => active.has(x));
    const first = dys.find((dy) => dy !== undefined);
    if (!first || !follow.includes(true)) continue;
    const laidOut: Spread = spread ? (saved) => spread(saved, first) : (saved) => saved;
    const dxs = "vjp" in step ? step.vjp(g, dys) : ruleOf(rules, step)(g, step, dys, follow, laidOut);
    step.inputs.forEach((x, i) => {
      if (!follow[i]) return;
      const dx = dxs[i];
      if (!dx) {
        throw new TypeError(`Cannot differentiate through input ${i} of ${nameOf(step)} as its rule leaves it out`);
      }
      const summed = sumTo(g, dx, x);
      const sum = cotangents.get(x);
      cotangents.set(x, sum ? g.add(sum, summed) : summed);
    });
  }
  return wrt.map((x) => {
    const found = cotangents.get(x);
    if (found) return found;
    const outputs = [...options.cotangents.keys()].map(({ name }) => `"${name}"`).join(", ");
    throw new TypeError(`Cannot differentiate ${outputs} as it does not depend on "${x.name}"`);
  });
}

function ruleOf(rules: VjpTable, { op }: Node): VjpRule {
  const rule = rules[op];
  if (rule === "none") throw new TypeError(`Cannot differentiate through ${op} as it has no gradient`);
  return rule;
}

const nameOf = (step: Step) => "op" in step ? step.op : "several operations";

/** The numbers that depend on `wrt`; sizes and comparisons do not change with it, or only by jumps. */
export function activeValues(steps: readonly Step[], wrt: readonly Value[]): ReadonlySet<Value> {
  const active = new Set(wrt);
  const numbers = new Set(wrt.map(({ dtype }) => dtype));
  for (const step of steps) {
    if (!step.inputs.some((x) => active.has(x))) continue;
    step.outputs.filter(({ dtype }) => numbers.has(dtype)).forEach((y) => active.add(y));
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
