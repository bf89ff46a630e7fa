/**
 * Tokens of documents, as the tables of a corpus hold them.
 *
 * @module
 */
import type { Token } from "../../tokenizer/token.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import type { Excerpt } from "./types.ts";

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
