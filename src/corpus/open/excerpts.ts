/**
 * Tokens of documents, as the tables of a corpus hold them.
 *
 * @module
 */
import type { Token } from "../../tokenizer/token.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import type { CorpusRow } from "./rows.ts";
import type { Excerpt } from "../../analysis/corpus_results.ts";

/** A row of the table `documents`. */
export interface StoredDocument {
  readonly document: number;
  readonly id: string;
  readonly text: string;
  readonly tokenIds: readonly number[];
  readonly starts: readonly number[];
}

const UTF8 = new TextEncoder();

/**
 * Tokens of a document from `start` to before `end`. A model's tokenizer says what each is; without, a token is what
 * stands in the text between where it begins and where the next one does, and its number where that is nothing.
 */
export function excerptOf(
  { document, id, tokenIds, starts, text }: StoredDocument,
  start: number,
  end: number,
  tokenizer: Tokenizer | undefined,
): Excerpt {
  const ids = tokenIds.slice(start, end);
  const known = tokenizer?.tokens(ids);
  const tokens = ids.map((tokenId, i): Token => {
    const from = starts[start + i]!;
    const place = { start: from, end: Math.max(from, starts[start + i + 1] ?? text.length) };
    if (known) return { ...known[i]!, ...place };
    const piece = text.slice(place.start, place.end);
    return { id: tokenId, piece, bytes: UTF8.encode(piece), ...place, text: piece === "" ? `#${tokenId}` : piece };
  });
  return { document, id, start, tokens };
}

/**
 * Documents by their numbers; rows that are read together are read once, however many of the documents are among them.
 *
 * @param numbers Their numbers.
 * @param shardSize How many documents stand in one file.
 * @param read Reads those with some numbers.
 * @throws {Error} When one is not there.
 */
export async function documentsOf(
  numbers: readonly number[],
  shardSize: number,
  read: (document: { readonly from: number; readonly to: number }) => AsyncIterable<CorpusRow>,
): Promise<ReadonlyMap<number, StoredDocument>> {
  const wanted = new Set(numbers);
  const found = new Map<number, StoredDocument>();
  for (const own of Map.groupBy(wanted, (number) => Math.floor(number / shardSize)).values()) {
    for await (const row of read({ from: Math.min(...own), to: Math.max(...own) })) {
      const stored = row as unknown as StoredDocument;
      if (wanted.has(stored.document)) found.set(stored.document, stored);
    }
  }
  const missing = numbers.find((number) => !found.has(number));
  if (missing === undefined) return found;
  throw new Error(`Cannot read document ${missing} of a corpus as no shard that is done has it`);
}

/** Tokens as they stand in the first document that has each. */
export async function tokensIn(
  documents: AsyncIterable<CorpusRow>,
  ids: ReadonlySet<number>,
): Promise<ReadonlyMap<number, Token>> {
  const found = new Map<number, Token>();
  for await (const row of documents) {
    if (found.size === ids.size) break;
    const stored = row as unknown as StoredDocument;
    for (const [at, id] of stored.tokenIds.entries()) {
      if (ids.has(id) && !found.has(id)) found.set(id, excerptOf(stored, at, at + 1, undefined).tokens[0]!);
    }
  }
  return found;
}
