import { inKernel } from "./kernel.ts";

/** Runs one task at a time, in the order they were asked for. A failed task does not fail the next. */
export class RunQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #timed = performance.now();

  /**
   * Runs `task` when all earlier ones have ended. Tasks may block the event loop: before and after each there is a turn
   * of it, in which timers, signals and aborts are heard. The one after it belongs to this task, so that what is
   * aborted while it blocks ends this call and not the next one.
   *
   * @throws The signal's reason, when it is aborted before the task has ended.
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const start = async () => {
      await this.#turn();
      signal?.throwIfAborted();
      const result = await task();
      if (signal) await this.#turn();
      signal?.throwIfAborted();
      return result;
    };
    const result = this.#tail.then(start, start);
    this.#tail = result.catch(() => {});
    return result;
  }

  /**
   * A turn of the event loop. Where messages follow one another Deno 2.9.5 may hear nothing else: a kernel that computes
   * while no cell runs would neither send progress nor hear its Stop button, so it gets a timer now and then.
   */
  async #turn(): Promise<void> {
    if (!inKernel || performance.now() - this.#timed < TIMER_MS) return await nextTurn();
    await new Promise((resolve) => setTimeout(resolve));
    this.#timed = performance.now();
  }
}

/** How often, in milliseconds; a timer takes 1 to 2 of them. */
const TIMER_MS = 50;

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
