/**
 * The `webgpu` backend: onnxruntime-web on the GPU, in Deno and in a page.
 *
 * @module
 */
import type { InferenceSession } from "npm:onnxruntime-common@1.30.0";
import { inPage } from "../../base/platform.ts";
import { RunQueue } from "../../base/run_queue.ts";
import { messageOf } from "../../base/words.ts";
import type { ByteSource } from "../../checkpoint/byte_source.ts";
import { commonOptions, type Runtime, type SessionOptions } from "../backend.ts";
import { GpuMemory } from "./gpu_memory.ts";
import { GpuRows } from "./gpu_rows.ts";
import { LazyFile } from "./lazy_file.ts";
import { LibraryCode } from "./library_code.ts";
import { CAN_SUSPEND, importWebgpu, webgpuUrl } from "./onnxruntime_web.ts";

/**
 * The library waits for the GPU inside a call and hangs when another call begins meanwhile, even of another session. The
 * queue must be the module's, as the library is one for all models of a program.
 */
const calls = new RunQueue();

/**
 * The device that all sessions share: the library makes it for the first of them and frees it with the last. When it is
 * lost, as a driver crashed or the system slept, the library does not notice: the next run fails with a message about a
 * buffer, and the one after that may block for ever.
 */
class SharedDevice {
  #device: GPUDevice | undefined;
  #sessions = 0;
  #loss: string | undefined;

  /**
   * Refuses to use a device that is gone.
   *
   * @throws {Error} When it was lost and sessions on it are still open.
   */
  expect(): void {
    if (this.#loss === undefined) return;
    const advice = "dispose all models that are on webgpu, then load again";
    throw new Error(`the GPU was lost (${this.#loss.replace(/\.$/, "")}); ${advice}`);
  }

  /** What a task on `device` gives, or that the device is lost when it is. */
  async during<T>(device: GPUDevice, task: () => Promise<T>): Promise<T> {
    this.expect();
    try {
      return await task();
    } catch (error) {
      await settled(device.lost); // which is told after what it broke: 9 ms in Deno
      this.expect();
      throw error;
    }
  }

  /** Lets a session on `device` refuse to run once it is lost. */
  guard(session: InferenceSession, device: GPUDevice): InferenceSession {
    ++this.#sessions;
    if (device !== this.#device) {
      this.#device = device;
      device.lost.then(({ message, reason }) => {
        if (device === this.#device) this.#loss = message || reason;
      });
    }
    const run = CAN_SUSPEND ? session.run.bind(session) : unlessLocked(session);
    const release = session.release.bind(session);
    return Object.assign(session, {
      run: (...call: Parameters<Run>) => this.during(device, () => run(...call)),
      release: async () => {
        await release();
        if (--this.#sessions === 0) this.#device = this.#loss = undefined;
      },
    });
  }
}

/** Runs a session. */
type Run = (
  feeds: InferenceSession.FeedsType,
  fetches: InferenceSession.FetchesType,
) => Promise<InferenceSession.ReturnType>;

/**
 * Runs a session until something is thrown inside of it, where that leaves it locked (see {@linkcode CAN_SUSPEND}), and
 * refuses from then on. Other sessions have locks of their own, and this one can be released.
 */
function unlessLocked(session: InferenceSession): Run {
  const run: Run = session.run.bind(session);
  let thrown: string | undefined;
  return async (...call) => {
    if (thrown !== undefined) {
      const advice = "dispose this model and load it again; other models go on";
      throw new Error(
        `an earlier run failed inside of ONNX Runtime, which is locked since then (${thrown}); ${advice}`,
      );
    }
    try {
      return await run(...call);
    } catch (error) {
      const message = messageOf(error);
      if (!RETURNED.test(message)) thrown = message.split("\n", 1)[0]!;
      throw error;
    }
  };
}

/**
 * How a failure begins that was returned, not thrown, so that nothing stays locked: a kernel says what is wrong, or the
 * run is refused for its feeds (code 2). Anything else may have been thrown.
 */
const RETURNED = /^failed to call OrtRun\(\)\. ERROR_CODE: (?:2,|\d+, ERROR_MESSAGE: Non-zero status code returned )/;

/** Waits for a promise, but not for long. */
async function settled(promise: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, 200);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

/** The module's, as the library has one device for all models of a program. */
const shared = new SharedDevice();
/** The module's, as the library compiles its code once in a program. */
const code = new LibraryCode(webgpuUrl);

/**
 * Loads onnxruntime-web's build for WebGPU.
 *
 * @throws {Error} When there is no adapter, or the GPU was lost while models on it are open.
 */
export async function loadWebgpu(): Promise<Runtime> {
  shared.expect();
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
        const all = { ...common, executionProviders, externalData: mounted };
        const session = await code.during(ort.env.wasm, () => ort.InferenceSession.create(model, all));
        return options.onCpu ? session : shared.guard(session, await ort.env.webgpu.device);
      } finally {
        mounted.forEach(({ data }) => data.free());
      }
    });
  }

  async function rows({ onCpu }: SessionOptions) {
    if (onCpu) return undefined;
    const device: GPUDevice = await ort.env.webgpu.device;
    return new GpuRows(new GpuMemory(device, (task) => shared.during(device, task)), ort);
  }

  return { create, Tensor: ort.Tensor, queue: calls, device, rows };
}

/** What the system calls its GPU; without one the library would say less about it, or compute in silence on the CPU. */
async function describeAdapter(): Promise<string> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) {
    const missing = navigator.gpu ? "it offers no WebGPU adapter" : "WebGPU is not available here";
    throw new Error(`${missing}; ${inPage ? adviceInPage() : ADVICE}`);
  }
  const { description, vendor, architecture } = adapter.info;
  return description || [vendor, architecture].filter(Boolean).join(" ") || "a GPU without a name";
}

const ADVICE = "install the driver of the GPU (for one in software, Debian's mesa-vulkan-drivers), " +
  'or use backend "native" or "wasm"';

function adviceInPage(): string {
  const secure = isSecureContext ? "" : "serve the page over https or from localhost, ";
  return `${secure}use a browser that has WebGPU, or backend "wasm"`;
}
