import type { FromPage, LivePort, LiveState, ToPage } from "../../../src/live/protocol.ts";
import { workerPort } from "../../../src/live/worker_port.ts";

/** A worker of the page, and the way to it. */
export interface Started {
  readonly worker: Worker;
  readonly port: LivePort;
}

/** A way to the worker of the moment: each model has one of its own, whose memory is given back with it. */
export class SwitchPort implements LivePort {
  #current: LivePort | undefined;
  readonly #listeners: ((message: ToPage) => void)[] = [];
  readonly #watchers: ((state: LiveState) => void)[] = [];
  #state: LiveState = "connecting";

  /** Starts a worker. What is said goes there from now on; what was asked of others is still heard. */
  start(): Started {
    const worker = new Worker(new URL("./explorer_worker.js", import.meta.url), { type: "module" });
    const port = workerPort(worker);
    port.onMessage((message) => this.#listeners.forEach((listener) => listener(message)));
    port.onState((state) => port === this.#current && this.#tell(state));
    this.use(port);
    return { worker, port };
  }

  /** The way that is taken. */
  get current(): LivePort | undefined {
    return this.#current;
  }

  /** Takes this way from now on. */
  use(port: LivePort | undefined): void {
    this.#current = port;
    this.#tell(port ? "ready" : "gone");
  }

  send(message: FromPage): void {
    this.#current?.send(message);
  }

  onMessage(listener: (message: ToPage) => void): void {
    this.#listeners.push(listener);
  }

  onState(listener: (state: LiveState) => void): void {
    this.#watchers.push(listener);
    listener(this.#state);
  }

  close(): void {
    this.#current?.close();
  }

  #tell(state: LiveState): void {
    this.#state = state;
    this.#watchers.forEach((watcher) => watcher(state));
  }
}
