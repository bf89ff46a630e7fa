import type { DType, FloatDType } from "./dtype.ts";
import { elementCount, formatShape, type Shape } from "./shape.ts";

/** The operators that a graph can hold; each has one constructor in `ops.ts` and one entry in `VJP_RULES`. */
export type OpName =
  | "Abs"
  | "Add"
  | "Cast"
  | "Concat"
  | "ConstantOfShape"
  | "Cos"
  | "DequantizeLinear"
  | "Div"
  | "DynamicQuantizeMatMul"
  | "Equal"
  | "Erf"
  | "Exp"
  | "Gather"
  | "Gelu"
  | "Gemm"
  | "Greater"
  | "If"
  | "LayerNormalization"
  | "LessOrEqual"
  | "MatMul"
  | "MatMulNBits"
  | "Max"
  | "Mul"
  | "Range"
  | "Reciprocal"
  | "ReduceMax"
  | "ReduceMean"
  | "ReduceSum"
  | "Relu"
  | "Reshape"
  | "Shape"
  | "Sigmoid"
  | "SimplifiedLayerNormalization"
  | "Sin"
  | "Slice"
  | "Softmax"
  | "Split"
  | "Sqrt"
  | "Sub"
  | "Tanh"
  | "TopK"
  | "Transpose"
  | "Unsqueeze"
  | "Where";

/** A tensor in a graph: its name, and what is known of it before the graph runs. */
export interface Value {
  /** The name, unique within the model. */
  readonly name: string;
  /** The type of the elements. */
  readonly dtype: DType;
  /** The size of each axis. */
  readonly shape: Shape;
  /** The same matrix in 8 bits, for products. */
  readonly quantized?: QuantizedMatrix;
  /** The same matrix in 8 bits, for products on the way back: by its transpose where rows are multiplied by it. */
  readonly back?: ScaledMatrix;
  /** The same matrix in panels, for products with rows. */
  readonly panels?: MatrixInPanels;
}

/** A constant matrix as products read it fastest: some columns side by side, row by row. */
export interface MatrixInPanels {
  /** `[panels, in, width]`; columns of zeros fill the last. */
  readonly value: Value;
  /** Whether it is that of products with the transpose. */
  readonly transposed: boolean;
}

/** A constant matrix in 8 bits: a number is `code * scale`, and each column has a scale of its own. */
export interface ScaledMatrix {
  /** int8 `[in, out]`. */
  readonly codes: Value;
  /** `[out]`. */
  readonly scales: Value;
  /** How many numbers of each column were turned together, as those of the rows have to be. */
  readonly turned?: number;
}

/** A constant matrix in 8 bits: a number is `(code - 128) * scale`, and each block of a row has a scale of its own. */
export interface QuantizedMatrix {
  /** uint8 `[rows, blocks, block size]`. */
  readonly codes: Value;
  /** `[rows * blocks]`. */
  readonly scales: Value;
  /** Whether its rows are those of the matrix, for products with the transpose; or else the columns. */
  readonly transposed: boolean;
  /** Whether the matrix is stored in 8 bits only. */
  readonly only: boolean;
}

/** What a node can be told besides its inputs. */
export type Attribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "dtype"; readonly value: DType }
  | { readonly kind: "zero"; readonly value: DType }
  | { readonly kind: "graph"; readonly value: GraphScope };

/** One operation. */
export interface Node {
  /** The operator. */
  readonly op: OpName;
  /** What it reads. */
  readonly inputs: readonly Value[];
  /** What it gives. */
  readonly outputs: readonly Value[];
  /** Its settings, by ONNX attribute name. */
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Where the bytes of an initializer are. */
export type InitializerData =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | { readonly kind: "external"; readonly location: string; readonly offset: number; readonly length: number };

/** A constant of a graph. */
export interface Initializer {
  /** The tensor. */
  readonly value: Value;
  /** Its bytes, little-endian and row-major. */
  readonly data: InitializerData;
}

/** What a graph or a branch consists of. */
export type GraphParts = Readonly<Record<"inputs" | "outputs", readonly Value[]>> & {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
};

/** The settings of a node, with other nodes in each branch. */
export function withBranches(
  { attributes }: Node,
  change: (nodes: readonly Node[]) => readonly Node[],
): Node["attributes"] {
  const changed = Object.entries(attributes).map(([name, attribute]): [string, Attribute] => {
    if (attribute.kind !== "graph") return [name, attribute];
    const { value } = attribute;
    return [name, { ...attribute, value: GraphScope.from({ ...value, nodes: change(value.nodes) }) }];
  });
  return Object.fromEntries(changed);
}

/** Constants of more elements are stored as often as they are asked for; comparing them would take longer. */
const MOST_SHARED = 16;

/**
 * The nodes, inputs, outputs and constants of one graph. A branch of an `If` is a scope whose parent is the graph
 * that holds the `If`; it reads the parent's values by name.
 */
export class GraphScope {
  /** The type that arithmetic runs in. */
  readonly float: FloatDType;
  /** What the caller feeds. */
  readonly inputs: Value[] = [];
  /** What the caller can fetch. */
  readonly outputs: Value[] = [];
  /** The operations, in an order that can be run. */
  readonly nodes: Node[] = [];
  /** The constants. */
  readonly initializers: Initializer[] = [];
  readonly #names: Set<string>;
  readonly #known = new Map<string, Value>();

  /** Makes an empty graph, or an empty branch of `parent`. */
  constructor(options: { readonly float?: FloatDType; readonly parent?: GraphScope } = {}) {
    this.float = options.parent?.float ?? options.float ?? "float32";
    this.#names = options.parent ? options.parent.#names : new Set();
  }

  /** A graph or a branch of these parts, which are taken as they are. */
  static from({ nodes, inputs, outputs, initializers }: GraphParts): GraphScope {
    const scope = new GraphScope();
    scope.nodes.push(...nodes);
    scope.inputs.push(...inputs);
    scope.outputs.push(...outputs);
    scope.initializers.push(...initializers);
    return scope;
  }

  /** Declares what the caller feeds under `name`. */
  input(name: string, dtype: DType, shape: Shape): Value {
    const value = { name: this.#claim(name), dtype, shape };
    this.inputs.push(value);
    return value;
  }

  /** Declares that the caller can fetch `value`, by its name. */
  output(value: Value): Value {
    this.outputs.push(value);
    return value;
  }

  /** A constant whose bytes are in a file; `float16` and `bfloat16` constants are read as `float`. */
  external(
    name: string,
    dtype: DType,
    shape: Shape,
    data: { location: string; offset: number; length: number },
  ): Value {
    return this.#initializer(name, dtype, shape, { kind: "external", ...data });
  }

  /** A constant of the graph's float type. */
  floats(values: readonly number[], shape: Shape = [values.length]): Value {
    const bytes = this.float === "float64" ? new Float64Array(values) : new Float32Array(values);
    return this.#inline(this.float, shape, values.length, new Uint8Array(bytes.buffer));
  }

  /** An int64 constant. */
  ints(values: readonly number[], shape: Shape = [values.length]): Value {
    const bytes = new BigInt64Array(values.map(BigInt));
    return this.#inline("int64", shape, values.length, new Uint8Array(bytes.buffer));
  }

  /** A uint8 constant. */
  bytes(values: Uint8Array): Value {
    return this.#inline("uint8", [values.length], values.length, values);
  }

  /** Adds one operation and returns its outputs. Op constructors check and infer before they call this. */
  emit(
    op: OpName,
    inputs: readonly Value[],
    outputs: readonly { readonly dtype: DType; readonly shape: Shape }[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): readonly Value[] {
    const missing = inputs.find(({ quantized }) => quantized?.only);
    if (missing) {
      throw new TypeError(`Cannot use "${missing.name}" in ${op} as it is stored in 8 bits, for products with it only`);
    }
    const values = outputs.map(({ dtype, shape }) => ({ name: this.#claim(this.#fresh(op)), dtype, shape }));
    this.nodes.push({ op, inputs, outputs: values, attributes });
    return values;
  }

  #inline(dtype: DType, shape: Shape, count: number, bytes: Uint8Array): Value {
    if (elementCount(shape) !== count) {
      throw new RangeError(`Cannot shape ${count} numbers as ${formatShape(shape)}`);
    }
    const make = () => this.#initializer(this.#fresh("constant"), dtype, shape, { kind: "inline", bytes });
    return count > MOST_SHARED ? make() : this.once(`${dtype} ${formatShape(shape)} ${bytes}`, make);
  }

  /** The value that `make` made for the same key in this scope, or else makes it: fewer nodes start sooner. */
  once(key: string, make: () => Value): Value {
    const known = this.#known.get(key) ?? make();
    this.#known.set(key, known);
    return known;
  }

  #initializer(name: string, dtype: DType, shape: Shape, data: InitializerData): Value {
    if (elementCount(shape) === undefined) {
      throw new TypeError(`Cannot make constant "${name}" of shape ${formatShape(shape)} as its size is not known`);
    }
    const value = { name: this.#claim(name), dtype, shape };
    this.initializers.push({ value, data });
    return value;
  }

  #fresh(stem: string): string {
    return `${stem}_${this.#names.size}`;
  }

  #claim(name: string): string {
    if (this.#names.has(name)) throw new Error(`Cannot name two values "${name}" in one model`);
    this.#names.add(name);
    return name;
  }
}
