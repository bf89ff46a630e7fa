/**
 * How much memory an explanation takes. ONNX Runtime cannot be asked, and an allocation that fails inside a wasm run
 * poisons the session, so it is estimated first.
 *
 * @module
 */
import type { GPT2Config } from "../gpt2/config.ts";
import { weightShapes } from "../gpt2/weights.ts";
import type { Backend } from "../runtime/backend.ts";

const GIB = 2 ** 30;

/**
 * An estimate of the bytes that one run takes to explain N targets, by R logits, over T tokens: the activations of the
 * forward pass, the cotangents of one block, and the rows of the vocabulary.
 */
export function explainBytes({ nLayer, nHead, nEmbd, vocabSize }: GPT2Config, N: number, T: number, R = N): number {
  const forward = nLayer * (nHead * T * T + 14 * T * nEmbd);
  const backward = N * (3 * nHead * T * T + 12 * T * nEmbd);
  return 4 * (forward + backward + 6 * R * vocabSize);
}

/** The size of all weights in memory, as float32. */
export function weightBytes(config: GPT2Config): number {
  return weightShapes(config).values().reduce((sum, shape) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
}

/** The most bytes that one run may take by default: on wasm, what 4 GiB leave beside the weights. */
export function defaultMaxMemory(backend: Backend, config: GPT2Config): number {
  return backend === "wasm" ? 0.9 * (4 * GIB - weightBytes(config)) : 4 * GIB;
}

/** What one decode step of a small context takes beside the weights. */
const LEAST_ROOM = GIB / 8;

/**
 * Refuses a model whose weights cannot be held.
 *
 * @throws {RangeError} When the model can only run on wasm and does not fit into the 4 GiB that wasm can address; on
 * webgpu, the library, which is wasm too, reads the weights of the GPU.
 */
export function expectRoom(id: string, config: GPT2Config, backend: "auto" | Backend): void {
  if (backend === "native") return;
  const bytes = weightBytes(config);
  if (bytes + LEAST_ROOM <= 4 * GIB) return;
  const mayBeNative = Deno.permissions.querySync({ name: "ffi" }).state === "granted";
  if (backend === "auto" && mayBeNative) return;
  const way = mayBeNative ? 'pass backend: "native"' : 'run Deno with --allow-ffi and backend "native" or "auto"';
  const size = `its weights take ${formatBytes(bytes)} and wasm can address 4.0 GiB`;
  throw new RangeError(
    `Cannot load "${id}" on ${backend === "webgpu" ? backend : "wasm"} as ${size}; ${way}, or take a smaller model`,
  );
}

/** A number of bytes for human eyes. */
export function formatBytes(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
