import type { FromPage, LivePort, LiveState, ToPage } from "../../../src/live/protocol.ts";
import { PROTOCOL } from "../../../src/live/protocol.ts";

/** A way to the worker of the moment: each model has one of its own, whose memory is given back with it. */
export class SwitchPort implements LivePort {
  #worker: Worker | undefined;
  #listener: (message: ToPage) => void = () => {};
  readonly #open = new Map<string, Worker>();

  /** Starts a worker; what is said goes there from now on. */
  start(): Worker {
    const worker = new Worker(new URL("./explorer_worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<ToPage>) => {
      if (data.kind !== "progress") this.#open.delete(data.id);
      this.#listener(data);
    });
    worker.addEventListener("error", ({ message }) => this.end(worker, message || "its program could not be loaded"));
    return this.#worker = worker;
  }

  /** The worker that is asked. */
  get current(): Worker | undefined {
    return this.#worker;
  }

  /** Asks this worker again. */
  use(worker: Worker | undefined): void {
    this.#worker = worker;
  }

  /** Ends a worker; what it was asked fails. */
  end(worker: Worker, reason = "it was stopped"): void {
    worker.terminate();
    for (const [id, asked] of [...this.#open]) {
      if (asked !== worker) continue;
      this.#open.delete(id);
      this.#fail(id, `Cannot answer as the worker has ended: ${reason}; load the model again`);
    }
  }

  send(message: FromPage): void {
    const worker = message.kind === "abort" ? this.#open.get(message.id) : this.#worker;
    if (message.kind === "request") {
      if (!worker) return this.#fail(message.id, "Cannot answer as no model is loaded; choose one");
      this.#open.set(message.id, worker);
    }
    worker?.postMessage(message);
  }

  onMessage(listener: (message: ToPage) => void): void {
    this.#listener = listener;
  }

  onState(listener: (state: LiveState) => void): void {
    listener("ready");
  }

  close(): void {
    if (this.#worker) this.end(this.#worker);
  }

  #fail(id: string, message: string): void {
    this.#listener({ kind: "error", protocol: PROTOCOL, id, name: "Error", message });
  }
}
