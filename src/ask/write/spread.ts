import { stoppable } from "../../base/kernel.ts";
import { expectOptions } from "../../base/options.ts";
import { watched } from "../../model/watch.ts";
import type { Step } from "./step.ts";
import { type Branch, type GrowingTree, SPREAD, type SpreadOptions } from "./tree_types.ts";

/** The most branches that one call grows. */
const MOST_BRANCHES = 400;

/** What is grown. */
type Spreading = Pick<GrowingTree, "data" | "fork">;

/** Checks how far a tree is to spread, and says how deep. */
function depthOf({ data }: Spreading, { best, depth: asked }: SpreadOptions): number {
  const { steps, start } = data.branches[0]!;
  const depth = asked ?? steps.length;
  if (!(Number.isInteger(best) && best >= 1)) {
    throw new RangeError(`Cannot spread the best ${best} tokens as it must be a whole number >= 1`);
  }
  if (!(Number.isInteger(depth) && depth >= 1)) {
    throw new RangeError(`Cannot spread to depth ${depth} as it must be a whole number >= 1`);
  }
  if (depth > steps.length) {
    const found = `the first branch has ${steps.length} after position ${start - 1}`;
    throw new RangeError(`Cannot spread over ${depth} tokens as ${found}; write the tree with maxNewTokens ${depth}`);
  }
  if (best ** depth > MOST_BRANCHES) {
    const found = `that would be ${best ** depth} branches, and ${MOST_BRANCHES} is the most`;
    throw new RangeError(
      `Cannot spread the best ${best} over ${depth} tokens as ${found}; use a smaller best or depth`,
    );
  }
  const listed = steps.slice(0, depth).find(({ candidates }) => candidates.length < best)?.candidates.length;
  if (listed !== undefined) {
    throw new RangeError(
      `Cannot spread the best ${best} tokens as the tree lists ${listed}; write it with candidates: ${best}`,
    );
  }
  return depth;
}

/** A path through the tree, as a key. */
const keyOf = (ids: readonly number[]) => ids.join();

/** A branch and the step of it at a position: that of the branch which was written there, not of one that forked there. */
function stepsAt(branches: readonly Branch[], position: number): { readonly branch: Branch; readonly step: Step }[] {
  return branches.flatMap((branch) => {
    const step = branch.steps[position - branch.start];
    const forked = branch.parent !== undefined && position === branch.start;
    return step === undefined || forked ? [] : [{ branch, step }];
  });
}

/**
 * Grows a tree until each of its first tokens has its likeliest ones beside it, from the top down. A token that is there
 * already is not written again.
 */
export async function spreadTree(tree: Spreading, given: SpreadOptions): Promise<readonly Branch[]> {
  const options = expectOptions(given, SPREAD);
  const depth = depthOf(tree, options);
  const { best } = options;
  const signal = stoppable(options.signal);
  const first = tree.data.prompt.tokenIds.length;
  const known = new Set(
    tree.data.branches.flatMap(({ sequence: { tokenIds } }) =>
      tokenIds.slice(first).map((_, i) => keyOf(tokenIds.slice(first, first + i + 1)))
    ),
  );
  return await watched({ ...options, signal }, async ({ onProgress }) => {
    const grown: Branch[] = [];
    for (let position = first; position < first + depth; ++position) {
      const forks = stepsAt(tree.data.branches, position).flatMap(({ branch, step }) => {
        const before = branch.sequence.tokenIds.slice(first, position);
        const missing = step.candidates.slice(0, best).filter(({ tokenId }) => !known.has(keyOf([...before, tokenId])));
        return missing.map(({ tokenId }) => ({ step, tokenId }));
      });
      for (const [done, { step, tokenId }] of forks.entries()) {
        const maxNewTokens = first + depth - position - 1;
        const branch = await tree.fork(step, tokenId, { maxNewTokens, candidates: best, progress: false, signal });
        grown.push(branch);
        branch.sequence.tokenIds.slice(position).forEach((_, i) =>
          known.add(keyOf(branch.sequence.tokenIds.slice(first, position + i + 1)))
        );
        const message = `Grew ${done + 1} of ${forks.length} branches at place ${position - first + 1} of ${depth}`;
        onProgress?.({ task: "decode", completed: done + 1, total: forks.length, message });
      }
    }
    return grown;
  });
}
