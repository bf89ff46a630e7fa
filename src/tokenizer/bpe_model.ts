/**
 * The vocabulary and the merges of byte-level BPE, read and checked.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { flag, isId, record } from "./json_parts.ts";
import { Merges } from "./merges.ts";
import { scanMerges, scanVocabulary } from "./scan.ts";
import { Vocabulary } from "./vocabulary.ts";

/** What joins bytes. */
export interface BpeModel {
  /** The vocabulary. Added tokens may or may not be in it. */
  readonly vocab: Vocabulary;
  /** The pairs of tokens that are joined. */
  readonly merges: Merges;
  /** Whether a word that is in the vocabulary is taken whole. */
  readonly ignoreMerges: boolean;
  /** The piece for what is in no vocabulary. */
  readonly unknownToken: string | undefined;
  /** Whether one such piece stands for several in a row. */
  readonly fuseUnknown: boolean;
}

// options of BPE that change what a piece stands for, or make encoding random
const FOREIGN_OPTIONS = ["continuing_subword_prefix", "end_of_word_suffix", "byte_fallback", "dropout"];

/**
 * Reads the `model` of tokenizer.json.
 *
 * @throws {TypeError} If a part is missing or of the wrong type.
 * @throws {RangeError} If an id or a merge does not fit the vocabulary.
 * @throws {Error} If it is of another kind.
 */
export function readBpeModel(json: unknown): BpeModel {
  const model = record("model", json);
  // GPT-2's own tokenizer.json says no type
  if (model.type !== undefined && model.type !== "BPE") {
    throw new Error(
      `Cannot read model of tokenizer.json as byte-level BPE, WordPiece or Unigram, the kinds that are known: ${
        shown(model.type)
      }`,
    );
  }
  for (const option of FOREIGN_OPTIONS) {
    if (model[option]) {
      throw new Error(`Cannot read model.${option} of tokenizer.json as byte-level BPE: ${shown(model[option])}`);
    }
  }
  const vocab = readVocab(model.vocab);
  const merges = model.merges instanceof Merges ? model.merges : readMerges(vocab, model.merges);
  const unknownToken = model["unk_token"] ?? undefined;
  if (unknownToken !== undefined && typeof unknownToken !== "string") {
    throw new TypeError(`Cannot read model.unk_token as a piece: ${shown(unknownToken)}`);
  }
  return {
    vocab,
    merges,
    unknownToken,
    ignoreMerges: flag("model.ignore_merges", model["ignore_merges"], false),
    fuseUnknown: flag("model.fuse_unk", model["fuse_unk"], false),
  };
}

/**
 * Reads the `vocab` of a model, which may have been scanned already.
 *
 * @throws {TypeError} If it is no object.
 * @throws {RangeError} If it is empty, an id is no index, or two pieces have the same.
 */
export function readVocab(json: unknown): Vocabulary {
  const vocab = json instanceof Vocabulary ? json : indexed(record("model.vocab", json));
  if (vocab.size > 0) return vocab;
  throw new RangeError("Cannot read model.vocab as a vocabulary: it is empty");
}

function indexed(json: Readonly<Record<string, unknown>>): Vocabulary {
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
