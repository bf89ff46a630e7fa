import { expectOptions, type OptionTable } from "../base/options.ts";
import { createRandom, expectSeed } from "../base/random.ts";

/** More than any vocabulary has. */
const MOST_TOKENS = 2 ** 24;

/** Options of {@linkcode repeatedRandomTokens}. */
export interface RepeatedRandomTokensOptions {
  /** The number of tokens of the vocabulary: `model.config.vocabSize`. */
  readonly vocabSize: number;
  /** How many tokens are drawn; the text is twice as long, and the prefix. */
  readonly length: number;
  /**
   * Ids that stand before the first draw, such as the end-of-text token that GPT-2's texts began with. They are not
   * drawn.
   *
   * @default {[]}
   */
  readonly prefix?: readonly number[];
  /**
   * The same seed draws the same tokens.
   *
   * @default {0}
   */
  readonly seed?: number;
}

const REPEATED_RANDOM_TOKENS: OptionTable<RepeatedRandomTokensOptions> = {
  task: "draw tokens",
  kinds: { vocabSize: "a number", length: "a number", prefix: "an array", seed: "a number" },
  required: ["vocabSize", "length"],
};

/**
 * The usual test of induction heads: random tokens, all different, and the same ones again. Nothing but the first
 * occurrence tells what follows in the second, so a head that attends to what followed there is an induction head, and
 * the loss of the second half shows whether the model has any (Olsson et al. 2022, https://arxiv.org/abs/2209.11895).
 *
 * @throws {RangeError} When `length` is not a whole number >= 1 or more than the vocabulary can give.
 *
 * @example Whether a model has induction heads; the bundled one has none
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { argmax, headScores, repeatedRandomTokens } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const { vocabSize, eosTokenIds } = model.config;
 * const ids = repeatedRandomTokens({ vocabSize, length: 20, prefix: eosTokenIds });
 * const { induction } = await headScores(await model.trace(model.sequence(ids), { capture: ["attention"] }));
 * console.log(Math.max(...induction.data), argmax(induction.data));
 * ```
 */
export function repeatedRandomTokens(options: RepeatedRandomTokensOptions): number[] {
  options = expectOptions(options, REPEATED_RANDOM_TOKENS);
  const { vocabSize, length, prefix = [], seed = 0 } = options;
  if (!Number.isSafeInteger(vocabSize) || vocabSize < 1 || vocabSize > MOST_TOKENS) {
    throw new RangeError(`Cannot draw from ${vocabSize} tokens; pass the size of a vocabulary, model.config.vocabSize`);
  }
  const ids = Array.from({ length: vocabSize }, (_, id) => id).filter((id) => !prefix.includes(id));
  if (!Number.isInteger(length) || length < 1 || length > ids.length) {
    throw new RangeError(`Cannot draw ${length} different tokens; use a whole number from 1 to ${ids.length}`);
  }
  expectSeed(seed);
  const random = createRandom(seed);
  for (let i = 0; i < length; ++i) { // the first steps of a Fisher-Yates shuffle
    const j = i + Math.floor(random() * (ids.length - i));
    [ids[i], ids[j]] = [ids[j]!, ids[i]!];
  }
  const drawn = ids.slice(0, length);
  return [...prefix, ...drawn, ...drawn];
}
