import { deepEqual, equal, ok, throws } from "@std/assert";
import { backward, VJP_RULES } from "../../src/autodiff/mod.ts";
import { Graph, type Value } from "../../src/onnx/mod.ts";
import { innerProducts, relativeError } from "../support/gradient_check.ts";
import { numbersOf, runGraph } from "../support/run_graph.ts";

/** A graph of float64 with `x` `[2]` and a cotangent `[N, 2]`. */
function start() {
  const g = new Graph({ float: "float64" });
  return { g, x: g.input("x", "float64", [2]), dy: g.input("dy", "float64", ["N", 2]) };
}

/** What `backward` adds to the graph of `output`, and the cotangent of `wrt`. */
function differentiate(g: Graph, output: Value, cotangent: Value, wrt: Value) {
  const nodes = g.nodes.slice();
  const gradient = backward(g, { steps: nodes, cotangents: new Map([[output, cotangent]]), wrt: [wrt] })[0]!;
  return { gradient, added: g.nodes.slice(nodes.length).map(({ op }) => op) };
}

async function gradientAt(g: Graph, gradient: Value, x: Value, dy: Value): Promise<number[]> {
  g.output(gradient);
  const feeds = [{ value: x, dims: [2], data: [3, -5] }, { value: dy, dims: [2, 2], data: [1, 10, 100, 1000] }];
  return numbersOf((await runGraph(g, feeds.filter(({ value }) => g.inputs.includes(value))))[0]!);
}

Deno.test("backward() adds up the cotangents of a value that is used several times", async () => {
  const { g, x, dy } = start();
  const y = g.add(g.mul(x, x), g.add(x, x)); // x² + 2 x
  const { gradient } = differentiate(g, y, dy, x);
  deepEqual(gradient.shape, ["N", 2]);
  deepEqual(await gradientAt(g, gradient, x, dy), [8, -80, 800, -8000]); // 2 x + 2 = 8, -8
});

Deno.test("backward() gives the cotangent back when the output is what it differentiates by", () => {
  const { g, x, dy } = start();
  const { gradient, added } = differentiate(g, x, dy, x);
  equal(gradient, dy);
  deepEqual(added, []);
});

Deno.test("backward() writes nothing for branches that do not lead to wrt", () => {
  const { g, x, dy } = start();
  const other = g.input("other", "float64", [2]);
  const inactive = g.where(g.greater(other, g.floats([0], [])), g.tanh(other), g.abs(other));
  const y = g.add(g.mul(x, other), g.mul(inactive, inactive));
  deepEqual(differentiate(g, y, dy, x).added, ["Mul"]);
});

Deno.test("backward() writes nothing for values that do not lead to output", () => {
  const { g, x, dy } = start();
  const y = g.mul(x, g.floats([3], []));
  g.gather(g.tanh(y), g.ints([0]));
  deepEqual(differentiate(g, y, dy, x).added, ["Mul"]);
});

Deno.test("backward() differentiates by a value in the middle", async () => {
  const { g, x, dy } = start();
  const middle = g.cast(g.cast(x, "int64"), "float64"); // no gradient flows through Cast
  const y = g.mul(middle, middle);
  const { gradient, added } = differentiate(g, y, dy, middle);
  deepEqual(added, ["Mul", "Mul", "Add"]);
  deepEqual(await gradientAt(g, gradient, x, dy), [6, -100, 600, -10000]);
});

Deno.test("backward() spreads saved values over the rows of a cotangent that has other rows", async () => {
  const g = new Graph({ float: "float64" });
  const x = g.input("x", "float64", ["T", 2]);
  const dy = g.input("dy", "float64", ["M", 3]);
  const rows = g.input("rows", "int64", ["M"]);
  const weight = g.floats([1, 2, 3, 4, 5, 6], [2, 3]);
  const y = g.gemm(g.mul(x, x), weight); // row t of dx is 2 x[t] * (dy weight^T)
  const spread = (saved: Value) => saved.shape[0] === "T" ? g.gather(saved, rows) : saved;
  const gradient = backward(g, { steps: g.nodes.slice(), cotangents: new Map([[y, dy]]), wrt: [x], spread })[0]!;
  deepEqual(gradient.shape, ["M", 2]);
  g.output(gradient);
  const [result] = await runGraph(g, [
    { value: x, dims: [2, 2], data: [1, 2, 3, 5] },
    { value: dy, dims: [3, 3], data: [1, 0, 0, 0, 1, 0, 0, 0, 1] },
    { value: rows, dims: [3], data: [1, 0, 1] },
  ]);
  deepEqual(numbersOf(result!), [6 * 1, 10 * 4, 2 * 2, 4 * 5, 6 * 3, 10 * 6]);
});

Deno.test("backward() writes into a branch that reads the values of its graph", async () => {
  const { g, x, dy } = start();
  const y = g.mul(x, x);
  const [then, otherwise] = [g.branch(), g.branch()];
  then.output(backward(then, { steps: g.nodes.slice(), cotangents: new Map([[y, dy]]), wrt: [x] })[0]!);
  otherwise.output(otherwise.zeros(otherwise.ints([0, 2]), [0, 2]));
  const outside = g.nodes.length;
  const [gradient] = g.if(g.greater(g.size(dy, 0), g.ints([0])), then, otherwise);
  equal(g.nodes.slice(0, outside).filter(({ op }) => op === "Mul").length, 1);
  deepEqual(await gradientAt(g, gradient!, x, dy), [6, -100, 600, -10000]);
});

Deno.test("backward() follows a composition of several operators", async () => {
  const error = relativeError(
    await innerProducts({
      operands: [{ shape: [3, 4] }, { shape: [4, 6] }, { shape: [6] }, { shape: [6] }],
      build: (g, [x, weight, scale, shift]) => {
        const hidden = g.matmul(x!, weight!); // [3, 6]
        const [a, b] = g.split(
          g.layerNorm(hidden, g.floats([1, 2, 3, 4, 5, 6]), g.floats(Array(6).fill(0.1)), 1e-5),
          2,
          -1,
        );
        const gated = g.mul(g.geluTanh(a!), g.sigmoid(b!)); // [3, 3]
        const pattern = g.softmax(g.matmul(gated, g.transpose(a!, [1, 0]))); // [3, 3]
        const mixed = g.concat([g.matmul(pattern, b!), gated], -1); // [3, 6]
        return g.reshape(g.add(g.mul(g.tanh(mixed), scale!), g.sub(hidden, shift!)), [2, 9]);
      },
    }),
  );
  ok(error <= 1e-7, `${error}`);
});

Deno.test("backward() throws where no gradient flows", () => {
  const { g, x, dy } = start();
  const y = g.abs(x);
  throws(() => differentiate(g, y, dy, x), {
    name: "TypeError",
    message: "Cannot differentiate through Abs as it has no gradient",
  });
});

Deno.test("backward() throws when the output does not depend on wrt", () => {
  const { g, x, dy } = start();
  const y = g.tanh(g.input("other", "float64", [2]));
  throws(() => differentiate(g, y, dy, x), {
    name: "TypeError",
    message: `Cannot differentiate "${y.name}" as it does not depend on "x"`,
  });
});

Deno.test("backward() throws when a rule leaves an active input out", () => {
  const g = new Graph({ float: "float64" });
  const weight = g.input("weight", "float64", [2, 2]);
  const y = g.gemm(g.input("x", "float64", [3, 2]), weight);
  const dy = g.input("dy", "float64", ["N", 3, 2]);
  throws(() => differentiate(g, y, dy, weight), {
    name: "TypeError",
    message: "Cannot differentiate through input 1 of Gemm as its rule leaves it out",
  });
});

Deno.test("backward() uses the rules it is given", () => {
  const { g, x, dy } = start();
  const y = g.tanh(x);
  const nodes = g.nodes.slice();
  const rules = { ...VJP_RULES, Tanh: "none" } as const;
  throws(() => backward(g, { steps: nodes, cotangents: new Map([[y, dy]]), wrt: [x], rules })[0]!, {
    name: "TypeError",
    message: "Cannot differentiate through Tanh as it has no gradient",
  });
});

Deno.test("backward() gives a cotangent the shape of its value, however many axes it was spread over", async () => {
  for (const before of [[3], [2, 3], [1, 3]]) {
    const g = new Graph({ float: "float64" });
    const x = g.input("x", "float64", [2]);
    const other = g.input("other", "float64", [...before, 2]);
    const dy = g.input("dy", "float64", ["N", ...before, 2]);
    const { gradient } = differentiate(g, g.add(x, other), dy, x);
    deepEqual(gradient.shape, ["N", 2]);
    g.output(gradient);
    const rows = before.reduce((a, b) => a * b);
    const data = Array.from({ length: 2 * 2 * rows }, (_, i) => i);
    const feeds = [
      { value: x, dims: [2], data: [0, 0] },
      { value: other, dims: [...before, 2], data: Array<number>(2 * rows).fill(0) },
      { value: dy, dims: [2, ...before, 2], data },
    ];
    const [result] = await runGraph(g, feeds);
    const sums = [0, 1].flatMap((n) =>
      [0, 1].map((c) => {
        return Array.from({ length: rows }, (_, r) => data[(n * rows + r) * 2 + c]!).reduce((a, b) => a + b);
      })
    );
    deepEqual(numbersOf(result!), sums);
  }
});
