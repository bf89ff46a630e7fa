/**
 * Asks the other end of a port the explorer's questions.
 *
 * @module
 */
import type { LiveError, LivePort, LiveProgress, LiveResult } from "../../../src/live/protocol.ts";
import { PROTOCOL } from "../../../src/live/protocol.ts";
import { expectAnswer, type QuestionName, type Questions } from "../questions.ts";

/** How a question is asked. */
export interface AskOptions {
  /** Stops it. */
  readonly signal?: AbortSignal;
  /** Hears how far the answer is. */
  readonly onProgress?: (progress: LiveProgress) => void;
}

/** Asks a question, and gives its answer, checked. */
export type Ask = <Name extends QuestionName>(
  name: Name,
  data: Questions[Name]["data"],
  options?: AskOptions,
) => Promise<Questions[Name]["answer"]>;

interface Pending {
  readonly settle: (message: LiveResult | LiveError) => void;
  readonly onProgress: ((progress: LiveProgress) => void) | undefined;
}

/** Asks `subject` through a port. */
export function askThrough(port: LivePort, subject: string): Ask {
  const pending = new Map<string, Pending>();
  port.onMessage((message) => {
    const one = pending.get(message.id);
    if (message.kind === "progress") one?.onProgress?.(message);
    else {
      pending.delete(message.id);
      one?.settle(message);
    }
  });
  return async (name, data, { signal, onProgress } = {}) => {
    signal?.throwIfAborted();
    const id = crypto.randomUUID();
    const stop = () => port.send({ kind: "abort", protocol: PROTOCOL, id });
    const message = await new Promise<LiveResult | LiveError>((resolve) => {
      pending.set(id, { settle: resolve, onProgress });
      signal?.addEventListener("abort", stop);
      port.send({ kind: "request", protocol: PROTOCOL, id, subject, question: name, data: data as never });
    }).finally(() => signal?.removeEventListener("abort", stop));
    signal?.throwIfAborted();
    if (message.kind === "error") throw Object.assign(new Error(message.message), { name: message.name });
    return expectAnswer(name, message.data);
  };
}
