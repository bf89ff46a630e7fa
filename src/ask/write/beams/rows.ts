import type { KVCache, TextRange } from "../../../model/kv_cache.ts";

/** As which share of the rows that are used as many may be of beams that were given up, until those are removed. */
export const UNUSED = 1 / 4;

/** The range of a row that belongs to no beam. */
const NO_TEXT: TextRange = [0, -1];

/**
 * Which rows of a cache the beams of one or several texts have read. Beams that begin alike have the rows of their
 * beginning in common, so a step reads one token of each beam and copies nothing: the texts of the cache are the beams
 * in an order in which those that have a row in common stand side by side.
 */
export class BeamRows {
  readonly #cache: KVCache;
  /** The row before each row of the cache in its text, -1 for the first. */
  #before: number[] = [];
  /** The last row of each beam. */
  #tips: number[];

  /** Takes each text of a cache as a beam. */
  constructor(cache: KVCache, texts: number) {
    this.#cache = cache;
    this.#tips = Array(texts).fill(-1);
    cache.texts.forEach((text, row) => {
      this.#before.push(this.#tips[text]!);
      this.#tips[text] = row;
    });
  }

  /** Goes on with the beams that continue `parents`, indices of the beams there were, in ascending order. */
  follow(parents: readonly number[]): void {
    this.#tips = parents.map((parent) => this.#tips[parent]!);
    this.#followSources(parents);
    const [first, last] = [this.#reached(false), this.#reached(true)];
    const count = first.filter((beam) => beam !== undefined).length;
    const keepsAll = first.length - count <= UNUSED * count;
    const none = keepsAll ? NO_TEXT : undefined;
    this.#cache.assign(first.map((beam, row) => beam === undefined ? none : [beam, last[row]!]));
    if (!keepsAll) this.#close(first);
  }

  /** A source is that of the beams which continue those whose source it was: they stand side by side. */
  #followSources(parents: readonly number[]): void {
    const { source } = this.#cache;
    source?.assign(source.texts.map((first, row) => {
      const own = parents.flatMap((parent, beam) => first <= parent && parent <= source.lastTexts[row]! ? [beam] : []);
      return own.length === 0 ? undefined : [own[0]!, own.at(-1)!];
    }));
  }

  /** Adds the last rows of the cache, one to each beam. */
  add(): void {
    this.#before.push(...this.#tips);
    const start = this.#cache.length - this.#tips.length;
    this.#tips = this.#tips.map((_, beam) => start + beam);
  }

  /** The first beam that has each row, or the last. A row that has been reached has been followed to its beginning. */
  #reached(fromEnd: boolean): readonly (number | undefined)[] {
    const beams: (number | undefined)[] = Array(this.#before.length).fill(undefined);
    const order = [...this.#tips.keys()];
    for (const beam of fromEnd ? order.reverse() : order) {
      for (let row = this.#tips[beam]!; row >= 0 && beams[row] === undefined; row = this.#before[row]!) {
        beams[row] = beam;
      }
    }
    return beams;
  }

  /** Forgets the rows that no beam has reached, as the cache does. */
  #close(reached: readonly (number | undefined)[]): void {
    let next = 0;
    const moved = reached.map((beam) => beam === undefined ? -1 : next++);
    const at = (row: number) => row < 0 ? row : moved[row]!;
    this.#before = this.#before.filter((_, row) => reached[row] !== undefined).map(at);
    this.#tips = this.#tips.map(at);
  }
}
