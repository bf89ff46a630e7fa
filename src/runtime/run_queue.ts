const YIELD_AFTER_MS = 20;

/** Runs one task at a time, in the order they were asked for. A failed task does not fail the next. */
export class RunQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #lastYield = performance.now();

  /**
   * Runs `task` when all earlier ones have ended. A task that blocks the event loop is preceded, now and then, by a
   * pause in which timers, signals and aborts are heard.
   *
   * @throws The signal's reason, when it is aborted before the task begins.
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const start = async () => {
      await this.#breathe();
      signal?.throwIfAborted();
      return await task();
    };
    const result = this.#tail.then(start, start);
    this.#tail = result.catch(() => {});
    return result;
  }

  async #breathe(): Promise<void> {
    if (performance.now() - this.#lastYield < YIELD_AFTER_MS) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.#lastYield = performance.now();
  }
}
