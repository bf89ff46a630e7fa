/**
 * The `webgpu` backend: onnxruntime-web on the GPU, in Deno and in a page.
 *
 * @module
 */
import type { ByteSource } from "../checkpoint/byte_source.ts";
import { commonOptions, type Runtime, type SessionOptions } from "./backend.ts";
import { LazyFile } from "./lazy_file.ts";
import { importWebgpu } from "./onnxruntime_web.ts";
import { RunQueue } from "./run_queue.ts";

/** The library waits for the GPU inside a call and hangs when another call begins meanwhile, even of another session. */
const calls = new RunQueue();

/**
 * Loads onnxruntime-web's build for WebGPU.
 *
 * @throws {Error} When there is no adapter.
 */
export async function loadWebgpu(): Promise<Runtime> {
  const device = await describeAdapter();
  const ort = await importWebgpu();
  // Few operators run on the CPU, and this build cannot start threads in Deno.
  ort.env.wasm.numThreads = 1;

  function create(model: Uint8Array, files: ReadonlyMap<string, ByteSource>, options: SessionOptions) {
    return calls.run(async () => {
      const mounted = [...files].map(([path, source]) => ({ path, data: new LazyFile(source) }));
      const executionProviders = [options.onCpu ? "wasm" : "webgpu"];
      try {
        const common = commonOptions(options);
        return await ort.InferenceSession.create(model, { ...common, executionProviders, externalData: mounted });
      } finally {
        mounted.forEach(({ data }) => data.free());
      }
    });
  }

  return { create, Tensor: ort.Tensor, queue: calls, device };
}

/** What the system calls its GPU; without one the library would say less about it, or compute in silence on the CPU. */
async function describeAdapter(): Promise<string> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) {
    const missing = navigator.gpu ? "it offers no WebGPU adapter" : "WebGPU is not available here";
    throw new Error(
      `${missing}; install the driver of the GPU (for one in software, Debian's mesa-vulkan-drivers), ` +
        'or use backend "native" or "wasm"',
    );
  }
  const { description, vendor, architecture } = adapter.info;
  return description || [vendor, architecture].filter(Boolean).join(" ") || "a GPU without a name";
}
