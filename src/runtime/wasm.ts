/**
 * The `wasm` backend: onnxruntime-web. The only file that names it.
 *
 * @module
 */
import type { ByteSource } from "../checkpoint/byte_source.ts";
import { commonOptions, type Runtime, type SessionOptions } from "./backend.ts";
import { LazyFile } from "./lazy_file.ts";
import { RunQueue } from "./run_queue.ts";

/** Each thread is a worker with a copy of the compiled module; more than this are not faster by default. */
const MOST_THREADS = 8;

/** onnxruntime-web mounts the files of the session it makes for the whole process, so sessions are made in turn. */
const creations = new RunQueue();

/** Loads onnxruntime-web. */
export async function loadWasm(): Promise<Runtime> {
  const ort = await import("npm:onnxruntime-web@1.30.0");

  function create(model: Uint8Array, files: ReadonlyMap<string, ByteSource>, options: SessionOptions) {
    return creations.run(async () => {
      ort.env.wasm.numThreads = options.threads ?? Math.min(navigator.hardwareConcurrency, MOST_THREADS);
      const mounted = [...files].map(([path, source]) => ({ path, data: new LazyFile(source) }));
      try {
        return await ort.InferenceSession.create(model, { ...commonOptions(options), externalData: mounted });
      } finally {
        mounted.forEach(({ data }) => data.free());
      }
    });
  }

  return { create, Tensor: ort.Tensor };
}
