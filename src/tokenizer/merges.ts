/**
 * Byte-pair encoding of one word: which pairs of tokens are joined, and in which order.
 * https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/models/bpe/word.rs
 *
 * @module
 */
import { spread, tableSize } from "./vocabulary.ts";

/** Pairs of token ids that become one token; those that were added later are joined later. */
export class Merges {
  readonly #lefts: number[] = [];
  readonly #rights: number[] = [];
  readonly #wholes: number[] = [];
  /** A hash table of the ranks, counted from 1, which is made when it is first needed. */
  #table: Int32Array | undefined;

  /** Says that two tokens become one. */
  add(left: number, right: number, whole: number): void {
    this.#lefts.push(left);
    this.#rights.push(right);
    this.#wholes.push(whole);
  }

  /**
   * Joins the tokens of a word: always the pair that was added first of those that are there, and the leftmost of its
   * kind.
   */
  join(ids: readonly number[]): number[] {
    const tokens: (number | undefined)[] = [...ids];
    const next = ids.map((_, i) => i + 1);
    const previous = ids.map((_, i) => i - 1);
    const queue = new Queue();
    const consider = (at: number) => {
      const after = next[at]!;
      const rank = at < 0 || after >= ids.length ? -1 : this.#rank(tokens[at]!, tokens[after]!);
      if (rank >= 0) queue.push(rank * MOST_TOKENS + at);
    };
    for (let at = 0; at < ids.length; ++at) consider(at);
    for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
      const [at, rank] = [entry % MOST_TOKENS, Math.floor(entry / MOST_TOKENS)];
      const after = next[at]!;
      // The pair may be gone by now, or another one be in its place.
      if (tokens[at] !== this.#lefts[rank] || after >= ids.length || tokens[after] !== this.#rights[rank]) continue;
      tokens[at] = this.#wholes[rank]!;
      tokens[after] = undefined;
      next[at] = next[after]!;
      if (next[at]! < ids.length) previous[next[at]!] = at;
      consider(previous[at]!);
      consider(at);
    }
    return tokens.filter((token) => token !== undefined);
  }

  /** How early a pair is joined, or -1. */
  #rank(left: number, right: number): number {
    return (this.#table ??= this.#index())[this.#slot(this.#table, left, right)]! - 1;
  }

  #slot(table: Int32Array, left: number, right: number): number {
    const mask = table.length - 1;
    const hash = Math.imul(Math.imul(left, 0x01000193) ^ right, 0x9e3779b1);
    for (let slot = spread(hash) & mask;; slot = slot + 1 & mask) {
      const rank = table[slot]! - 1;
      if (rank < 0 || this.#lefts[rank] === left && this.#rights[rank] === right) return slot;
    }
  }

  /** Of a pair that is there twice, the last one counts. */
  #index(): Int32Array {
    const table = new Int32Array(tableSize(this.#lefts.length));
    this.#lefts.forEach((left, rank) => table[this.#slot(table, left, this.#rights[rank]!)] = rank + 1);
    return table;
  }
}

/** More tokens than a word has: a rank and a place go into one number without loss. */
const MOST_TOKENS = 2 ** 30;

/** Numbers, the least of which comes out first: a binary heap. */
class Queue {
  readonly #heap: number[] = [];

  push(value: number): void {
    const heap = this.#heap;
    let at = heap.length;
    for (let above = (at - 1) >> 1; at > 0 && heap[above]! > value; above = (at - 1) >> 1) {
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = value;
  }

  pop(): number | undefined {
    const heap = this.#heap;
    const least = heap[0];
    const value = heap.pop();
    if (value === undefined || heap.length === 0) return least;
    let at = 0;
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      if (below + 1 < heap.length && heap[below + 1]! < heap[below]!) ++below;
      if (heap[below]! >= value) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = value;
    return least;
  }
}
