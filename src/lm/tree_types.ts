/**
 * The branches that grow when a decoding is continued in more than one way.
 *
 * @module
 */
import type { Sequence, Step } from "./types.ts";

/** One continuation of a prompt. */
export interface Branch {
  /** Its index among the branches of the tree. */
  readonly id: number;
  /** The branch that it leaves; none for the first one. */
  readonly parent?: number;
  /** The 0-based index of the first token that is its own. */
  readonly start: number;
  /** Prompt, what it shares with its parent, and what was written since. */
  readonly sequence: Sequence;
  /** The steps of its own tokens, from `start` on; the first one of a fork was chosen by hand. */
  readonly steps: readonly Step[];
  /** The natural logarithm of the model's own probability of everything after the prompt. */
  readonly logProb: number;
}

/** All branches that grew from one prompt. */
export interface DecodingTree {
  /** The prompt. */
  readonly prompt: Sequence;
  /** The branches; a parent comes before its children. */
  readonly branches: readonly Branch[];
}
