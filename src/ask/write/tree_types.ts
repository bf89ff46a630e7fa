/**
 * The branches that grow when a decoding is continued in more than one way: what {@linkcode LanguageModel.tree} gives.
 *
 * @module
 */
import type { OptionTable } from "../../base/options.ts";
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
}
