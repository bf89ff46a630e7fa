/**
 * How much memory an explanation takes. ONNX Runtime cannot be asked, and an allocation that fails inside a wasm run
 * poisons the session, so it is estimated first.
 *
 * @module
 */
import type { GPT2Config } from "../gpt2/config.ts";
import type { Backend } from "../runtime/backend.ts";

const GIB = 2 ** 30;

/**
 * The bytes that one run takes to explain N targets, by R logits, over T tokens: the activations of the forward pass, the cotangents
 * of one block, and the rows of the vocabulary. Measured on GPT-2 small shapes; see `bench/`.
 */
export function explainBytes({ nLayer, nHead, nEmbd, vocabSize }: GPT2Config, N: number, T: number, R = N): number {
  const forward = nLayer * (nHead * T * T + 14 * T * nEmbd);
  const backward = N * (3 * nHead * T * T + 12 * T * nEmbd);
  return 4 * (forward + backward + 6 * R * vocabSize);
}

/** The most bytes that one run may take by default: on wasm, what 4 GiB leave beside the weights. */
export function defaultMaxMemory(backend: Backend, weightBytes: number): number {
  return backend === "wasm" ? 0.9 * (4 * GIB - weightBytes) : 4 * GIB;
}

/** A number of bytes for human eyes. */
export function formatBytes(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
