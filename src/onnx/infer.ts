/**
 * The shape of what each operator gives, from the shapes of its operands.
 *
 * Each function throws a `RangeError` for operands that do not fit, and a `TypeError` for those of different types.
 *
 * @module
 */
import type { DType } from "./dtype.ts";
import type { ScaledMatrix, Value } from "./graph.ts";
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

/** Refuses a value of another type than `op` takes. */
export function expectType(op: string, x: Value, dtype: DType): void {
  if (x.dtype !== dtype) throw new TypeError(`Cannot use ${x.dtype} where ${op} needs ${dtype}`);
}

/** Refuses a value that is not `[1]`. */
export function expectSingle(what: string, { shape }: Value): void {
  if (!sameShape(shape, [1])) throw new RangeError(`Cannot take ${formatShape(shape)} as ${what}`);
}

/** Refuses the outputs of two branches when they cannot stand for each other. */
export function expectSameTypes(outputs: readonly Value[], others: readonly Value[]): void {
  if (outputs.length === others.length && outputs.every(({ dtype }, i) => dtype === others[i]!.dtype)) return;
  throw new TypeError("Cannot choose between branches whose outputs differ in number or type");
}

/** Of an operator on pairs of elements, broadcast; `verb` is for the message. */
export function elementwiseShape(verb: string, x: Value, y: Value): Shape {
  const shape = broadcastShapes(x.shape, y.shape);
  if (!shape) throw new RangeError(`Cannot ${verb} ${formatShape(x.shape)} and ${formatShape(y.shape)}`);
  if (x.dtype !== y.dtype) throw new TypeError(`Cannot ${verb} ${x.dtype} and ${y.dtype}`);
  return shape;
}

/** Of `x` where `condition` holds, `y` elsewhere. */
export function chosenShape(condition: Value, x: Value, y: Value): Shape {
  const values = broadcastShapes(x.shape, y.shape);
  const shape = values && broadcastShapes(condition.shape, values);
  if (!shape || x.dtype !== y.dtype) {
    throw new RangeError(
      `Cannot choose between ${formatShape(x.shape)} and ${formatShape(y.shape)} by ${formatShape(condition.shape)}`,
    );
  }
  return shape;
}

/** Of `x` normalised over the last axis C, with `weight` and `bias`, if there is one, `[C]`. */
export function normalisedShape(x: Value, weight: Value, bias?: Value): Shape {
  const width = [dimAt(x.shape, -1)];
  if (sameShape(weight.shape, width) && (!bias || sameShape(bias.shape, width))) return x.shape;
  const shift = bias ? ` and bias ${formatShape(bias.shape)}` : "";
  throw new RangeError(`Cannot normalise ${formatShape(x.shape)} with weight ${formatShape(weight.shape)}${shift}`);
}

/** Of a linear layer, `x [R,in]` times `weight [in,out]` (`[out,in]` when `transposed`) plus `bias [out]` or `[R,out]`. */
export function linearShape(
  x: Value,
  weight: Value,
  bias: Value | undefined,
  transposed: boolean,
): readonly [Dim, Dim] {
  const [inner, outer] = transposed ? [weight.shape[1], weight.shape[0]] : weight.shape;
  const fits = x.shape.length === 2 && weight.shape.length === 2 && x.shape[1] === inner && x.dtype === weight.dtype;
  const shape = [x.shape[0]!, outer!] as const;
  if (fits && (!bias || sameShape(bias.shape, [outer!]) || sameShape(bias.shape, shape))) return shape;
  const what = `${formatShape(x.shape)} by ${formatShape(weight.shape)}${transposed ? " transposed" : ""}`;
  throw new RangeError(`Cannot multiply ${what}${bias ? ` and add ${formatShape(bias.shape)}` : ""}`);
}

/** Of rows, `x [R,in]`, times a matrix in 8 bits with a scale for each column. */
export function scaledShape(x: Value, { codes, scales }: ScaledMatrix): readonly [Dim, Dim] {
  expectType("DynamicQuantizeMatMul", codes, "int8");
  const [inner, outer] = codes.shape;
  const fits = x.shape.length === 2 && codes.shape.length === 2 && x.shape[1] === inner && x.dtype === "float32";
  if (fits && sameShape(scales.shape, [outer!])) return [x.shape[0]!, outer!];
  const what = `${formatShape(codes.shape)} with scales ${formatShape(scales.shape)}`;
  throw new RangeError(`Cannot multiply ${x.dtype} ${formatShape(x.shape)} by 8-bit ${what}`);
}

/** The numbers in a block of 8-bit `codes` of a matrix `[inner, outer]`. */
export function blockSize(codes: Value, inner: number, outer: number): number {
  const size = dimAt(codes.shape, -1) as number;
  if (codes.shape[0] === outer && Math.ceil(inner / size) === codes.shape[1]) return size;
  throw new RangeError(`Cannot read ${formatShape([inner, outer])} from codes of ${formatShape(codes.shape)}`);
}

/** The rows of 8-bit `codes`, the blocks of each, and their size, where a row is of so many `columns`. */
export function blocksOf(codes: Value, scales: Value, columns: number): readonly [number, number, number] {
  expectType("DequantizeLinear", codes, "uint8");
  const [rows, blocks, size] = codes.shape as readonly [number, number, number];
  const fits = codes.shape.length === 3 && sameShape(scales.shape, [rows * blocks]);
  if (fits && Math.ceil(columns / size) === blocks) return [rows, blocks, size];
  const found = `${formatShape(codes.shape)} with scales ${formatShape(scales.shape)}`;
  throw new RangeError(`Cannot read rows of ${columns} numbers from codes of ${found}`);
}

/** Of the matrix product of the last two axes, the others broadcast. */
export function productShape(x: Value, y: Value): Shape {
  const batch = x.shape.length < 2 || y.shape.length < 2
    ? undefined
    : broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -2));
  if (!batch || x.shape.at(-1) !== y.shape.at(-2) || x.dtype !== y.dtype) {
    throw new RangeError(`Cannot multiply ${formatShape(x.shape)} by ${formatShape(y.shape)}`);
  }
  return [...batch, x.shape.at(-2)!, y.shape.at(-1)!];
}

/** The non-negative axes of an `order` of all axes. */
export function orderedAxes({ shape }: Value, order: readonly number[]): readonly number[] {
  const axes = order.map((axis) => axisIndex(shape, axis));
  if (axes.length === shape.length && new Set(axes).size === axes.length) return axes;
  throw new RangeError(`Cannot reorder ${formatShape(shape)} as [${order}]`);
}

/** What ONNX's Reshape is told to give `x` the shape `shape`: 0 keeps the size of an axis, -1 is what is left. */
export function reshapeSizes(x: Value, shape: Shape): readonly number[] {
  const sizes = shape.map((dim, i) => typeof dim === "number" ? dim : x.shape[i] === dim ? 0 : -1);
  const names = (dims: Shape) => dims.filter((dim) => typeof dim === "string").sort().join();
  const count = (dims: Shape) => elementCount(dims.filter((dim) => typeof dim === "number"));
  const possible = names(x.shape) === names(shape) && count(x.shape) === count(shape) &&
    shape.every((dim, i) => dim !== 0 || x.shape[i] === 0); // ONNX reads 0 as "the size of this axis of x"
  if (possible && sizes.filter((size) => size === -1).length <= 1) return sizes;
  throw new RangeError(`Cannot reshape ${formatShape(x.shape)} as ${formatShape(shape)}`);
}

/** Of `x` with all axes but the last as one. */
export function mergedShape({ shape }: Value): readonly [Dim, number] {
  const width = dimAt(shape, -1);
  if (typeof width !== "number") throw new RangeError(`Cannot merge the rows of ${formatShape(shape)}`);
  const leading = shape.slice(0, -1);
  return [elementCount(leading) ?? leading.join("*"), width];
}

/** Of `x` with its two first axes, whose sizes are numbers, as one. */
export function mergedFirst({ shape }: Value): readonly [number, ...Dim[]] {
  const [first, second, ...rest] = shape;
  if (typeof first === "number" && typeof second === "number") return [first * second, ...rest];
  throw new RangeError(`Cannot merge the first axes of ${formatShape(shape)}`);
}

/** The non-negative index of an axis that is inserted. */
export function insertedAxis({ shape }: Value, axis: number): number {
  const rank = shape.length + 1;
  const index = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(index) && index >= 0 && index < rank) return index;
  throw new RangeError(`Cannot insert axis ${axis} into ${formatShape(shape)}`);
}

/** Of tensors joined along a negative axis; `dim` names the sum when a size is a name. */
export function joinedShape(xs: readonly Value[], axis: number, dim?: Dim): Shape {
  const first = xs[0];
  if (!first || axis >= 0) {
    throw new RangeError(`Cannot join ${xs.length} tensors along axis ${axis}; use a negative axis`);
  }
  const total = xs.reduce<Dim | undefined>((sum, x) => {
    const size = dimAt(x.shape, axis);
    return typeof sum === "number" && typeof size === "number" ? sum + size : undefined;
  }, 0) ?? dim;
  const shape = total === undefined ? undefined : withDim(first.shape, axis, total);
  const fits = shape && xs.every((x) => x.dtype === first.dtype && sameShape(withDim(x.shape, axis, total!), shape));
  if (fits) return shape;
  throw new RangeError(`Cannot join ${xs.map((x) => formatShape(x.shape)).join(" and ")} along axis ${axis}`);
}

/** Of one of some equal parts along a negative axis. */
export function partShape({ shape }: Value, parts: number, axis: number): Shape {
  const size = dimAt(shape, axis);
  if (typeof size !== "number" || size % parts !== 0 || parts < 1 || axis >= 0) {
    throw new RangeError(`Cannot cut ${formatShape(shape)} into ${parts} equal parts along axis ${axis}`);
  }
  return withDim(shape, axis, size / parts);
}
