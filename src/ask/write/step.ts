import type { Token } from "../../tokenizer/token.ts";
import type { Prediction } from "../prediction.ts";

/** One decoded token, with what stood beside it. */
export interface Step {
  /** The 0-based index of the new token in the sequence. */
  readonly position: number;
  /** The chosen token id. */
  readonly tokenId: number;
  /** The chosen token. */
  readonly token: Token;
  /** The natural logarithm of the model's own probability of the chosen token. */
  readonly logProb: number;
  /** The most likely tokens, best first, by the model's own distribution. */
  readonly candidates: readonly Prediction[];
  /** The model's own scores of the whole vocabulary. Shape `[V]`. */
  readonly logits: Float32Array;
  /**
   * What the settings made of the model's own distribution, and the token was chosen by; none where they change nothing,
   * as when decoding is greedy and nothing else is set, and for a token that was chosen by hand.
   */
  readonly processed?: ProcessedScores;
}

/** What settings made of the scores of one step. */
export interface ProcessedScores {
  /** How many tokens could still be chosen. */
  readonly possible: number;
  /** The natural logarithm of the chosen token's probability among them. */
  readonly logProb: number;
  /**
   * The most likely of them, best first, as many as {@linkcode Step.candidates} at most: `logit` is the score that the
   * settings made, `probability` and `rank` are among those that could still be chosen.
   */
  readonly candidates: readonly Prediction[];
}
