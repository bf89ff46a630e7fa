import type { Reader } from "../model/reader.ts";
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

/** Describes the likeliest tokens. All that have a greater score than one of them stand before it. */
export function predict(
  reader: Reader,
  likeliest: readonly number[],
  logits: Float32Array,
  norm: number,
): readonly Prediction[] {
  const scores = likeliest.map((tokenId) => logits[tokenId]!);
  return likeliest.map((tokenId, i) => {
    const logit = scores[i]!;
    const probability = Math.exp(logit - norm);
    return { tokenId, token: reader.token(tokenId), probability, logit, rank: 1 + scores.indexOf(logit) };
  });
}
