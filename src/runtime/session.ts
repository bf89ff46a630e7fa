import type { InferenceSession, Tensor } from "npm:onnxruntime-common@1.30.0";
import type { ByteSource } from "../checkpoint/byte_source.ts";
import { encodeModel, type GraphScope, type Value } from "../onnx/mod.ts";
import type { Backend, Runtime, SessionOptions } from "./backend.ts";
import { loadNative } from "./native.ts";
import { RunQueue } from "./run_queue.ts";
import { loadWasm } from "./wasm.ts";

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
  readonly #queue = new RunQueue();
  readonly #session: InferenceSession;
  readonly #Tensor: typeof Tensor;
  #disposed: Promise<void> | undefined;

  private constructor(backend: Backend, reason: string, session: InferenceSession, tensor: typeof Tensor) {
    this.backend = backend;
    this.reason = reason;
    this.#session = session;
    this.#Tensor = tensor;
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
    const { backend, runtime, reason } = await chooseRuntime(options.backend);
    try {
      const session = await runtime.create(encodeModel(graph), files, options);
      return new Session(backend, reason, session, runtime.Tensor);
    } catch (error) {
      throw new Error(`Cannot start the model on ${backend} as ONNX Runtime refused it: ${messageOf(error)}`, {
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

async function chooseRuntime(
  backend: "auto" | Backend,
): Promise<{ backend: Backend; runtime: Runtime; reason: string }> {
  switch (backend) {
    case "wasm":
      return { backend, runtime: await load(backend, loadWasm), reason: "it was asked for" };
    case "native":
      return { backend, runtime: await load(backend, loadNative), reason: "it was asked for" };
    case "webgpu":
      throw new Error('Cannot use the webgpu backend as it is not built yet; use "auto", "native" or "wasm"');
    case "auto":
      try {
        return { backend: "native", runtime: await load("native", loadNative), reason: "it is the fastest available" };
      } catch (error) {
        const reason = `native is not available: ${messageOf(error)}`;
        return { backend: "wasm", runtime: await load("wasm", loadWasm), reason };
      }
    default:
      throw new TypeError(`Cannot use ${JSON.stringify(backend)} as a backend; use "auto", "native" or "wasm"`);
  }
}

async function load(backend: Backend, loader: () => Promise<Runtime>): Promise<Runtime> {
  try {
    return await loader();
  } catch (error) {
    const needs = backend === "native"
      ? "onnxruntime-node and --allow-read --allow-ffi"
      : "onnxruntime-web and --allow-read";
    throw new Error(`Cannot load the ${backend} backend, which needs ${needs}: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
