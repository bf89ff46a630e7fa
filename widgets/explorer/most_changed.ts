/**
 * What may come next with all of a model and with parts of it off, beside each other.
 *
 * @module
 */
import { logSumExp } from "../../src/base/numbers.ts";

/** What may come next, best first, with the logits of the whole vocabulary. */
export interface Expected<Token extends { readonly id: number }> {
  readonly candidates: readonly Token[];
  readonly logits: Float32Array;
}

/** A token, and how likely it was and is. */
export interface ChangedToken<Token> {
  readonly token: Token;
  /** Probabilities. */
  readonly was: number;
  readonly is: number;
}

function probabilities(logits: Float32Array): (tokenId: number) => number {
  const norm = logSumExp(logits);
  return (tokenId) => Math.exp(logits[tokenId]! - norm);
}

/** The tokens that either listed, the most changed first. */
export function mostChanged<Token extends { readonly id: number }>(
  before: Expected<Token>,
  after: Expected<Token>,
): readonly ChangedToken<Token>[] {
  const [was, is] = [probabilities(before.logits), probabilities(after.logits)];
  const distinct = new Map([...before.candidates, ...after.candidates].map((token) => [token.id, token]));
  return Array.from(distinct.values(), (token) => ({ token, was: was(token.id), is: is(token.id) }))
    .sort((a, b) => Math.abs(b.is - b.was) - Math.abs(a.is - a.was));
}

/** A difference of probabilities in points, with its sign. */
export function pointsText({ was, is }: Pick<ChangedToken<unknown>, "was" | "is">): string {
  const points = Math.abs(100 * (is - was)).toFixed(1);
  return points === "0.0" ? points : `${is < was ? "−" : "+"}${points}`;
}
