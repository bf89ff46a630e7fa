/**
 * Unigram, the tokenizer of T5, mBART and Marian (Kudo 2018, https://arxiv.org/abs/1804.10959). As the Rust tokenizers do
 * it: https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/models/unigram/model.rs
 *
 * @module
 */
import { type AddedToken, sectionEncoder } from "./added_tokens.ts";
import type { Codec, TokenizedText } from "./codec.ts";
import { SPACE_MARK } from "./metaspace.ts";
import type { Pieces } from "./pieces.ts";
import { decodeParts, expectEncoded, placedTokens } from "./placed_tokens.ts";
import type { Token } from "./token.ts";
import { SpelledStream, type TokenStream } from "./token_stream.ts";
import type { UnigramDefinition } from "./unigram_definition.ts";
import { hexByte } from "./utf8.ts";

/** How much less a character that the vocabulary lacks counts than the least piece. */
const UNKNOWN_PENALTY = 10;
const BYTE = /^<0x([0-9A-F]{2})>$/;

/** A piece of a word, or a character that the vocabulary lacks. */
interface Part {
  readonly start: number;
  readonly id: number | undefined;
}

/** Unigram, the kind that SentencePiece trains. */
export class UnigramCodec implements Codec {
  readonly #parts: UnigramDefinition;
  readonly #pieces: Pieces;
  readonly #unknownScore: number;
  readonly #encode: (text: string) => number[];

  /** Encodes with the given parts. */
  constructor(parts: UnigramDefinition, pieces: Pieces, addedTokens: readonly AddedToken[]) {
    this.#parts = parts;
    this.#pieces = pieces;
    this.#unknownScore = parts.scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;
    const normalize = (text: string) => parts.normalizer?.(text) ?? text;
    this.#encode = sectionEncoder(addedTokens, normalize, (text, first) => {
      return parts.words(text, first).flatMap((word) => this.#encodeWord(word));
    });
  }

  encode(text: string): number[] {
    return this.#encode(text);
  }

  decode(ids: readonly number[]): string {
    return decodeParts(this.#spell(ids));
  }

  tokens(ids: readonly number[], text?: string): Token[] {
    const parts = this.#spell(ids);
    if (text !== undefined) {
      const decoded = decodeParts(parts);
      if (text !== decoded) expectEncoded(this, decoded, text);
    }
    return placedTokens(ids, parts, this.#pieces);
  }

  read(text: string): TokenizedText {
    const tokenIds = this.encode(text);
    return { tokenIds, tokens: this.tokens(tokenIds), text: this.decode(tokenIds) };
  }

  stream(): TokenStream {
    let first = true;
    return new SpelledStream((id) => {
      const spelling = { bytes: this.#bytesOf(id, first), piece: this.#pieces.expectPiece(id) };
      first = false;
      return spelling;
    });
  }

  /** The pieces of a word; what the vocabulary lacks, together, is one unknown piece, or its bytes. */
  #encodeWord(word: string): number[] {
    const parts = this.#cut(word);
    const { unknownId, byteFallback } = this.#parts;
    const ids: number[] = [];
    for (let i = 0; i < parts.length;) {
      const { id, start } = parts[i]!;
      let next = i + 1;
      if (id === undefined) { while (next < parts.length && parts[next]!.id === undefined) ++next; }
      const end = parts[next]?.start ?? word.length;
      const bytes = id === undefined && byteFallback ? this.#byteIds(word.slice(start, end)) : undefined;
      ids.push(...(bytes ?? [id ?? unknownId]));
      i = next;
    }
    return ids;
  }

  /** The parts of a word whose scores have the greatest sum; the first found of equals. */
  #cut(word: string): readonly Part[] {
    const { vocab, scores, longest } = this.#parts;
    const best = new Float64Array(word.length + 1).fill(-Infinity);
    best[0] = 0;
    const found: (Part | undefined)[] = Array(word.length + 1).fill(undefined);
    const take = (start: number, end: number, score: number, id: number | undefined) => {
      const sum = best[start]! + score;
      if (sum > best[end]!) {
        best[end] = sum;
        found[end] = { start, id };
      }
    };
    for (let start = 0; start < word.length;) {
      const next = start + (word.codePointAt(start)! > 0xffff ? 2 : 1);
      let single = false;
      for (let end = next; end <= Math.min(word.length, start + longest); ++end) {
        const id = vocab.idOf(word.slice(start, end));
        if (id === undefined) continue;
        take(start, end, scores[id]!, id);
        single ||= end === next;
      }
      if (!single) take(start, next, this.#unknownScore, undefined);
      start = next;
    }
    const parts: Part[] = [];
    for (let end = word.length; end > 0; end = parts.at(-1)!.start) parts.push(found[end]!);
    return parts.reverse();
  }

  /** The ids of the bytes of a text; undefined when the vocabulary lacks one. */
  #byteIds(text: string): number[] | undefined {
    const ids = Array.from(new TextEncoder().encode(text), (byte) => this.#parts.vocab.idOf(`<0x${hexByte(byte)}>`));
    return ids.every((id) => id !== undefined) ? ids as number[] : undefined;
  }

  #spell(ids: readonly number[]): Uint8Array<ArrayBuffer>[] {
    return ids.map((id, i) => this.#bytesOf(id, i === 0));
  }

  /** What a token stands for, in UTF-8; the first of a text without what decoding takes away there. */
  #bytesOf(id: number, first: boolean): Uint8Array<ArrayBuffer> {
    const { start, byteFallback } = this.#parts;
    const piece = this.#pieces.expectPiece(id);
    const byte = byteFallback ? BYTE.exec(piece)?.[1] : undefined;
    if (byte !== undefined) return Uint8Array.of(parseInt(byte, 16));
    const marked = first && start === "marks" ? piece.replaceAll(SPACE_MARK, "") : piece;
    const spelled = marked.replaceAll(SPACE_MARK, " ");
    return new TextEncoder().encode(first && start === "space" ? spelled.replace(/^ /, "") : spelled);
  }
}
