import { deepEqual, equal, notEqual, throws } from "@std/assert";
import { Graph, type Initializer } from "../../src/onnx/mod.ts";

const FILE = { location: "model.safetensors", offset: 8, length: 24 };
const bytesOf = ({ data }: Initializer) => data.kind === "inline" ? data.bytes.length : undefined;

Deno.test("Graph gives every value of a graph and its branches a name of its own", () => {
  const g = new Graph();
  const x = g.input("x", "float32", [2]);
  const branch = g.branch();
  const inner = branch.branch();
  const values = [
    x,
    g.add(x, x),
    branch.add(x, x),
    inner.tanh(x),
    g.tanh(x),
    branch.floats([1]),
    g.ints([1]),
    inner.abs(x),
  ];
  equal(new Set(values.map(({ name }) => name)).size, values.length);
});

for (const where of ["graph", "branch"] as const) {
  Deno.test(`Graph refuses a name that is taken in the same model, in a ${where}`, () => {
    const g = new Graph();
    g.external("x", "float32", [2, 3], FILE);
    const scope = where === "graph" ? g : g.branch();
    const error = { name: "Error", message: 'Cannot name two values "x" in one model' };
    throws(() => scope.input("x", "float32", []), error);
    throws(() => scope.external("x", "float32", [2, 3], FILE), error);
  });
}

Deno.test("Graph refuses a name in the graph that is taken in a branch", () => {
  const g = new Graph();
  g.branch().external("x", "float32", [2, 3], FILE);
  throws(() => g.input("x", "float32", []), { name: "Error", message: 'Cannot name two values "x" in one model' });
});

Deno.test("Graph keeps inputs, outputs and nodes in order, and a branch keeps its own", () => {
  const g = new Graph();
  const [x, y] = [g.input("x", "float32", ["T"]), g.input("y", "int64", [])];
  const sum = g.add(x, x);
  const branch = g.branch();
  const product = branch.output(branch.mul(x, sum));
  equal(g.output(sum), sum);
  deepEqual(g.inputs, [x, y]);
  deepEqual(g.outputs, [sum]);
  deepEqual(g.nodes.map(({ op, inputs, outputs }) => ({ op, inputs, outputs })), [
    { op: "Add", inputs: [x, x], outputs: [sum] },
  ]);
  deepEqual(branch.outputs, [product]);
  deepEqual(branch.inputs, []);
  deepEqual(branch.nodes.map(({ op }) => op), ["Mul"]);
});

Deno.test("Graph.floats() stores the graph's float type, 32 or 64 bits, in a branch too", () => {
  for (const [float, size] of [["float32", 4], ["float64", 8]] as const) {
    const branch = new Graph({ float }).branch();
    const value = branch.floats([1, 2, 3, 4, 5, 6], [2, 3]);
    deepEqual({ ...value, name: "" }, { name: "", dtype: float, shape: [2, 3] });
    equal(bytesOf(branch.initializers[0]!), 6 * size);
  }
  equal(new Graph().float, "float32");
});

Deno.test("Graph.floats() and Graph.ints() are lists unless a shape is given", () => {
  const g = new Graph();
  deepEqual(g.floats([1, 2]).shape, [2]);
  deepEqual(g.floats([1], []).shape, []);
  deepEqual(g.floats([], [0, 4]).shape, [0, 4]);
  deepEqual(g.ints([-1]).dtype, "int64");
  deepEqual(
    new BigInt64Array((g.initializers[3]!.data as { bytes: Uint8Array }).bytes.buffer),
    new BigInt64Array([-1n]),
  );
});

Deno.test("Graph.floats() and Graph.ints() refuse a shape that does not fit", () => {
  const g = new Graph();
  throws(() => g.floats([1, 2, 3], [2, 2]), { name: "RangeError", message: "Cannot shape 3 numbers as [2,2]" });
  throws(() => g.ints([1], [0]), { name: "RangeError", message: "Cannot shape 1 numbers as [0]" });
  throws(() => g.floats([1], ["T"]), { name: "RangeError", message: "Cannot shape 1 numbers as [T]" });
});

Deno.test("Graph.external() refuses a size that is not known", () => {
  const message = 'Cannot make constant "w" of shape [T,3] as its size is not known';
  throws(() => new Graph().external("w", "float32", ["T", 3], FILE), { name: "TypeError", message });
});

Deno.test("Graph holds a small constant once in a scope, and asks for the size of a named axis once", () => {
  const g = new Graph();
  const x = g.input("x", "float32", ["T", 4]);
  equal(g.floats([1, 2]), g.floats([1, 2]));
  notEqual(g.floats([1, 2]), g.floats([1, 2], [2, 1]));
  notEqual(g.floats([0], []), g.ints([0], []));
  notEqual(g.floats([-0]), g.floats([0]));
  equal(g.size(x, 0), g.size(g.tanh(x), -2));
  equal(g.size(x, -1), g.ints([4]));
  equal(g.nodes.filter(({ op }) => op === "Shape").length, 1);
  const branch = g.branch();
  notEqual(branch.floats([1, 2]), g.floats([1, 2]));
  notEqual(branch.size(x, 0), g.size(x, 0));
});
