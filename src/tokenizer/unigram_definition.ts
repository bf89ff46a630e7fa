/**
 * What a Unigram tokenizer is made of, the kind that SentencePiece trains, read and checked.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { readVocab } from "./bpe_model.ts";
import { flag, isId, type Json, list, record } from "./json_parts.ts";
import { readSpaceMarks, type SpaceMarks } from "./metaspace.ts";
import { type Normalizer, readUnigramNormalizer } from "./normalizers.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** A piece is looked for at each place of a text, as long as the longest one is. */
const LONGEST_PIECE = 256;

/** Unigram: of all ways to cut a text into pieces the one whose scores have the greatest sum. */
export interface UnigramDefinition extends SpaceMarks {
  /** The vocabulary. Added tokens may or may not be in it. */
  readonly vocab: Vocabulary;
  /** The score of each piece, by its id: the logarithm of its probability. */
  readonly scores: Float64Array;
  /** The UTF-16 code units of the longest piece. */
  readonly longest: number;
  /** The piece for characters that the vocabulary lacks. */
  readonly unknownId: number;
  /** Whether those are written by their bytes, `<0x0A>` and so on, instead. */
  readonly byteFallback: boolean;
  /** What changes a text at first, if something does. */
  readonly normalizer: Normalizer | undefined;
}

/**
 * Reads a Unigram tokenizer.
 *
 * @param file tokenizer.json.
 * @throws {TypeError} If a part is missing or of the wrong type.
 * @throws {RangeError} If the vocabulary is empty, has a piece twice, or lacks the unknown one.
 * @throws {Error} If a part is not known.
 */
export function readUnigram(file: Json): UnigramDefinition {
  const model = record("model", file.model);
  const entries = list("model.vocab", model.vocab).map((entry, id) => scoredPiece(entry, id));
  const ids = Object.fromEntries(entries.map(([piece], id) => [piece, id]));
  if (Object.keys(ids).length < entries.length) {
    const seen = new Set<string>();
    const twice = entries.find(([piece]) => seen.size === seen.add(piece).size)![0];
    throw new RangeError(`Cannot read model.vocab as it has ${shown(twice)} twice`);
  }
  const vocab = readVocab(ids);
  const { unk_id: unknownId } = model;
  if (!isId(unknownId) || unknownId >= entries.length) {
    throw new RangeError(`Cannot write unknown characters as the vocabulary lacks model.unk_id: ${shown(unknownId)}`);
  }
  const longest = entries.reduce((most, [piece]) => Math.max(most, piece.length), 1);
  if (longest > LONGEST_PIECE) {
    throw new RangeError(`Cannot read a piece of ${longest} characters as ${LONGEST_PIECE} are the most`);
  }
  return {
    vocab,
    scores: Float64Array.from(entries, ([, score]) => score),
    longest,
    unknownId,
    byteFallback: flag("model.byte_fallback", model["byte_fallback"], false),
    normalizer: readUnigramNormalizer(file.normalizer),
    ...readSpaceMarks(file["pre_tokenizer"], file.decoder),
  };
}

function scoredPiece(entry: unknown, id: number): readonly [piece: string, score: number] {
  const [piece, score] = list(`model.vocab[${id}]`, entry);
  if (typeof piece === "string" && typeof score === "number" && Number.isFinite(score)) return [piece, score];
  throw new TypeError(`Cannot read model.vocab[${id}] as a piece and its score: ${shown(entry)}`);
}
