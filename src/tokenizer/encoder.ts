/**
 * The one place where `@huggingface/tokenizers` is used: it normalizes text, cuts it into words and merges bytes.
 *
 * @module
 */
import { Tokenizer as HuggingFaceTokenizer } from "npm:@huggingface/tokenizers@0.2.0";
import { shown } from "../checkpoint/shown.ts";
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
  const emptyModel = { type: "BPE", vocab: {}, merges: [] };
  const words = splitWords(
    preTokenizer.type === "ByteLevel" ? { ...preTokenizer, "add_prefix_space": false } : preTokenizer,
  );
  createLibrary("pre_tokenizer", preTokenizer, { "pre_tokenizer": words, model: emptyModel });
  // The merges of a large vocabulary take a tenth of a second to index: who passes ids need not wait for it.
  let library: HuggingFaceTokenizer | undefined;
  const fullLibrary = () => {
    const model = {
      type: "BPE",
      vocab: Object.fromEntries(vocab),
      // the library takes the form of the first for that of all
      merges: merges.every((merge) => typeof merge === "string") ? merges : merges.map(piecePair),
      "ignore_merges": ignoreMerges,
      ...(unknownToken !== undefined && { "unk_token": unknownToken }),
    };
    return createLibrary("pre_tokenizer", preTokenizer, { "pre_tokenizer": words, model });
  };
  const form = normalizer && createLibrary("normalizer", normalizer, { normalizer, model: emptyModel }).normalizer;
  return {
    normalize: (text) => form ? form.normalize(text) : text,
    encode: (text) => {
      const prefixed = addPrefixSpace && !text.startsWith(" ") ? ` ${text}` : text;
      library ??= fullLibrary();
      return library.encode(prefixed, { "add_special_tokens": false }).ids;
    },
  };
}

function createLibrary(name: string, part: Json, parts: Json): HuggingFaceTokenizer {
  const defaults = {
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

/** A checked merge as two pieces. */
function piecePair(merge: unknown): unknown {
  return typeof merge === "string" ? merge.split(" ") : merge;
}
