/**
 * A worker that answers one request at a time, under Deno and in a page.
 *
 * @module
 */
import { inPage } from "../../base/platform.ts";
import { RunQueue } from "../../base/run_queue.ts";
import { messageOf } from "../../base/words.ts";
import type { Answers, Message, ReadRequest, Request } from "./messages.ts";

/** What the two kinds of workers have in common. */
interface Port {
  /** Posts to the worker. */
  readonly post: (request: Request, transfer: ArrayBuffer[]) => void;
  /** Whether the program is kept alive until the worker says something. */
  readonly hold: (held: boolean) => void;
  /** Ends the worker. */
  readonly end: () => void;
}

/** What is told of a worker. */
interface Listener {
  readonly onMessage: (message: Message) => void;
  readonly onEnd: (reason: string) => void;
}

/** How requests are answered and what they may ask back. */
interface Pending {
  readonly resolve: (answer: Answers[keyof Answers]) => void;
  readonly reject: (error: Error) => void;
  readonly onRead?: ((request: ReadRequest) => void) | undefined;
}

/** A worker that has ONNX Runtime. */
export class WorkerThread {
  /** Requests are made in turn. */
  readonly queue: RunQueue = new RunQueue();
  #port: Port | undefined;
  #pending: Pending | undefined;
  #started = false;
  #ended: Error | undefined;
  readonly #onEnd: () => void;

  private constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /**
   * Starts a worker.
   *
   * @param url Its module.
   * @param onEnd Called when it ends, or cannot be started.
   * @throws {Error} When its module cannot be loaded.
   */
  static async start(url: URL, onEnd: () => void = () => {}): Promise<WorkerThread> {
    const thread = new WorkerThread(onEnd);
    const ready = new Promise<unknown>((resolve, reject) => thread.#pending = { resolve, reject });
    try {
      const listener = {
        onMessage: (message: Message) => thread.#hear(message),
        onEnd: (reason: string) => thread.#die(reason),
      };
      thread.#port = await (inPage ? openInPage(url, listener) : openUnderDeno(url, listener));
      await ready;
    } catch (error) {
      thread.#die(messageOf(error));
      const advice = `check that ${url.href} can be read, or load without "worker"`;
      throw new Error(`Cannot start a worker: ${messageOf(error)}; ${advice}`, { cause: error });
    }
    thread.#started = true;
    thread.#port.hold(false);
    return thread;
  }

  /** Whether the worker has ended. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /**
   * Makes a request, when no other is pending. The program is kept alive until it is answered.
   *
   * @param onRead Answers what the worker asks back.
   * @throws {Error} What went wrong in the worker, or that it has ended.
   */
  async request<K extends keyof Answers>(
    request: Extract<Request, { kind: K }>,
    transfer: ArrayBuffer[] = [],
    onRead?: (request: ReadRequest) => void,
  ): Promise<Answers[K]> {
    if (this.#ended) throw this.#ended;
    const port = this.#port!;
    port.hold(true);
    try {
      return await new Promise<Answers[keyof Answers]>((resolve, reject) => {
        this.#pending = { resolve, reject, onRead };
        port.post(request, transfer);
      }) as Answers[K];
    } finally {
      this.#pending = undefined;
      port.hold(false);
    }
  }

  /** Ends the worker at once. */
  end(): void {
    this.#die("it was ended");
  }

  #hear(message: Message): void {
    if (message.kind === "read") this.#pending?.onRead?.(message);
    else if (message.kind === "failed") this.#pending?.reject(new Error(message.message));
    else this.#pending?.resolve(message.kind === "done" ? message.answer : undefined);
  }

  #die(reason: string): void {
    if (this.#ended) return;
    const message = `the worker that held the model has ended: ${reason}; load the model again`;
    this.#ended = new Error(this.#started ? message : reason);
    this.#pending?.reject(this.#ended);
    this.#port?.end(); // in a page, an error that nobody catches does not
    this.#onEnd();
  }
}

/** Node's workers, as Deno's own keep a program alive that does not end them. */
async function openUnderDeno(url: URL, { onMessage, onEnd }: Listener): Promise<Port> {
  const { Worker } = await import("node:worker_threads");
  // They take no module of the web as their first one.
  const code = `import ${JSON.stringify(url.href)};`;
  const first = url.protocol === "file:" ? url : new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  const worker = new Worker(first);
  worker.on("message", onMessage);
  worker.on("error", (error) => onEnd(messageOf(error)));
  worker.on("exit", (code) => onEnd(`it exited with code ${code}`));
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    hold: (held) => held ? worker.ref() : worker.unref(),
    end: () => void worker.terminate(),
  };
}

function openInPage(url: URL, { onMessage, onEnd }: Listener): Port {
  // A browser starts workers of the page's own origin only; from there, modules of other origins can be imported.
  const code = new Blob([`import ${JSON.stringify(url.href)};`], { type: "text/javascript" });
  const first = url.origin === globalThis.origin ? url : URL.createObjectURL(code);
  const worker = new Worker(first, { type: "module" });
  worker.onmessage = ({ data }) => onMessage(data);
  worker.onmessageerror = () => onEnd("what it said cannot be read");
  worker.onerror = (event) => {
    event.preventDefault();
    onEnd(event.message || "its script cannot be loaded");
  };
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    hold() {},
    end: () => worker.terminate(),
  };
}
