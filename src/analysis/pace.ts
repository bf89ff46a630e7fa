import { stoppable } from "../base/kernel.ts";
import { nextTurn } from "../base/run_queue.ts";

/** About 20 ms of work. */
const OPERATIONS_PER_TURN = 1 << 24;
/** How often a turn is one in which timers are sure to fire; such a turn takes 1 to 2 ms. */
const TIMERS_MS = 20;

/**
 * Lets the event loop have a turn after every 20 ms or so of long work: timers run, progress is shown, and a signal or the
 * Stop button of a notebook is heard.
 *
 * @example
 * ```ts
 * import { Pace } from "./pace.ts";
 *
 * const pace = new Pace();
 * for (let row = 0; row < 1000; ++row) {
 *   // ... about 100,000 additions ...
 *   if (pace.isDue(100_000)) await pace.turn();
 * }
 * ```
 */
export class Pace {
  readonly #signal: AbortSignal;
  #done = 0;
  #timersRan = performance.now();

  /**
   * Begins work that `signal` stops.
   *
   * @throws The signal's reason, when it is aborted already.
   */
  constructor(signal?: AbortSignal) {
    this.#signal = stoppable(signal);
    this.#signal.throwIfAborted();
  }

  /** Whether a turn is due after so many more operations. */
  isDue(operations: number): boolean {
    this.#done += operations;
    return this.#done >= OPERATIONS_PER_TURN;
  }

  /**
   * Lets the event loop have its turn.
   *
   * @throws The signal's reason, when it is aborted.
   */
  async turn(): Promise<void> {
    this.#done = 0;
    // After a dynamic import, Deno 2.9.5 delivers message after message and lets no timer fire in between.
    if (performance.now() - this.#timersRan < TIMERS_MS) await nextTurn();
    else {
      await new Promise((resolve) => setTimeout(resolve));
      this.#timersRan = performance.now();
    }
    this.#signal.throwIfAborted();
  }
}
