/**
 * One constructor per ONNX operator (opset 20). Each checks its operands and infers the result's type and shape, so
 * that a graph that cannot run is never built. Axes are negative throughout, so that an extra leading axis is free.
 *
 * @module
 */
import type { DType } from "./dtype.ts";
import {
  type Attribute,
  GraphScope,
  type OpName,
  type QuantizedMatrix,
  type ScaledMatrix,
  type Value,
} from "./graph.ts";
import * as infer from "./infer.ts";
import { axisIndex, type Dim, dimAt, formatShape, type Shape, withDim } from "./shape.ts";

type Attributes = Readonly<Record<string, Attribute>>;

const int = (value: number): Attribute => ({ kind: "int", value });
const ints = (value: readonly number[]): Attribute => ({ kind: "ints", value });

/** The code that stands for zero, see `quantize.ts`. */
const ZERO_CODE = 128;

/** A graph, or a branch of one, with a method for each operator. */
export class Graph extends GraphScope {
  /** Opens a branch of this graph, for {@linkcode Graph.if}. */
  branch(): Graph {
    return new Graph({ parent: this });
  }

  /** `x + y`, broadcast. */
  add(x: Value, y: Value): Value {
    return this.#elementwise("Add", "add", x, y);
  }

  /** `x - y`, broadcast. */
  sub(x: Value, y: Value): Value {
    return this.#elementwise("Sub", "subtract", x, y);
  }

  /** `x * y`, broadcast. */
  mul(x: Value, y: Value): Value {
    return this.#elementwise("Mul", "multiply", x, y);
  }

  /** `x / y`, broadcast. */
  div(x: Value, y: Value): Value {
    return this.#elementwise("Div", "divide", x, y);
  }

  /** The greater of `x` and `y`, broadcast. */
  max(x: Value, y: Value): Value {
    return this.#elementwise("Max", "take the greater of", x, y);
  }

  /** Whether `x` equals `y`, broadcast. */
  equal(x: Value, y: Value): Value {
    return this.#elementwise("Equal", "compare", x, y, "bool");
  }

  /** Whether `x` is greater than `y`, broadcast. */
  greater(x: Value, y: Value): Value {
    return this.#elementwise("Greater", "compare", x, y, "bool");
  }

  /** Whether `x` is at most `y`, broadcast. */
  lessOrEqual(x: Value, y: Value): Value {
    return this.#elementwise("LessOrEqual", "compare", x, y, "bool");
  }

  /** `|x|`. */
  abs(x: Value): Value {
    return this.#unary("Abs", x);
  }

  /** `1 / x`. */
  reciprocal(x: Value): Value {
    return this.#unary("Reciprocal", x);
  }

  /** The square root. */
  sqrt(x: Value): Value {
    return this.#unary("Sqrt", x);
  }

  /** The exponential function. */
  exp(x: Value): Value {
    return this.#unary("Exp", x);
  }

  /** The error function, which ONNX Runtime computes in float32 only. */
  erf(x: Value): Value {
    return this.#unary("Erf", x);
  }

  /** The hyperbolic tangent. */
  tanh(x: Value): Value {
    return this.#unary("Tanh", x);
  }

  /** The cosine of an angle in radians. */
  cos(x: Value): Value {
    return this.#unary("Cos", x);
  }

  /** The sine of an angle in radians. */
  sin(x: Value): Value {
    return this.#unary("Sin", x);
  }

  /** `max(x, 0)`. */
  relu(x: Value): Value {
    return this.#unary("Relu", x);
  }

  /** `1 / (1 + exp(-x))`. */
  sigmoid(x: Value): Value {
    return this.#unary("Sigmoid", x);
  }

  /** GELU by the tanh formula, which Hugging Face calls `gelu_new`. */
  geluTanh(x: Value): Value {
    return this.#unary("Gelu", x, { approximate: { kind: "string", value: "tanh" } });
  }

  /** Softmax over the last axis. */
  softmax(x: Value): Value {
    return this.#unary("Softmax", x, { axis: int(-1) });
  }

  /** Normalises the last axis to mean 0 and variance 1, then scales by `weight` and shifts by `bias`, both `[C]`. */
  layerNorm(x: Value, weight: Value, bias: Value, epsilon: number): Value {
    const attributes = { axis: int(-1), epsilon: { kind: "float", value: epsilon } } as const;
    const shape = infer.normalisedShape(x, weight, bias);
    return this.#single("LayerNormalization", [x, weight, bias], x.dtype, shape, attributes);
  }

  /** Divides the last axis by its root mean square, then scales by `weight` `[C]`. */
  rmsNorm(x: Value, weight: Value, epsilon: number): Value {
    const attributes = { axis: int(-1), epsilon: { kind: "float", value: epsilon } } as const;
    const shape = infer.normalisedShape(x, weight);
    return this.#single("SimplifiedLayerNormalization", [x, weight], x.dtype, shape, attributes);
  }

  /** `x W + b` with `x [R,in]`, `weight [in,out]` (`[out,in]` when `transposed`) and `bias [out]` or `[R,out]`. */
  gemm(x: Value, weight: Value, options: { readonly bias?: Value; readonly transposed?: boolean } = {}): Value {
    const { bias, transposed = false } = options;
    const shape = infer.linearShape(x, weight, bias, transposed);
    if (weight.quantized?.transposed === transposed) {
      const product = this.#quantizedProduct(x, weight.quantized, shape);
      return bias ? this.add(product, bias) : product;
    }
    const inputs = bias ? [x, weight, bias] : [x, weight];
    return this.#single("Gemm", inputs, x.dtype, shape, transposed ? { transB: int(1) } : {});
  }

  /** `x W` where W is in 8 bits. With `accuracy_level` 4, rows of x are in 8 bits too, by block. */
  #quantizedProduct(x: Value, { codes, scales }: QuantizedMatrix, shape: readonly [Dim, Dim]): Value {
    const [inner, outer] = [x.shape[1] as number, shape[1] as number];
    return this.#single("MatMulNBits", [x, codes, scales], x.dtype, shape, {
      K: int(inner),
      N: int(outer),
      bits: int(8),
      block_size: int(infer.blockSize(codes, inner, outer)),
      accuracy_level: int(4),
    });
  }

  /**
   * A matrix in 8 bits as numbers, `[rows, columns]` of its codes, but not before `other` is computed: ONNX Runtime would
   * make all matrices of a model at the beginning of a run, and hold them. Blocks are rows on the way, each with its scale:
   * several blocks within a row take ONNX Runtime five times as long.
   */
  dequantized(codes: Value, scales: Value, columns: number, other: Value): Value {
    const [rows, blocks, size] = infer.blocksOf(codes, scales, columns);
    const count = rows * blocks;
    const shape = this.after(this.ints([count, size]), other, -other.shape.length);
    const inRows = this.#single("Reshape", [codes, shape], codes.dtype, [count, size]);
    const zero = this.once(`${count} codes of zero`, () => this.bytes(new Uint8Array(count).fill(ZERO_CODE)));
    const numbers = this.#single("DequantizeLinear", [inRows, scales, zero], this.float, [count, size], {
      axis: int(0),
    });
    const whole = this.reshape(numbers, [rows, blocks * size]);
    return blocks * size === columns ? whole : this.slice(whole, this.ints([0]), this.ints([columns]), -1, columns);
  }

  /**
   * `x W` with `x [R,in]` and W in 8 bits. x is rounded to 256 steps from its least to its greatest number, one scale for
   * all rows, and the products of whole numbers are added up without error.
   */
  scaledProduct(x: Value, matrix: ScaledMatrix): Value {
    const shape = infer.scaledShape(x, matrix);
    return this.#single("DynamicQuantizeMatMul", [x, matrix.codes, matrix.scales], x.dtype, shape);
  }

  /** The matrix product of the last two axes, the others broadcast. */
  matmul(x: Value, y: Value): Value {
    return this.#single("MatMul", [x, y], x.dtype, infer.productShape(x, y));
  }

  /** Reorders the axes: axis `i` of the result is axis `order[i]` of `x`. */
  transpose(x: Value, order: readonly number[]): Value {
    const axes = infer.orderedAxes(x, order);
    return this.#single("Transpose", [x], x.dtype, axes.map((axis) => x.shape[axis]!), { perm: ints(axes) });
  }

  /** Gives `x` another shape with the same named sizes, in which all but one name keep their axis. */
  reshape(x: Value, shape: Shape): Value {
    return this.#single("Reshape", [x, this.ints(infer.reshapeSizes(x, shape))], x.dtype, shape);
  }

  /** All axes but the last as one: `[..., C]` becomes `[rows, C]`. */
  mergeRows(x: Value): Value {
    const [rows, width] = infer.mergedShape(x);
    return this.#single("Reshape", [x, this.ints([-1, width])], x.dtype, [rows, width]);
  }

  /** Undoes {@linkcode Graph.mergeRows}: `[rows, C]` becomes `[..., C]` with the leading axes of `like`. */
  splitRows(x: Value, like: Value): Value {
    const leading = like.shape.slice(0, -1);
    const shape = this.once(`rows of ${formatShape(leading)}`, () => {
      return this.concat([...leading.map((_, axis) => this.size(like, axis)), this.ints([-1])], -1);
    });
    return this.#single("Reshape", [x, shape], x.dtype, [...leading, dimAt(x.shape, -1)]);
  }

  /** The two first axes as one: `[A, B, ...]` becomes `[A*B, ...]`. */
  mergeFirst(x: Value): Value {
    const [merged, ...rest] = infer.mergedFirst(x);
    const shape = this.once(`first of ${formatShape(x.shape)} as one`, () => {
      return this.concat([this.ints([merged]), ...rest.map((_, i) => this.size(x, i + 2))], -1);
    });
    return this.#single("Reshape", [x, shape], x.dtype, [merged, ...rest]);
  }

  /** Inserts an axis of size 1. */
  unsqueeze(x: Value, axis: number): Value {
    const index = infer.insertedAxis(x, axis);
    return this.#single("Unsqueeze", [x, this.ints([index])], x.dtype, x.shape.toSpliced(index, 0, 1));
  }

  /** Joins tensors along a negative axis; `dim` names the sum when a size is a name. */
  concat(xs: readonly Value[], axis: number, dim?: Dim): Value {
    const shape = infer.joinedShape(xs, axis, dim);
    return this.#single("Concat", xs, xs[0]!.dtype, shape, { axis: int(axis) });
  }

  /** Cuts `x` into equal parts along a negative axis. */
  split(x: Value, parts: number, axis: number): readonly Value[] {
    const part = { dtype: x.dtype, shape: infer.partShape(x, parts, axis) };
    return this.emit("Split", [x], Array.from({ length: parts }, () => part), {
      axis: int(axis),
      num_outputs: int(parts),
    });
  }

  /** The rows `start` to `end` of a negative axis, both int64 `[1]`; `dim` is their number. */
  slice(x: Value, start: Value, end: Value, axis: number, dim: Dim): Value {
    return this.#single("Slice", [x, start, end, this.ints([axis])], x.dtype, withDim(x.shape, axis, dim));
  }

  /** The rows of `x` at int64 `indices`, along axis 0 or a negative axis. */
  gather(x: Value, indices: Value, axis = -x.shape.length): Value {
    infer.expectType("Gather", indices, "int64");
    const index = axisIndex(x.shape, axis);
    const shape = x.shape.toSpliced(index, 1, ...indices.shape);
    return this.#single("Gather", [x, indices], x.dtype, shape, { axis: int(index) });
  }

  /** The sum over an axis, which keeps its place with size 1. */
  sum(x: Value, axis: number): Value {
    return this.#single("ReduceSum", [x, this.ints([axis])], x.dtype, withDim(x.shape, axis, 1));
  }

  /** The mean over an axis, which keeps its place with size 1. */
  mean(x: Value, axis: number): Value {
    return this.#single("ReduceMean", [x, this.ints([axis])], x.dtype, withDim(x.shape, axis, 1));
  }

  /** The greatest value along an axis, which keeps its place with size 1. */
  greatest(x: Value, axis: number): Value {
    return this.#single("ReduceMax", [x, this.ints([axis])], x.dtype, withDim(x.shape, axis, 1));
  }

  /**
   * The `count` greatest values along the last axis, greatest first, and their int64 indices; ties go to the lower
   * index. `count` is int64 `[1]`, `dim` names it.
   */
  topK(x: Value, count: Value, dim: Dim): { readonly values: Value; readonly indices: Value } {
    infer.expectType("TopK", x, this.float);
    infer.expectType("TopK", count, "int64");
    infer.expectSingle("a count", count);
    const shape = withDim(x.shape, -1, dim);
    const outputs = [{ dtype: x.dtype, shape }, { dtype: "int64", shape }] as const;
    const [values, indices] = this.emit("TopK", [x, count], outputs, { axis: int(-1) }) as [Value, Value];
    return { values, indices };
  }

  /** The size of one axis, int64 `[1]`; axes of one name have one size. */
  size(x: Value, axis: number): Value {
    const start = axisIndex(x.shape, axis);
    const dim = x.shape[start]!;
    if (typeof dim === "number") return this.ints([dim]);
    return this.once(`size of ${dim}`, () => {
      return this.#single("Shape", [x], "int64", [1], { start: int(start), end: int(start + 1) });
    });
  }

  /**
   * Int64 `x` as it is, but not before `other` is computed. ONNX Runtime would compute early what only depends on `x`,
   * and keep it.
   */
  after(x: Value, other: Value, axis: number): Value {
    const start = axisIndex(other.shape, axis);
    const size = this.#single("Shape", [other], "int64", [1], { start: int(start), end: int(start + 1) });
    return this.add(x, this.sub(size, size));
  }

  /** The whole numbers from `start` to before `end`, both int64 scalars; `dim` is their number. */
  range(start: Value, end: Value, dim: Dim): Value {
    return this.#single("Range", [start, end, this.ints([1], [])], "int64", [dim]);
  }

  /** An int64 `[1]` as a scalar. */
  scalar(x: Value): Value {
    infer.expectSingle("a scalar", x);
    return this.#single("Reshape", [x, this.ints([])], x.dtype, []);
  }

  /** `x` in another type. */
  cast(x: Value, dtype: DType): Value {
    return this.#single("Cast", [x], dtype, x.shape, { to: { kind: "dtype", value: dtype } });
  }

  /** `x` where `condition` holds, `y` elsewhere, broadcast. */
  where(condition: Value, x: Value, y: Value): Value {
    infer.expectType("Where", condition, "bool");
    return this.#single("Where", [condition, x, y], x.dtype, infer.chosenShape(condition, x, y));
  }

  /** Zeros of the graph's float type, in the sizes that int64 `sizes` gives at run time. */
  zeros(sizes: Value, shape: Shape): Value {
    return this.#single("ConstantOfShape", [sizes], this.float, shape, { value: { kind: "zero", value: this.float } });
  }

  /** The outputs of one of two branches, whichever `condition` chooses at run time; the other is not computed. */
  if(condition: Value, thenBranch: Graph, elseBranch: Graph): readonly Value[] {
    infer.expectType("If", condition, "bool");
    const outputs = thenBranch.outputs;
    infer.expectSameTypes(outputs, elseBranch.outputs);
    return this.emit("If", [condition], outputs, {
      then_branch: { kind: "graph", value: thenBranch },
      else_branch: { kind: "graph", value: elseBranch },
    });
  }

  #elementwise(op: OpName, verb: string, x: Value, y: Value, dtype: DType = x.dtype): Value {
    const make = () => this.#single(op, [x, y], dtype, infer.elementwiseShape(verb, x, y));
    // Sizes and positions are computed from the same few values again and again.
    return x.dtype === "int64" ? this.once(`${op} ${x.name} ${y.name}`, make) : make();
  }

  #unary(op: OpName, x: Value, attributes: Attributes = {}): Value {
    infer.expectType(op, x, this.float);
    return this.#single(op, [x], x.dtype, x.shape, attributes);
  }

  #single(op: OpName, inputs: readonly Value[], dtype: DType, shape: Shape, attributes: Attributes = {}): Value {
    return this.emit(op, inputs, [{ dtype, shape }], attributes)[0]!;
  }
}
