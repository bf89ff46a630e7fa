/**
 * The way between a page and a worker of its own: messages as they are.
 *
 * @module
 */
import type { LiveHost } from "./host.ts";
import { errorTo, heard } from "./messages.ts";
import type { LivePort, LiveState, ToPage } from "./protocol.ts";

/** What is needed of a worker. */
export type PageWorker = Pick<Worker, "postMessage" | "addEventListener" | "terminate">;

/** What is needed of the global of a worker. */
export interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(kind: "message", listener: (event: MessageEvent) => void): void;
}

/**
 * The way to a worker that answers by {@linkcode answerPage}. It is ready at once, as what is sent waits for the worker;
 * when the worker fails, all that is open is answered by an error. Closing it ends the worker.
 */
export function workerPort(worker: PageWorker): LivePort {
  const listeners: ((message: ToPage) => void)[] = [];
  const watchers: ((state: LiveState) => void)[] = [];
  const open = new Set<string>();
  let state: LiveState = "ready";
  const tell = (message: ToPage) => {
    if (message.kind !== "progress") open.delete(message.id);
    listeners.forEach((listener) => listener(message));
  };
  const end = (why: string) => {
    if (state !== "gone") watchers.forEach((watcher) => watcher("gone"));
    state = "gone";
    for (const id of [...open]) tell(errorTo(id, new Error(`Cannot answer as the worker has ended: ${why}`)));
  };
  worker.addEventListener("message", ({ data }: MessageEvent) => {
    const message = isOwn(data) ? heard(data) : undefined;
    if (message) tell(message);
  });
  worker.addEventListener("error", ({ message }) => end(message || "it could not be started"));
  worker.addEventListener("messageerror", () => end("what it said cannot be read"));
  return {
    send(message) {
      if (message.kind === "request") open.add(message.id);
      if (state === "gone") end("it is gone");
      else worker.postMessage(message);
    },
    onMessage: (listener) => void listeners.push(listener),
    onState(listener) {
      watchers.push(listener);
      listener(state);
    },
    close() {
      worker.terminate();
      end("it was closed");
    },
  };
}

/** Answers, in a worker, the page that started it. Messages of other kinds are left to others. */
export function answerPage(scope: WorkerScope, host: LiveHost): void {
  scope.addEventListener("message", ({ data }) => {
    if (isOwn(data)) void host.receive(data, (message) => scope.postMessage(message));
  });
}

/** Whether a message is of this protocol, of whatever version, and not of something else that the two say. */
function isOwn(value: unknown): boolean {
  return typeof value === "object" && value !== null && "protocol" in value && "kind" in value;
}
