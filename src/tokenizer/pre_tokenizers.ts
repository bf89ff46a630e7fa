/**
 * Cuts text into the words within which bytes are joined. As the Rust tokenizers do it:
 * https://github.com/huggingface/tokenizers/tree/main/tokenizers/src/pre_tokenizers
 *
 * They are our own, not those of `@huggingface/tokenizers`: that compiles the pattern of a file whatever it is.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { byteCharacters } from "./byte_level.ts";
import { flag, type Json, record, sequenceParts } from "./json_parts.ts";
import { GPT2_WORDS, knownPattern } from "./patterns.ts";
import { NUMBER } from "./unicode.ts";

/** Cuts a text; the parts are never empty. */
export type PreTokenizer = (text: string) => string[];

const KNOWN = "ByteLevel, Digits, Split or a Sequence of them";

/**
 * Reads the pre-tokenizer of byte-level BPE. Its words are written as in the vocabulary: a character for each byte.
 *
 * @param json The `pre_tokenizer` of tokenizer.json.
 * @param prefixSpace Whether a space goes before a text that does not begin with one, where ByteLevel stands alone.
 * @returns The pre-tokenizer.
 * @throws {TypeError} If a part is of the wrong type.
 * @throws {Error} If it is not made of known parts, or does not turn text into bytes once.
 */
export function readBytePreTokenizer(json: unknown, prefixSpace: unknown): PreTokenizer {
  const preTokenizer = record("pre_tokenizer", json);
  const byteLevels = parts(preTokenizer).filter(({ type }) => type === "ByteLevel").length;
  if (byteLevels !== 1) {
    const { type } = preTokenizer;
    throw new Error(
      byteLevels === 0
        ? `Cannot read pre_tokenizer of tokenizer.json as byte-level BPE, the kind that GPT-2 has: ${shown(type)}`
        : `Cannot write the bytes of a text ${byteLevels} times over, as the pre_tokenizer of tokenizer.json says`,
    );
  }
  const alone = preTokenizer.type === "ByteLevel" && prefixSpace !== undefined;
  return read(alone ? { ...preTokenizer, "add_prefix_space": prefixSpace } : preTokenizer);
}

/** A pre-tokenizer, or all of a sequence. */
function parts(part: Json): Json[] {
  return sequenceParts("pre_tokenizer", "pretokenizers", part);
}

function read(part: Json): PreTokenizer {
  if (part.type === "Sequence") {
    const steps = parts(part).map(read);
    return (text) => steps.reduce((words, step) => words.flatMap(step), [text]);
  }
  if (part.type === "ByteLevel") return readByteLevel(part);
  if (part.type === "Digits") {
    const many = flag("Digits.individual_digits", part["individual_digits"], false) ? "" : "+";
    const pattern = new RegExp(`${NUMBER}${many}`, "gu");
    return (text) => cut(text, pattern, ALL);
  }
  if (part.type === "Split") return readSplit(part);
  throw new Error(`Cannot read pre_tokenizer of tokenizer.json as ${KNOWN}: ${shown(part.type)}`);
}

/** `trim_offsets` is about offsets of Hugging Face's, which leave the space before a word out; ours count all bytes. */
function readByteLevel(part: Json): PreTokenizer {
  const prefix = flag("ByteLevel.add_prefix_space", part["add_prefix_space"], false);
  const pattern = flag("ByteLevel.use_regex", part["use_regex"], true) ? knownPattern(GPT2_WORDS) : undefined;
  return (text) => {
    const prefixed = prefix && !text.startsWith(" ") ? ` ${text}` : text;
    return (pattern ? cut(prefixed, pattern, ALL) : [prefixed]).map(byteCharacters);
  };
}

/** Which parts of a text are kept: what a pattern finds, and what is between. */
interface Kept {
  readonly found: boolean;
  readonly between: boolean;
}

const ALL: Kept = { found: true, between: true };

function readSplit({ pattern, behavior, invert }: Json): PreTokenizer {
  const inverted = flag("Split.invert", invert, false);
  if (behavior !== "Isolated" && behavior !== "Removed") {
    throw new Error(`Cannot split with the behavior ${shown(behavior)}; known are "Isolated" and "Removed"`);
  }
  const { Regex: source } = record("Split.pattern", pattern);
  if (source === undefined) throw new Error(`Cannot split by ${shown(pattern)} as it is no Regex`);
  const expression = knownPattern(source);
  const kept = behavior === "Isolated" ? ALL : { found: inverted, between: !inverted };
  return (text) => cut(text, expression, kept);
}

function cut(text: string, pattern: RegExp, kept: Kept): string[] {
  const words: string[] = [];
  let done = 0;
  for (const { 0: word, index } of text.matchAll(pattern)) {
    if (kept.between && index > done) words.push(text.slice(done, index));
    if (kept.found) words.push(word);
    done = index + word.length;
  }
  if (kept.between && done < text.length) words.push(text.slice(done));
  return words;
}
