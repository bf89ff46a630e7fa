/**
 * What `deno doc --json` writes, as far as help is made of it.
 *
 * @module
 */
import { ROOT } from "../notebooks/environment.ts";

/** The modules that are published, and how an import names each. */
export const ENTRIES: Readonly<Record<string, string>> = {
  "mod.ts": "@looking-glass/looking-glass",
  "src/analysis/mod.ts": "@looking-glass/looking-glass/analysis",
  "widgets/mod.ts": "@looking-glass/looking-glass/widgets",
  "src/onnx/mod.ts": "@looking-glass/looking-glass/onnx",
};

/** A type. What `value` is depends on `kind`. */
export interface TypeNode {
  readonly kind: string;
  readonly repr?: string;
  readonly value?: unknown;
}

/** A tag of a doc comment. */
export interface TagNode {
  readonly kind: string;
  readonly name?: string;
  readonly doc?: string;
  readonly value?: string;
  readonly tsType?: TypeNode;
}

/** A doc comment. */
export interface DocNode {
  readonly doc?: string;
  readonly tags?: readonly TagNode[];
}

/** A parameter. */
export interface ParamNode {
  readonly kind: string;
  readonly name?: string;
  readonly optional?: boolean;
  readonly tsType?: TypeNode;
  readonly left?: ParamNode;
  readonly arg?: ParamNode;
}

/** A type parameter. */
export interface TypeParamNode {
  readonly name: string;
  readonly constraint?: TypeNode;
  readonly default?: TypeNode;
}

/** A function. */
export interface FunctionNode {
  readonly params?: readonly ParamNode[];
  readonly returnType?: TypeNode;
  readonly typeParams?: readonly TypeParamNode[];
}

/** A property or a method; a method of a class has its function inside. */
export interface MemberNode extends FunctionNode {
  readonly name: string;
  readonly jsDoc?: DocNode;
  readonly tsType?: TypeNode;
  readonly optional?: boolean;
  readonly isStatic?: boolean;
  readonly kind?: string;
  readonly accessibility?: string;
  readonly functionDef?: FunctionNode;
}

/** What is declared, by its kind. */
export interface DefinitionNode extends FunctionNode {
  /** The name of the parent of a class, or the parents of an interface. */
  readonly extends?: string | readonly TypeNode[];
  readonly properties?: readonly MemberNode[];
  readonly methods?: readonly MemberNode[];
  readonly tsType?: TypeNode;
}

/** A declaration. */
export interface DeclarationNode {
  readonly kind: string;
  readonly jsDoc?: DocNode;
  readonly def: DefinitionNode;
}

/** A name and what it stands for. */
export interface SymbolNode {
  readonly name: string;
  readonly declarations: readonly DeclarationNode[];
}

/** Reads the doc comments of everything that is exported: the symbols of each entry, by its path from the root. */
export async function readDocs(): Promise<ReadonlyMap<string, readonly SymbolNode[]>> {
  const args = ["doc", "--json", ...Object.keys(ENTRIES)];
  const env = { NO_COLOR: "1" }; // some types stand in it as they would be shown
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, env }).output();
  if (!success) throw new Error(`Cannot read the doc comments: ${new TextDecoder().decode(stderr)}`);
  const { nodes }: { nodes: Record<string, { symbols: SymbolNode[] }> } = JSON.parse(new TextDecoder().decode(stdout));
  const paths = Object.keys(ENTRIES);
  return new Map(
    paths.map((path) => {
      const found = Object.entries(nodes).find(([url]) => url.endsWith(`/${path}`) && isEntry(url, path, paths));
      if (!found) throw new Error(`Cannot find ${path} in what deno doc wrote`);
      return [path, found[1].symbols];
    }),
  );
}

/** `mod.ts` is the end of every path; the longest entry that fits is meant. */
function isEntry(url: string, path: string, paths: readonly string[]): boolean {
  return !paths.some((other) => other.length > path.length && other.endsWith(path) && url.endsWith(`/${other}`));
}
