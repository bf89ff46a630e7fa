/**
 * The pieces of a vocabulary and their ids, in a few arrays of numbers. Maps of 50,000 strings take several times as
 * long to build, and as much more memory.
 *
 * @module
 */

/** Pieces, one behind another, in the order in which they were found. */
export interface PieceList {
  /** The UTF-16 code units of all pieces. */
  readonly units: Uint16Array<ArrayBuffer>;
  /** Where each piece ends in `units`; it begins where the one before it ends. */
  readonly ends: readonly number[];
  /** The id of each piece. */
  readonly ids: readonly number[];
}

/** The pieces by their ids, and the ids by their pieces. */
export class Vocabulary {
  /** How many pieces there are. */
  readonly size: number;
  readonly #units: Uint16Array;
  /** Where each piece begins, and after the last one where that ends. */
  readonly #bounds: Int32Array;
  readonly #hashes: Int32Array;
  readonly #ids: readonly number[];
  /** The place of each id in the list; has holes. */
  readonly #places: readonly number[];
  /** A hash table: the places of the pieces, counted from 1, each where its hash says or in the next free slot. */
  readonly #table: Int32Array;

  private constructor({ units, ends, ids }: PieceList) {
    this.size = ids.length;
    this.#units = units;
    this.#bounds = new Int32Array(this.size + 1);
    this.#bounds.set(ends, 1);
    this.#hashes = new Int32Array(this.size);
    this.#ids = ids;
    this.#table = new Int32Array(tableSize(this.size));
    const places: number[] = [];
    ids.forEach((id, place) => places[id] = place);
    this.#places = places;
  }

  /** Indexes the pieces; undefined when a piece or an id is there twice. */
  static of(list: PieceList): Vocabulary | undefined {
    const vocabulary = new Vocabulary(list);
    return vocabulary.#index() ? vocabulary : undefined;
  }

  /** The highest id, or -1. */
  get highestId(): number {
    return this.#places.length - 1;
  }

  /** The id of a piece, or undefined when there is no such piece. */
  idOf(piece: string): number | undefined {
    const units = new Uint16Array(piece.length);
    for (let i = 0; i < piece.length; ++i) units[i] = piece.charCodeAt(i);
    const id = this.idOfUnits(units, 0, units.length, hashUnits(units, 0, units.length));
    return id < 0 ? undefined : id;
  }

  /** The id of the piece that is written in `units` from `start` to `end` and has this hash, or -1. */
  idOfUnits(units: Uint16Array, start: number, end: number, hash: number): number {
    const place = this.#table[this.#slot(units, start, end, hash)]! - 1;
    return place < 0 ? -1 : this.#ids[place]!;
  }

  /** The piece of an id, or undefined when no piece has it. */
  pieceOf(id: number): string | undefined {
    const place = Number.isInteger(id) ? this.#places[id] : undefined;
    if (place === undefined) return undefined;
    let piece = "";
    for (let i = this.#bounds[place]!; i < this.#bounds[place + 1]!; ++i) piece += String.fromCharCode(this.#units[i]!);
    return piece;
  }

  /** The slot that holds these units, or the free one where they would go. */
  #slot(units: Uint16Array, start: number, end: number, hash: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let slot = spread(hash) & mask;; slot = slot + 1 & mask) {
      const place = table[slot]! - 1;
      if (place < 0 || this.#hashes[place] === hash && this.#equals(place, units, start, end)) return slot;
    }
  }

  #equals(place: number, units: Uint16Array, start: number, end: number): boolean {
    const from = this.#bounds[place]!;
    if (this.#bounds[place + 1]! - from !== end - start) return false;
    for (let i = start; i < end; ++i) if (units[i] !== this.#units[from + i - start]) return false;
    return true;
  }

  #index(): boolean {
    for (let place = 0; place < this.size; ++place) {
      const [start, end] = [this.#bounds[place]!, this.#bounds[place + 1]!];
      const hash = hashUnits(this.#units, start, end);
      const slot = this.#slot(this.#units, start, end, hash);
      // A later place of the same id is the one that was kept.
      if (this.#table[slot] !== 0 || this.#places[this.#ids[place]!] !== place) return false;
      this.#table[slot] = place + 1;
      this.#hashes[place] = hash;
    }
    return true;
  }
}

/**
 * The FNV-1a hash of code units. That of two pieces, one behind the other, is the one of the second which goes on from
 * that of the first.
 */
export function hashUnits(units: Uint16Array, start: number, end: number, seed = 0x811c9dc5 | 0): number {
  let hash = seed;
  for (let i = start; i < end; ++i) hash = Math.imul(hash ^ units[i]!, 0x01000193);
  return hash;
}

/** The slots of a hash table: a power of two, at least twice as many as there are entries. */
export function tableSize(entries: number): number {
  return 2 ** (33 - Math.clz32(entries));
}

/** Lets all bits of a hash have their say in the last ones. */
export function spread(hash: number): number {
  return hash ^ hash >>> 15;
}
