/** How long a Stop that no call has heard waits for the next call. */
const HELD_MS = 5000;

/** What a {@linkcode StopButton} needs to know. */
export interface StopButtonPlace {
  /** A number for the running cell. The next cell has another one, unless this one fails: a kernel tells nobody of that. */
  readonly cell: () => number;
  /** The time in milliseconds. */
  readonly now: () => number;
}

/**
 * The Stop button of a notebook. Most of the time that a cell takes is within calls, which hear it. What is pressed
 * between two of them, where no call listens, is held for the next one of the same cell: without that, one press in four
 * was lost in a cell that makes calls of 30 ms. It is held neither when a call has thrown it, nor for the next cell, nor
 * when the cell has called nothing so far.
 *
 * @example
 * ```ts
 * import { StopButton } from "./stop_button.ts";
 *
 * const button = new StopButton({ cell: () => 0, now: () => performance.now() });
 * button.signal().throwIfAborted(); // a call
 * button.press();
 * console.log(button.signal().aborted, button.signal().reason.message); // true Interrupted by user
 * ```
 */
export class StopButton {
  readonly #place: StopButtonPlace;
  #controller = new AbortController();
  /** The cell of the last call; undefined once a call was stopped. */
  #calling: number | undefined;
  /** What was pressed in which cell and has stopped nothing so far. */
  #held: { readonly cell: number; readonly since: number } | undefined;

  /** Makes the button of one kernel. */
  constructor(place: StopButtonPlace) {
    this.#place = place;
  }

  /** It is pressed. */
  press(): void {
    const cell = this.#place.cell();
    this.#held = this.#calling === cell ? { cell, since: this.#place.now() } : undefined;
    this.#controller.abort(new DOMException("Interrupted by user", "AbortError"));
  }

  /** What a call that begins now listens to, with its caller's signal in it. */
  signal(given?: AbortSignal): AbortSignal {
    this.#calling = this.#place.cell();
    if (this.#controller.signal.aborted && !this.#isHeld()) this.#controller = new AbortController();
    const { signal } = this.#controller;
    return this.#heard(given ? AbortSignal.any([given, signal]) : signal, signal);
  }

  #isHeld(): boolean {
    return this.#held?.cell === this.#calling && this.#place.now() - this.#held!.since < HELD_MS;
  }

  /** The same signal, which notes that the button has stopped something when it throws. */
  #heard(signal: AbortSignal, own: AbortSignal): AbortSignal {
    const throwIfAborted = () => {
      if (own === this.#controller.signal && own.aborted && signal.reason === own.reason) {
        this.#held = undefined;
        this.#calling = undefined;
      }
      AbortSignal.prototype.throwIfAborted.call(signal);
    };
    return Object.defineProperty(signal, "throwIfAborted", { value: throwIfAborted, configurable: true });
  }
}
