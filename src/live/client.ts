/**
 * Asks the other end of a port, as a page does.
 *
 * @module
 */
import { builtInError } from "../base/words.ts";
import { randomName } from "./names.ts";
import { type Json, type LiveError, type LivePort, type LiveProgress, type LiveResult, PROTOCOL } from "./protocol.ts";

/** How a question is asked. */
export interface LiveAskOptions {
  /** Stops it: the caller hears at once, the other end as soon as it can. */
  readonly signal?: AbortSignal | undefined;
  /** Hears how far the answer is. */
  readonly onProgress?: ((progress: LiveProgress) => void) | undefined;
}

/**
 * Asks a question by its name, and gives its answer, which is not checked.
 *
 * @throws The error of the other end, by its class and message.
 */
export type LiveAsk = (question: string, data: Json, options?: LiveAskOptions) => Promise<Json>;

interface Pending {
  readonly settle: (message: LiveResult | LiveError) => void;
  readonly onProgress: LiveAskOptions["onProgress"];
}

/** Asks `subject` through a port. */
export function askThrough(port: LivePort, subject: string): LiveAsk {
  const pending = new Map<string, Pending>();
  port.onMessage((message) => {
    const one = pending.get(message.id);
    if (message.kind === "progress") return one?.onProgress?.(message);
    pending.delete(message.id);
    one?.settle(message);
  });
  return (question, data, { signal, onProgress } = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const id = randomName();
      const stop = () => {
        pending.delete(id);
        port.send({ kind: "abort", protocol: PROTOCOL, id });
        reject(signal!.reason);
      };
      signal?.addEventListener("abort", stop, { once: true });
      const settle = (message: LiveResult | LiveError) => {
        signal?.removeEventListener("abort", stop);
        if (message.kind === "result") resolve(message.data);
        else reject(errorOf(message));
      };
      pending.set(id, { settle, onProgress });
      port.send({ kind: "request", protocol: PROTOCOL, id, subject, question, data });
    });
}

/** An error as it was thrown at the other end. */
export function errorOf({ name, message }: LiveError): Error {
  return builtInError(name, message) ?? new DOMException(message, name);
}
