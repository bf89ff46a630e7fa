import { reasonOf } from "../base/kernel.ts";
import { RunQueue } from "../base/run_queue.ts";
import { messageOf } from "../base/words.ts";
import type { ByteSource } from "../checkpoint/byte_source.ts";
import type { Feed } from "../onnx/feed.ts";
import { encodeModel, type GraphScope, inPanels, packedCodes, packedOnce, type Value } from "../onnx/mod.ts";
import type { Backend, SessionOptions } from "./backend.ts";
import { type Engine, loadEngine, LOADERS, type Running } from "./engine.ts";
import { type Growth, ResidentRows, RowsOwner } from "./resident_rows.ts";
import { loadWorkerEngine } from "./worker/engine.ts";

/** A graph, ready to run. */
export class Session implements AsyncDisposable {
  /** Where it runs. */
  readonly backend: Backend;
  /** Why it runs there. */
  readonly reason: string;
  /** Whether that is in a worker. */
  readonly worker: boolean;
  readonly #queue: RunQueue;
  readonly #running: Running;
  readonly #rows: RowsOwner | undefined;
  #disposed: Promise<void> | undefined;

  private constructor({ backend, reason, engine }: Choice, running: Running, worker: boolean) {
    this.backend = backend;
    this.reason = reason;
    this.#running = running;
    this.worker = worker;
    this.#queue = engine.queue ?? new RunQueue();
    this.#rows = running.rows && new RowsOwner(this.#queue, running.rows);
  }

  /**
   * Makes a graph ready to run, with the weights that its constants point at in `files`.
   *
   * @throws {Error} When the backend is not available or cannot hold the graph. `auto` uses `native` when it is
   * available and `wasm` when it is not; no other choice falls back.
   */
  static async create(
    graph: GraphScope,
    files: ReadonlyMap<string, ByteSource>,
    options: SessionOptions & { readonly backend: "auto" | Backend; readonly worker?: boolean },
  ): Promise<Session> {
    const { backend, worker = false, ...settings } = options;
    const choice = await chooseEngine(backend, worker);
    try {
      const written = choice.backend === "webgpu" ? graph : packedAs(graph, settings.prepack);
      return new Session(choice, await choice.engine.start(encodeModel(inPanels(written)), files, settings), worker);
    } catch (error) {
      throw new Error(`Cannot start the model on ${choice.backend} as ONNX Runtime refused it: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /** Whether it has ended, or will once the runs that were asked for have. */
  get disposed(): boolean {
    return this.#disposed !== undefined;
  }

  /** Rows that stay on the device, `[P, width]` in each of some tensors, where it is not the CPU. */
  residentRows(tensors: number, width: number): ResidentRows | undefined {
    return this.#rows && new ResidentRows(this.#rows, tensors, width);
  }

  /**
   * Runs the graph and returns the numbers of `fetches`, in their order. Runs are serialised; a run that has begun
   * cannot be stopped. In a worker, the caller need not wait for it: an abort rejects at once, the run ends unseen, and
   * the next one begins after it. What `growths` say is appended to resident rows.
   */
  run(
    feeds: readonly Feed[],
    fetches: readonly Value[],
    signal?: AbortSignal,
    growths: readonly Growth[] = [],
  ): Promise<Float32Array[]> {
    if (this.#disposed) return Promise.reject(new Error("Cannot run the model as it is disposed"));
    const results = this.#queue.run(async () => {
      return await this.#running.run(feeds, fetches.map(({ name }) => name), growths).catch((error) => {
        throw new Error(`Cannot run the model on ${this.backend}: ${messageOf(error)}`, { cause: error });
      });
    }, signal);
    return this.worker && signal ? unlessAborted(results, signal) : results;
  }

  /** Gives back the memory that the runs of a call have left behind, once it has its results. */
  async settle(): Promise<void> {
    if (this.#disposed || this.backend !== "native" || !this.#running.settle) return;
    await this.#queue.run(() => this.#running.settle!());
  }

  /** Frees the memory, after the runs that were asked for have ended. Disposing twice does nothing. */
  dispose(): Promise<void> {
    this.#rows?.close();
    return this.#disposed ??= this.#queue.run(() => this.#running.release());
  }

  /** The same as {@linkcode Session.dispose}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/**
 * Where a session would run, before work is done for it.
 *
 * @throws {Error} When the backend is not available.
 */
export async function availableBackend(backend: "auto" | Backend, worker = false): Promise<Backend> {
  return (await chosenBackend(backend, worker)).backend;
}

/**
 * Where a session would run, and why.
 *
 * @throws {Error} When the backend is not available.
 */
export async function chosenBackend(
  backend: "auto" | Backend,
  worker = false,
): Promise<{ readonly backend: Backend; readonly reason: string }> {
  const { backend: chosen, reason } = await chooseEngine(backend, worker);
  return { backend: chosen, reason };
}

/** Where a graph runs, and why. */
interface Choice {
  readonly backend: Backend;
  readonly engine: Engine;
  readonly reason: string;
}

/**
 * `auto` leaves WebGPU out: its numbers depend on the device and its driver, and where there is no GPU it may compute
 * in software, many times slower than the other two.
 */
async function chooseEngine(backend: "auto" | Backend, worker: boolean): Promise<Choice> {
  const load = worker ? loadWorkerEngine : loadEngine;
  if (backend !== "auto") {
    if (!Object.hasOwn(LOADERS, backend)) {
      const known = '"auto", "native", "wasm" or "webgpu"';
      throw new TypeError(`Cannot use ${JSON.stringify(backend)} as a backend; use ${known}`);
    }
    const engine = await load(backend);
    const reason = engine.device ? `it was asked for, and computes on ${engine.device}` : "it was asked for";
    return { backend, engine, reason };
  }
  try {
    return { backend: "native", engine: await load("native"), reason: "it is the fastest available" };
  } catch (error) {
    return { backend: "wasm", engine: await load("wasm"), reason: `native is not available: ${messageOf(error)}` };
  }
}

/** The same result, or the reason of an abort as soon as it comes. */
function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(reasonOf(signal));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function packedAs(graph: GraphScope, prepack: SessionOptions["prepack"]): GraphScope {
  if (!prepack) return graph;
  return prepack === "int8" ? packedCodes(graph) : packedOnce(graph);
}
