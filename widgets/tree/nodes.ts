/**
 * The branches of a decoding as a tree: a stretch of tokens that branches share is one node.
 *
 * @module
 */
import type { Step } from "../../src/ask/write/step.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import type { Branch, DecodingTree, GrowingTree } from "../../src/ask/write/tree_types.ts";
import { spelled, spelledPredictions, spelledResult } from "../kit/characters.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { counted } from "../kit/numbers.ts";
import { informationText } from "../kit/quantities.ts";

/** The most branches that are drawn. */
export const MOST_BRANCHES = 100;

/** Tokens that stand together, and what follows them. */
export interface TreeNode {
  /** The steps of its tokens; none when a branch ends where another goes on. */
  readonly steps: readonly Step[];
  /** What follows, the likelier first; nothing at the end of a branch. */
  readonly children: readonly TreeNode[];
  /** The branch that ends here. */
  readonly leaf: Branch | undefined;
}

/** What is drawn. */
export interface TreeTable {
  /** What was given. */
  readonly tree: DecodingTree;
  /** What follows the prompt. */
  readonly roots: readonly TreeNode[];
  /** The branches that are drawn. */
  readonly branches: readonly Branch[];
}

function refuse(what: string): never {
  throw new RangeError(`Cannot draw the tree as ${what}`);
}

function checkBranch({ prompt, branches }: DecodingTree, branch: Branch, index: number): void {
  const { id, parent, start, sequence, steps } = branch;
  if (!isSequence(sequence) || !Array.isArray(steps)) {
    throw new TypeError(`Cannot draw the tree as branch ${index} is none: ${nameOf(branch)}`);
  }
  if (id !== index) refuse(`branch ${index} has the id ${id}; the ids are the indices`);
  const before = parent === undefined ? undefined : branches[parent];
  if (index === 0 ? parent !== undefined : before === undefined || before.id >= id) {
    refuse(`branch ${index} has the parent ${parent}; the first has none, and a parent comes before its children`);
  }
  const first = prompt.tokens.length;
  const last = before === undefined ? first : before.sequence.tokens.length;
  if (!(start >= first && start <= last)) {
    refuse(`branch ${index} starts at ${start}; it has to start from ${first} to ${last}`);
  }
  if (steps.length !== sequence.tokens.length - start) {
    refuse(`branch ${index} has ${steps.length} steps for the tokens ${start} to ${sequence.tokens.length - 1}`);
  }
}

/** The branches of a tree that can grow, or of one that was loaded. */
export function treeData(tree: DecodingTree | GrowingTree): DecodingTree {
  const grows = typeof tree === "object" && tree !== null && "fork" in tree && typeof tree.fork === "function";
  return grows ? tree.data : tree as DecodingTree;
}

function checkTree(tree: DecodingTree): void {
  const fields = (tree ?? {}) as Partial<DecodingTree>;
  if (!isSequence(fields.prompt) || !Array.isArray(fields.branches)) {
    throw new TypeError(
      `Cannot draw ${nameOf(tree)} as a tree; pass what await model.tree() returned`,
    );
  }
  if (tree.branches.length === 0) refuse("it has no branches");
  tree.branches.forEach((branch, index) => checkBranch(tree, branch, index));
}

/** Characters as far as they are known at the end of a node: another may follow where branches part. */
function spelledNodes(nodes: readonly TreeNode[], before: readonly Token[]): TreeNode[] {
  return nodes.map((node) => {
    const path = spelled({ tokens: [...before, ...node.steps.map(({ token }) => token)] }).tokens;
    const steps = node.steps.map((step, i) => ({
      ...step,
      token: path[before.length + i]!,
      candidates: spelledPredictions({ tokens: path }, before.length + i, step.candidates),
    }));
    return { ...node, steps, children: spelledNodes(node.children, path) };
  });
}

/** For each branch those that leave it, by the branch that has the token before as its own. */
function childrenOf(branches: readonly Branch[]): Map<number, Branch[]> {
  const owners = branches.map(({ parent, start }) => {
    let owner = parent === undefined ? undefined : branches[parent];
    while (owner?.parent !== undefined && start < owner.start) owner = branches[owner.parent];
    return owner?.id;
  });
  const groups = new Map<number, Branch[]>();
  branches.forEach((branch, i) => {
    const owner = owners[i];
    if (owner !== undefined) groups.set(owner, [...groups.get(owner) ?? [], branch]);
  });
  return groups;
}

function likeliestFirst(nodes: readonly TreeNode[]): TreeNode[] {
  const chance = ({ steps }: TreeNode) => steps[0]?.logProb ?? -Infinity;
  return [...nodes].sort((a, b) => chance(b) - chance(a) || 0);
}

/** The nodes that begin at `from`: that of the branch itself, and those of the branches that leave it there. */
function nodesAt(branch: Branch, from: number, children: ReadonlyMap<number, Branch[]>): TreeNode[] {
  const leaving = children.get(branch.id) ?? [];
  const fork = leaving.reduce((least, { start }) => start > from ? Math.min(least, start) : least, Infinity);
  const end = Math.min(fork, branch.sequence.tokens.length);
  const forks = fork < Infinity;
  const own: TreeNode = {
    steps: branch.steps.slice(from - branch.start, end - branch.start),
    children: forks ? nodesAt(branch, fork, children) : [],
    leaf: forks ? undefined : branch,
  };
  return likeliestFirst([
    own,
    ...leaving.filter(({ start }) => start === from).flatMap((one) => nodesAt(one, from, children)),
  ]);
}

/**
 * The tree of a view.
 *
 * @param tree What was grown.
 * @param most The most branches that are drawn.
 * @returns Its nodes, checked.
 */
export function treeTable(tree: DecodingTree, most: number = MOST_BRANCHES): TreeTable {
  checkTree(tree);
  const branches = tree.branches.slice(0, most);
  const [first] = branches;
  const roots = first === undefined ? [] : nodesAt(first, first.start, childrenOf(branches));
  const { prompt } = tree;
  return {
    tree: { ...tree, prompt: spelled(prompt) },
    branches: branches.map(spelledResult),
    roots: spelledNodes(roots, prompt.tokens),
  };
}

/** How many nodes there are. */
export function countNodes(nodes: readonly TreeNode[]): number {
  return nodes.reduce((sum, { children }) => sum + 1 + countNodes(children), 0);
}

/** `branch 2: 17.80 bits, 2.10 a token`. */
export function leafWords(branch: Branch, promptLength: number): string {
  const count = branch.sequence.tokens.length - promptLength;
  const mean = count > 0 ? `, ${informationText((0 - branch.logProb) / count, "bits")} a token` : "";
  return `branch ${branch.id}: ${informationText(0 - branch.logProb, "bits")} bits${mean}`;
}

/** What there is, in one line. */
export function treeWords({ tree, branches }: TreeTable): string {
  const all = tree.branches.length;
  const shown = branches.length < all ? ` The first ${branches.length} are shown; the data of the view keeps all.` : "";
  return `${all === 1 ? "1 branch" : `${all} branches`} after a prompt of ${
    counted(tree.prompt.tokens.length, "token")
  }.${shown}`;
}
