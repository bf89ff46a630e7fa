import type { Token } from "../tokenizer/token.ts";

/** How likely one token is as the next one. */
export interface Prediction {
  /** The predicted token id. */
  readonly tokenId: number;
  /** The predicted token. */
  readonly token: Token;
  /** The model's own probability, before all settings. */
  readonly probability: number;
  /** The unnormalised score. */
  readonly logit: number;
  /** 1 + the number of tokens with a strictly greater logit. */
  readonly rank: number;
}
