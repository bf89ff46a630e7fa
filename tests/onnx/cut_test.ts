import { deepEqual, equal, throws } from "@std/assert";
import { cut, Graph, type Value } from "../../src/onnx/mod.ts";
import { Session } from "../../src/runtime/session.ts";
import { maxAbsDifference } from "../support/goldens.ts";

/** tanh(x W) of rows, and in a branch what a question makes of it and of its slope. */
function graphOf() {
  const g = new Graph();
  const x = g.input("x", "float32", ["T", 2]);
  const unused = g.input("unused", "float32", ["T", 2]);
  const question = g.input("question", "float32", ["N", 2]);
  const asked = g.input("asked", "bool", []);
  const y = g.tanh(g.gemm(x, g.floats([1, 2, -1, 0.5], [2, 2]))); // [T, 2]
  const logits = g.output(g.gemm(question, g.floats([0.5, 1, 1, 3], [2, 2])));
  g.output(g.add(y, unused)); // nothing that an answer needs
  const [then, otherwise] = [g.branch(), g.branch()];
  const slope = then.sub(then.floats([1], []), then.mul(y, y)); // [T, 2]
  const mean = then.sum(slope, -2); // [1, 2]: not by row
  then.output(then.gemm(then.add(then.mul(question, mean), logits), slope, { transposed: true })); // [N, T]
  otherwise.output(otherwise.zeros(otherwise.ints([0, 0]), [0, 0]));
  const [answer] = g.if(asked, then, otherwise) as [Value];
  g.output(answer);
  return { g, x, unused, question, asked, y, logits, answer, slope };
}

const byRow = ({ dtype, shape: [first, ...rest] }: Value) =>
  dtype === "float32" && first === "T" ? [first, ...rest] : undefined;

const NUMBERS = Float32Array.of(0.3, -0.2, 0.9, 0.1, -0.4, 0.7);
const QUESTION = Float32Array.of(1, -2, 0.5, 0.25);
const floats = (value: Value, data: Float32Array, dims: readonly number[]) => ({ value, data, dims });
const flag = (value: Value, is: boolean, dims: readonly number[]) => ({ value, data: Uint8Array.of(Number(is)), dims });

for (const backend of ["wasm", "native"] as const) {
  Deno.test(`cut() on ${backend} gives the same numbers in two runs, each of which computes its half`, async () => {
    const { g, x, unused, question, asked, logits, answer, slope } = graphOf();
    await using whole = await Session.create(g, new Map(), { backend });
    const rows = [floats(x, NUMBERS, [3, 2]), floats(unused, NUMBERS, [3, 2])];
    const asking = [floats(question, QUESTION, [2, 2]), flag(asked, true, [])];
    const expected = await whole.run([...rows, ...asking], [answer, logits]);

    const parts = cut(g, { answer, asked: [question], fetched: [logits], keptAs: byRow });
    deepEqual(parts.graph.inputs.map(({ name }) => name), ["is_first", "x", "question", `${slope.name}.fed`]);
    deepEqual(parts.kept.map(({ made, fed }) => [made.name, fed.name]), [[`${slope.name}.made`, `${slope.name}.fed`]]);
    await using session = await Session.create(parts.graph, new Map(), { backend });
    const { made, fed } = parts.kept[0]!;
    const none = new Float32Array(0);
    const [kept, early] = await session.run([
      flag(parts.isFirst, true, [1]),
      ...[rows[0]!, floats(question, none, [0, 2]), floats(fed, none, [0, 2])],
    ], [made, answer]);
    equal(early!.length, 0);
    const [found, read, late] = await session.run([
      flag(parts.isFirst, false, [1]),
      ...[floats(x, none, [0, 2]), asking[0]!, floats(fed, kept!, [3, 2])],
    ], [answer, logits, made]);
    equal(late!.length, 0);
    equal(maxAbsDifference(found!, expected[0]!) <= 1e-6, true);
    equal(maxAbsDifference(read!, expected[1]!) <= 1e-6, true);
  });
}

Deno.test("cut() computes again what is not kept", () => {
  const { g, question, logits, answer } = graphOf();
  const { kept, graph } = cut(g, { answer, asked: [question], fetched: [logits], keptAs: () => undefined });
  deepEqual(kept, []);
  const { ["else_branch"]: second } = graph.nodes[0]!.attributes;
  equal(second?.kind === "graph" && second.value.nodes.some(({ op }) => op === "Tanh"), true);
});

Deno.test("cut() refuses what is no answer, and what needs another branch", () => {
  const { g, question, logits, answer, y, asked } = graphOf();
  const settings = { asked: [question], fetched: [logits], keptAs: byRow };
  throws(() => cut(g, { ...settings, answer: y }), {
    name: "Error",
    message: `Cannot cut a graph at "${y.name}" as no branch computes it`,
  });
  const [then, otherwise] = [g.branch(), g.branch()];
  then.output(then.mul(question, then.floats([2], [])));
  otherwise.output(otherwise.mul(question, otherwise.floats([3], [])));
  const [other] = g.if(asked, then, otherwise) as [Value];
  throws(() => cut(g, { ...settings, answer, fetched: [other] }), {
    name: "Error",
    message: `Cannot cut a graph where "${other.name}" is needed, which is of two branches`,
  });
});
