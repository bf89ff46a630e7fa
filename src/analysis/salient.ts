import type { Saliency } from "../ask/saliency/definition.ts";
import { expectMap, unitOf } from "../ask/saliency/map.ts";
import { showing } from "../show/showing.ts";
import type { Token } from "../tokenizer/token.ts";

/** An earlier token and its share in an explanation. */
export interface SalientToken {
  /** The 0-based index of the earlier token. */
  readonly position: number;
  /** The earlier token. */
  readonly token: Token;
  /** Its score. */
  readonly score: number;
}

/**
 * The row of scores that explains the token at `position`: one score for each token of the sequence, zero from the
 * explained one on. When the targets were explained together, there is one row for all of them. Of a map by groups,
 * positions and scores are those of groups.
 *
 * @throws {TypeError} When this is no map.
 * @throws {RangeError} When that position was not explained, or the parts of the map do not belong together.
 */
export function scoresOf(saliency: Saliency, position: number): Float32Array {
  expectMap("read", saliency);
  const { positions, scores, options } = saliency;
  const n = positions.indexOf(position);
  if (n < 0) {
    const those = options.by ? `these ${unitOf(saliency)}s` : "these";
    throw new RangeError(`Cannot show position ${position} as only ${those} were explained: ${positions.join(", ")}`);
  }
  const T = scores.shape[1]!;
  const row = options.together ? 0 : n;
  return scores.data.subarray(row * T, (row + 1) * T);
}

/**
 * The `count` earlier tokens with the largest absolute scores in the explanation of `position`, largest first. Of a map
 * by groups these are groups, such as words, and `position` counts groups.
 *
 * @example What made the model write the last token
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { mostSalient } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const sequence = await model.generate("The keys to the cabinet", { maxNewTokens: 1 });
 * const saliency = await model.saliency(sequence);
 * const [first] = mostSalient(saliency, sequence.promptLength, 3);
 * console.log(first?.token.text, first?.score);
 * ```
 *
 * @throws {RangeError} When that position was not explained, or `count` is not a whole number >= 1.
 */
export function mostSalient(saliency: Saliency, position: number, count = 5): SalientToken[] {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`Cannot list ${count} tokens as the count must be a whole number >= 1`);
  }
  const row = scoresOf(saliency, position);
  const tokens = [...row.keys()].slice(0, position)
    .sort((a, b) => Math.abs(row[b]!) - Math.abs(row[a]!) || a - b)
    .slice(0, count)
    .map((index) => ({ position: index, token: saliency.sequence.tokens[index]!, score: row[index]! }));
  return showing("Salient tokens", tokens);
}
