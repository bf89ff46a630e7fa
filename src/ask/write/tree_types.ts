/**
 * The branches that grow when a decoding is continued in more than one way: what {@linkcode LanguageModel.tree} gives.
 *
 * @module
 */
import { LONG_WORK, type OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import type { Sequence } from "../../model/sequence.ts";
import { type DecodeOptions, DECODING } from "./options.ts";
import type { Step } from "./step.ts";

/** One continuation of a prompt. */
export interface Branch {
  /** Its index among the branches of the tree. */
  readonly id: number;
  /** The branch that it leaves, which holds the last token that they share; none for the first one. */
  readonly parent?: number;
  /** The 0-based index of the first token that is its own. */
  readonly start: number;
  /** Prompt, what it shares with its parent, and what was written since. */
  readonly sequence: Sequence;
  /** The steps of its own tokens, from `start` on; the first one of a fork was chosen by hand. */
  readonly steps: readonly Step[];
  /** The natural logarithm of the model's own probability of everything after the prompt. */
  readonly logProb: number;
  /** What beam search found it by; none where there was no search. See {@linkcode FoundText.score}. */
  readonly score?: number;
}

/** All branches that grew from one prompt. */
export interface DecodingTree {
  /** The prompt. */
  readonly prompt: Sequence;
  /** The branches; a parent comes before its children. */
  readonly branches: readonly Branch[];
}

/**
 * Options of {@linkcode GrowingTree.fork}. What is not given is as in the call that made the tree, but for `signal`.
 * `maxNewTokens` counts the tokens after the chosen one, and may be 0; `stop` and `seed` begin anew with it.
 */
export interface ForkOptions extends DecodeOptions {
  /**
   * The branch that a position is of; a step says so itself.
   *
   * @default {0}
   */
  readonly branch?: number;
}

export const FORK: OptionTable<ForkOptions> = { task: "fork", kinds: { ...DECODING, branch: "a number" } };

/** Options of {@linkcode GrowingTree.spread}. */
export interface SpreadOptions {
  /** How many of the likeliest tokens follow each other one. */
  readonly best: number;
  /**
   * Over how many tokens after the prompt.
   *
   * @default The length of the first branch
   */
  readonly depth?: number;
  /** Called after each branch. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two branches; those that have grown stay. */
  readonly signal?: AbortSignal;
}

export const SPREAD: OptionTable<SpreadOptions> = {
  task: "spread a tree",
  kinds: { best: "a number", depth: "a number", ...LONG_WORK },
  required: ["best"],
};

/**
 * A decoding that can be continued in more than one way. It remembers what the model has read (2·L·C numbers for each
 * token, once for all branches that share it), so a fork reads nothing twice.
 *
 * @example What if it had written another word?
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const tree = await model.tree("The keys to the cabinet", { maxNewTokens: 5 });
 * const [step] = tree.data.branches[0]!.steps;
 * await tree.fork(step!, step!.candidates[1]!.tokenId);
 * await tree.fork(step!, " were", { temperature: 0.8, seed: 3 });
 * for (const { sequence, logProb } of tree.data.branches) console.log(logProb.toFixed(2), sequence.text);
 * ```
 */
export interface GrowingTree {
  /** The branches that have grown so far, as plain data; it does not change when more grow. */
  readonly data: DecodingTree;
  /**
   * Continues a branch with another token, and grows a new branch. The tokens before it are not read again. The rest is
   * what {@linkcode LanguageModel.generate} would write after them. An aborted or failed call leaves the tree as it was.
   *
   * @param at The step in whose place the token is written, or its position: any after the prompt, up to the one that
   * follows the last token of the branch.
   * @param token The token, by its id or its text; it may be the one that stands there, to draw again with another seed.
   * @throws {RangeError} When there is no such position, branch or token, the text is more than one token, an option is
   * out of range, or the context is full.
   * @throws {TypeError} When `at` is neither a step nor a number, or `branch` is given with a step.
   * @throws {Error} When the model is disposed.
   *
   * @example A position instead of a step
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const tree = await model.tree("One, two,", { maxNewTokens: 6 });
   * const { promptLength } = tree.data.prompt;
   * const branch = await tree.fork(promptLength + 1, " seven", { maxNewTokens: 3 });
   * const other = await tree.fork(promptLength + 2, " eight", { branch: branch.id, maxNewTokens: 0 });
   * console.log(branch.sequence.text, "|", other.sequence.text, other.parent === branch.id);
   * ```
   */
  fork(at: Step | number, token: number | string, options?: ForkOptions): Promise<Branch>;
  /**
   * Grows branches until the first tokens after the prompt have been written in all of the likeliest ways: each place has
   * the `best` likeliest tokens by the model's own distribution, each of them the `best` likeliest after it, and so on:
   * `best` to the power of `depth` branches. Where the model ends its text, a branch is shorter. What is there already is
   * not written again, and what follows a token in the places after it is written as the tree was. `treeView` with `walk`
   * shows what has grown as something to click through.
   *
   * @returns The branches that grew, in their order: all that leave the first place come before those that leave the second.
   * @throws {RangeError} When that would be more than 400 branches, the first branch is shorter than `depth`, or its steps
   * list fewer candidates than `best`.
   * @throws {Error} When the model is disposed.
   *
   * @example The three likeliest words, three times
   * ```ts
   * import { LanguageModel, treeView } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained();
   * const tree = await model.tree("The keys to the cabinet", { maxNewTokens: 3 });
   * await tree.spread({ best: 3 });
   * console.log(tree.data.branches.length); // 27
   * console.log(treeView(tree, { walk: true }).text);
   * ```
   */
  spread(options: SpreadOptions): Promise<readonly Branch[]>;
}
