/**
 * The `wasm` backend: onnxruntime-web on the CPU.
 *
 * @module
 */
import { inPage } from "../../base/platform.ts";
import { RunQueue } from "../../base/run_queue.ts";
import type { ByteSource } from "../../checkpoint/byte_source.ts";
import { cpuOptions, type Runtime, type SessionOptions } from "../backend.ts";
import { LazyFile } from "./lazy_file.ts";
import { LibraryCode } from "./library_code.ts";
import { importWasm, wasmUrl } from "./onnxruntime_web.ts";

/** Each thread is a worker with a copy of the compiled module; more than this are not faster by default. */
const MOST_THREADS = 8;

/**
 * onnxruntime-web mounts the files of the session that it makes for the whole program, and lets go of the event loop
 * before it reads what a run left on the stack of its memory, where another run would write. So all models take turns.
 */
const calls = new RunQueue();

/** The module's, as the library compiles its code once in a program. */
const code = new LibraryCode(wasmUrl);

/** Loads onnxruntime-web. */
export async function loadWasm(): Promise<Runtime> {
  const ort = await importWasm();

  function create(model: Uint8Array, files: ReadonlyMap<string, ByteSource>, options: SessionOptions) {
    return calls.run(async () => {
      const threads = options.threads ?? Math.min(navigator.hardwareConcurrency, MOST_THREADS);
      ort.env.wasm.numThreads = inPage && !crossOriginIsolated ? 1 : threads; // threads share memory
      const mounted = [...files].map(([path, source]) => ({ path, data: new LazyFile(source) }));
      const restore = reserveMemory();
      try {
        const all = { ...cpuOptions(options), externalData: mounted };
        return await code.during(ort.env.wasm, () => ort.InferenceSession.create(model, all));
      } finally {
        restore();
        mounted.forEach(({ data }) => data.free());
      }
    });
  }

  return { create, Tensor: ort.Tensor, queue: calls };
}

const MOST_PAGES = 65536;

/**
 * Lets onnxruntime-web's memory have all the addresses that it may ever grow to from the beginning, until the returned
 * function is called. Pages that are not used take no memory.
 *
 * In Deno a thread that sleeps while another grows the shared memory does not know the new size when it wakes: V8 tells
 * it at its next check for interrupts, and work that lies beyond the old size makes it fail before. The main thread
 * then waits for it for ever. A memory that never grows has no such moment.
 */
function reserveMemory(): () => void {
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      // One page less than 4 GiB, as the size must fit 32 bits.
      super(descriptor.maximum === MOST_PAGES ? { ...descriptor, initial: MOST_PAGES - 1 } : descriptor);
    }
  };
  return () => WebAssembly.Memory = Memory;
}
