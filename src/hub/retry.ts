import { reasonOf } from "../base/kernel.ts";
import { failureOf, isTransient } from "./failure.ts";

/** How often a task may fail in a row without getting anywhere. */
const ATTEMPTS = 5;
const FIRST_WAIT = 300;
const LONGEST_WAIT = 30_000;

/** How failures are taken. */
export interface RetryOptions {
  /** Stops the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the last try got further than all before it: failures are then counted anew. */
  readonly progressed?: () => boolean;
}

/**
 * Runs a task again while it fails for a reason that may pass, after waits that double. A server that says how long
 * to wait is believed, up to half a minute.
 *
 * @throws The task's last error.
 */
export async function retrying<T>(task: () => Promise<T>, { signal, progressed }: RetryOptions): Promise<T> {
  for (let failures = 1;; ++failures) {
    signal?.throwIfAborted();
    try {
      return await task();
    } catch (error) {
      signal?.throwIfAborted();
      if (!isTransient(error)) throw error;
      if (progressed?.()) failures = 1;
      if (failures >= ATTEMPTS) throw error;
      const wait = failureOf(error)?.retryAfter ?? FIRST_WAIT * 2 ** (failures - 1);
      await delay(Math.min(wait, LONGEST_WAIT), signal);
    }
  }
}

/** Resolves after some milliseconds. Rejects with the reason of `signal` when it is aborted before. */
export function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(reasonOf(signal!));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
