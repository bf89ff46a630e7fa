import type { CHeap } from "./c_heap.ts";

/** How many times as long as it took to trim must be computed before it is done again. */
const WORTH = 100;

/** How a heap is trimmed. */
export interface SettlerOptions {
  /** What tells the time, in milliseconds. */
  readonly now?: () => number;
}

/** Trims a heap between calls, when what was computed since took so much longer that it does not matter. */
export class Settler {
  readonly #heap: CHeap;
  readonly #now: () => number;
  #worked = 0;
  #trimmed = 0;

  /** Watches over a heap. */
  constructor(heap: CHeap, { now = () => performance.now() }: SettlerOptions = {}) {
    this.#heap = heap;
    this.#now = now;
  }

  /** Runs what fills the heap. */
  async watch<T>(run: () => Promise<T>): Promise<T> {
    const start = this.#now();
    const result = await run();
    this.#worked += this.#now() - start;
    return result;
  }

  /** Trims the heap, if it is time. */
  settle(): void {
    if (this.#worked < WORTH * this.#trimmed) return;
    const start = this.#now();
    this.#heap.trim();
    this.#trimmed = this.#now() - start;
    this.#worked = 0;
  }
}
