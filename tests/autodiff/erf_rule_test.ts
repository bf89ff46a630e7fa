/** ONNX Runtime has no float64 kernel for Erf, so its rule is interpreted here, number by number. */
import { equal, ok } from "@std/assert";
import { backward } from "../../src/autodiff/mod.ts";
import { Graph, type GraphScope, type OpName, type Value } from "../../src/onnx/mod.ts";
import { erf } from "../support/erf.ts";
import { numbersOf, runGraph } from "../support/run_graph.ts";

const POINTS = [-5, -3, -1.5, -0.75, -0.1, 0, 1e-3, 0.3, 0.6, 1, 2.5, 4.5];

const SCALAR_OPS: Partial<Record<OpName, (x: number, y: number) => number>> = {
  Add: (x, y) => x + y,
  Mul: (x, y) => x * y,
  Exp: Math.exp,
  Erf: erf,
};

/** The value of every name in a float64 graph whose tensors have one element each. */
function evaluate({ initializers, nodes }: GraphScope, feeds: Readonly<Record<string, number>>): Map<string, number> {
  const values = new Map(Object.entries(feeds));
  for (const { value, data } of initializers) {
    ok(data.kind === "inline");
    values.set(value.name, new DataView(data.bytes.buffer).getFloat64(0, true));
  }
  for (const { op, inputs, outputs } of nodes) {
    const [x = NaN, y = NaN] = inputs.map(({ name }) => values.get(name)!);
    values.set(outputs[0]!.name, SCALAR_OPS[op]!(x, y));
  }
  return values;
}

/** The exact GELU as `forward` writes it, and its derivative. */
function geluGraph(float: "float32" | "float64", size: number) {
  const g = new Graph({ float });
  const shape = size === 1 ? [] : [size];
  const x = g.input("x", float, shape);
  const phi = g.add(g.floats([1], []), g.erf(g.mul(x, g.floats([Math.SQRT1_2], []))));
  const y = g.output(g.mul(g.mul(x, g.floats([0.5], [])), phi));
  const cotangent = g.input("dy", float, [1, ...shape]);
  const dx = g.output(backward(g, { steps: g.nodes.slice(), cotangents: new Map([[y, cotangent]]), wrt: [x] })[0]!);
  return { g, x, y, cotangent, dx };
}

/** Φ(x) + x φ(x) */
function geluSlope(x: number): number {
  return (1 + erf(x * Math.SQRT1_2)) / 2 + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}

Deno.test("erf() equals the published values", () => {
  // https://oeis.org/A099286, https://dlmf.nist.gov/7.23
  const known = [[0, 0], [0.5, 0.5204998778130465], [1, 0.8427007929497149], [2, 0.9953222650189527], [7, 1]] as const;
  for (const [x, y] of known) {
    ok(Math.abs(erf(x) - y) <= 4e-16, `erf(${x}) = ${erf(x)}`);
    equal(erf(-x), -erf(x));
  }
});

Deno.test("VJP_RULES: the rule of Erf is the slope of Erf in float64", () => {
  const g = new Graph({ float: "float64" });
  const x = g.input("x", "float64", []);
  const y = g.erf(x);
  const cotangent = g.input("dy", "float64", [1]);
  const dx = backward(g, { steps: g.nodes.slice(), cotangents: new Map([[y, cotangent]]), wrt: [x] })[0]!;
  const at = (point: number, value: Value) => evaluate(g, { x: point, dy: 3 }).get(value.name)!;
  const step = 1e-3;
  for (const point of POINTS) {
    const [b, a, c, d] = [-2, -1, 1, 2].map((times) => at(point + times * step, y)) as [number, number, number, number];
    const slope = 3 * (8 * (c - a) - (d - b)) / (12 * step);
    ok(Math.abs(at(point, dx) - slope) <= 1e-11, `at ${point}: ${at(point, dx)} != ${slope}`);
  }
});

Deno.test("VJP_RULES: the gradient of the exact GELU equals Phi(x) + x phi(x) to 1e-15 in float64", () => {
  const { g, y, dx } = geluGraph("float64", 1);
  for (const point of POINTS) {
    const values = evaluate(g, { x: point, dy: 1 });
    const expected = point * (1 + erf(point * Math.SQRT1_2)) / 2;
    ok(Math.abs(values.get(y.name)! - expected) <= 1e-15, `at ${point}`);
    ok(Math.abs(values.get(dx.name)! - geluSlope(point)) <= 1e-15, `at ${point}`);
  }
});

Deno.test("VJP_RULES: the gradient of the exact GELU runs within 5e-7 in float32", async () => {
  const { g, x, cotangent } = geluGraph("float32", POINTS.length);
  const feeds = [
    { value: x, dims: [POINTS.length], data: POINTS },
    { value: cotangent, dims: [1, POINTS.length], data: POINTS.map(() => 1) },
  ];
  const [y, dx] = (await runGraph(g, feeds)).map(numbersOf);
  POINTS.forEach((point, i) => {
    const x = Math.fround(point);
    ok(Math.abs(y![i]! - x * (1 + erf(x * Math.SQRT1_2)) / 2) <= 5e-7, `gelu(${point}) = ${y![i]}`);
    ok(Math.abs(dx![i]! - geluSlope(x)) <= 5e-7, `gelu'(${point}) = ${dx![i]}`);
  });
});
