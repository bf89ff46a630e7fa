import type { KVCache } from "./kv_cache.ts";

/** As which share of the rows that are used as many may be of beams that were given up, until those are removed. */
export const UNUSED = 1 / 4;

/**
 * Which rows of a cache the beams of one or several texts have read. Beams that begin alike have the rows of their
 * beginning in common, so a step reads one token of each beam and copies nothing: the texts of the cache are the beams
 * in an order in which those that have a row in common stand side by side.
 */
export class BeamRows {
  readonly #cache: KVCache;
  #rows: readonly (readonly number[])[];

  /** Takes each text of a cache as a beam. */
  constructor(cache: KVCache, texts: number) {
    const rows = Array.from({ length: texts }, (): number[] => []);
    cache.texts.forEach((text, row) => rows[text]!.push(row));
    this.#cache = cache;
    this.#rows = rows;
  }

  /** Goes on with the beams that continue `parents`, indices of the beams there were, in ascending order. */
  follow(parents: readonly number[]): void {
    this.#rows = parents.map((parent) => this.#rows[parent]!);
    const first: number[] = Array(this.#cache.length).fill(parents.length);
    const last: number[] = Array(this.#cache.length).fill(-1);
    this.#rows.forEach((rows, beam) => {
      for (const row of rows) {
        first[row] = Math.min(first[row]!, beam);
        last[row] = beam;
      }
    });
    const used = last.map((beam) => beam >= 0);
    const count = used.filter(Boolean).length;
    const keepsAll = used.length - count <= UNUSED * count;
    this.#cache.assign(first.map((beam, row) => keepsAll || used[row] ? [beam, last[row]!] : undefined));
    if (keepsAll) return;
    let next = 0;
    const moved = used.map((is) => is ? next++ : -1);
    this.#rows = this.#rows.map((rows) => rows.map((row) => moved[row]!));
  }

  /** Adds the last rows of the cache, one to each beam. */
  add(): void {
    const start = this.#cache.length - this.#rows.length;
    this.#rows = this.#rows.map((rows, beam) => [...rows, start + beam]);
  }
}
