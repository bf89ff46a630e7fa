/**
 * WordPiece, the tokenizer of BERT. As the Rust tokenizers do it:
 * https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/models/wordpiece/mod.rs
 *
 * It is our own, as `@huggingface/tokenizers` knows no offsets, takes ideographs beyond U+FFFF for others, and lowers
 * a final sigma as JavaScript does.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { type AddedToken, type AddedTokenSplitters, addedTokenSplitters } from "./added_tokens.ts";
import type { AlignedText } from "./bert_normalizer.ts";
import type { Codec, TokenizedText } from "./codec.ts";
import type { Pieces } from "./pieces.ts";
import type { Token } from "./token.ts";
import type { TokenStream } from "./token_stream.ts";
import { PUNCTUATION } from "./unicode.ts";
import type { WordPieceDefinition } from "./word_piece_definition.ts";

const WORDS = new RegExp(`${PUNCTUATION}|(?:(?!${PUNCTUATION})\\P{White_Space})+`, "gu");

/** What decoding with `cleanup` takes out of a token. */
const CLEANUP = [
  ...[[" .", "."], [" ?", "?"], [" !", "!"], [" ,", ","], [" ' ", "'"], [" n't", "n't"], [" 'm", "'m"]],
  ...[[" do not", " don't"], [" 's", "'s"], [" 've", "'ve"], [" 're", "'re"]],
] as const;

/** A token that has a place. */
interface Placed {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** Cuts a text into words as BertPreTokenizer does: at white space, and around each punctuation mark. */
export function bertWords(text: string): { readonly word: string; readonly index: number }[] {
  return Array.from(text.matchAll(WORDS), ({ 0: word, index }) => ({ word, index }));
}

/** WordPiece, the kind that BERT has. */
export class WordPieceCodec implements Codec {
  readonly #parts: WordPieceDefinition;
  readonly #pieces: Pieces;
  readonly #split: AddedTokenSplitters;

  /** Encodes with the given parts. */
  constructor(parts: WordPieceDefinition, pieces: Pieces, addedTokens: readonly AddedToken[]) {
    this.#parts = parts;
    this.#pieces = pieces;
    this.#split = addedTokenSplitters(addedTokens, (text) => parts.normalize(text, 0).text);
  }

  encode(text: string): number[] {
    return this.#place(text).map(({ id }) => id);
  }

  decode(ids: readonly number[]): string {
    return ids.map((id, i) => this.#spell(id, i === 0)).join("");
  }

  tokens(ids: readonly number[], text?: string): Token[] {
    if (text === undefined) return this.#decodedTokens(ids);
    const placed = this.#place(text.toWellFormed());
    if (placed.length === ids.length && placed.every(({ id }, i) => id === ids[i])) {
      return placed.map((place) => this.#token(place));
    }
    const decoded = this.decode(ids);
    if (text === decoded) return this.#decodedTokens(ids);
    throw new RangeError(`Cannot place the tokens of ${shown(decoded)} in another text: ${shown(text)}`);
  }

  read(text: string): TokenizedText {
    const placed = this.#place(text);
    return { tokenIds: placed.map(({ id }) => id), tokens: placed.map((place) => this.#token(place)), text };
  }

  stream(): TokenStream {
    const place = (id: number, start: number, first: boolean) => this.#decodedToken(id, start, first);
    return new WordStream(place);
  }

  #place(text: string): Placed[] {
    return this.#split.raw(text).flatMap(({ start, end, token }) => {
      if (token) return [{ id: token.id, start, end }];
      const aligned = this.#parts.normalize(text.slice(start, end), start);
      return this.#split.normalized(aligned.text).flatMap((part) =>
        part.token
          ? [placeIn(aligned, part.token.id, part.start, part.end)]
          : bertWords(aligned.text.slice(part.start, part.end)).flatMap(({ word, index }) =>
            this.#placeWord(aligned, word, part.start + index)
          )
      );
    });
  }

  #placeWord(aligned: AlignedText, word: string, start: number): Placed[] {
    const { unknownId, prefix, longestWord, vocab } = this.#parts;
    const unknown = [placeIn(aligned, unknownId, start, start + word.length)];
    const characters = Array.from(word);
    if (characters.length > longestWord) return unknown;
    const found: Placed[] = [];
    let place = start;
    for (let first = 0; first < characters.length;) {
      let piece = characters.slice(first);
      let id: number | undefined;
      for (; piece.length > 0; piece = piece.slice(0, -1)) {
        id = vocab.idOf((first > 0 ? prefix : "") + piece.join(""));
        if (id !== undefined) break;
      }
      if (id === undefined) return unknown;
      const end = place + piece.join("").length;
      found.push(placeIn(aligned, id, place, end));
      first += piece.length;
      place = end;
    }
    return found;
  }

  /** What decoding writes for a token: a word after a space, unless it is the first or goes on with one. */
  #spell(id: number, first: boolean): string {
    const { joiner, cleanup } = this.#parts;
    const piece = this.#pieces.expectPiece(id);
    const spelled = first ? piece : piece.startsWith(joiner) ? piece.slice(joiner.length) : ` ${piece}`;
    return cleanup ? CLEANUP.reduce((text, [found, clean]) => text.replaceAll(found, clean), spelled) : spelled;
  }

  #decodedTokens(ids: readonly number[]): Token[] {
    let end = 0;
    return ids.map((id, i) => {
      const token = this.#decodedToken(id, end, i === 0);
      end = token.end;
      return token;
    });
  }

  /** A token of what decoding writes, after `end` code units; the space before it is none of its own. */
  #decodedToken(id: number, end: number, first: boolean): Token {
    const spelled = this.#spell(id, first);
    const space = !first && spelled.startsWith(" ") ? 1 : 0;
    return this.#token({ id, start: end + space, end: end + spelled.length });
  }

  #token({ id, start, end }: Placed): Token {
    const { prefix } = this.#parts;
    const piece = this.#pieces.expectPiece(id);
    const goesOn = piece.startsWith(prefix) && piece.length > prefix.length && !this.#pieces.isAdded(id);
    const bytes = new TextEncoder().encode(goesOn ? piece.slice(prefix.length) : piece);
    return { id, piece, bytes, start, end, text: piece };
  }
}

function placeIn({ starts, ends }: AlignedText, id: number, start: number, end: number): Placed {
  return { id, start: starts[start]!, end: ends[end - 1]! };
}

/** Tokens one after another, in what decoding writes. */
class WordStream implements TokenStream {
  readonly #place: (id: number, start: number, first: boolean) => Token;
  #first = true;
  #length = 0;

  constructor(place: (id: number, start: number, first: boolean) => Token) {
    this.#place = place;
  }

  get length(): number {
    return this.#length;
  }

  next(id: number): Token {
    const token = this.#place(id, this.#length, this.#first);
    this.#first = false;
    this.#length = token.end;
    return token;
  }
}
