/**
 * ONNX Runtime in a worker, so that a run does not block the event loop.
 *
 * @module
 */
import { inPage } from "../../base/platform.ts";
import type { ByteSource } from "../../checkpoint/byte_source.ts";
import type { Backend, SessionOptions } from "../backend.ts";
import type { Engine, Running } from "../engine.ts";
import type { Growth, RowsDevice } from "../resident_rows.ts";
import { FeedPacker } from "./feed_packing.ts";
import { SourceBridge } from "./source_bridge.ts";
import { WorkerThread } from "./thread.ts";

/**
 * The worker of all models under Deno, which lives as long as the program: wasm's memory is not given back when a
 * worker ends there, 60 MiB each time, while a session that is released gives back all that it took. It must be the
 * module's, as models that know nothing of each other share it.
 */
let common: Promise<WorkerThread> | undefined;

/**
 * Loads ONNX Runtime in a worker.
 *
 * @throws {Error} When the worker cannot be started, or the backend is not available in it.
 */
export async function loadWorkerEngine(backend: Backend): Promise<Engine> {
  const thread = await openThread();
  try {
    const device = await thread.queue.run(() => thread.request<"load">({ kind: "load", backend }));
    return { start: (...model) => start(thread, backend, ...model), queue: thread.queue, device };
  } catch (error) {
    close(thread);
    throw error;
  }
}

/** In a page, a worker of its own, as the memory comes back when it ends. */
async function openThread(): Promise<WorkerThread> {
  const url = new URL("./entry.ts", import.meta.url);
  if (inPage) return await WorkerThread.start(url);
  return await (common ??= WorkerThread.start(url, () => common = undefined));
}

function close(thread: WorkerThread): void {
  if (inPage) thread.end();
}

async function start(
  thread: WorkerThread,
  backend: Backend,
  model: Uint8Array,
  sources: ReadonlyMap<string, ByteSource>,
  options: SessionOptions,
): Promise<Running> {
  const bridge = new SourceBridge(sources);
  try {
    const { files, transfer } = await bridge.describe();
    const bytes = model.slice().buffer;
    const request = { kind: "start", backend, model: bytes, files, options } as const;
    const session = await thread.queue.run(() => {
      return thread.request<"start">(request, [bytes, ...transfer], (wish) => bridge.answer(wish));
    });
    return new WorkerSession(thread, session, backend === "webgpu" && !options.onCpu);
  } catch (error) {
    close(thread);
    throw error;
  } finally {
    bridge.close();
  }
}

/** A model that runs in a worker. Calls are made within the queue of the worker. */
class WorkerSession implements Running {
  readonly #thread: WorkerThread;
  readonly #session: number;
  readonly #packer = new FeedPacker();
  readonly rows: RowsDevice | undefined;

  constructor(thread: WorkerThread, session: number, hasRows: boolean) {
    this.#thread = thread;
    this.#session = session;
    this.rows = hasRows ? this.#remoteRows() : undefined;
  }

  #remoteRows(): RowsDevice {
    const session = this.#session;
    return {
      edit: (edit) => this.#thread.request<"editRows">({ kind: "editRows", session, edit }),
      read: async (slice) => {
        const results = await this.#thread.request<"readRows">({ kind: "readRows", session, slice });
        return results.map((buffer) => new Float32Array(buffer));
      },
    };
  }

  async run(
    feeds: Parameters<Running["run"]>[0],
    fetches: readonly string[],
    growths: readonly Growth[],
  ): Promise<Float32Array[]> {
    const packed = this.#packer.pack(feeds);
    const request = { kind: "run", session: this.#session, ...packed, fetches, growths } as const;
    const results = await this.#thread.request<"run">(request, [packed.numbers]);
    return results.map((buffer) => new Float32Array(buffer));
  }

  async settle(): Promise<void> {
    if (!this.#thread.ended) await this.#thread.request<"settle">({ kind: "settle", session: this.#session });
  }

  async release(): Promise<void> {
    if (!this.#thread.ended) await this.#thread.request<"release">({ kind: "release", session: this.#session });
    close(this.#thread);
  }
}
