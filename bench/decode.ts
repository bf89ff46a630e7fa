/**
 * Writes a text with one of ours, and takes the time of each step.
 *
 * @module
 */
import type { LanguageModel } from "../mod.ts";
import type { Text } from "./protocol.ts";

/** The tokens that are given. */
export const givenIn = ({ tokenIds, promptLength }: Text): readonly number[] => tokenIds.slice(0, promptLength);

/** How many tokens are written. */
export const newTokens = ({ tokenIds, promptLength }: Text): number => tokenIds.length - promptLength;

/** All tokens, and the seconds of each step after the first, which reads what is given. */
export async function writeText(model: LanguageModel, text: Text): Promise<{ seconds: number[]; answer: number[] }> {
  const seconds: number[] = [];
  const written: number[] = [];
  let last = 0;
  for await (const { tokenId } of model.steps(givenIn(text), { maxNewTokens: newTokens(text), candidates: 0 })) {
    const now = performance.now();
    if (written.length > 0) seconds.push((now - last) / 1000);
    last = now;
    written.push(tokenId);
  }
  return { seconds, answer: [...givenIn(text), ...written] };
}
