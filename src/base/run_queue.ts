/** Runs one task at a time, in the order they were asked for. A failed task does not fail the next. */
export class RunQueue {
  #tail: Promise<unknown> = Promise.resolve();

  /**
   * Runs `task` when all earlier ones have ended. Tasks may block the event loop: before and after each there is a turn
   * of it, in which timers, signals and aborts are heard. The one after it belongs to this task, as otherwise a cell that
   * makes one short call after another would not hear its Stop button.
   *
   * @throws The signal's reason, when it is aborted before the task has ended.
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const start = async () => {
      await nextTurn();
      signal?.throwIfAborted();
      const result = await task();
      if (signal) await nextTurn();
      signal?.throwIfAborted();
      return result;
    };
    const result = this.#tail.then(start, start);
    this.#tail = result.catch(() => {});
    return result;
  }
}

/** Resolves in the next turn of the event loop: 0.03 ms, where a timer takes 1 to 2. */
export function nextTurn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
