/**
 * What a tokenizer is made of: read from tokenizer.json, or from GPT-2's vocab.json and merges.txt, and checked.
 *
 * @module
 */
import { LARGE_JSON, parseJsonWithin } from "../base/json.ts";
import { shown } from "../base/words.ts";
import type { AddedToken } from "./added_tokens.ts";
import { Merges } from "./merges.ts";
import { scanMerges, scanTokenizer, scanVocabulary } from "./scan.ts";
import { Vocabulary } from "./vocabulary.ts";

/** A byte-level BPE tokenizer, checked. */
export interface TokenizerDefinition {
  /** The vocabulary. Added tokens may or may not be in it. */
  readonly vocab: Vocabulary;
  /** The pairs of tokens that are joined. */
  readonly merges: Merges;
  /** Whether a pre-token that is in the vocabulary is taken whole. */
  readonly ignoreMerges: boolean;
  /** The piece for what is in no vocabulary. */
  readonly unknownToken: string | undefined;
  /** Tokens that are found as they stand. */
  readonly addedTokens: readonly AddedToken[];
  /** The `normalizer` of tokenizer.json. */
  readonly normalizer: Readonly<Record<string, unknown>> | null;
  /** The `pre_tokenizer` of tokenizer.json. */
  readonly preTokenizer: Readonly<Record<string, unknown>>;
  /** Whether a space goes before each text that does not begin with one. */
  readonly addPrefixSpace: boolean;
  /** The special tokens that begin each text for the model. */
  readonly startIds: readonly number[];
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
 * @throws {Error} If the tokenizer is of another kind than byte-level BPE.
 */
export function readDefinition(json: unknown, config: unknown = {}): TokenizerDefinition {
  const file = record("tokenizer.json", parsed("tokenizer.json", json, parseTokenizer));
  const { model: modelJson, normalizer, pre_tokenizer: preTokenizerJson, decoder, added_tokens: addedJson } = file;
  const settings = record("tokenizer_config.json", parsed("tokenizer_config.json", config));
  const model = readModel(modelJson);
  const preTokenizer = record("pre_tokenizer", preTokenizerJson);
  if (!hasByteLevel(preTokenizer)) throw kindError("pre_tokenizer", preTokenizer);
  if (record("decoder", decoder).type !== "ByteLevel") throw kindError("decoder", decoder);
  const prefixSpace = settings.add_prefix_space ?? preTokenizer.add_prefix_space;
  const addedTokens = readAddedTokens(model.vocab, addedJson ?? [], settings.added_tokens_decoder ?? {});
  const added = new Set(addedTokens.map(({ id }) => id));
  const isKnown = (id: number) => added.has(id) || model.vocab.pieceOf(id) !== undefined;
  return {
    ...model,
    addedTokens,
    normalizer: normalizer === null || normalizer === undefined ? null : record("normalizer", normalizer),
    preTokenizer,
    addPrefixSpace: preTokenizer.type === "ByteLevel" && prefixSpace === true,
    startIds: readStart(file.post_processor, isKnown),
  };
}

/** What a post-processor puts before each text; one that puts tokens after it would end what is to be continued. */
function readStart(json: unknown, isKnown: (id: number) => boolean): number[] {
  if (json === null || json === undefined) return [];
  const { type, processors, single, special_tokens: specials } = record("post_processor", json);
  if (type === "Sequence" && Array.isArray(processors)) return processors.flatMap((part) => readStart(part, isKnown));
  if (type !== "TemplateProcessing") return [];
  if (!Array.isArray(single)) throw new TypeError(`Cannot read the post_processor as its single is ${shown(single)}`);
  const end = single.findIndex((part) => part?.Sequence !== undefined);
  const idsOf = (part: { SpecialToken?: { id: string } }) => {
    const name = part?.SpecialToken?.id;
    const token: unknown = name === undefined ? undefined : record("special_tokens", specials)[name];
    const { ids } = record("special token", token);
    if (Array.isArray(ids) && ids.every(isKnown)) return ids as number[];
    throw new RangeError(`Cannot start a text with ${shown(name)} as its ids are not in the vocabulary: ${shown(ids)}`);
  };
  if (end >= 0 && end < single.length - 1) {
    const what = shown(single.slice(end + 1));
    throw new Error(`Cannot continue texts of this tokenizer as its post_processor puts ${what} after each`);
  }
  return single.slice(0, Math.max(end, 0)).flatMap(idsOf);
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

// options of BPE that change what a piece stands for, or make encoding random
const FOREIGN_OPTIONS = ["continuing_subword_prefix", "end_of_word_suffix", "byte_fallback", "dropout"];

type Model = Pick<TokenizerDefinition, "vocab" | "merges" | "ignoreMerges" | "unknownToken">;

function readModel(json: unknown): Model {
  const model = record("model", json);
  // GPT-2's own tokenizer.json says no type
  if (model.type !== undefined && model.type !== "BPE") throw kindError("model", model);
  for (const option of FOREIGN_OPTIONS) {
    if (model[option]) {
      throw new Error(`Cannot read model.${option} of tokenizer.json as byte-level BPE: ${shown(model[option])}`);
    }
  }
  const vocab = model.vocab instanceof Vocabulary ? model.vocab : readVocab(record("model.vocab", model.vocab));
  if (vocab.size === 0) throw new RangeError("Cannot read model.vocab as a vocabulary: it is empty");
  const merges = model.merges instanceof Merges ? model.merges : readMerges(vocab, model.merges);
  const unknownToken = model.unk_token ?? undefined;
  if (unknownToken !== undefined && typeof unknownToken !== "string") {
    throw new TypeError(`Cannot read model.unk_token as a piece: ${shown(unknownToken)}`);
  }
  return { vocab, merges, unknownToken, ignoreMerges: model.ignore_merges === true };
}

function readVocab(json: Readonly<Record<string, unknown>>): Vocabulary {
  const pieces = new Map<number, string>();
  for (const [piece, id] of Object.entries(json)) {
    if (!isId(id)) throw new RangeError(`Cannot read the id of ${shown(piece)} as an index: ${shown(id)}`);
    const other = pieces.get(id);
    if (other !== undefined) {
      throw new RangeError(`Cannot read id ${id} as one piece: it is given to ${shown(other)} and ${shown(piece)}`);
    }
    pieces.set(id, piece);
  }
  return scanVocabulary(json)!;
}

function readMerges(vocab: Vocabulary, json: unknown): Merges {
  if (!Array.isArray(json)) throw new TypeError(`Cannot read model.merges as an array: ${shown(json)}`);
  const merges = scanMerges(vocab, json);
  if (merges) return merges;
  for (const merge of json) checkMerge(vocab, merge);
  throw new TypeError(`Cannot read model.merges as pairs of pieces: ${shown(json)}`);
}

/** Says what is wrong with a merge. */
function checkMerge(vocab: Vocabulary, json: unknown): void {
  const pair: unknown[] = typeof json === "string" ? json.split(" ") : Array.isArray(json) ? json : [];
  const [left, right] = pair;
  if (pair.length !== 2 || typeof left !== "string" || typeof right !== "string") {
    throw new TypeError(`Cannot read a merge as two pieces: ${shown(json)}`);
  }
  const missing = [left, right, left + right].find((piece) => vocab.idOf(piece) === undefined);
  if (missing !== undefined) {
    throw new RangeError(`Cannot merge ${shown(left)} and ${shown(right)} as the vocabulary lacks ${shown(missing)}`);
  }
}

/** The added tokens. */
function readAddedTokens(vocab: Vocabulary, list: unknown, more: unknown): AddedToken[] {
  if (!Array.isArray(list)) throw new TypeError(`Cannot read added_tokens as an array: ${shown(list)}`);
  const tokens = new Map<string, AddedToken>();
  const pieces = new Map<number, string>();
  const decoder = Object.entries(record("added_tokens_decoder", more));
  const entries = [
    ...list,
    ...decoder.map(([id, fields]) => ({ ...record("an added token", fields), id: Number(id) })),
  ];
  for (const entry of entries) {
    const token = readAddedToken(entry);
    if (tokens.has(token.content)) continue;
    const other = pieces.get(token.id) ?? vocab.pieceOf(token.id);
    if (other !== undefined && other !== token.content) {
      throw new RangeError(
        `Cannot read id ${token.id} as one piece: it is given to ${shown(other)} and ${shown(token.content)}`,
      );
    }
    tokens.set(token.content, token);
    pieces.set(token.id, token.content);
  }
  return [...tokens.values()];
}

function readAddedToken(json: unknown): AddedToken {
  const { id, content, single_word: singleWord, lstrip, rstrip, normalized, special } = record("an added token", json);
  if (typeof content !== "string" || content === "") {
    throw new TypeError(`Cannot read the content of an added token as text: ${shown(content)}`);
  }
  if (!isId(id)) throw new RangeError(`Cannot read the id of ${shown(content)} as an index: ${shown(id)}`);
  return {
    id,
    content,
    singleWord: singleWord === true,
    lstrip: lstrip === true,
    rstrip: rstrip === true,
    special: special === true,
    normalized: typeof normalized === "boolean" ? normalized : special !== true,
  };
}

function hasByteLevel(preTokenizer: Readonly<Record<string, unknown>>): boolean {
  const { type, pretokenizers } = preTokenizer;
  if (type !== "Sequence") return type === "ByteLevel";
  return Array.isArray(pretokenizers) && pretokenizers.some((part) => hasByteLevel(record("pre_tokenizer", part)));
}

function kindError(part: string, json: unknown): Error {
  const { type } = record(part, json);
  return new Error(`Cannot read ${part} of tokenizer.json as byte-level BPE, the kind that GPT-2 has: ${shown(type)}`);
}

function parseLarge(text: string): unknown {
  return parseJsonWithin(text, LARGE_JSON);
}

function parsed(name: string, json: unknown, parse: (text: string) => unknown = parseLarge): unknown {
  if (typeof json !== "string") return json;
  try {
    return parse(json);
  } catch (error) {
    if (error instanceof RangeError) throw new RangeError(`Cannot read ${name} as ${error.message}`);
    throw new SyntaxError(`Cannot read ${name} as JSON: ${shown(json)}`);
  }
}

function record(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  throw new TypeError(`Cannot read ${name} as an object: ${shown(value)}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isId(id: unknown): id is number {
  return Number.isInteger(id) && Number(id) >= 0 && Number(id) < 2 ** 31;
}
