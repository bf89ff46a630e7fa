import { deepEqual, equal, ok } from "@std/assert";
import {
  encodeModel,
  Graph,
  type GraphScope,
  type Node,
  packedCodes,
  packedOnce,
  type Value,
} from "../../src/onnx/mod.ts";

/** Products with a matrix of a file in the main graph and, by its transpose, in a branch, and a lookup in it. */
function productsOf(place: "file" | "memory") {
  const g = new Graph();
  const x = g.input("x", "float32", ["R", 2]);
  const ids = g.input("ids", "int64", ["T"]);
  const asked = g.input("asked", "bool", []);
  const at = { location: "w", offset: 8, length: 24 };
  const w = place === "file" ? g.external("w", "float32", [2, 3], at) : g.floats([1, 2, 3, 4, 5, 6], [2, 3]);
  const y = g.gemm(x, w);
  const [then, otherwise] = [g.branch(), g.branch()];
  then.output(then.gemm(y, w, { transposed: true }));
  otherwise.output(otherwise.mul(x, x));
  const branched = g.if(asked, then, otherwise)[0]!;
  const outputs = [y, branched, g.gather(w, ids)].map((value) => g.output(value));
  return { g, w, outputs };
}

const namesOf = (values: readonly Value[]) => values.map(({ name }) => name);

/** The operators of a graph with what they read, those of branches behind the operator that holds them. */
function readsOf({ nodes }: GraphScope): [string, ...string[]][] {
  return nodes.flatMap((node: Node) => {
    const branches = Object.values(node.attributes).flatMap((one) => one.kind === "graph" ? readsOf(one.value) : []);
    return [[node.op, ...namesOf(node.inputs)] as [string, ...string[]], ...branches];
  });
}

Deno.test("packedOnce() leaves a matrix to the products of the main graph, all else reads it by a second name", () => {
  const { g, outputs } = productsOf("file");
  const [y] = namesOf(outputs);
  const packed = packedOnce(g);
  deepEqual(readsOf(packed), [
    ["Gemm", "x", "w"],
    ["If", "asked"],
    ["Gemm", y!, "w.as_stored"],
    ["Mul", "x", "x"],
    ["Gather", "w.as_stored", "ids"],
  ]);
  deepEqual(packed.outputs, g.outputs);
  deepEqual(namesOf(packed.inputs), ["x", "ids", "asked", "w.as_stored"], "a name that is no input is a constant");
  const [first, second] = packed.initializers.filter(({ data }) => data.kind === "external");
  deepEqual([first!.value.name, second!.value.name], ["w", "w.as_stored"]);
  deepEqual(second!.data, first!.data);
  equal(packed.initializers.length, g.initializers.length + 1);
});

Deno.test("packedOnce() knows a matrix by its name, as nodes and weights of a model's graph may have values of their own", () => {
  const { g } = productsOf("file");
  const packed = packedOnce(g);
  const initializers = g.initializers.map((one) => ({ ...one, value: { ...one.value } }));
  g.initializers.splice(0, initializers.length, ...initializers);
  deepEqual(encodeModel(packedOnce(g)), encodeModel(packed));
  equal(packedOnce(g).initializers.length, initializers.length + 1);
});

Deno.test("packedOnce() changes neither the graph that it is given nor one without such products", () => {
  const { g } = productsOf("file");
  const before = encodeModel(g);
  packedOnce(g);
  deepEqual(encodeModel(g), before);
  const inline = encodeModel(productsOf("memory").g);
  ok(inline.length > 0);
  deepEqual(encodeModel(packedOnce(productsOf("memory").g)), inline);
});

Deno.test("packedCodes() leaves matrices in 8 bits constants, which are packed, and makes inputs of all others", () => {
  const { g } = productsOf("file");
  const rows = g.input("rows", "float32", ["M", 2]);
  const at = { location: "codes", offset: 0, length: 6 };
  const codes = g.external("codes", "int8", [2, 3], at);
  g.output(g.scaledProduct(rows, { codes, scales: g.floats([1, 2, 3], [3]) }));
  const before = encodeModel(g);
  const packed = packedCodes(g);
  deepEqual(namesOf(packed.inputs), ["x", "ids", "asked", "rows", "w"], "w is read by a branch too");
  deepEqual(packed.initializers, g.initializers);
  deepEqual(readsOf(packed), readsOf(g));
  deepEqual(encodeModel(g), before);
});
