import { inPage } from "../base/platform.ts";
import type { RunQueue } from "../base/run_queue.ts";
import { messageOf } from "../base/words.ts";
import type { ByteSource } from "../checkpoint/byte_source.ts";
import type { Feed } from "../onnx/feed.ts";
import type { Backend, Runtime, SessionOptions } from "./backend.ts";
import { loadNative } from "./backends/native.ts";
import { loadWasm } from "./backends/wasm.ts";
import { loadWebgpu } from "./backends/webgpu.ts";
import { MappedFiles } from "./mapped_files.ts";
import type { Growth, RowsDevice } from "./resident_rows.ts";
import { Settler } from "./settler.ts";

/** A model in ONNX Runtime, in this thread or in a worker. */
export interface Running {
  /**
   * Runs it, returns the numbers of `fetches`, in their order, and appends to rows what `growths` say. One call at a time.
   */
  run(feeds: readonly Feed[], fetches: readonly string[], growths: readonly Growth[]): Promise<Float32Array[]>;
  /** What stays on the device between runs, where there is one. */
  readonly rows?: RowsDevice | undefined;
  /** Gives back the memory that runs have left behind, unless that would take long beside them. */
  settle?(): Promise<void>;
  /** Frees the memory. */
  release(): Promise<void>;
}

/** What starts models on one backend. */
export interface Engine {
  /** Starts a model whose weights are in `files`, by the location that the model gives. */
  start(model: Uint8Array, files: ReadonlyMap<string, ByteSource>, options: SessionOptions): Promise<Running>;
  /** What runs all models in turn, where two cannot run at once. */
  readonly queue?: RunQueue | undefined;
  /** What the backend computes on, where there may be several. */
  readonly device?: string | undefined;
}

/** How each backend is loaded. */
export const LOADERS: Readonly<Record<Backend, { readonly loader: () => Promise<Runtime>; readonly needs: string }>> = {
  native: { loader: loadNative, needs: "onnxruntime-node and --allow-read --allow-ffi" },
  wasm: { loader: loadWasm, needs: inPage ? "onnxruntime-web" : "onnxruntime-web and --allow-read" },
  webgpu: {
    loader: loadWebgpu,
    needs: `onnxruntime-web${inPage ? "" : ", --allow-read"} and a GPU that WebGPU can use`,
  },
};

/**
 * Loads ONNX Runtime in this thread.
 *
 * @throws {Error} When the backend is not available.
 */
export async function loadEngine(backend: Backend): Promise<Engine> {
  const { loader, needs } = LOADERS[backend];
  try {
    const runtime = await loader();
    return { start: startWith(runtime), queue: runtime.queue, device: runtime.device };
  } catch (error) {
    throw new Error(`Cannot load the ${backend} backend, which needs ${needs}: ${messageOf(error)}`, { cause: error });
  }
}

function startWith({ create, Tensor, heap, pages, rows: makeRows }: Runtime): Engine["start"] {
  const release = (files: ReadonlySet<string>) => {
    heap?.trim();
    pages?.release(files);
  };
  const mapped = pages && new MappedFiles({ release });
  const settler = heap && new Settler(heap);
  return async (model, files, options) => {
    for (const source of files.values()) await source.load?.();
    const session = await create(model, files, options);
    for (const source of files.values()) source.unload?.();
    const paths = mapped?.add(files.values()) ?? new Set();
    const rows = await makeRows?.(options);
    return {
      rows,
      async run(feeds, fetches, growths) {
        if (rows) return await rows.run(session, feeds, fetches, growths);
        const tensors = feeds.map(({ value: { name, dtype }, data, dims }) => {
          return [name, new Tensor(dtype as "float32", data as Float32Array, dims)] as const;
        });
        const run = () => session.run(Object.fromEntries(tensors), fetches);
        const watched = () => settler ? settler.watch(run) : run();
        const results = await (mapped ? mapped.watch(watched) : watched());
        return fetches.map((name) => results[name]!.data as Float32Array);
      },
      ...settler && { settle: () => Promise.resolve(settler.settle()) },
      async release() {
        rows?.release();
        await session.release();
        mapped?.remove(paths);
        heap?.trim();
      },
    };
  };
}
