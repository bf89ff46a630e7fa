/**
 * Changes text before it is cut into words. As the Rust tokenizers do it:
 * https://github.com/huggingface/tokenizers/tree/main/tokenizers/src/normalizers
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { type Json, list, record } from "./json_parts.ts";
import { characterClass, lowercase, normalForm } from "./unicode.ts";

/** Changes a text. */
export type Normalizer = (text: string) => string;

const FORMS = ["NFC", "NFD", "NFKC", "NFKD"] as const;

/**
 * Reads the normalizer of byte-level BPE.
 *
 * @param json The `normalizer` of tokenizer.json.
 * @returns The normalizer, or undefined when there is none.
 * @throws {TypeError} If a part is of the wrong type.
 * @throws {Error} If a part is not known.
 */
export function readNormalizer(json: unknown): Normalizer | undefined {
  return json === null || json === undefined ? undefined : read(record("normalizer", json));
}

/**
 * Reads the normalizer of Unigram, which may also clean a text as SentencePiece does, join spaces, and put marks.
 *
 * @throws {TypeError} If a part is of the wrong type.
 * @throws {Error} If a part is not known, as a table that SentencePiece has compiled.
 */
export function readUnigramNormalizer(json: unknown): Normalizer | undefined {
  if (json === null || json === undefined) return undefined;
  const part = record("normalizer", json);
  if (part.type === "Sequence") {
    const steps = list("normalizers", part.normalizers).map((inner) => readUnigramNormalizer(inner));
    return (text) => steps.reduce((changed, step) => step?.(changed) ?? changed, text);
  }
  if (part.type === "Nmt") return (text) => text.replace(NMT_REMOVED, "").replace(NMT_SPACES, " ");
  if (part.type === "Prepend" && typeof part.prepend === "string") {
    const { prepend } = part;
    return (text) => text === "" ? text : prepend + text;
  }
  if (part.type === "Replace" && typeof part.content === "string") {
    const { content } = part;
    const { String: literal, Regex: pattern } = Object(part.pattern);
    if (typeof literal === "string" && literal !== "") return (text) => text.replaceAll(literal, () => content);
    if (pattern === " {2,}") return (text) => text.replace(/ {2,}/g, () => content);
    throw new Error(`Cannot read pattern of a Replace of tokenizer.json as a text or " {2,}": ${shown(part.pattern)}`);
  }
  if (part.type === "Precompiled") {
    throw new Error("Cannot read a Precompiled normalizer of tokenizer.json as its table is SentencePiece's own");
  }
  return read(part);
}

/** What SentencePiece's rules for translation take out, and make spaces of. */
const NMT_REMOVED = new RegExp(characterClass("1-8 b e-1f 7f 8f 9f"), "gu");
const NMT_SPACES = new RegExp(characterClass("9 a c d 1680 200b-200f 2028 2029 2581 feff fffd"), "gu");

function read(part: Json): Normalizer {
  const { type, normalizers } = part;
  if (type === "Sequence") {
    const steps = list("normalizers", normalizers).map((inner) => read(record("normalizer", inner)));
    return (text) => steps.reduce((changed, step) => step(changed), text);
  }
  if (type === "Lowercase") return lowercase;
  const form = FORMS.find((name) => name === type);
  if (form) return (text) => normalForm(text, form);
  throw new Error(
    `Cannot read normalizer of tokenizer.json as ${FORMS.join(", ")}, Lowercase or a Sequence of them: ${shown(type)}`,
  );
}
