/** The functions that the gradient rules are checked on: at least one for each rule. */
import type { Graph, OpName, Value } from "../../src/onnx/mod.ts";
import type { GradientCase, Operand } from "../support/gradient_check.ts";

/** A function that runs through the rule of `op`. */
export interface VjpCase extends GradientCase {
  readonly op: OpName;
  readonly name: string;
}

type Build = (g: Graph, xs: readonly Value[]) => Value;
type Sizes = readonly number[];

const POSITIVE = { from: 0.5, to: 2, signed: false };
const still = (shape: Sizes): Operand => ({ shape, active: false });
const shapeText = (shape: Sizes) => `[${shape}]`;

/** Equal, scalar, size-1 axes on either side or both, and another rank on either side. */
const BROADCAST_PAIRS: readonly (readonly [Sizes, Sizes])[] = [
  [[2, 3], [2, 3]],
  [[2, 3], []],
  [[3], [2, 3]],
  [[2, 3, 4], [3, 1]],
  [[2, 1], [2, 3]],
  [[2, 3], [1, 3]],
  [[2, 1], [1, 3]],
  [[1, 4], [2, 3, 1]],
];

function binary(op: OpName, build: Build, right: Partial<Operand> = {}): VjpCase[] {
  const both = BROADCAST_PAIRS.map(([x, y]) => {
    const name = `${op} of ${shapeText(x)} and ${shapeText(y)}`;
    return { op, name, build, operands: [{ shape: x }, { shape: y, ...right }] };
  });
  const oneSided = [0, 1].map((side) => {
    const operands = [{ shape: [2, 1], active: side === 0 }, { shape: [4, 1, 3], ...right, active: side === 1 }];
    return { op, name: `${op}, operand ${side} only`, build, operands };
  });
  const twice = [{ shape: [2, 3], ...right }, { shape: [2, 3] }];
  return [...both, ...oneSided, { op, name: `${op} of a value and itself`, build: square(build), operands: twice }];
}

/** `x ∘ x + y`, which has a gradient even where `x ∘ x` is constant. */
function square(build: Build): Build {
  return (g, [x, y]) => g.add(build(g, [x!, x!]), y!);
}

function unary(op: OpName, build: (g: Graph, x: Value) => Value, operand: Partial<Operand> = { to: 2 }): VjpCase {
  return { op, name: `${op} of [2,3]`, operands: [{ ...operand, shape: [2, 3] }], build: (g, [x]) => build(g, x!) };
}

function matmul(x: Sizes, y: Sizes, active: readonly [boolean, boolean] = [true, true]): VjpCase {
  const only = active[0] && active[1] ? "" : `, operand ${active.indexOf(true)} only`;
  return {
    op: "MatMul",
    name: `MatMul of ${shapeText(x)} by ${shapeText(y)}${only}`,
    operands: [{ shape: x, active: active[0] }, { shape: y, active: active[1] }],
    build: (g, [a, b]) => g.matmul(a!, b!),
  };
}

function gemm(transposed: boolean, biased: boolean): VjpCase {
  return {
    op: "Gemm",
    name: `Gemm${transposed ? " by a transposed weight" : ""}${biased ? " with bias" : ""}`,
    operands: [{ shape: [3, 4] }, still(transposed ? [5, 4] : [4, 5]), ...(biased ? [still([5])] : [])],
    build: (g, [x, weight, bias]) => g.gemm(x!, weight!, { transposed, ...(bias && { bias }) }),
  };
}

function transpose(shape: Sizes, order: Sizes): VjpCase {
  return {
    op: "Transpose",
    name: `Transpose of ${shapeText(shape)} to order ${shapeText(order)}`,
    operands: [{ shape }],
    build: (g, [x]) => g.transpose(x!, order),
  };
}

function reshape(from: Sizes, to: Sizes): VjpCase {
  return {
    op: "Reshape",
    name: `Reshape of ${shapeText(from)} as ${shapeText(to)}`,
    operands: [{ shape: from }],
    build: (g, [x]) => g.reshape(x!, to),
  };
}

function unsqueeze(shape: Sizes, axis: number): VjpCase {
  return {
    op: "Unsqueeze",
    name: `Unsqueeze of ${shapeText(shape)} at ${axis}`,
    operands: [{ shape }],
    build: (g, [x]) => g.unsqueeze(x!, axis),
  };
}

function concat(what: string, operands: readonly Operand[], axis: number): VjpCase {
  return { op: "Concat", name: `Concat of ${what}`, operands, build: (g, xs) => g.concat(xs, axis) };
}

/** Cuts a value in three and multiplies the parts, so that each has a gradient of its own. */
function split(what: string, shape: Sizes, axis: number, used: Sizes): VjpCase {
  return {
    op: "Split",
    name: `Split along ${axis}, ${what}`,
    operands: [{ shape }],
    build: (g, [x]) => {
      const parts = g.split(x!, 3, axis);
      const squares = used.map((part) => g.mul(parts[part]!, parts[used[0]!]!));
      return squares.length > 1 ? g.concat(squares, axis) : squares[0]!;
    },
  };
}

/** Every function that is checked in float64. */
export const VJP_CASES: readonly VjpCase[] = [
  ...binary("Add", (g, [x, y]) => g.add(x!, y!)),
  ...binary("Sub", (g, [x, y]) => g.sub(x!, y!)),
  ...binary("Mul", (g, [x, y]) => g.mul(x!, y!)),
  ...binary("Div", (g, [x, y]) => g.div(x!, y!), POSITIVE),
  unary("Sqrt", (g, x) => g.sqrt(x), POSITIVE),
  unary("Reciprocal", (g, x) => g.reciprocal(x), POSITIVE),
  unary("Exp", (g, x) => g.exp(x)),
  unary("Tanh", (g, x) => g.tanh(x)),
  unary("Sigmoid", (g, x) => g.sigmoid(x)),
  unary("Relu", (g, x) => g.relu(x), { from: 0.1, to: 2 }),
  unary("Gelu", (g, x) => g.geluTanh(x), { to: 3 }),
  unary("Softmax", (g, x) => g.softmax(x), { to: 3 }),
  {
    op: "Softmax",
    name: "Softmax of [2,2,5]",
    operands: [{ shape: [2, 2, 5] }],
    build: (g, [x]) => g.softmax(x!),
  },
  ...[1e-5, 0.5].map((epsilon): VjpCase => ({
    op: "LayerNormalization",
    name: `LayerNormalization of [2,3,5] with epsilon ${epsilon}`,
    operands: [{ shape: [2, 3, 5], to: 2 }, still([5]), still([5])],
    build: (g, [x, weight, bias]) => g.layerNorm(x!, weight!, bias!, epsilon),
  })),
  ...[1e-5, 0.5].map((epsilon): VjpCase => ({
    op: "SimplifiedLayerNormalization",
    name: `SimplifiedLayerNormalization of [2,3,5] with epsilon ${epsilon}`,
    operands: [{ shape: [2, 3, 5], to: 2 }, still([5])],
    build: (g, [x, weight]) => g.rmsNorm(x!, weight!, epsilon),
  })),
  gemm(false, false),
  gemm(false, true),
  gemm(true, false),
  gemm(true, true),
  matmul([3, 4], [4, 2]),
  matmul([3, 4], [4, 2], [true, false]),
  matmul([3, 4], [4, 2], [false, true]),
  matmul([2, 3, 4], [2, 4, 2]),
  matmul([2, 3, 4], [4, 2]),
  matmul([3, 4], [2, 4, 2]),
  matmul([2, 1, 3, 4], [5, 4, 2]),
  matmul([1, 3, 4], [2, 4, 2], [true, false]),
  transpose([2, 3], [1, 0]),
  transpose([2, 3, 4], [1, 2, 0]),
  transpose([2, 3, 4], [2, 0, 1]),
  transpose([2, 3, 1, 4], [0, 3, 1, 2]),
  reshape([2, 6], [3, 4]),
  reshape([2, 3, 2], [12]),
  reshape([1], []),
  unsqueeze([2, 3], 0),
  unsqueeze([2, 3], 1),
  unsqueeze([2, 3], -1),
  unsqueeze([], 0),
  concat("two along -1", [{ shape: [2, 3] }, { shape: [2, 1] }], -1),
  concat("two along -2", [{ shape: [2, 1, 3] }, { shape: [2, 4, 3] }], -2),
  concat("three, the middle active", [still([2, 1]), { shape: [2, 3] }, still([2, 2])], -1),
  concat("three, the ends active", [{ shape: [1, 2] }, still([2, 2]), { shape: [3, 2] }], -2),
  concat("nothing and an active part", [still([0, 3]), { shape: [2, 3] }], -2),
  concat("an active part and nothing", [{ shape: [2, 3] }, still([2, 0])], -1),
  split("all parts used", [2, 6], -1, [0, 1, 2]),
  split("in another order", [6, 2], -2, [2, 0, 1]),
  split("one part used", [2, 6], -1, [1]),
  split("two parts used", [2, 6, 2], -2, [2, 0]),
];
