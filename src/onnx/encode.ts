/**
 * Encodes a graph as an ONNX `ModelProto`. Field numbers are those of
 * https://github.com/onnx/onnx/blob/v1.18.0/onnx/onnx.proto
 *
 * @module
 */
import { DTYPE_CODES } from "./dtype.ts";
import type { Attribute, GraphScope, Initializer, Node, OpName, Value } from "./graph.ts";
import { MessageWriter } from "./protobuf.ts";

const IR_VERSION = 9;
const OPSET = 20;
const EXTERNAL = 1;

/** Operators that are ONNX Runtime's own, and their domain. */
const DOMAINS: Readonly<Partial<Record<OpName, string>>> = {
  DynamicQuantizeMatMul: "com.microsoft",
  MatMulNBits: "com.microsoft",
};
const ATTRIBUTE_TYPES = { int: 2, float: 1, string: 3, ints: 7, dtype: 2, zero: 4, graph: 5 } as const;

/**
 * The bytes of an ONNX model that runs `graph`.
 *
 * @example Usage
 * ```ts
 * import { encodeModel, Graph } from "./mod.ts";
 * import { ok } from "@std/assert";
 *
 * const g = new Graph();
 * const x = g.input("x", "float32", ["T", 4]);
 * g.output(g.softmax(x));
 * ok(encodeModel(g).length > 0);
 * ```
 */
export function encodeModel(graph: GraphScope): Uint8Array<ArrayBuffer> {
  const types: TypeMessages = new Map();
  const model = new MessageWriter()
    .int(1, IR_VERSION)
    .string(2, "looking-glass")
    .message(7, (message) => writeGraph(message, graph, "main", types))
    .message(8, (message) => message.string(1, "").int(2, OPSET));
  for (const domain of domainsOf(graph)) model.message(8, (message) => message.string(1, domain).int(2, 1));
  return model.finish();
}

/** The domains of the operators of a graph and its branches, besides ONNX's own. */
function domainsOf({ nodes }: GraphScope): ReadonlySet<string> {
  const own = nodes.flatMap(({ op }) => DOMAINS[op] ?? []);
  const attributes = nodes.flatMap(({ attributes }) => Object.values(attributes));
  const inner = attributes.flatMap((one) => one.kind === "graph" ? [...domainsOf(one.value)] : []);
  return new Set([...own, ...inner]);
}

/** The encoded message for each type and shape: thousands of values share a few. */
type TypeMessages = Map<string, Uint8Array>;

/**
 * A graph, with the shapes of the values between its inputs and outputs. ONNX Runtime infers them too, but gives sizes
 * that it cannot follow a new name each: no buffer fits another value, and the search for one that does takes a third to
 * a half of the start.
 */
function writeGraph(writer: MessageWriter, graph: GraphScope, name: string, types: TypeMessages): void {
  for (const node of graph.nodes) writer.message(1, (message) => writeNode(message, node, types));
  writer.string(2, name);
  for (const initializer of graph.initializers) writer.message(5, (message) => writeInitializer(message, initializer));
  for (const input of graph.inputs) writer.message(11, (message) => writeValue(message, input, types));
  for (const output of graph.outputs) writer.message(12, (message) => writeValue(message, output, types));
  const fetched = new Set(graph.outputs);
  for (const value of graph.nodes.flatMap(({ outputs }) => outputs)) {
    if (!fetched.has(value)) writer.message(13, (message) => writeValue(message, value, types));
  }
}

function writeNode(writer: MessageWriter, node: Node, types: TypeMessages): void {
  const { op, inputs, outputs, attributes } = node;
  for (const input of inputs) writer.string(1, input.name);
  for (const output of outputs) writer.string(2, output.name);
  writer.string(3, outputs[0]!.name).string(4, op);
  for (const [name, attribute] of Object.entries(attributes)) {
    writer.message(5, (message) => writeAttribute(message, name, attribute, types));
  }
  const domain = DOMAINS[op];
  if (domain) writer.string(7, domain);
}

function writeAttribute(writer: MessageWriter, name: string, attribute: Attribute, types: TypeMessages): void {
  writer.string(1, name).int(20, ATTRIBUTE_TYPES[attribute.kind]);
  switch (attribute.kind) {
    case "float":
      writer.float(2, attribute.value);
      break;
    case "int":
      writer.int(3, attribute.value);
      break;
    case "dtype":
      writer.int(3, DTYPE_CODES[attribute.value]);
      break;
    case "string":
      writer.string(4, attribute.value);
      break;
    case "zero":
      writer.message(5, (message) => writeZero(message, attribute.value));
      break;
    case "graph":
      writer.message(6, (message) => writeGraph(message, attribute.value, name, types));
      break;
    case "ints":
      for (const value of attribute.value) writer.int(8, value);
      break;
  }
}

/** A one-element tensor that holds zero. */
function writeZero(writer: MessageWriter, dtype: keyof typeof DTYPE_CODES): void {
  writer.int(1, 1).int(2, DTYPE_CODES[dtype]).bytes(9, new Uint8Array(dtype === "float64" ? 8 : 4));
}

function writeInitializer(writer: MessageWriter, { value, data }: Initializer): void {
  for (const dim of value.shape) writer.int(1, dim as number);
  writer.int(2, DTYPE_CODES[value.dtype]).string(8, value.name);
  if (data.kind === "inline") {
    writer.bytes(9, data.bytes);
    return;
  }
  const entries = { location: data.location, offset: String(data.offset), length: String(data.length) };
  for (const [key, entry] of Object.entries(entries)) {
    writer.message(13, (message) => message.string(1, key).string(2, entry));
  }
  writer.int(14, EXTERNAL);
}

function writeValue(writer: MessageWriter, { name, dtype, shape }: Value, types: TypeMessages): void {
  const key = `${dtype} ${shape}`;
  const type = types.get(key) ?? encodeType(dtype, shape);
  types.set(key, type);
  writer.string(1, name).bytes(2, type);
}

function encodeType(dtype: Value["dtype"], shape: Value["shape"]): Uint8Array {
  const writeDims = (dims: MessageWriter) => {
    for (const dim of shape) {
      dims.message(1, (message) => typeof dim === "number" ? message.int(1, dim) : message.string(2, dim));
    }
  };
  return new MessageWriter().message(1, (tensor) => tensor.int(1, DTYPE_CODES[dtype]).message(2, writeDims)).finish();
}
