import type { InferenceSession, Tensor } from "npm:onnxruntime-common@1.30.0";
import type { ByteSource } from "../checkpoint/byte_source.ts";
import { encodeModel, type GraphScope, type Value } from "../onnx/mod.ts";
import type { Backend, Runtime, SessionOptions } from "./backend.ts";
import { loadNative } from "./native.ts";
import { RunQueue } from "./run_queue.ts";
import { loadWasm } from "./wasm.ts";
import { loadWebgpu } from "./webgpu.ts";

/** The numbers for one input of a graph. */
export interface Feed {
  /** The input. */
  readonly value: Value;
  /** The numbers; bytes for bool. */
  readonly data: Float32Array | BigInt64Array | Uint8Array;
  /** Their shape. */
  readonly dims: readonly number[];
}

/** A graph, ready to run. */
export class Session implements AsyncDisposable {
  /** Where it runs. */
  readonly backend: Backend;
  /** Why it runs there. */
  readonly reason: string;
  readonly #queue: RunQueue;
  readonly #session: InferenceSession;
  readonly #Tensor: typeof Tensor;
  #disposed: Promise<void> | undefined;

  private constructor({ backend, reason, runtime }: Choice, session: InferenceSession) {
    this.backend = backend;
    this.reason = reason;
    this.#session = session;
    this.#Tensor = runtime.Tensor;
    this.#queue = runtime.queue ?? new RunQueue();
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
    options: SessionOptions & { readonly backend: "auto" | Backend },
  ): Promise<Session> {
    const choice = await chooseRuntime(options.backend);
    try {
      return new Session(choice, await choice.runtime.create(encodeModel(graph), files, options));
    } catch (error) {
      throw new Error(`Cannot start the model on ${choice.backend} as ONNX Runtime refused it: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /**
   * Runs the graph and returns the numbers of `fetches`, in their order. Runs are serialised; a run that has begun
   * cannot be stopped.
   */
  run(feeds: readonly Feed[], fetches: readonly Value[], signal?: AbortSignal): Promise<Float32Array[]> {
    if (this.#disposed) return Promise.reject(new Error("Cannot run the model as it is disposed"));
    return this.#queue.run(async () => {
      const tensors = feeds.map(({ value, data, dims }) => [value.name, this.#tensor(value, data, dims)] as const);
      const results = await this.#session.run(Object.fromEntries(tensors), fetches.map(({ name }) => name))
        .catch((error) => {
          throw new Error(`Cannot run the model on ${this.backend}: ${messageOf(error)}`, { cause: error });
        });
      return fetches.map(({ name }) => results[name]!.data as Float32Array);
    }, signal);
  }

  /** Frees the memory, after the runs that were asked for have ended. Disposing twice does nothing. */
  dispose(): Promise<void> {
    return this.#disposed ??= this.#queue.run(() => this.#session.release());
  }

  /** The same as {@linkcode Session.dispose}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #tensor(value: Value, data: Feed["data"], dims: readonly number[]): Tensor {
    return new this.#Tensor(value.dtype as Tensor.Type, data as Tensor.DataType, dims);
  }
}

/**
 * Where a session would run, before work is done for it.
 *
 * @throws {Error} When the backend is not available.
 */
export async function availableBackend(backend: "auto" | Backend): Promise<Backend> {
  return (await chooseRuntime(backend)).backend;
}

/** Where a graph runs, and why. */
interface Choice {
  readonly backend: Backend;
  readonly runtime: Runtime;
  readonly reason: string;
}

const LOADERS: Readonly<Record<Backend, { readonly loader: () => Promise<Runtime>; readonly needs: string }>> = {
  native: { loader: loadNative, needs: "onnxruntime-node and --allow-read --allow-ffi" },
  wasm: { loader: loadWasm, needs: "onnxruntime-web and --allow-read" },
  webgpu: { loader: loadWebgpu, needs: "onnxruntime-web, --allow-read and a GPU that WebGPU can use" },
};

/**
 * `auto` leaves WebGPU out: its numbers depend on the device and its driver, and where there is no GPU it may compute
 * in software, many times slower than the other two.
 */
async function chooseRuntime(backend: "auto" | Backend): Promise<Choice> {
  if (backend !== "auto") {
    if (!Object.hasOwn(LOADERS, backend)) {
      const known = '"auto", "native", "wasm" or "webgpu"';
      throw new TypeError(`Cannot use ${JSON.stringify(backend)} as a backend; use ${known}`);
    }
    const runtime = await load(backend);
    const reason = runtime.device ? `it was asked for, and computes on ${runtime.device}` : "it was asked for";
    return { backend, runtime, reason };
  }
  try {
    return { backend: "native", runtime: await load("native"), reason: "it is the fastest available" };
  } catch (error) {
    return { backend: "wasm", runtime: await load("wasm"), reason: `native is not available: ${messageOf(error)}` };
  }
}

async function load(backend: Backend): Promise<Runtime> {
  const { loader, needs } = LOADERS[backend];
  try {
    return await loader();
  } catch (error) {
    throw new Error(`Cannot load the ${backend} backend, which needs ${needs}: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
