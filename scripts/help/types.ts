/**
 * Types and signatures as TypeScript writes them.
 *
 * @module
 */
import type { FunctionNode, MemberNode, ParamNode, TypeNode, TypeParamNode } from "./doc_json.ts";

const list = (types: readonly TypeNode[], between: string) => types.map((type) => typeText(type)).join(between);

/** Each kind of type, as text. */
const WRITERS: Readonly<Record<string, (value: never, node: TypeNode) => string>> = {
  keyword: (_, { repr }) => repr!,
  literal: (value: { kind: string; string?: string }, { repr }) =>
    value.kind === "string" ? JSON.stringify(value.string) : repr!,
  typeRef: ({ typeName, typeParams }: { typeName: string; typeParams?: TypeNode[] }) =>
    `${typeName}${typeParams ? `<${list(typeParams, ", ")}>` : ""}`,
  array: (item: TypeNode) =>
    ["union", "typeOperator", "fnOrConstructor"].includes(item.kind) ? `(${typeText(item)})[]` : `${typeText(item)}[]`,
  typeOperator: ({ operator, tsType }: { operator: string; tsType: TypeNode }) => `${operator} ${typeText(tsType)}`,
  union: (types: TypeNode[]) => list(types, " | "),
  intersection: (types: TypeNode[]) => list(types, " & "),
  tuple: (types: TypeNode[]) => `[${list(types, ", ")}]`,
  parenthesized: (inner: TypeNode) => `(${typeText(inner)})`,
  typeLiteral: ({ properties = [] }: { properties?: MemberNode[] }) =>
    `{ ${
      properties.map(({ name, optional, tsType }) => `${name}${optional ? "?" : ""}: ${typeText(tsType)}`).join("; ")
    } }`,
  fnOrConstructor: ({ params, tsType }: { params: ParamNode[]; tsType: TypeNode }) =>
    `(${params.map(paramText).join(", ")}) => ${typeText(tsType)}`,
  indexedAccess: ({ objType, indexType }: { objType: TypeNode; indexType: TypeNode }) =>
    `${typeText(objType)}[${typeText(indexType)}]`,
  mapped: ({ typeParam, tsType }: { typeParam: TypeParamNode; tsType: TypeNode }) =>
    `{ [${typeParam.name} in ${typeText(typeParam.constraint)}]: ${typeText(tsType)} }`,
  conditional: ({ checkType, extendsType, trueType, falseType }: Readonly<Record<string, TypeNode>>) =>
    `${typeText(checkType)} extends ${typeText(extendsType)} ? ${typeText(trueType)} : ${typeText(falseType)}`,
  typePredicate: (_, { repr }) => repr ?? "boolean",
};

/** A type as TypeScript writes it; what is not said is `unknown`. */
export function typeText(node: TypeNode | undefined): string {
  if (node === undefined) return "unknown";
  const write = WRITERS[node.kind];
  if (!write) throw new TypeError(`Cannot write a type of the kind "${node.kind}"; add it to WRITERS`);
  return write(node.value as never, node);
}

/** A parameter; one with a default may be left out. */
export function paramText(param: ParamNode): string {
  if (param.kind === "rest") return `...${param.arg?.name}: ${typeText(param.tsType)}`;
  const inner = param.left ?? param;
  const optional = inner.optional || param.kind === "assign" ? "?" : "";
  return `${inner.name ?? "options"}${optional}: ${typeText(inner.tsType)}`;
}

/** Type parameters in their angle brackets; nothing where there are none. */
export function typeParams(params: readonly TypeParamNode[] | undefined): string {
  if (!params || params.length === 0) return "";
  return `<${
    params.map(({ name, constraint }) => `${name}${constraint ? ` extends ${typeText(constraint)}` : ""}`).join(", ")
  }>`;
}

/** A function by its name: `generate(prompt: string, options?: DecodeOptions): Promise<Sequence>`. */
export function signature(name: string, { params = [], returnType, typeParams: generic }: FunctionNode): string {
  return `${name}${typeParams(generic)}(${params.map(paramText).join(", ")}): ${typeText(returnType)}`;
}
