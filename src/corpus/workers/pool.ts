/**
 * Several workers, each with a model of its own, that explain shards side by side.
 *
 * @module
 */
import { builtInError, messageOf } from "../../base/words.ts";
import type { Executor } from "../job/run.ts";
import type { ExplainedShard, Shard, ShardWatch } from "../job/shard.ts";
import type { Beginning, FromWorker, ToWorker } from "./messages.ts";

/** A worker thread; of Node's kind, as Deno's own keep a program alive that does not end them. */
interface Thread {
  postMessage(message: ToWorker): void;
  terminate(): Promise<unknown>;
}

/** What a request waits for. */
interface Pending {
  readonly resolve: (explained: ExplainedShard | undefined) => void;
  readonly reject: (error: Error) => void;
  readonly onRead?: ((documents: number, tokens: number) => void) | undefined;
}

/** One worker, which does one thing at a time. */
class Worker {
  readonly #thread: Thread;
  #pending: Pending | undefined;
  #ended: Error | undefined;

  private constructor(thread: Thread) {
    this.#thread = thread;
  }

  /** Starts a worker and lets it load its model. */
  static async start(beginning: Beginning): Promise<Worker> {
    const { Worker: NodeWorker } = await import("node:worker_threads");
    const url = new URL("./entry.ts", import.meta.url);
    // Node's take no module of the web as their first one.
    const code = `import ${JSON.stringify(url.href)};`;
    const first = url.protocol === "file:" ? url : new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    const thread = new NodeWorker(first);
    const worker = new Worker(thread);
    thread.on("message", (message: FromWorker) => worker.#hear(message));
    thread.on("error", (error: unknown) => worker.#die(messageOf(error)));
    thread.on("exit", (code: number) => worker.#die(`it exited with code ${code}`));
    await worker.#request({ kind: "begin", ...beginning });
    return worker;
  }

  /** Explains a shard; an abort is heard between two runs of the model. */
  async explain(shard: Shard, { signal, onRead }: ShardWatch): Promise<ExplainedShard> {
    const stop = () => this.#thread.postMessage({ kind: "stop" });
    signal.addEventListener("abort", stop);
    try {
      const explained = await this.#request({ kind: "explain", shard }, onRead);
      return explained!;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async end(): Promise<void> {
    await this.#thread.terminate();
  }

  async #request(message: ToWorker, onRead?: ShardWatch["onRead"]): Promise<ExplainedShard | undefined> {
    if (this.#ended) throw this.#ended;
    try {
      return await new Promise((resolve, reject) => {
        this.#pending = { resolve, reject, onRead };
        this.#thread.postMessage(message);
      });
    } finally {
      this.#pending = undefined;
    }
  }

  #hear(message: FromWorker): void {
    if (message.kind === "read") this.#pending?.onRead?.(message.documents, message.tokens);
    else if (message.kind === "ready") this.#pending?.resolve(undefined);
    else if (message.kind === "explained") this.#pending?.resolve(message.explained);
    else this.#pending?.reject(builtInError(message.name, message.message) ?? new Error(message.message));
  }

  #die(reason: string): void {
    this.#ended ??= new Error(`Cannot go on as a worker has ended: ${reason}; start again to go on`);
    this.#pending?.reject(this.#ended);
  }
}

/** Workers that are started once and used for all shards. */
export class WorkerPool implements Executor, AsyncDisposable {
  readonly width: number;
  readonly #free: Worker[];
  readonly #all: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.width = workers.length;
    this.#all = workers;
    this.#free = [...workers];
  }

  /** Starts workers, one after another as the first may download the model. */
  static async start(count: number, beginning: Beginning, signal: AbortSignal): Promise<WorkerPool> {
    const workers: Worker[] = [];
    try {
      while (workers.length < count) {
        signal.throwIfAborted();
        workers.push(await Worker.start(beginning));
      }
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.end()));
      throw error;
    }
    return new WorkerPool(workers);
  }

  /** Explains a shard by a worker that is free; no more than `width` may be asked for at a time. */
  async explain(shard: Shard, watch: ShardWatch): Promise<ExplainedShard> {
    const worker = this.#free.pop();
    if (!worker) throw new Error(`Cannot explain shard ${shard.shard} as all ${this.width} workers are at work`);
    try {
      return await worker.explain(shard, watch);
    } finally {
      this.#free.push(worker);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((worker) => worker.end()));
  }
}
