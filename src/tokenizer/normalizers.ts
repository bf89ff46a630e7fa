/**
 * Changes text before it is cut into words. As the Rust tokenizers do it:
 * https://github.com/huggingface/tokenizers/tree/main/tokenizers/src/normalizers
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { type Json, list, record } from "./json_parts.ts";
import { lowercase, normalForm } from "./unicode.ts";

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
