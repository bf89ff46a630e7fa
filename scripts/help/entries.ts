/**
 * Makes the entries of help from doc comments.
 *
 * @module
 */
import type { HelpEntry, HelpMember } from "../../guide/help_data.ts";
import {
  type DeclarationNode,
  type DocNode,
  ENTRIES,
  type FunctionNode,
  type MemberNode,
  type SymbolNode,
} from "./doc_json.ts";
import { paramText, signature, typeParams, typeText } from "./types.ts";

/** Every declaration by its name; views are declared elsewhere than where they are exported. */
type Declarations = ReadonlyMap<string, DeclarationNode>;

const KINDS: Readonly<Record<string, HelpEntry["kind"]>> = {
  function: "function",
  class: "class",
  interface: "interface",
  typeAlias: "type",
  variable: "constant",
};

/** Links as the names that they show. */
function plain(text = ""): string {
  return text.replace(/\{@link(?:code)? ([^}]*)\}/g, "`$1`").trim();
}

function tags({ tags: all = [] }: DocNode, kind: string) {
  return all.filter((tag) => tag.kind === kind);
}

function defaultOf(doc: DocNode): { default?: string } {
  const [given] = tags(doc, "default");
  if (given?.value !== undefined) return { default: given.value };
  const loose = tags(doc, "unsupported").find(({ value = "" }) => value.startsWith("@default "));
  return loose ? { default: loose.value!.slice("@default ".length) } : {};
}

/** `Title\n```ts\ncode\n```` as its two parts. */
function example(text: string): { title: string; code: string } {
  const found = /^(.*?)\s*```ts[^\n]*\n(.*?)\n```\s*$/s.exec(text.trim());
  if (!found) throw new SyntaxError(`Cannot read an example as it is no block of TypeScript: ${text}`);
  return { title: found[1]!.trim(), code: found[2]! };
}

/** What the tags of a doc comment say, without what they do not say. */
function documented(doc: DocNode, called: FunctionNode): Partial<HelpEntry> {
  const told = tags(doc, "param").map(({ name, doc }) => [name, plain(doc)] as const);
  const params = (called.params ?? []).map((param): HelpMember => {
    const [name = "", ...type] = paramText(param).split(": ");
    return { name, type: type.join(": "), words: new Map(told).get(name.replace(/[?.]/g, "")) ?? "" };
  }).filter(({ words }) => words !== "");
  const throws = tags(doc, "throws").map(({ tsType, doc }) => `${tsType ? `${typeText(tsType)}: ` : ""}${plain(doc)}`);
  const examples = tags(doc, "example").map(({ doc = "" }) => example(doc));
  const [returned] = tags(doc, "return");
  const last = called.params?.at(-1);
  const options = last && /^(\w+Options)$/.exec(typeText((last.left ?? last).tsType))?.[1];
  return {
    ...(params.length > 0 ? { params } : {}),
    ...(options ? { options } : {}),
    ...(returned?.doc ? { returns: plain(returned.doc) } : {}),
    ...(throws.length > 0 ? { throws } : {}),
    ...(examples.length > 0 ? { examples } : {}),
  };
}

const isShown = ({ name, accessibility }: MemberNode) => accessibility === undefined && !name.startsWith("[");

function property({ name, optional, tsType, jsDoc = {} }: MemberNode): HelpMember {
  return {
    name: `${name}${optional ? "?" : ""}`,
    type: typeText(tsType),
    words: plain(jsDoc.doc),
    ...defaultOf(jsDoc),
  };
}

/** The first sentence: the rest stands in the entry of the method. */
function method(member: MemberNode): HelpMember {
  const words = plain(member.jsDoc?.doc).split("\n\n")[0]!.replaceAll("\n", " ");
  return {
    name: member.name,
    type: signature(member.name, called(member)),
    words: /^.*?[.:](?= |$)/.exec(words)?.[0] ?? words,
  };
}

function called(member: MemberNode): FunctionNode {
  return member.functionDef ?? member;
}

/** The properties of an interface or a class, those that it inherits included. */
function properties({ def }: DeclarationNode, all: Declarations): readonly HelpMember[] {
  const named = typeof def.extends === "string" ? [def.extends] : (def.extends ?? []).map(typeText);
  const parents = named.flatMap((parent) => {
    const found = all.get(parent.replace(/<.*/, ""));
    return found ? properties(found, all) : [];
  });
  const own = (def.properties ?? []).filter(isShown).map(property);
  return [...own, ...parents.filter(({ name }) => !own.some((one) => one.name === name))];
}

/** An entry and, of classes and interfaces with methods, one for each method. */
function entriesOf(name: string, from: string, node: DeclarationNode, all: Declarations): HelpEntry[] {
  const kind = KINDS[node.kind];
  if (!kind) throw new TypeError(`Cannot help with ${name} as a ${node.kind} is not known; add it to KINDS`);
  const { def, jsDoc = {} } = node;
  const methods = (def.methods ?? []).filter(isShown);
  const members = [...properties(node, all), ...methods.filter((one) => one.kind !== "getter").map(method)];
  const getters = methods.filter((one) => one.kind === "getter").map((one): HelpMember => ({
    name: one.name,
    type: typeText(called(one).returnType),
    words: plain(one.jsDoc?.doc),
  }));
  const everything = [...getters, ...members];
  const signatures: Partial<Record<string, string>> = {
    function: signature(name, def),
    type: `type ${name}${typeParams(def.typeParams)} = ${typeText(def.tsType)}`,
    constant: `const ${name}: ${typeText(def.tsType)}`,
  };
  const own: HelpEntry = {
    name,
    kind,
    from,
    signature: signatures[kind] ?? `${kind} ${name}`,
    words: plain(jsDoc.doc),
    ...documented(jsDoc, kind === "function" ? def : {}),
    ...(everything.length > 0 ? { members: everything } : {}),
  };
  const inner = methods.filter((one) => one.kind !== "getter" && one.kind !== "setter").map((one): HelpEntry => ({
    name: `${name}.${one.name}`,
    kind: "method",
    from,
    signature: signature(one.isStatic ? `${name}.${one.name}` : one.name, called(one)),
    words: plain(one.jsDoc?.doc),
    ...documented(one.jsDoc ?? {}, called(one)),
  }));
  return [own, ...inner];
}

/** Makes the entries of all symbols, in the order of their names. */
export function makeEntries(docs: ReadonlyMap<string, readonly SymbolNode[]>): HelpEntry[] {
  const all = new Map<string, DeclarationNode>();
  const from = new Map<string, string>();
  for (const [path, symbols] of docs) {
    for (const { name, declarations } of symbols) {
      if (!from.has(name)) from.set(name, ENTRIES[path]!);
      const own = declarations.find(({ kind }) => kind !== "reference");
      if (own && !all.has(name)) all.set(name, own);
    }
  }
  const lost = [...from.keys()].filter((name) => !all.has(name));
  if (lost.length > 0) throw new Error(`Cannot help with ${lost.join(", ")} as nothing declares them`);
  const entries = [...all].flatMap(([name, node]) => entriesOf(name, from.get(name)!, node, all));
  return entries.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** The file of the entries: one a line, so that a change of one reads as one. */
export function entriesJson(entries: readonly HelpEntry[]): string {
  return `[\n${entries.map((entry) => JSON.stringify(entry)).join(",\n")}\n]\n`;
}
