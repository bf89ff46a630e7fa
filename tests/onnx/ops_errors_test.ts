import { equal, throws } from "@std/assert";
import { type DType, Graph, type Shape, type Value } from "../../src/onnx/mod.ts";

type Input = (shape: Shape, dtype?: DType) => Value;
type Refusal = readonly [
  what: string,
  (g: Graph, input: Input) => unknown,
  "RangeError" | "TypeError",
  message: string,
];

const REFUSALS: readonly Refusal[] = [
  ["add", (g, x) => g.add(x(["T", 4]), x([3])), "RangeError", "Cannot add [T,4] and [3]"],
  ["sub", (g, x) => g.sub(x([2]), x([3])), "RangeError", "Cannot subtract [2] and [3]"],
  ["mul", (g, x) => g.mul(x(["T"]), x(["S"])), "RangeError", "Cannot multiply [T] and [S]"],
  ["div", (g, x) => g.div(x([2, 3]), x([2])), "RangeError", "Cannot divide [2,3] and [2]"],
  ["max", (g, x) => g.max(x([2]), x([3])), "RangeError", "Cannot take the greater of [2] and [3]"],
  ["equal", (g, x) => g.equal(x([2]), x([3])), "RangeError", "Cannot compare [2] and [3]"],
  ["greater", (g, x) => g.greater(x([2]), x([3])), "RangeError", "Cannot compare [2] and [3]"],
  ["lessOrEqual", (g, x) => g.lessOrEqual(x([2]), x([3])), "RangeError", "Cannot compare [2] and [3]"],
  ["add of types", (g, x) => g.add(x([2]), x([2], "int64")), "TypeError", "Cannot add float32 and int64"],
  ["tanh", (g, x) => g.tanh(x([2], "int64")), "TypeError", "Cannot use int64 where Tanh needs float32"],
  ["softmax", (g, x) => g.softmax(x([2], "float64")), "TypeError", "Cannot use float64 where Softmax needs float32"],
  [
    "layerNorm by its weight",
    (g, x) => g.layerNorm(x(["T", 4]), x([3]), x([4]), 0),
    "RangeError",
    "Cannot normalise [T,4] with weight [3] and bias [4]",
  ],
  [
    "layerNorm by its bias",
    (g, x) => g.layerNorm(x(["T", 4]), x([4]), x([1, 4]), 0),
    "RangeError",
    "Cannot normalise [T,4] with weight [4] and bias [1,4]",
  ],
  ["layerNorm of a scalar", (g, x) => g.layerNorm(x([]), x([1]), x([1]), 0), "RangeError", "Cannot take axis -1 of []"],
  ["gemm", (g, x) => g.gemm(x(["T", 768]), x([3072, 768])), "RangeError", "Cannot multiply [T,768] by [3072,768]"],
  [
    "gemm transposed",
    (g, x) => g.gemm(x(["T", 4]), x([4, 5]), { transposed: true }),
    "RangeError",
    "Cannot multiply [T,4] by [4,5] transposed",
  ],
  [
    "gemm by its bias",
    (g, x) => g.gemm(x(["T", 4]), x([4, 5]), { bias: x([4]) }),
    "RangeError",
    "Cannot multiply [T,4] by [4,5] and add [4]",
  ],
  ["gemm by rank", (g, x) => g.gemm(x([2, "T", 4]), x([4, 5])), "RangeError", "Cannot multiply [2,T,4] by [4,5]"],
  ["gemm by a vector", (g, x) => g.gemm(x(["T", 4]), x([4])), "RangeError", "Cannot multiply [T,4] by [4]"],
  ["gemm by type", (g, x) => g.gemm(x([1, 4]), x([4, 5], "float64")), "RangeError", "Cannot multiply [1,4] by [4,5]"],
  ["matmul", (g, x) => g.matmul(x(["T", 4]), x([5, 4])), "RangeError", "Cannot multiply [T,4] by [5,4]"],
  ["matmul batch", (g, x) => g.matmul(x([2, 3, 4]), x([3, 4, 5])), "RangeError", "Cannot multiply [2,3,4] by [3,4,5]"],
  ["matmul by a vector", (g, x) => g.matmul(x(["T", 4]), x([4])), "RangeError", "Cannot multiply [T,4] by [4]"],
  ["transpose by rank", (g, x) => g.transpose(x(["T", 4]), [0]), "RangeError", "Cannot reorder [T,4] as [0]"],
  ["transpose twice", (g, x) => g.transpose(x(["T", 4]), [1, -1]), "RangeError", "Cannot reorder [T,4] as [1,-1]"],
  ["transpose past", (g, x) => g.transpose(x(["T", 4]), [0, 2]), "RangeError", "Cannot take axis 2 of [T,4]"],
  ["reshape", (g, x) => g.reshape(x(["T", 4]), ["T", 3]), "RangeError", "Cannot reshape [T,4] as [T,3]"],
  ["reshape a name", (g, x) => g.reshape(x(["T", 4]), ["S", 4]), "RangeError", "Cannot reshape [T,4] as [S,4]"],
  [
    "reshape two moved names",
    (g, x) => g.reshape(x(["T", "S", 4]), [4, "T", "S"]),
    "RangeError",
    "Cannot reshape [T,S,4] as [4,T,S]",
  ],
  ["reshape to a new 0", (g, x) => g.reshape(x([2, 0]), [0, 2]), "RangeError", "Cannot reshape [2,0] as [0,2]"],
  ["mergeRows", (g, x) => g.mergeRows(x([4, "T"])), "RangeError", "Cannot merge the rows of [4,T]"],
  ["unsqueeze", (g, x) => g.unsqueeze(x(["T"]), 2), "RangeError", "Cannot insert axis 2 into [T]"],
  ["unsqueeze from the end", (g, x) => g.unsqueeze(x(["T"]), -3), "RangeError", "Cannot insert axis -3 into [T]"],
  [
    "concat",
    (g, x) => g.concat([x(["T", 4]), x(["S", 4]), x(["T", 3])], -1),
    "RangeError",
    "Cannot join [T,4] and [S,4] and [T,3] along axis -1",
  ],
  [
    "concat unnamed",
    (g, x) => g.concat([x(["P"]), x(["T"])], -1),
    "RangeError",
    "Cannot join [P] and [T] along axis -1",
  ],
  [
    "concat of types",
    (g, x) => g.concat([x([2]), x([2], "int64")], -1),
    "RangeError",
    "Cannot join [2] and [2] along axis -1",
  ],
  [
    "concat from the front",
    (g, x) => g.concat([x([2]), x([2])], 0),
    "RangeError",
    "Cannot join 2 tensors along axis 0; use a negative axis",
  ],
  [
    "concat of nothing",
    (g) => g.concat([], -1),
    "RangeError",
    "Cannot join 0 tensors along axis -1; use a negative axis",
  ],
  ["split", (g, x) => g.split(x([4, 7]), 3, -1), "RangeError", "Cannot cut [4,7] into 3 equal parts along axis -1"],
  ["split a name", (g, x) => g.split(x(["T"]), 1, -1), "RangeError", "Cannot cut [T] into 1 equal parts along axis -1"],
  ["split in none", (g, x) => g.split(x([4]), 0, -1), "RangeError", "Cannot cut [4] into 0 equal parts along axis -1"],
  ["split in -2", (g, x) => g.split(x([4]), -2, -1), "RangeError", "Cannot cut [4] into -2 equal parts along axis -1"],
  [
    "split from the front",
    (g, x) => g.split(x([4]), 2, 0),
    "RangeError",
    "Cannot cut [4] into 2 equal parts along axis 0",
  ],
  ["gather", (g, x) => g.gather(x([5, 4]), x(["T"])), "TypeError", "Cannot use float32 where Gather needs int64"],
  ["topK by type", (g, x) => g.topK(x([5]), x([1]), "K"), "TypeError", "Cannot use float32 where TopK needs int64"],
  ["topK", (g, x) => g.topK(x([5]), g.ints([2, 3]), "K"), "RangeError", "Cannot take [2] as a count"],
  ["slice", (g, x) => g.slice(x([5]), g.ints([0]), g.ints([1]), -2, 1), "RangeError", "Cannot take axis -2 of [5]"],
  ["sum", (g, x) => g.sum(x(["T", 4]), 2), "RangeError", "Cannot take axis 2 of [T,4]"],
  ["mean", (g, x) => g.mean(x(["T", 4]), -3), "RangeError", "Cannot take axis -3 of [T,4]"],
  ["greatest", (g, x) => g.greatest(x([]), -1), "RangeError", "Cannot take axis -1 of []"],
  ["size", (g, x) => g.size(x(["T", 4]), 2), "RangeError", "Cannot take axis 2 of [T,4]"],
  ["scalar", (g, x) => g.scalar(x([2], "int64")), "RangeError", "Cannot take [2] as a scalar"],
  [
    "where by its condition",
    (g, x) => g.where(x([2]), x([2]), x([2])),
    "TypeError",
    "Cannot use float32 where Where needs bool",
  ],
  [
    "where",
    (g, x) => g.where(x(["T", 1], "bool"), x(["T", 4]), x([3])),
    "RangeError",
    "Cannot choose between [T,4] and [3] by [T,1]",
  ],
  [
    "where by shape of its condition",
    (g, x) => g.where(x([3], "bool"), x([4]), x([])),
    "RangeError",
    "Cannot choose between [4] and [] by [3]",
  ],
  ["if", (g, x) => g.if(x([1]), g.branch(), g.branch()), "TypeError", "Cannot use float32 where If needs bool"],
];

for (const [what, build, name, message] of REFUSALS) {
  Deno.test(`Graph refuses ${what} at once: "${message}"`, () => {
    const g = new Graph();
    let count = 0;
    const input: Input = (shape, dtype = "float32") => g.input(`input_${count++}`, dtype, shape);
    throws(() => build(g, input), { name, message });
    equal(g.nodes.length, 0);
  });
}

for (const [what, dtypes] of [["number", ["float32", "float32"]], ["type", ["int64"]]] as const) {
  Deno.test(`Graph.if() refuses branches whose outputs differ in ${what}`, () => {
    const g = new Graph();
    const condition = g.input("condition", "bool", [1]);
    const [yes, no] = [g.branch(), g.branch()];
    yes.output(yes.floats([1]));
    for (const dtype of dtypes) no.output(dtype === "int64" ? no.ints([1]) : no.floats([1]));
    throws(() => g.if(condition, yes, no), {
      name: "TypeError",
      message: "Cannot choose between branches whose outputs differ in number or type",
    });
  });
}
