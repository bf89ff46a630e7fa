import { shown } from "../base/words.ts";
import type { AddedToken } from "./added_tokens.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** All tokens there are, those of the vocabulary and added ones. */
export class Pieces {
  /** One more than the highest id. */
  readonly size: number;
  readonly #vocab: Vocabulary;
  readonly #addedIds: ReadonlyMap<string, number>;
  readonly #addedPieces: ReadonlyMap<number, string>;

  /** Added tokens count before those of the vocabulary. */
  constructor(vocab: Vocabulary, addedTokens: readonly AddedToken[]) {
    this.#vocab = vocab;
    this.#addedIds = new Map(addedTokens.map(({ content, id }) => [content, id]));
    this.#addedPieces = new Map(addedTokens.map(({ content, id }) => [id, content]));
    this.size = 1 + addedTokens.reduce((highest, { id }) => Math.max(highest, id), vocab.highestId);
  }

  /** The id of a piece, or undefined when there is no such piece. */
  idOf(piece: string): number | undefined {
    return this.#addedIds.get(piece) ?? this.#vocab.idOf(piece);
  }

  /** The piece of an id, or undefined when no piece has it. */
  pieceOf(id: number): string | undefined {
    return this.#addedPieces.get(id) ?? this.#vocab.pieceOf(id);
  }

  /** Whether an id is that of an added token. */
  isAdded(id: number): boolean {
    return this.#addedPieces.has(id);
  }

  /**
   * The piece of an id that is to be decoded.
   *
   * @throws {RangeError} If there is none.
   */
  expectPiece(id: number): string {
    const piece = this.pieceOf(id);
    if (piece !== undefined) return piece;
    const found = Number.isInteger(id) && id >= 0 && id < this.size
      ? "has none with that id"
      : `holds ${this.size} tokens`;
    throw new RangeError(`Cannot decode token id ${shown(id)} as the vocabulary ${found}`);
  }
}
