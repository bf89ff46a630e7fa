/**
 * What a tokenizer is made of: read from tokenizer.json, or from GPT-2's vocab.json and merges.txt, and checked.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { type AddedToken, readAddedTokens } from "./added_tokens.ts";
import { readBpeModel } from "./bpe_model.ts";
import type { BytesDefinition } from "./bytes_codec.ts";
import { type Json, parsed, parseLarge, record } from "./json_parts.ts";
import { readNormalizer } from "./normalizers.ts";
import { readTemplate, type Template } from "./post_processor.ts";
import { readBytePreTokenizer } from "./pre_tokenizers.ts";
import { scanTokenizer } from "./scan.ts";
import { readUnigram, type UnigramDefinition } from "./unigram_definition.ts";
import type { Vocabulary } from "./vocabulary.ts";
import { readWordPiece, type WordPieceDefinition } from "./word_piece_definition.ts";

/** A tokenizer, checked. */
export interface TokenizerDefinition {
  /** The vocabulary. Added tokens may or may not be in it. */
  readonly vocab: Vocabulary;
  /** Tokens that are found as they stand. */
  readonly addedTokens: readonly AddedToken[];
  /** The special tokens around a text. */
  readonly template: Template;
  /** tokenizer_config.json. */
  readonly settings: Json;
  /** What turns text into ids. */
  readonly kind:
    | { readonly name: "bytes" } & BytesDefinition
    | { readonly name: "words" } & WordPieceDefinition
    | { readonly name: "unigram" } & UnigramDefinition;
}

/**
 * Parses tokenizer.json for {@linkcode readDefinition}, its vocabulary and its merges much faster than `JSON.parse`.
 *
 * @param text The file.
 * @param parse Called with the text when it is not written as usual; by default, it is parsed as JSON of a bounded size.
 * @returns What the file holds.
 */
export function parseTokenizer(text: string, parse: (text: string) => unknown = parseLarge): unknown {
  return scanTokenizer(text) ?? parse(text);
}

/**
 * Reads tokenizer.json.
 *
 * @param json The file, parsed or as text.
 * @param config tokenizer_config.json, parsed or as text; its `add_prefix_space` and `added_tokens_decoder` count.
 * @returns The checked definition.
 * @throws {SyntaxError} If a text is not JSON.
 * @throws {TypeError} If a part is missing or of the wrong type.
 * @throws {RangeError} If an id or a merge does not fit the vocabulary.
 * @throws {Error} If it is of another kind than byte-level BPE, WordPiece and Unigram, or has a part that is not known.
 */
export function readDefinition(json: unknown, config: unknown = {}): TokenizerDefinition {
  const file = record("tokenizer.json", parsed("tokenizer.json", json, parseTokenizer));
  const settings = record("tokenizer_config.json", parsed("tokenizer_config.json", config));
  const { type } = record("model", file.model);
  const kind = type === "WordPiece"
    ? { name: "words" as const, ...readWordPiece(file) }
    : type === "Unigram"
    ? { name: "unigram" as const, ...readUnigram(file) }
    : { name: "bytes" as const, ...readBytes(file, settings) };
  const { vocab } = kind;
  const addedTokens = readAddedTokens(vocab, file["added_tokens"] ?? [], settings["added_tokens_decoder"] ?? {});
  const added = new Set(addedTokens.map(({ id }) => id));
  const isKnown = (id: number) => added.has(id) || vocab.pieceOf(id) !== undefined;
  return { vocab, addedTokens, template: readTemplate(file["post_processor"], isKnown), settings, kind };
}

function readBytes(file: Json, settings: Json): BytesDefinition {
  const model = readBpeModel(file.model);
  const preTokenizer = readBytePreTokenizer(file["pre_tokenizer"], settings["add_prefix_space"] ?? undefined);
  const { type: decoder } = record("decoder", file.decoder);
  if (decoder === "ByteLevel") return { ...model, normalizer: readNormalizer(file.normalizer), preTokenizer };
  throw new Error(
    `Cannot read decoder of tokenizer.json as byte-level BPE, the kind that GPT-2 has: ${shown(decoder)}`,
  );
}

/**
 * Puts together tokenizer.json as GPT-2 has it.
 *
 * @param vocabJson vocab.json, parsed or as text.
 * @param mergesTxt merges.txt: a pair to a line, after a line with the version.
 * @param addedTokens The added tokens; by default `<|endoftext|>` when it is in the vocabulary.
 * @param startToken The special token that begins each text for the model, if one does.
 * @returns What {@linkcode readDefinition} reads.
 * @throws {SyntaxError} If the vocabulary is not JSON.
 * @throws {TypeError} If the vocabulary is not an object, or the merges are no text.
 */
export function gpt2TokenizerJson(
  vocabJson: unknown,
  mergesTxt: string,
  addedTokens?: readonly AddedToken[],
  startToken?: string,
): Record<string, unknown> {
  const vocab = record("vocab.json", parsed("vocab.json", vocabJson));
  if (typeof mergesTxt !== "string") throw new TypeError(`Cannot read merges.txt as text: ${shown(mergesTxt)}`);
  const lines = mergesTxt.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#version"));
  const end = Object.hasOwn(vocab, "<|endoftext|>") ? vocab["<|endoftext|>"] : undefined;
  const defaults = end === undefined ? [] : [{ id: end, content: "<|endoftext|>", special: true, normalized: true }];
  const start = { SpecialToken: { id: startToken, "type_id": 0 } };
  const ids = [startToken === undefined ? undefined : vocab[startToken]];
  return {
    "post_processor": startToken === undefined ? null : {
      type: "TemplateProcessing",
      single: [start, { Sequence: { id: "A", "type_id": 0 } }],
      "special_tokens": { [startToken]: { id: startToken, ids, tokens: [startToken] } },
    },
    "added_tokens": addedTokens?.map((token) => ({ ...token, "single_word": token.singleWord })) ?? defaults,
    "pre_tokenizer": { type: "ByteLevel", "add_prefix_space": false },
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab, merges: lines },
  };
}
