import type { InferenceSession, Tensor } from "npm:onnxruntime-common@1.30.0";
import type { ByteSource } from "../checkpoint/byte_source.ts";
import type { RunQueue } from "./run_queue.ts";

/** Where a model runs. */
export type Backend = "wasm" | "native" | "webgpu";

/** How a session is made. */
export interface SessionOptions {
  /** How many threads compute; by default, one for each core. */
  readonly threads?: number;
  /** Whether weights are stored a second time in the order that makes one-token steps fastest. */
  readonly prepack?: boolean;
  /** On webgpu, whether the graph runs on the CPU kernels of the same library: what results are compared with. */
  readonly onCpu?: boolean;
}

/** What onnxruntime-web and onnxruntime-node have in common. */
export interface Runtime {
  /** Makes a session of a model whose weights are in `files`, by the location that the model gives. */
  create(
    model: Uint8Array,
    files: ReadonlyMap<string, ByteSource>,
    options: SessionOptions,
  ): Promise<InferenceSession>;
  /** The library's tensor. */
  readonly Tensor: typeof Tensor;
  /** What runs the sessions of all models in turn, where the library cannot run two at once. */
  readonly queue?: RunQueue;
  /** What the backend computes on, where there may be several. */
  readonly device?: string;
}

/** The options that every backend shares. */
export function commonOptions({ prepack = false }: SessionOptions): InferenceSession.SessionOptions {
  // A memory pattern is a second copy of what a run needs, kept for each new length: 250 MiB at 1,023 tokens.
  return {
    graphOptimizationLevel: "all",
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: sessionEntries(prepack) },
  };
}

/** ONNX Runtime's session configuration entries. */
export function sessionEntries(prepack: boolean): Record<string, string> {
  return { disable_prepacking: prepack ? "0" : "1" };
}
