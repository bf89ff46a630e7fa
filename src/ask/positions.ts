import { shown } from "../base/words.ts";
import type { Sequence } from "../model/sequence.ts";

/** The positions that are asked for, or by default every token after the prompt; each has tokens before it. */
export function checkedPositions(verb: string, sequence: Sequence, positions?: readonly number[]): readonly number[] {
  const { tokenIds, promptLength } = sequence;
  if (positions !== undefined && !Array.isArray(positions)) {
    throw new TypeError(`Cannot ${verb} positions ${shown(positions)}; pass an array such as [${tokenIds.length - 1}]`);
  }
  if (tokenIds.length === 1) {
    throw new RangeError(`Cannot ${verb} a sequence of 1 token as nothing stands before it; pass a longer one`);
  }
  const all = positions ?? tokenIds.map((_, position) => position).slice(Math.max(promptLength, 1));
  if (all.length === 0) {
    throw new RangeError(
      positions
        ? `Cannot ${verb} an empty list of positions`
        : `Cannot ${verb} a sequence that is all prompt (${promptLength} tokens); pass positions`,
    );
  }
  for (const position of all) {
    if (position === tokenIds.length) {
      throw new RangeError(`Cannot ${verb} position ${position} as ${notYet(sequence)}`);
    }
    if (!Number.isInteger(position) || position < 1 || position >= tokenIds.length) {
      const range = `a sequence of ${tokenIds.length} tokens has the positions 1 to ${tokenIds.length - 1}`;
      throw new RangeError(`Cannot ${verb} position ${position} as ${range} with tokens before them`);
    }
  }
  return [...all];
}

/**
 * The place for which a token is predicted: any but the first, or by default the one after the text, where the next
 * token will stand.
 */
export function predictedPosition(verb: string, { tokenIds }: Sequence, position = tokenIds.length): number {
  if (Number.isInteger(position) && position >= 1 && position <= tokenIds.length) return position;
  const range = `the positions 1 to ${tokenIds.length}, the last of which is the next token's`;
  throw new RangeError(`Cannot ${verb} position ${position} as a sequence of ${tokenIds.length} tokens has ${range}`);
}

function notYet({ tokenIds }: Sequence): string {
  const ways = "ask layerPredictions() or rankingsWatch() what comes next, or append a token to the text first";
  return `no token stands there yet: the text has ${tokenIds.length}; ${ways}`;
}
