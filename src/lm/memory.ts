/**
 * How much memory an explanation takes. ONNX Runtime cannot be asked, and an allocation that fails inside a wasm run
 * poisons the session, so it is estimated first.
 *
 * @module
 */
import type { GPT2Config } from "../gpt2/config.ts";
import { weightShapes } from "../gpt2/weights.ts";
import { formatBytes } from "../hub/bytes.ts";
import { inPage } from "../hub/platform.ts";
import type { Backend } from "../runtime/backend.ts";

export { formatBytes };

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
 * How much wasm takes of what the weights take once ONNX Runtime has stored them a second time: 1352 MiB for the
 * 475 MiB of gpt2, 3887 for the 1354 of gpt2-medium.
 */
const PREPACKED = 2.9;

/** How a model is loaded, as far as it matters for its size. */
export interface RoomOptions {
  /** Where it is to run. */
  readonly backend?: "auto" | Backend;
  /** Whether weights are stored twice. */
  readonly prepack?: boolean;
}

/**
 * Refuses a model whose weights cannot be held.
 *
 * @param storedBytes The size of the files with the weights, once it is known: those in half precision are there beside
 * the widened ones until all are widened (gpt2 takes 200 MB more from float16 than from float32).
 * @throws {RangeError} When the model can only run on wasm and does not fit into the 4 GiB that wasm can address.
 */
export function expectRoom(id: string, config: GPT2Config, options: RoomOptions, storedBytes = Infinity): void {
  const { backend = "auto", prepack = false } = options;
  if (backend === "native" || backend === "webgpu") return;
  const weights = weightBytes(config);
  const half = storedBytes < 0.75 * weights ? storedBytes : 0; // files can hold buffers too
  const exceeds = (factor: number, more: number) => factor * weights + more + LEAST_ROOM > 4 * GIB;
  if (!exceeds(prepack ? PREPACKED : 1, half)) return;
  const mayBeNative = !inPage && Deno.permissions.querySync({ name: "ffi" }).state === "granted";
  if (backend === "auto" && mayBeNative) return;
  const twice = prepack ? `, stored twice ${formatBytes(PREPACKED * weights)},` : "";
  const widened = half > 0 ? `, ${formatBytes(half)} more while they are widened from half precision,` : "";
  const size = `its weights take ${formatBytes(weights)}${twice}${widened} and wasm can address 4.0 GiB`;
  const plain = prepack && !exceeds(1, half) ? ["leave out prepack"] : [];
  const ways = [...plain, ...nativeWay(mayBeNative), "take a smaller model"];
  throw new RangeError(`Cannot load "${id}" on wasm as ${size}; ${ways.join(", or ")}`);
}

function nativeWay(permitted: boolean): string[] {
  if (inPage) return [];
  return [permitted ? 'pass backend: "native"' : 'run Deno with --allow-ffi and backend "native" or "auto"'];
}
