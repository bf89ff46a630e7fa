import type { FloatTensor, Sequence } from "../lm/types.ts";

/** What the attention heads of a model look at, each score the mean over the tokens that have such an earlier token. */
export interface HeadScores {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** `[L, H]`, the attention to the token before. */
  readonly previousToken: FloatTensor;
  /** `[L, H]`, the attention to the first token of the text. */
  readonly firstToken: FloatTensor;
  /** `[L, H]`, the attention to earlier occurrences of the same token. */
  readonly duplicateToken: FloatTensor;
  /** `[L, H]`, the attention to the tokens that follow earlier occurrences of the same token. */
  readonly induction: FloatTensor;
}

/** Attention rollout: how much of each token reaches each other one when blocks are chained. */
export interface AttentionRollout {
  /** The text that was read. */
  readonly sequence: Sequence;
  /** `[L, T, T]`, after each block: from (query), to (token of the text); each row sums to 1. */
  readonly rollout: FloatTensor;
}
