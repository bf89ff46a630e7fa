/**
 * One constructor per ONNX operator (opset 20). Each checks its operands and infers the result's type and shape, so
 * that a graph that cannot run is never built. Axes are negative throughout, so that an extra leading axis is free.
 *
 * @module
 */
import type { DType } from "./dtype.ts";
import { type Attribute, GraphScope, type OpName, type QuantizedMatrix, type Value } from "./graph.ts";
import {
  axisIndex,
  broadcastShapes,
  type Dim,
  dimAt,
  elementCount,
  formatShape,
  sameShape,
  type Shape,
  withDim,
} from "./shape.ts";

const int = (value: number): Attribute => ({ kind: "int", value });
const ints = (value: readonly number[]): Attribute => ({ kind: "ints", value });

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
    const width = [dimAt(x.shape, -1)];
    if (!sameShape(weight.shape, width) || !sameShape(bias.shape, width)) {
      throw new RangeError(
        `Cannot normalise ${formatShape(x.shape)} with weight ${formatShape(weight.shape)} and bias ${
          formatShape(bias.shape)
        }`,
      );
    }
    const attributes = { axis: int(-1), epsilon: { kind: "float", value: epsilon } } as const;
    return this.#single("LayerNormalization", [x, weight, bias], x.dtype, x.shape, attributes);
  }

  /** `x W + b` with `x [R,in]`, `weight [in,out]` (`[out,in]` when `transposed`) and `bias [out]`. */
  gemm(x: Value, weight: Value, options: { readonly bias?: Value; readonly transposed?: boolean } = {}): Value {
    const { bias, transposed = false } = options;
    const [inner, outer] = transposed ? [weight.shape[1], weight.shape[0]] : weight.shape;
    if (
      x.shape.length !== 2 || weight.shape.length !== 2 || x.shape[1] !== inner || x.dtype !== weight.dtype ||
      (bias !== undefined && !sameShape(bias.shape, [outer!]))
    ) {
      const what = `${formatShape(x.shape)} by ${formatShape(weight.shape)}${transposed ? " transposed" : ""}`;
      throw new RangeError(`Cannot multiply ${what}${bias ? ` and add ${formatShape(bias.shape)}` : ""}`);
    }
    if (weight.quantized?.transposed === transposed) {
      const product = this.#quantizedProduct(x, weight.quantized, [inner as number, outer as number]);
      return bias ? this.add(product, bias) : product;
    }
    const attributes: Record<string, Attribute> = transposed ? { transB: int(1) } : {};
    return this.#single("Gemm", bias ? [x, weight, bias] : [x, weight], x.dtype, [x.shape[0]!, outer!], attributes);
  }

  /** `x W` where W `[inner, outer]` is in 8 bits. With `accuracy_level` 4, rows of x are in 8 bits too, by block. */
  #quantizedProduct(x: Value, { codes, scales }: QuantizedMatrix, [inner, outer]: readonly [number, number]): Value {
    const size = dimAt(codes.shape, -1);
    if (codes.shape[0] !== outer || Math.ceil(inner / (size as number)) !== codes.shape[1]) {
      throw new RangeError(`Cannot read ${formatShape([inner, outer])} from codes of ${formatShape(codes.shape)}`);
    }
    return this.#single("MatMulNBits", [x, codes, scales], x.dtype, [x.shape[0]!, outer], {
      K: int(inner),
      N: int(outer),
      bits: int(8),
      block_size: int(size as number),
      accuracy_level: int(4),
    });
  }

  /** The matrix product of the last two axes, the others broadcast. */
  matmul(x: Value, y: Value): Value {
    const batch = x.shape.length < 2 || y.shape.length < 2
      ? undefined
      : broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -2));
    if (!batch || x.shape.at(-1) !== y.shape.at(-2) || x.dtype !== y.dtype) {
      throw new RangeError(`Cannot multiply ${formatShape(x.shape)} by ${formatShape(y.shape)}`);
    }
    return this.#single("MatMul", [x, y], x.dtype, [...batch, x.shape.at(-2)!, y.shape.at(-1)!]);
  }

  /** Reorders the axes: axis `i` of the result is axis `order[i]` of `x`. */
  transpose(x: Value, order: readonly number[]): Value {
    const axes = order.map((axis) => axisIndex(x.shape, axis));
    if (axes.length !== x.shape.length || new Set(axes).size !== axes.length) {
      throw new RangeError(`Cannot reorder ${formatShape(x.shape)} as [${order}]`);
    }
    return this.#single("Transpose", [x], x.dtype, axes.map((axis) => x.shape[axis]!), { perm: ints(axes) });
  }

  /** Gives `x` another shape with the same named sizes, in which all but one name keep their axis. */
  reshape(x: Value, shape: Shape): Value {
    const sizes = shape.map((dim, i) => typeof dim === "number" ? dim : x.shape[i] === dim ? 0 : -1);
    const names = (dims: Shape) => dims.filter((dim) => typeof dim === "string").sort().join();
    const count = (dims: Shape) => elementCount(dims.filter((dim) => typeof dim === "number"));
    const possible = names(x.shape) === names(shape) && count(x.shape) === count(shape) &&
      shape.every((dim, i) => dim !== 0 || x.shape[i] === 0); // ONNX reads 0 as "the size of this axis of x"
    if (!possible || sizes.filter((size) => size === -1).length > 1) {
      throw new RangeError(`Cannot reshape ${formatShape(x.shape)} as ${formatShape(shape)}`);
    }
    return this.#single("Reshape", [x, this.ints(sizes)], x.dtype, shape);
  }

  /** All axes but the last as one: `[..., C]` becomes `[rows, C]`. */
  mergeRows(x: Value): Value {
    const width = dimAt(x.shape, -1);
    if (typeof width !== "number") throw new RangeError(`Cannot merge the rows of ${formatShape(x.shape)}`);
    const rows = elementCount(x.shape.slice(0, -1)) ?? x.shape.slice(0, -1).join("*");
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

  /** Inserts an axis of size 1. */
  unsqueeze(x: Value, axis: number): Value {
    const rank = x.shape.length + 1;
    const index = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(index) || index < 0 || index >= rank) {
      throw new RangeError(`Cannot insert axis ${axis} into ${formatShape(x.shape)}`);
    }
    return this.#single("Unsqueeze", [x, this.ints([index])], x.dtype, x.shape.toSpliced(index, 0, 1));
  }

  /** Joins tensors along a negative axis; `dim` names the sum when a size is a name. */
  concat(xs: readonly Value[], axis: number, dim?: Dim): Value {
    const first = xs[0];
    if (!first || axis >= 0) {
      throw new RangeError(`Cannot join ${xs.length} tensors along axis ${axis}; use a negative axis`);
    }
    const total = xs.reduce<Dim | undefined>((sum, x) => {
      const size = dimAt(x.shape, axis);
      return typeof sum === "number" && typeof size === "number" ? sum + size : undefined;
    }, 0) ?? dim;
    const fits = xs.every((x) =>
      x.dtype === first.dtype && total !== undefined &&
      sameShape(withDim(x.shape, axis, total), withDim(first.shape, axis, total))
    );
    if (!fits) {
      throw new RangeError(`Cannot join ${xs.map((x) => formatShape(x.shape)).join(" and ")} along axis ${axis}`);
    }
    return this.#single("Concat", xs, first.dtype, withDim(first.shape, axis, total!), { axis: int(axis) });
  }

  /** Cuts `x` into equal parts along a negative axis. */
  split(x: Value, parts: number, axis: number): readonly Value[] {
    const size = dimAt(x.shape, axis);
    if (typeof size !== "number" || size % parts !== 0 || parts < 1 || axis >= 0) {
      throw new RangeError(`Cannot cut ${formatShape(x.shape)} into ${parts} equal parts along axis ${axis}`);
    }
    const part = { dtype: x.dtype, shape: withDim(x.shape, axis, size / parts) };
    return this.emit("Split", [x], Array.from({ length: parts }, () => part), {
      axis: int(axis),
      num_outputs: int(parts),
    });
  }

  /** The rows `start` to `end` of a negative axis, both int64 `[1]`; `dim` is their number. */
  slice(x: Value, start: Value, end: Value, axis: number, dim: Dim): Value {
    return this.#single("Slice", [x, start, end, this.ints([axis])], x.dtype, withDim(x.shape, axis, dim));
  }

  /** The rows of `x` at int64 `indices`, along axis 0. */
  gather(x: Value, indices: Value): Value {
    this.#expect("Gather", indices, "int64");
    return this.#single("Gather", [x, indices], x.dtype, [...indices.shape, ...x.shape.slice(1)], { axis: int(0) });
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
    this.#expect("TopK", x, this.float);
    this.#expect("TopK", count, "int64");
    if (!sameShape(count.shape, [1])) throw new RangeError(`Cannot take ${formatShape(count.shape)} as a count`);
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

  /** The whole numbers from `start` to before `end`, both int64 scalars; `dim` is their number. */
  range(start: Value, end: Value, dim: Dim): Value {
    return this.#single("Range", [start, end, this.ints([1], [])], "int64", [dim]);
  }

  /** An int64 `[1]` as a scalar. */
  scalar(x: Value): Value {
    if (!sameShape(x.shape, [1])) throw new RangeError(`Cannot take ${formatShape(x.shape)} as a scalar`);
    return this.#single("Reshape", [x, this.ints([])], x.dtype, []);
  }

  /** `x` in another type. */
  cast(x: Value, dtype: DType): Value {
    return this.#single("Cast", [x], dtype, x.shape, { to: { kind: "dtype", value: dtype } });
  }

  /** `x` where `condition` holds, `y` elsewhere, broadcast. */
  where(condition: Value, x: Value, y: Value): Value {
    this.#expect("Where", condition, "bool");
    const values = broadcastShapes(x.shape, y.shape);
    const shape = values && broadcastShapes(condition.shape, values);
    if (!shape || x.dtype !== y.dtype) {
      throw new RangeError(
        `Cannot choose between ${formatShape(x.shape)} and ${formatShape(y.shape)} by ${formatShape(condition.shape)}`,
      );
    }
    return this.#single("Where", [condition, x, y], x.dtype, shape);
  }

  /** Zeros of the graph's float type, in the sizes that int64 `sizes` gives at run time. */
  zeros(sizes: Value, shape: Shape): Value {
    return this.#single("ConstantOfShape", [sizes], this.float, shape, { value: { kind: "zero", value: this.float } });
  }

  /** The outputs of one of two branches, whichever `condition` chooses at run time; the other is not computed. */
  if(condition: Value, thenBranch: Graph, elseBranch: Graph): readonly Value[] {
    this.#expect("If", condition, "bool");
    const outputs = thenBranch.outputs;
    const match = outputs.length === elseBranch.outputs.length &&
      outputs.every((value, i) => value.dtype === elseBranch.outputs[i]!.dtype);
    if (!match) throw new TypeError("Cannot choose between branches whose outputs differ in number or type");
    return this.emit("If", [condition], outputs, {
      then_branch: { kind: "graph", value: thenBranch },
      else_branch: { kind: "graph", value: elseBranch },
    });
  }

  #elementwise(op: OpName, verb: string, x: Value, y: Value, dtype: DType = x.dtype): Value {
    const shape = broadcastShapes(x.shape, y.shape);
    if (!shape) throw new RangeError(`Cannot ${verb} ${formatShape(x.shape)} and ${formatShape(y.shape)}`);
    if (x.dtype !== y.dtype) throw new TypeError(`Cannot ${verb} ${x.dtype} and ${y.dtype}`);
    return this.#single(op, [x, y], dtype, shape);
  }

  #unary(op: OpName, x: Value, attributes: Record<string, Attribute> = {}): Value {
    this.#expect(op, x, this.float);
    return this.#single(op, [x], x.dtype, x.shape, attributes);
  }

  #single(
    op: OpName,
    inputs: readonly Value[],
    dtype: DType,
    shape: Shape,
    attributes: Record<string, Attribute> = {},
  ): Value {
    return this.emit(op, inputs, [{ dtype, shape }], attributes)[0]!;
  }

  #expect(op: OpName, x: Value, dtype: DType): void {
    if (x.dtype !== dtype) throw new TypeError(`Cannot use ${x.dtype} where ${op} needs ${dtype}`);
  }
}
