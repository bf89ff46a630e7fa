import type { ReadCandidates } from "../../../src/ask/reading/types.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import { candidatesOf } from "../next_word/fixtures.ts";

/** Steps of writing: a text that is read at once, and then token by token. */
export function cacheOf(
  sequence: Sequence,
  first = Math.min(sequence.promptLength, sequence.tokens.length),
): ReadCandidates[] {
  return Array.from({ length: sequence.tokens.length - first + 1 }, (_, n) => {
    const length = first + n;
    const beginning = {
      ...sequence,
      tokens: sequence.tokens.slice(0, length),
      tokenIds: sequence.tokenIds.slice(0, length),
    };
    const read = n === 0 ? { computed: length, reused: 0 } : { computed: 1, reused: length - 1 };
    return { ...candidatesOf(beginning, 6, 2), read };
  });
}
