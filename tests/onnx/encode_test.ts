import { deepEqual, equal } from "@std/assert";
import { encodeModel, Graph } from "../../src/onnx/mod.ts";
import { messagesOf, readMessage, stringsOf, valuesOf, type WireField } from "../support/protobuf_reader.ts";
import { numbersOf, runGraph, runnerOf } from "../support/run_graph.ts";

// Field numbers: https://github.com/onnx/onnx/blob/v1.18.0/onnx/onnx.proto
const graphOf = (g: Graph) => messagesOf(readMessage(encodeModel(g)), 7)[0]!;
const nodesOf = (graph: readonly WireField[]) => messagesOf(graph, 1);
const initializersOf = (graph: readonly WireField[]) => messagesOf(graph, 5);
const attributeOf = (node: readonly WireField[], name: string) =>
  messagesOf(node, 5).find((attribute) => stringsOf(attribute, 1)[0] === name)!;

Deno.test("encodeModel() states IR version 9, its producer and opset 20", () => {
  const model = readMessage(encodeModel(new Graph()));
  deepEqual(valuesOf(model, 1), [9n]);
  deepEqual(stringsOf(model, 2), ["looking-glass"]);
  const [opset] = messagesOf(model, 8);
  deepEqual([stringsOf(opset!, 1), valuesOf(opset!, 2)], [[""], [20n]]);
});

Deno.test("encodeModel() writes inputs and outputs with their types, sizes and names of sizes", () => {
  const g = new Graph();
  const x = g.input("x", "float32", ["T", 4]);
  g.input("scalar", "int64", []);
  g.output(x);
  const describe = (value: readonly WireField[]) => {
    const tensor = messagesOf(messagesOf(value, 2)[0]!, 1)[0]!;
    const dims = messagesOf(messagesOf(tensor, 2)[0]!, 1);
    const shape = dims.map((dim) => stringsOf(dim, 2)[0] ?? valuesOf(dim, 1)[0]);
    return [stringsOf(value, 1)[0], valuesOf(tensor, 1)[0], shape];
  };
  const graph = graphOf(g);
  deepEqual(messagesOf(graph, 11).map(describe), [["x", 1n, ["T", 4n]], ["scalar", 7n, []]]);
  deepEqual(messagesOf(graph, 12).map(describe), [["x", 1n, ["T", 4n]]]);
});

Deno.test("encodeModel() writes nodes in order, by name", () => {
  const g = new Graph();
  const x = g.input("x", "float32", [2]);
  const [y, z] = [g.tanh(x), g.add(x, x)];
  const nodes = nodesOf(graphOf(g)).map((node) => [1, 2, 3, 4].map((field) => stringsOf(node, field)));
  deepEqual(nodes, [[["x"], [y.name], [y.name], ["Tanh"]], [["x", "x"], [z.name], [z.name], ["Add"]]]);
});

Deno.test("encodeModel() writes each kind of attribute under its type", () => {
  const g = new Graph();
  const x = g.input("x", "float32", [2, 4]);
  g.layerNorm(x, g.floats([1, 1, 1, 1]), g.floats([0, 0, 0, 0]), 0.5);
  g.geluTanh(x);
  g.transpose(x, [1, 0]);
  g.cast(x, "bool");
  g.zeros(g.ints([2]), [2]);
  const [norm, gelu, transpose, cast, zeros] = nodesOf(graphOf(g));

  const kinds = { FLOAT: 1n, INT: 2n, STRING: 3n, TENSOR: 4n, INTS: 7n };
  const epsilon = attributeOf(norm!, "epsilon");
  deepEqual([valuesOf(epsilon, 20), valuesOf(epsilon, 2)], [[kinds.FLOAT], [0.5]]);
  const axis = attributeOf(norm!, "axis");
  deepEqual([valuesOf(axis, 20), valuesOf(axis, 3)], [[kinds.INT], [-1n]]);
  const approximate = attributeOf(gelu!, "approximate");
  deepEqual([valuesOf(approximate, 20), stringsOf(approximate, 4)], [[kinds.STRING], ["tanh"]]);
  const perm = attributeOf(transpose!, "perm");
  deepEqual([valuesOf(perm, 20), valuesOf(perm, 8)], [[kinds.INTS], [1n, 0n]]);
  const to = attributeOf(cast!, "to");
  deepEqual([valuesOf(to, 20), valuesOf(to, 3)], [[kinds.INT], [9n]]);
  const value = attributeOf(zeros!, "value");
  const [tensor] = messagesOf(value, 5);
  deepEqual([valuesOf(value, 20), valuesOf(tensor!, 1), valuesOf(tensor!, 2)], [[kinds.TENSOR], [1n], [1n]]);
});

Deno.test("encodeModel() writes inline constants as raw little-endian bytes", () => {
  const g = new Graph();
  g.floats([1, -2], [2, 1]);
  g.ints([-3], []);
  const [floats, ints] = initializersOf(graphOf(g));
  deepEqual(valuesOf(floats!, 1), [2n, 1n]);
  deepEqual(valuesOf(floats!, 2), [1n]);
  deepEqual([...valuesOf(floats!, 9)[0] as Uint8Array], [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
  deepEqual(valuesOf(ints!, 1), []);
  deepEqual([...valuesOf(ints!, 9)[0] as Uint8Array], [0xfd, 255, 255, 255, 255, 255, 255, 255]);
});

Deno.test("encodeModel() writes where an external constant is: location, offset and length", () => {
  const g = new Graph();
  const offset = 5 * 2 ** 32;
  g.external("wte.weight", "bfloat16", [3, 2], { location: "model.safetensors", offset, length: 12 });
  const [weight] = initializersOf(graphOf(g));
  deepEqual(stringsOf(weight!, 8), ["wte.weight"]);
  deepEqual([valuesOf(weight!, 1), valuesOf(weight!, 2), valuesOf(weight!, 9)], [[3n, 2n], [16n], []]);
  deepEqual(valuesOf(weight!, 14), [1n]);
  deepEqual(messagesOf(weight!, 13).map((entry) => [stringsOf(entry, 1)[0], stringsOf(entry, 2)[0]]), [
    ["location", "model.safetensors"],
    ["offset", "21474836480"],
    ["length", "12"],
  ]);
});

Deno.test("encodeModel() loads external constants at any offset, half-precision ones through a cast", async () => {
  const g = new Graph();
  const file = new Uint8Array(1 + 8 + 4 + 4);
  const view = new DataView(file.buffer);
  [1.5, -2].forEach((value, i) => view.setFloat32(1 + 4 * i, value, true));
  [0.25, 3].forEach((value, i) => view.setFloat16(9 + 2 * i, value, true));
  [0x3f80, 0xc040].forEach((value, i) => view.setUint16(13 + 2 * i, value, true)); // 1, -3
  const at = (offset: number, length: number) => ({ location: "weights", offset, length });
  const whole = g.external("whole", "float32", [2], at(1, 8));
  const half = g.external("half", "float16", [2], at(9, 4));
  const brain = g.external("brain", "bfloat16", [2], at(13, 4));
  const outputs = [whole, g.cast(half, "float32"), g.cast(brain, "float32")].map((x) => g.add(x, g.floats([0], [])));
  outputs.forEach((output) => g.output(output));
  await using runner = await runnerOf(g, { weights: file });
  deepEqual((await runner.run([], outputs)).map(numbersOf), [[1.5, -2], [0.25, 3], [1, -3]]);
});

Deno.test("encodeModel() nests the branches of an If, which read the values around them", async () => {
  const g = new Graph({ float: "float64" });
  const x = g.input("x", "float64", ["T"]);
  const condition = g.greater(g.size(x, -1), g.ints([1]));
  const doubled = g.mul(x, g.floats([2], []));
  const [yes, no] = [g.branch(), g.branch()];
  yes.output(yes.add(doubled, x));
  no.output(no.zeros(no.ints([0]), [0]));
  const [result] = g.if(condition, yes, no);
  g.output(result!);

  const node = nodesOf(graphOf(g)).at(-1)!;
  for (const [name, op] of [["then_branch", "Add"], ["else_branch", "ConstantOfShape"]] as const) {
    const attribute = attributeOf(node, name);
    deepEqual(valuesOf(attribute, 20), [5n]);
    const [branch] = messagesOf(attribute, 6);
    deepEqual(stringsOf(branch!, 2), [name]);
    deepEqual(nodesOf(branch!).map((inner) => stringsOf(inner, 4)[0]), [op]);
    equal(messagesOf(branch!, 12).length, 1);
  }
  deepEqual(numbersOf((await runGraph(g, [{ value: x, dims: [2], data: [1, 5] }]))[0]!), [3, 15]);
  deepEqual((await runGraph(g, [{ value: x, dims: [1], data: [1] }]))[0]!.dims, [0]);
});

Deno.test("encodeModel() imports ONNX Runtime's own operators only where a graph or a branch has one", () => {
  const g = new Graph();
  const x = g.input("x", "float32", [1, 32]);
  const [yes, no] = [g.branch(), g.branch()];
  no.output(no.tanh(x));
  yes.output(yes.emit("MatMulNBits", [x], [{ dtype: "float32", shape: [1, 32] }])[0]!);
  const contains = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes).split("com.microsoft").length - 1;
  equal(contains(encodeModel(g)), 0);
  g.if(g.input("flag", "bool", [1]), yes, no);
  equal(contains(encodeModel(g)), 2); // of the node, and in the list of operator sets
});

Deno.test("encodeModel() writes the shapes of inner values, of branches too, so that their buffers are reused", () => {
  const g = new Graph();
  const x = g.input("x", "float32", ["T", 4]);
  const [thenBranch, elseBranch] = [g.branch(), g.branch()];
  const inner = thenBranch.tanh(x);
  thenBranch.output(thenBranch.exp(inner));
  elseBranch.output(elseBranch.abs(x));
  const wanted = g.greater(g.size(x, 0), g.ints([1]));
  g.output(g.if(wanted, thenBranch, elseBranch)[0]!);
  const innerNames = (graph: readonly WireField[]) => messagesOf(graph, 13).map((value) => stringsOf(value, 1)[0]);
  const graph = graphOf(g);
  deepEqual(innerNames(graph), g.nodes.slice(0, -1).flatMap(({ outputs }) => outputs.map(({ name }) => name)));
  const branches = ["then_branch", "else_branch"].map((name) => {
    return messagesOf(attributeOf(nodesOf(graph).at(-1)!, name), 6)[0]!;
  });
  deepEqual(branches.map(innerNames), [[inner.name], []]);
});
