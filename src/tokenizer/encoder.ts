/**
 * The one place where `@huggingface/tokenizers` is used: it normalizes text and cuts it into words. It would join bytes
 * too, but takes a tenth of a second to index the merges of a large vocabulary.
 *
 * @module
 */
import { Tokenizer as HuggingFaceTokenizer } from "npm:@huggingface/tokenizers@0.2.0";
import { shown } from "../base/words.ts";
import type { TokenizerDefinition } from "./definition.ts";

/** Text in, ids out; knows nothing of added tokens. */
export interface Encoder {
  /** Changes the text as the normalizer of the tokenizer says. */
  normalize(text: string): string;
  /** The ids of a normalized text. */
  encode(text: string): number[];
}

/**
 * GPT-2's words, https://github.com/openai/gpt-2/blob/9b63575ef42771a015060c964af2c3da4cf7c8ab/src/encoder.py#L53.
 * The library reads `\s` here as Unicode white space, as the Rust tokenizers do; its own ByteLevel takes JavaScript's,
 * which counts U+FEFF and leaves out U+0085.
 */
const WORDS = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

type Json = Readonly<Record<string, unknown>>;

/**
 * Builds the encoder of a tokenizer.
 *
 * @param definition The checked parts of the tokenizer.
 * @returns The encoder.
 * @throws {Error} If the library does not know the normalizer or the pre-tokenizer.
 */
export function createEncoder(definition: TokenizerDefinition): Encoder {
  const { normalizer, preTokenizer, addPrefixSpace, vocab, merges, ignoreMerges, unknownToken } = definition;
  const words = splitWords(
    preTokenizer.type === "ByteLevel" ? { ...preTokenizer, "add_prefix_space": false } : preTokenizer,
  );
  const split = createLibrary("pre_tokenizer", preTokenizer, { "pre_tokenizer": words })["pre_tokenizer"]!;
  const form = normalizer && createLibrary("normalizer", normalizer, { normalizer }).normalizer;
  const unknownId = unknownToken === undefined ? undefined : vocab.idOf(unknownToken);
  const encodeWord = (word: string) => {
    const whole = ignoreMerges ? vocab.idOf(word) : undefined;
    if (whole !== undefined) return [whole];
    const ids = Array.from(word, (character) => vocab.idOf(character));
    // What the vocabulary lacks is joined with nothing.
    const joined = merges.join(ids.map((id) => id ?? NO_TOKEN));
    return joined.flatMap((id) => id !== NO_TOKEN ? [id] : unknownId ?? []);
  };
  return {
    normalize: (text) => form ? form.normalize(text) : text,
    encode: (text) => {
      const prefixed = addPrefixSpace && !text.startsWith(" ") ? ` ${text}` : text;
      return split(prefixed, { "section_index": 0 }).flatMap(encodeWord);
    },
  };
}

/** Stands for what is in no merge. */
const NO_TOKEN = -1;

function createLibrary(name: string, part: Json, parts: Json): HuggingFaceTokenizer {
  const defaults = {
    model: { type: "BPE", vocab: {}, merges: [] },
    "added_tokens": [],
    normalizer: null,
    "pre_tokenizer": null,
    "post_processor": null,
    decoder: null,
  };
  try {
    return new HuggingFaceTokenizer({ ...defaults, ...parts }, {});
  } catch {
    throw new Error(`Cannot read ${name} of tokenizer.json as one that is known: ${shown(part)}`);
  }
}

/** Puts a split into words in front of each ByteLevel that would split by itself. */
function splitWords(part: Json): Json {
  if (part.type === "Sequence" && Array.isArray(part.pretokenizers)) {
    return { ...part, pretokenizers: part.pretokenizers.map(splitWords) };
  }
  if (part.type !== "ByteLevel" || part.use_regex === false || part.add_prefix_space === true) return part;
  const split = { type: "Split", pattern: { Regex: WORDS }, behavior: "Isolated", invert: false };
  return { type: "Sequence", pretokenizers: [split, { ...part, "use_regex": false }] };
}
