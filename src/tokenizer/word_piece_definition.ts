/**
 * What BERT's tokenizer is made of, read and checked.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { type AlignedNormalizer, readBertNormalizer } from "./bert_normalizer.ts";
import { readVocab } from "./bpe_model.ts";
import { flag, isId, type Json, record } from "./json_parts.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** BERT's words have 100 characters at most. */
const LONGEST_WORD = 1000;

/** WordPiece: a word is its longest beginning in the vocabulary, and so on for the rest. */
export interface WordPieceDefinition {
  /** The vocabulary. Added tokens may or may not be in it. */
  readonly vocab: Vocabulary;
  /** What changes a text at first. */
  readonly normalize: AlignedNormalizer;
  /** The piece for a word that is not made of pieces. */
  readonly unknownId: number;
  /** What a piece begins with that goes on with a word: `##`. */
  readonly prefix: string;
  /** Of how many characters a word may be; a longer one is unknown. */
  readonly longestWord: number;
  /** What a piece begins with that decoding joins to the one before. */
  readonly joiner: string;
  /** Whether decoding takes out the space before punctuation. */
  readonly cleanup: boolean;
}

/**
 * Reads a WordPiece tokenizer.
 *
 * @param file tokenizer.json.
 * @throws {TypeError} If a part is missing or of the wrong type.
 * @throws {RangeError} If the vocabulary is empty, or lacks the unknown token.
 * @throws {Error} If a part is not known.
 */
export function readWordPiece(file: Json): WordPieceDefinition {
  const model = record("model", file.model);
  const preTokenizer = record("pre_tokenizer", file["pre_tokenizer"]);
  if (preTokenizer.type !== "BertPreTokenizer") {
    throw new Error(`Cannot read pre_tokenizer of tokenizer.json as BertPreTokenizer: ${shown(preTokenizer.type)}`);
  }
  const decoder = record("decoder", file.decoder);
  if (decoder.type !== "WordPiece") {
    throw new Error(`Cannot read decoder of tokenizer.json as WordPiece: ${shown(decoder.type)}`);
  }
  const vocab = readVocab(model.vocab);
  const { unk_token: unknown = "[UNK]", max_input_chars_per_word: longest = 100 } = model;
  const unknownId = typeof unknown === "string" ? vocab.idOf(unknown) : undefined;
  if (unknownId === undefined) {
    throw new RangeError(`Cannot write unknown words as the vocabulary lacks model.unk_token: ${shown(unknown)}`);
  }
  // a long word is looked at again for each of its characters
  if (!isId(longest) || longest > LONGEST_WORD) {
    throw new RangeError(
      `Cannot read model.max_input_chars_per_word as a length of at most ${LONGEST_WORD}: ${shown(longest)}`,
    );
  }
  return {
    vocab,
    normalize: readBertNormalizer(file.normalizer),
    unknownId,
    longestWord: longest,
    prefix: text("model.continuing_subword_prefix", model["continuing_subword_prefix"]),
    joiner: text("decoder.prefix", decoder.prefix),
    cleanup: flag("decoder.cleanup", decoder.cleanup, true),
  };
}

function text(name: string, value: unknown = "##"): string {
  if (typeof value === "string") return value;
  throw new TypeError(`Cannot read ${name} as text: ${shown(value)}`);
}
