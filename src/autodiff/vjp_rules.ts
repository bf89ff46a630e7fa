/**
 * One rule per operator: how a cotangent of its output becomes cotangents of its inputs.
 *
 * A cotangent has one more leading axis than its value: `[N, ...]` for N scalars that are differentiated at once.
 * Saved values have no such axis and broadcast against it. Or else it has other rows than its value, `[M, ...]`, and
 * saved values are `spread` over those. A rule may return a cotangent that is still broadcast; `backward` sums it to its
 * input's shape.
 *
 * @module
 */
import type { Graph, Node, OpName, Value } from "../onnx/mod.ts";
import { productInInt8 } from "./int8_product.ts";

/** Lays the rows of a saved value out as those of a cotangent are: as they are, unless `backward` is told otherwise. */
export type Spread = (saved: Value) => Value;

/**
 * The cotangents of `node`'s inputs, given those of its outputs (undefined where nothing flows). Only the inputs that
 * are `active` are used; a rule may leave the others undefined. What a rule computes from saved values alone, it
 * computes before they are spread, as there are fewer rows then.
 */
export type VjpRule = (
  g: Graph,
  node: Node,
  dys: readonly (Value | undefined)[],
  active: readonly boolean[],
  spread: Spread,
) => readonly (Value | undefined)[];

/** `"none"`: no gradient flows through the operator, by its nature or because no model here asks for it. */
export type VjpTable = Readonly<Record<OpName, VjpRule | "none">>;

const swapLastTwo = (rank: number) => [...Array(rank).keys()].with(-2, rank - 1).with(-1, rank - 2);
const transposed = (g: Graph, x: Value) => g.transpose(x, swapLastTwo(x.shape.length));
/** Whether a cotangent has other rows than its value, rather than a leading axis. */
const hasRows = (dy: Value, y: Value) => dy.shape.length === y.shape.length;
/** The cotangent of `y` in the shape of one of `x`, which has the same numbers. */
const shapedAs = (g: Graph, dy: Value, x: Value, y: Value) =>
  g.reshape(dy, [dy.shape[0]!, ...(hasRows(dy, y) ? x.shape.slice(1) : x.shape)]);
const one = (g: Graph) => g.floats([1], []);
/** A product with each row of a cotangent, `[M, out]` or `[N, R, out]`. */
const eachRow = (g: Graph, dy: Value, product: (rows: Value) => Value) =>
  dy.shape.length === 2 ? product(dy) : g.splitRows(product(g.mergeRows(dy)), dy); // [M, in] or [N, R, in]

/** The rule of each operator, complete by type. */
export const VJP_RULES = {
  Add: (_g, _node, [dy]) => [dy, dy],

  Sub: (g, _node, [dy], active) => [dy, active[1] ? g.mul(dy!, g.floats([-1], [])) : undefined],

  Mul: (g, { inputs: [x, y] }, [dy], active, spread) => [
    active[0] ? g.mul(dy!, spread(y!)) : undefined,
    active[1] ? g.mul(dy!, spread(x!)) : undefined,
  ],

  // z = x / y: dx = dz / y, dy = −dz · z / y
  Div: (g, { inputs: [, y], outputs: [z] }, [dz], active, spread) => {
    const dx = g.div(dz!, spread(y!));
    return [dx, active[1] ? g.mul(dx, spread(g.mul(z!, g.floats([-1], [])))) : undefined];
  },

  Sqrt: (g, { outputs: [y] }, [dy], _active, spread) => [g.mul(dy!, spread(g.div(g.floats([0.5], []), y!)))],

  Reciprocal: (g, { outputs: [y] }, [dy], _active, spread) => {
    return [g.mul(dy!, spread(g.mul(g.mul(y!, y!), g.floats([-1], []))))];
  },

  Exp: (g, { outputs: [y] }, [dy], _active, spread) => [g.mul(dy!, spread(y!))],

  // dy/dx = 2/√π · exp(−x²)
  Erf: (g, { inputs: [x] }, [dy], _active, spread) => {
    const bell = g.exp(g.mul(g.mul(x!, x!), g.floats([-1], [])));
    return [g.mul(dy!, spread(g.mul(bell, g.floats([2 / Math.sqrt(Math.PI)], []))))];
  },

  Tanh: (g, { outputs: [y] }, [dy], _active, spread) => [g.mul(dy!, spread(g.sub(one(g), g.mul(y!, y!))))],

  Sigmoid: (g, { outputs: [y] }, [dy], _active, spread) => [g.mul(dy!, spread(g.mul(y!, g.sub(one(g), y!))))],

  // The derivative at 0 is 0, as in PyTorch.
  Relu: (g, { inputs: [x] }, [dy], _active, spread) => {
    return [g.mul(dy!, spread(g.cast(g.greater(x!, g.floats([0], [])), x!.dtype)))];
  },

  // y = ½ x (1 + t), t = tanh(u), u = √(2/π) (x + 0.044715 x³)
  // dy/dx = ½ (1 + t) + ½ x (1 − t²) √(2/π) (1 + 3 · 0.044715 x²), computed once for all N
  Gelu: (g, { inputs: [x] }, [dy], _active, spread) => {
    const scale = Math.sqrt(2 / Math.PI);
    const square = g.mul(x!, x!);
    const u = g.mul(x!, g.add(g.floats([scale], []), g.mul(square, g.floats([scale * 0.044715], []))));
    const t = g.tanh(u);
    const du = g.add(g.floats([scale], []), g.mul(square, g.floats([3 * scale * 0.044715], [])));
    const slope = g.mul(g.mul(x!, g.sub(one(g), g.mul(t, t))), du);
    return [g.mul(dy!, spread(g.mul(g.add(g.add(one(g), t), slope), g.floats([0.5], []))))];
  },

  // dx = y · (dy − Σ dy·y), over the last axis
  Softmax: (g, { outputs: [y] }, [dy], _active, spread) => {
    const saved = spread(y!);
    const product = g.mul(dy!, saved);
    return [g.sub(product, g.mul(saved, g.sum(product, -1)))];
  },

  // x̂ = (x − mean) / σ, d = dy · w: dx = (d − mean(d) − x̂ · mean(d·x̂)) / σ, over the last axis
  LayerNormalization: (g, { inputs: [x, weight], attributes }, [dy], _active, spread) => {
    const epsilon = attributes.epsilon!.value as number;
    const centred = g.sub(x!, g.mean(x!, -1)); // [T, C]
    const variance = g.mean(g.mul(centred, centred), -1); // [T, 1]
    const ownInverse = g.reciprocal(g.sqrt(g.add(variance, g.floats([epsilon], [])))); // [T, 1]
    const normal = spread(g.mul(centred, ownInverse)); // [T, C]
    const inverse = spread(ownInverse); // [T, 1]
    const d = g.mul(dy!, weight!); // [N, T, C]
    const along = g.mul(normal, g.mean(g.mul(d, normal), -1)); // [N, T, C]
    return [g.mul(g.sub(g.sub(d, g.mean(d, -1)), along), inverse)];
  },

  // x̂ = x / √(mean(x²) + ε), d = dy · w: dx = (d − x̂ · mean(d·x̂)) / √(mean(x²) + ε), over the last axis
  SimplifiedLayerNormalization: (g, { inputs: [x, weight], attributes }, [dy], _active, spread) => {
    const epsilon = attributes.epsilon!.value as number;
    const ownInverse = g.reciprocal(g.sqrt(g.add(g.mean(g.mul(x!, x!), -1), g.floats([epsilon], [])))); // [T, 1]
    const normal = spread(g.mul(x!, ownInverse)); // [T, C]
    const d = g.mul(dy!, weight!); // [N, T, C]
    return [g.mul(g.sub(d, g.mul(normal, g.mean(g.mul(d, normal), -1))), spread(ownInverse))];
  },

  // Only x is followed. The weight is read in place; MatMul by a transposed weight would store it twice.
  Gemm: (g, { inputs: [, weight], attributes }, [dy]) => {
    return [eachRow(g, dy!, (rows) => g.gemm(rows, weight!, { transposed: !attributes.transB }))];
  },

  // As if the product were one of the numbers that were rounded: rounding itself has the gradient zero.
  MatMulNBits: (g, { inputs: [x, codes, scales] }, [dy]) => {
    const { back } = codes!;
    if (back) return [eachRow(g, dy!, (rows) => productInInt8(g, rows, back))];
    const matrix = g.dequantized(codes!, scales!, x!.shape.at(-1) as number, dy!);
    return [eachRow(g, dy!, (rows) => g.gemm(rows, matrix))];
  },

  MatMul: (g, { inputs: [x, y] }, [dz], active, spread) => [
    active[0] ? g.matmul(dz!, transposed(g, spread(y!))) : undefined,
    active[1] ? g.matmul(transposed(g, spread(x!)), dz!) : undefined,
  ],

  Transpose: (g, { attributes, outputs: [y] }, [dy]) => {
    const order = attributes.perm!.value as readonly number[];
    const back = order.map((_, axis) => order.indexOf(axis));
    return [g.transpose(dy!, hasRows(dy!, y!) ? back : [0, ...back.map((axis) => axis + 1)])];
  },

  Reshape: (g, { inputs: [x], outputs: [y] }, [dy]) => [shapedAs(g, dy!, x!, y!)],

  Unsqueeze: (g, { inputs: [x], outputs: [y] }, [dy]) => [shapedAs(g, dy!, x!, y!)],

  Concat: (g, { inputs, attributes }, [dy], active) => {
    const axis = attributes.axis!.value as number;
    let start = g.ints([0]);
    return inputs.map((x, i) => {
      const end = i === 0 ? g.size(x, axis) : g.add(start, g.size(x, axis));
      const dx = active[i] ? g.slice(dy!, start, end, axis, x.shape.at(axis)!) : undefined;
      start = end;
      return dx;
    });
  },

  Split: (g, { attributes }, dys) => {
    const some = dys.find((dy) => dy !== undefined)!;
    const parts = dys.map((dy) => dy ?? g.mul(some, g.floats([0], [])));
    return [g.concat(parts, attributes.axis!.value as number)];
  },

  Abs: "none",
  Cast: "none",
  ConstantOfShape: "none",
  Cos: "none",
  DequantizeLinear: "none",
  DynamicQuantizeMatMul: "none",
  Equal: "none",
  Gather: "none",
  Greater: "none",
  If: "none",
  LessOrEqual: "none",
  Max: "none",
  Range: "none",
  ReduceMax: "none",
  ReduceMean: "none",
  ReduceSum: "none",
  Shape: "none",
  Sin: "none",
  Slice: "none",
  TopK: "none",
  Where: "none",
} satisfies VjpTable;

/** The same, with products by matrices in 8 bits where weights have some for the way back. */
export const INT8_RULES: VjpTable = {
  ...VJP_RULES,
  Gemm: (g, node, dys) => {
    const { back } = node.inputs[1]!;
    if (!back) return VJP_RULES.Gemm(g, node, dys);
    return [eachRow(g, dys[0]!, (rows) => productInInt8(g, rows, back))];
  },
};
