import { deepEqual, equal, ok } from "@std/assert";
import { type Dim, type DType, Graph, type OpName, type Shape, type Value } from "../../src/onnx/mod.ts";
import { VJP_RULES } from "../../src/autodiff/mod.ts";
import { type Feed, numbersOf, runnerOf } from "../support/run_graph.ts";

/** The named sizes of the table below, at run time. */
const SIZES: Readonly<Record<string, number>> = { T: 3, S: 5, P: 2, N: 2, none: 0, "T*2": 6, "N*T": 6 };

/** Declares an input and what it is fed: `data`, or 1, 2, 3 and so on. */
type Input = (shape: Shape, dtype?: DType, data?: readonly number[]) => Value;

interface OpCase {
  readonly op: OpName;
  readonly build: (g: Graph, input: Input) => Value | readonly Value[];
  /** The inferred shape of each output. */
  readonly shapes: readonly Shape[];
  /** What the first output holds. */
  readonly holds?: readonly number[];
}

const one = (
  op: OpName,
  shape: Shape,
  build: (g: Graph, input: Input) => Value,
  holds?: readonly number[],
): OpCase => ({ op, shapes: [shape], build, ...(holds && { holds }) });

const flag = (g: Graph, x: Value) => g.greater(x, g.floats([0], []));

const CASES: readonly OpCase[] = [
  one("Add", ["N", "T", 4], (g, input) => g.add(input(["N", 1, 4]), input(["T", 1]))),
  one("Add", [1], (g) => g.add(g.ints([2]), g.ints([3])), [5]),
  one("Add", ["none", 4], (g, input) => g.add(input(["none", 4]), g.floats([1, 2, 3, 4]))),
  one("Sub", [2], (g, input) => g.sub(input([2]), g.floats([5], [])), [-4, -3]),
  one("Mul", [2, 3], (g, input) => g.mul(input([2, 1]), input([3])), [1, 2, 3, 2, 4, 6]),
  one("Div", [2], (g, input) => g.div(input([2]), g.floats([2], [])), [0.5, 1]),
  one("Max", [3], (g, input) => g.max(input([3]), g.floats([2], [])), [2, 2, 3]),
  one("Equal", [3], (g) => g.equal(g.ints([1, 2, 3]), g.ints([2])), [0, 1, 0]),
  one("Greater", [3], (g) => g.greater(g.ints([1, 2, 3]), g.ints([2])), [0, 0, 1]),
  one("LessOrEqual", [3, 3], (g, input) => g.lessOrEqual(g.ints([1, 2, 3], [1, 3]), input([3, 1], "int64")), [
    1,
    0,
    0,
    1,
    1,
    0,
    1,
    1,
    1,
  ]),
  one("Abs", ["T"], (g, input) => g.abs(input(["T"], "float32", [-1, 0, 2])), [1, 0, 2]),
  one("Reciprocal", [2], (g, input) => g.reciprocal(input([2])), [1, 0.5]),
  one("Sqrt", [2], (g, input) => g.sqrt(input([2], "float32", [4, 9])), [2, 3]),
  one("Exp", [1], (g, input) => g.exp(input([1], "float32", [0])), [1]),
  one("Erf", [2], (g, input) => g.erf(input([2], "float32", [0, 9])), [0, 1]),
  one("Tanh", [2], (g, input) => g.tanh(input([2], "float32", [0, 20])), [0, 1]),
  one("Relu", [3], (g, input) => g.relu(input([3], "float32", [-1, 0, 2])), [0, 0, 2]),
  one("Cos", [2], (g, input) => g.cos(input([2], "float32", [0, 1e-30])), [1, 1]),
  one("Sin", [2], (g, input) => g.sin(input([2], "float32", [0, 1e-30])), [0, Math.fround(1e-30)]),
  one("Sigmoid", [2], (g, input) => g.sigmoid(input([2], "float32", [0, 99])), [0.5, 1]),
  one("Gelu", ["T", 4], (g, input) => g.geluTanh(input(["T", 4]))),
  one("Softmax", ["T", 1], (g, input) => g.softmax(input(["T", 1])), [1, 1, 1]),
  one(
    "SimplifiedLayerNormalization",
    ["T", 2],
    (g, input) => g.rmsNorm(input(["T", 2], "float32", [3, 3, 0, 0, -3, 3]), input([2], "float32", [1, 2]), 7),
    [0.75, 1.5, 0, 0, -0.75, 1.5],
  ),
  one("LayerNormalization", ["T", 2], (g, input) => g.layerNorm(input(["T", 2]), input([2]), input([2]), 0), [
    ...[0, 4],
    ...[0, 4],
    ...[0, 4],
  ]),
  one("DequantizeLinear", [2, 4], (g, input) => {
    const codes = g.reshape(g.bytes(Uint8Array.of(129, 127, 128, 255, 1, 130, 128, 126)), [2, 2, 2]);
    return g.dequantized(codes, g.floats([1, 2, 0.5, 3]), 4, input(["T"]));
  }, [1, -1, 0, 254, -63.5, 1, 0, -6]),
  one("DequantizeLinear", [2, 3], (g, input) => {
    const codes = g.reshape(g.bytes(Uint8Array.of(129, 127, 128, 255, 1, 130, 128, 126)), [2, 2, 2]);
    return g.dequantized(codes, g.floats([1, 2, 0.5, 3]), 3, input(["none", 2]));
  }, [1, -1, 0, -63.5, 1, 0]),
  one("Gemm", [1, 2], (g, input) => g.gemm(input([1, 2]), g.floats([1, 0, 1, 1], [2, 2])), [3, 2]),
  one("Gemm", [2, 2], (g, input) => {
    const x = input([2, 2]);
    return g.gemm(x, g.floats([1, 0, 1, 1], [2, 2]), { bias: x });
  }, [4, 4, 10, 8]),
  one("Gemm", [1, 2], (g, input) => g.gemm(input([1, 2]), g.floats([1, 0, 1, 1], [2, 2]), { transposed: true }), [
    1,
    3,
  ]),
  one("Gemm", ["T", 4], (g, input) => g.gemm(input(["T", 2]), input([2, 4]), { bias: input([4]) })),
  one("Gemm", ["T", "S"], (g, input) => g.gemm(input(["T", 2]), input(["S", 2]), { transposed: true })),
  one("MatMul", ["N", 2, "T", 4], (g, input) => g.matmul(input(["N", 1, "T", "S"]), input([2, "S", 4]))),
  one("Transpose", [2, 2], (g, input) => g.transpose(input([2, 2]), [1, 0]), [1, 3, 2, 4]),
  one("Transpose", ["S", 4, "T"], (g, input) => g.transpose(input(["T", "S", 4]), [1, 2, 0])),
  one("Transpose", [4, "T"], (g, input) => g.transpose(input(["T", 4]), [-1, -2])),
  one("Reshape", ["T", 2, 2], (g, input) => g.reshape(input(["T", 4]), ["T", 2, 2])),
  one("Reshape", ["T", 4], (g, input) => g.reshape(input([4, "T"]), ["T", 4])),
  one("Reshape", ["N", "T"], (g, input) => g.reshape(input(["N", "T", 1]), ["N", "T"])),
  one("Reshape", ["none", 2, 2], (g, input) => g.reshape(input(["none", 4]), ["none", 2, 2])),
  one("Reshape", [3, 0], (g, input) => g.reshape(input([3, 0]), [3, 0])),
  one("Reshape", ["N*T", 4], (g, input) => g.mergeRows(input(["N", "T", 4]))),
  one("Reshape", [6, 4], (g, input) => g.mergeRows(input([2, 3, 4]))),
  one("Reshape", [1, 4], (g, input) => g.mergeRows(input([4]))),
  one("Reshape", ["N", "T", 4], (g, input) => g.splitRows(input(["N*T", 4]), input(["N", "T", 7]))),
  one("Reshape", [4], (g, input) => g.splitRows(input([1, 4]), input([7]))),
  one("Reshape", [], (g) => g.scalar(g.ints([7])), [7]),
  one("Unsqueeze", [1, "T"], (g, input) => g.unsqueeze(input(["T"]), 0)),
  one("Unsqueeze", ["T", 1], (g, input) => g.unsqueeze(input(["T"]), -1)),
  one("Unsqueeze", ["T", 1, 4], (g, input) => g.unsqueeze(input(["T", 4]), -2)),
  one("Unsqueeze", [1], (g, input) => g.unsqueeze(input([]), -1)),
  one("Concat", ["T", 5], (g, input) => g.concat([input(["T", 2]), input(["T", 3])], -1)),
  one("Concat", ["S", 4], (g, input) => g.concat([input(["P", 4]), input(["T", 4])], -2, "S")),
  one("Concat", [3], (g) => g.concat([g.ints([1, 2]), g.ints([3])], -1), [1, 2, 3]),
  { op: "Split", shapes: [[1], [1]], build: (g, input) => g.split(input([2]), 2, -1), holds: [1] },
  {
    op: "Split",
    shapes: [["T", 2, 4], ["T", 2, 4], ["T", 2, 4]],
    build: (g, input) => g.split(input(["T", 6, 4]), 3, -2),
  },
  one("Slice", [2], (g, input) => g.slice(input(["S"]), g.ints([1]), g.ints([3]), -1, 2), [2, 3]),
  one("Slice", ["P", 4], (g, input) => g.slice(input(["S", 4]), g.ints([3]), g.ints([5]), -2, "P")),
  one("Gather", ["T"], (g, input) => g.gather(input([9]), input(["T"], "int64", [8, 0, 8])), [9, 1, 9]),
  one("Gather", [2, "T", 4], (g, input) => g.gather(input([2, 7, 4]), input(["T"], "int64"), -2)),
  one("Gather", ["N", "T", 4], (g, input) => g.gather(input([7, 4]), input(["N", "T"], "int64"))),
  one("ReduceSum", [1], (g, input) => g.sum(input([3]), -1), [6]),
  one("ReduceSum", ["N", 1, 4], (g, input) => g.sum(input(["N", "T", 4]), 1)),
  one("ReduceMean", [1], (g, input) => g.mean(input([3]), -1), [2]),
  one("ReduceMax", ["T", 1], (g, input) => g.greatest(input(["T", 2]), -1), [2, 4, 6]),
  {
    op: "TopK",
    shapes: [["T", "N"], ["T", "N"]],
    build: (g, input) => {
      const x = input(["T", 4], "float32", [1, 4, 2, 4, 8, 7, 6, 5, -1, -2, 0, -3]);
      const { values, indices } = g.topK(x, input([1], "int64", [2]), "N");
      return [values, indices];
    },
    holds: [4, 4, 8, 7, 0, -1],
  },
  one("TopK", ["T", 2], (g, input) => {
    return g.topK(input(["T", 4], "float32", [1, 4, 2, 4, 8, 7, 6, 5, 0, 0, 0, 0]), g.ints([2]), 2).indices;
  }, [1, 3, 0, 1, 0, 1]),
  one("Shape", [1], (g, input) => g.size(input(["T", "S", 4]), -2), [5]),
  one("Shape", [1], (g, input) => g.size(input(["T", "S", 4]), 0), [3]),
  one("Add", ["T"], (g, input) => g.after(input(["T"], "int64", [8, 0, 8]), input(["N", 2]), -2), [8, 0, 8]),
  one("Range", ["T"], (g) => g.range(g.ints([4], []), g.ints([7], []), "T"), [4, 5, 6]),
  one("Cast", ["T"], (g, input) => g.cast(input(["T"], "float32", [-1.5, 0, 2]), "int64"), [-1, 0, 2]),
  one("Cast", [2], (g, input) => g.cast(input([2], "bool", [1, 0]), "float64"), [1, 0]),
  one("Where", [2, 2], (g, input) => {
    return g.where(input([2, 1], "bool", [1, 0]), input([2]), g.floats([9], []));
  }, [1, 2, 9, 9]),
  one("ConstantOfShape", ["T", 2], (g) => g.zeros(g.ints([3, 2]), ["T", 2]), [0, 0, 0, 0, 0, 0]),
  ...[1, -1].map((sign): OpCase => ({
    op: "If",
    shapes: [["T"], ["T"]],
    build: (g, input) => {
      const x = input(["T"]);
      const [yes, no] = [g.branch(), g.branch()];
      for (const branch of [yes, no]) branch.output(branch.mul(x, branch.floats([branch === yes ? 10 : 100], [])));
      for (const branch of [yes, no]) branch.output(branch.add(x, x));
      return g.if(flag(g, g.floats([sign])), yes, no);
    },
    holds: sign > 0 ? [10, 20, 30] : [100, 200, 300],
  })),
];

CASES.forEach(({ op, build, shapes, holds }, i) => {
  const text = shapes.map((shape) => `[${shape}]`).join(" ");
  Deno.test(`Graph infers what ONNX Runtime returns: ${op} gives ${text} (case ${i})`, async () => {
    const g = new Graph();
    const feeds: Feed[] = [];
    const values = [build(g, (shape, dtype = "float32", data) => {
      const value = g.input(`input_${feeds.length}`, dtype, shape);
      const dims = shape.map(sizeOf);
      const count = dims.reduce((product, dim) => product * dim, 1);
      feeds.push({ value, dims, data: data ?? Array.from({ length: count }, (_, at) => at + 1) });
      return value;
    })].flat();
    values.forEach((value) => g.output(value));
    ok(g.nodes.some((node) => node.op === op));
    deepEqual(values.map(({ shape }) => shape), shapes);

    await using runner = await runnerOf(g);
    const results = await runner.run(feeds, values);
    results.forEach(({ dims, dtype }, at) => {
      deepEqual(dims, values[at]!.shape.map(sizeOf));
      equal(dtype, values[at]!.dtype);
    });
    if (holds) deepEqual(numbersOf(results[0]!), holds);
  });
});

/** Held by `scaled_product_test.ts` and `quantized_test.ts`. */
const CHECKED_ELSEWHERE: readonly OpName[] = ["DynamicQuantizeMatMul", "MatMulNBits"];

Deno.test("Graph has a case for every operator", () => {
  const checked = new Set([...CASES.map(({ op }) => op), ...CHECKED_ELSEWHERE]);
  deepEqual([...checked].sort(), Object.keys(VJP_RULES).sort());
});

function sizeOf(dim: Dim): number {
  return typeof dim === "number" ? dim : SIZES[dim]!;
}
