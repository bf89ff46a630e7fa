/**
 * The best of a stream for each of many, by heaps of a size: what is kept does not depend on how the stream was cut.
 *
 * @module
 */

/** Examples as columns: those of the first, the best first, then those of the second, and so on. */
export interface ExampleColumns {
  /** Whose they are. */
  readonly which: Int32Array;
  /** 0 for the best. */
  readonly place: Int32Array;
  readonly value: Float32Array;
  readonly document: Float64Array;
  readonly position: Int32Array;
  readonly tokenId: Int32Array;
}

/**
 * The `size` best examples of each of `count`: the greater value goes first, then the earlier document, then the earlier
 * position.
 */
export class BestExamples {
  /** How many are kept. */
  readonly size: number;
  readonly #held: Int32Array;
  readonly #kept: Examples;

  constructor(count: number, size: number) {
    this.size = size;
    this.#held = new Int32Array(count);
    this.#kept = new Examples(count * size);
  }

  /**
   * Keeps an example, if it is among the best. Until there are as many as are kept they stand in the order in which they
   * came; then they are a heap, whose root is the worst of them: most that come are only compared with that.
   */
  offer(which: number, value: number, document: number, position: number, tokenId: number): void {
    const base = which * this.size;
    const held = this.#held[which]!;
    if (held < this.size) {
      this.#kept.put(base + held, value, document, position, tokenId);
      this.#held[which] = held + 1;
      if (held + 1 === this.size) this.#kept.pile(base, this.size);
    } else if (this.#kept.precedes(value, document, position, base)) {
      this.#kept.put(base, value, document, position, tokenId);
      this.#kept.sink(base, 0, this.size);
    }
  }

  /** All of them. */
  columns(): ExampleColumns {
    const rows = this.#held.reduce((sum, held) => sum + held, 0);
    const sorted = new Examples(rows);
    const [which, place] = [new Int32Array(rows), new Int32Array(rows)];
    let base = 0;
    for (const [one, held] of this.#held.entries()) {
      sorted.take(base, this.#kept, one * this.size, held);
      sorted.sort(base, held);
      which.fill(one, base, base + held);
      for (let i = 0; i < held; ++i) place[base + i] = i;
      base += held;
    }
    return { which, place, ...sorted.columns() };
  }
}

/** Examples, of which some that stand side by side, from `base` on, are a heap or sorted. */
class Examples {
  readonly #values: Float32Array;
  readonly #documents: Float64Array;
  readonly #positions: Int32Array;
  readonly #tokenIds: Int32Array;

  constructor(length: number) {
    this.#values = new Float32Array(length);
    this.#documents = new Float64Array(length);
    this.#positions = new Int32Array(length);
    this.#tokenIds = new Int32Array(length);
  }

  columns(): Omit<ExampleColumns, "which" | "place"> {
    return { value: this.#values, document: this.#documents, position: this.#positions, tokenId: this.#tokenIds };
  }

  put(at: number, value: number, document: number, position: number, tokenId: number): void {
    this.#values[at] = value;
    this.#documents[at] = document;
    this.#positions[at] = position;
    this.#tokenIds[at] = tokenId;
  }

  /** Copies `length` of others, which stand there from `from` on. */
  take(base: number, others: Examples, from: number, length: number): void {
    this.#values.set(others.#values.subarray(from, from + length), base);
    this.#documents.set(others.#documents.subarray(from, from + length), base);
    this.#positions.set(others.#positions.subarray(from, from + length), base);
    this.#tokenIds.set(others.#tokenIds.subarray(from, from + length), base);
  }

  /** Whether something goes before what stands at `at`. */
  precedes(value: number, document: number, position: number, at: number): boolean {
    const other = this.#values[at]!;
    if (value !== other) return value > other;
    if (document !== this.#documents[at]!) return document < this.#documents[at]!;
    return position < this.#positions[at]!;
  }

  /** Makes a heap of `length`. */
  pile(base: number, length: number): void {
    for (let from = (length >> 1) - 1; from >= 0; --from) this.sink(base, from, length);
  }

  /** Sorts `length`, the best first: the worst goes to the end, again and again. */
  sort(base: number, length: number): void {
    this.pile(base, length);
    for (let end = length - 1; end > 0; --end) {
      const last = base + end;
      const [value, document] = [this.#values[last]!, this.#documents[last]!];
      const [position, tokenId] = [this.#positions[last]!, this.#tokenIds[last]!];
      this.#move(last, base);
      this.put(base, value, document, position, tokenId);
      this.sink(base, 0, end);
    }
  }

  /** Lets what stands at `from` of a heap of `length` sink below all that is worse. */
  sink(base: number, from: number, length: number): void {
    const [value, document] = [this.#values[base + from]!, this.#documents[base + from]!];
    const [position, tokenId] = [this.#positions[base + from]!, this.#tokenIds[base + from]!];
    let at = from;
    for (;;) {
      let worse = 2 * at + 1;
      if (worse >= length) break;
      if (worse + 1 < length && this.#isBetter(base + worse, base + worse + 1)) ++worse;
      if (!this.precedes(value, document, position, base + worse)) break;
      this.#move(base + at, base + worse);
      at = worse;
    }
    this.put(base + at, value, document, position, tokenId);
  }

  #isBetter(a: number, b: number): boolean {
    return this.precedes(this.#values[a]!, this.#documents[a]!, this.#positions[a]!, b);
  }

  #move(to: number, from: number): void {
    this.put(to, this.#values[from]!, this.#documents[from]!, this.#positions[from]!, this.#tokenIds[from]!);
  }
}
