/**
 * Tokens that stand for some bytes each, and where they are in the text of all of them.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import type { Codec } from "./codec.ts";
import type { Pieces } from "./pieces.ts";
import type { Token } from "./token.ts";
import { decodeUtf8, displayBytes, placeCharacters } from "./utf8.ts";

/** The tokens of ids that stand for some bytes each, placed in the text of all of them. */
export function placedTokens(
  ids: readonly number[],
  parts: readonly Uint8Array<ArrayBuffer>[],
  pieces: Pieces,
): Token[] {
  const { starts, ends, length } = placeCharacters(concatenate(parts));
  let offset = 0;
  return parts.map((part, i): Token => {
    const first = offset;
    offset += part.length;
    return {
      id: ids[i]!,
      piece: pieces.expectPiece(ids[i]!),
      bytes: part,
      start: starts[first] ?? length,
      end: part.length === 0 ? starts[first] ?? length : ends[offset - 1]!,
      text: displayBytes(part),
    };
  });
}

/** The text of the bytes that tokens stand for. */
export function decodeParts(parts: readonly Uint8Array[]): string {
  return decodeUtf8(concatenate(parts));
}

/**
 * Checks that the tokens of a text decode to what other tokens decode to.
 *
 * @throws {RangeError} If they do not, as the other tokens are then not those of the text.
 */
export function expectEncoded(codec: Pick<Codec, "encode" | "decode">, decoded: string, text: string): void {
  if (codec.decode(codec.encode(text.toWellFormed())) === decoded) return;
  throw new RangeError(`Cannot place the tokens of ${shown(decoded)} in another text: ${shown(text)}`);
}

/** Bytes one behind another. */
function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
