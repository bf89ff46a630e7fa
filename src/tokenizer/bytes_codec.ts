/**
 * Byte-level BPE: the bytes of a word are joined to tokens.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { type AddedToken, sectionEncoder } from "./added_tokens.ts";
import type { BpeModel } from "./bpe_model.ts";
import { byteCharacter, pieceBytes } from "./byte_level.ts";
import type { Codec, TokenizedText } from "./codec.ts";
import type { Normalizer } from "./normalizers.ts";
import type { Pieces } from "./pieces.ts";
import { decodeParts, expectEncoded, placedTokens } from "./placed_tokens.ts";
import type { PreTokenizer } from "./pre_tokenizers.ts";
import type { Token } from "./token.ts";
import { SpelledStream, type TokenStream } from "./token_stream.ts";
import { hexByte } from "./utf8.ts";

/** What byte-level BPE is made of. */
export interface BytesDefinition extends BpeModel {
  /** What changes a text at first, if something does. */
  readonly normalizer: Normalizer | undefined;
  /** What cuts a text into words. */
  readonly preTokenizer: PreTokenizer;
}

/** Stands for what is in no merge. */
const NO_TOKEN = -1;
/** How many words, and how long ones, are remembered: a text has few that are not there already. */
const [MOST_WORDS, LONGEST_WORD] = [10_000, 32];

/** Byte-level BPE, the kind that GPT-2 has. */
export class BytesCodec implements Codec {
  readonly #parts: BytesDefinition;
  readonly #pieces: Pieces;
  readonly #unknownId: number | undefined;
  readonly #missingBytes: ReadonlySet<number>;
  readonly #encode: (text: string) => number[];
  readonly #remembered = new Map<string, number[]>();

  /** Encodes with the given parts. */
  constructor(parts: BytesDefinition, pieces: Pieces, addedTokens: readonly AddedToken[]) {
    const { vocab, unknownToken } = parts;
    this.#parts = parts;
    this.#pieces = pieces;
    this.#unknownId = unknownToken === undefined ? undefined : vocab.idOf(unknownToken);
    const bytes = Array.from({ length: 256 }, (_, byte) => byte);
    this.#missingBytes = new Set(
      unknownToken === undefined ? bytes.filter((byte) => vocab.idOf(byteCharacter(byte)) === undefined) : [],
    );
    const normalize = (text: string) => parts.normalizer?.(text) ?? text;
    this.#encode = sectionEncoder(addedTokens, normalize, (text) => this.#encodeSection(text));
  }

  encode(text: string): number[] {
    return this.#encode(text);
  }

  decode(ids: readonly number[]): string {
    return decodeParts(ids.map((id) => this.#bytesOf(id)));
  }

  tokens(ids: readonly number[], text?: string): Token[] {
    const parts = ids.map((id) => this.#bytesOf(id));
    if (text !== undefined) {
      const decoded = decodeParts(parts);
      if (text.toWellFormed() !== decoded) expectEncoded(this, decoded, text);
    }
    return placedTokens(ids, parts, this.#pieces);
  }

  read(text: string): TokenizedText {
    const tokenIds = this.encode(text);
    return { tokenIds, tokens: this.tokens(tokenIds), text: this.decode(tokenIds) };
  }

  stream(): TokenStream {
    return new SpelledStream((id) => ({ bytes: this.#bytesOf(id), piece: this.#pieces.expectPiece(id) }));
  }

  #encodeSection(text: string): number[] {
    if (this.#missingBytes.size > 0) {
      const missing = new TextEncoder().encode(text).find((byte) => this.#missingBytes.has(byte));
      if (missing !== undefined) {
        const byte = hexByte(missing);
        throw new RangeError(`Cannot encode ${shown(text)} as the vocabulary has no token for byte 0x${byte}`);
      }
    }
    return this.#parts.preTokenizer(text).flatMap((word) => this.#recall(word));
  }

  #recall(word: string): number[] {
    if (word.length > LONGEST_WORD) return this.#encodeWord(word);
    const known = this.#remembered.get(word);
    if (known) return known;
    if (this.#remembered.size >= MOST_WORDS) this.#remembered.clear();
    const ids = this.#encodeWord(word);
    this.#remembered.set(word, ids);
    return ids;
  }

  #encodeWord(word: string): number[] {
    const { vocab, merges, ignoreMerges, fuseUnknown } = this.#parts;
    const whole = ignoreMerges ? vocab.idOf(word) : undefined;
    if (whole !== undefined) return [whole];
    // What the vocabulary lacks is joined with nothing.
    const joined = merges.join(Array.from(word, (character) => vocab.idOf(character) ?? NO_TOKEN));
    return joined.flatMap((id, i) => {
      if (id !== NO_TOKEN) return [id];
      return fuseUnknown && i > 0 && joined[i - 1] === NO_TOKEN ? [] : this.#unknownId ?? [];
    });
  }

  #bytesOf(id: number): Uint8Array<ArrayBuffer> {
    const piece = this.#pieces.expectPiece(id);
    return this.#pieces.isAdded(id) ? new TextEncoder().encode(piece) : pieceBytes(piece);
  }
}
