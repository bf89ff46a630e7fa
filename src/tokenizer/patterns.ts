/**
 * The patterns by which published tokenizers cut text into words. Only these are known, by their exact text: a pattern
 * of a file could take for ever, and would have to be translated from Oniguruma's language. Those here take time in
 * proportion to the text.
 *
 * @module
 */
import { shown } from "../base/words.ts";

/** GPT-2's words, https://github.com/openai/gpt-2/blob/9b63575ef42771a015060c964af2c3da4cf7c8ab/src/encoder.py#L53. */
export const GPT2_WORDS = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

const ENGLISH = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const SPACES = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`;
const CASED = [
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`,
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`,
] as const;

/** The patterns, by the models that have them. */
export const PATTERNS: Readonly<Record<string, string>> = {
  "GPT-2": GPT2_WORDS,
  "Llama 3": String.raw`${ENGLISH}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|${SPACES}`,
  Qwen2: String.raw`${ENGLISH}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|${SPACES}`,
  "Qwen3.5": String.raw`${ENGLISH}|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|${SPACES}`,
  "Mistral Nemo": String.raw`${CASED[0]}|${CASED[1]}|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${SPACES}`,
  "GPT-4o": String
    .raw`${CASED[0]}${ENGLISH}?|${CASED[1]}${ENGLISH}?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${SPACES}`,
};

/**
 * A known pattern as JavaScript has it.
 *
 * `\s` and `\S` are Unicode's white space, where JavaScript's count U+FEFF and leave out U+0085. Letters of either case
 * are written out, as not every browser knows `(?i:`; one of them is `ſ`, which is an s by Unicode's case folding. The
 * classes are those of the engine's Unicode: in Deno 2.9.5 and in tokenizers 0.23.3 they hold the same code points.
 *
 * @param source The pattern in Oniguruma's language.
 * @returns A global expression.
 * @throws {Error} If the pattern is none of the known ones.
 */
export function knownPattern(source: unknown): RegExp {
  if (typeof source !== "string" || !Object.values(PATTERNS).includes(source)) {
    const names = Object.keys(PATTERNS).join(", ");
    throw new Error(`Cannot split by ${shown(source)} as only the patterns of ${names} are known`);
  }
  const translated = source.replaceAll(ENGLISH, "(?:'(?:[sSſtTmMdD]|[rRvV][eE]|[lL]{2}))")
    .replaceAll("\\s", "\\p{White_Space}").replaceAll("\\S", "\\P{White_Space}");
  return new RegExp(translated, "gu");
}
