/**
 * The best of a stream for each of many, by heaps of a size: what is kept does not depend on how the stream was cut.
 *
 * @module
 */

/** Something that was found: the greater value goes first, then the earlier document, then the earlier position. */
export interface Example {
  readonly value: number;
  readonly document: number;
  readonly position: number;
  readonly tokenId: number;
}

/** The `size` best examples of each of `count`. */
export class BestExamples {
  /** How many are kept. */
  readonly size: number;
  readonly #held: Int32Array;
  readonly #values: Float32Array;
  readonly #documents: Float64Array;
  readonly #positions: Int32Array;
  readonly #tokenIds: Int32Array;

  constructor(count: number, size: number) {
    this.size = size;
    this.#held = new Int32Array(count);
    this.#values = new Float32Array(count * size);
    this.#documents = new Float64Array(count * size);
    this.#positions = new Int32Array(count * size);
    this.#tokenIds = new Int32Array(count * size);
  }

  /** Whether an example would be kept. Most are not, which is all that this looks at. */
  wants(which: number, value: number, document: number, position: number): boolean {
    const held = this.#held[which]!;
    if (held < this.size) return true;
    return this.#precedes(value, document, position, which * this.size);
  }

  /** Keeps an example, if it is among the best; the root of a heap is the worst of those that are kept. */
  offer(which: number, { value, document, position, tokenId }: Example): void {
    if (!this.wants(which, value, document, position)) return;
    const base = which * this.size;
    const held = this.#held[which]!;
    if (held < this.size) {
      this.#held[which] = held + 1;
      this.#put(base + held, value, document, position, tokenId);
      this.#rise(base, held);
      return;
    }
    this.#put(base, value, document, position, tokenId);
    this.#sink(base);
  }

  /** Those of one, the best first. */
  of(which: number): readonly Example[] {
    const base = which * this.size;
    return Array.from({ length: this.#held[which]! }, (_, i): Example => ({
      value: this.#values[base + i]!,
      document: this.#documents[base + i]!,
      position: this.#positions[base + i]!,
      tokenId: this.#tokenIds[base + i]!,
    })).sort((a, b) => b.value - a.value || a.document - b.document || a.position - b.position);
  }

  #put(at: number, value: number, document: number, position: number, tokenId: number): void {
    this.#values[at] = value;
    this.#documents[at] = document;
    this.#positions[at] = position;
    this.#tokenIds[at] = tokenId;
  }

  /** Whether something goes before what is kept at `at`. */
  #precedes(value: number, document: number, position: number, at: number): boolean {
    if (value !== this.#values[at]!) return value > this.#values[at]!;
    if (document !== this.#documents[at]!) return document < this.#documents[at]!;
    return position < this.#positions[at]!;
  }

  #isBetter(a: number, b: number): boolean {
    return this.#precedes(this.#values[a]!, this.#documents[a]!, this.#positions[a]!, b);
  }

  #rise(base: number, from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#isBetter(base + parent, base + at)) return;
      this.#swap(base + parent, base + at);
      at = parent;
    }
  }

  #sink(base: number): void {
    for (let at = 0;;) {
      let worst = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.size && this.#isBetter(base + worst, base + child)) worst = child;
      }
      if (worst === at) return;
      this.#swap(base + at, base + worst);
      at = worst;
    }
  }

  #swap(a: number, b: number): void {
    for (const numbers of [this.#values, this.#documents, this.#positions, this.#tokenIds]) {
      [numbers[a], numbers[b]] = [numbers[b]!, numbers[a]!];
    }
  }
}
