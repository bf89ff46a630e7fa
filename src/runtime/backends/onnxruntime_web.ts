/**
 * The builds of onnxruntime-web. The only file that names it. Each is loaded when it is asked for.
 *
 * @module
 */

/** The build of the `wasm` backend, with threads in Deno. */
export const importWasm = () => import("npm:onnxruntime-web@1.30.0");

/**
 * Whether WebAssembly can be suspended here while it waits for the GPU, as under Deno and in Chromium (JSPI). The build
 * of the `webgpu` backend for that catches what a kernel throws where it is thrown. The other (Asyncify) catches it at
 * the end of a call only: what was locked stays locked, and the next run of that session blocks its thread for ever.
 */
export const CAN_SUSPEND: boolean = "Suspending" in WebAssembly;

/** The build of the `webgpu` backend, which has CPU kernels too. */
export const importWebgpu = () => {
  return CAN_SUSPEND ? import("npm:onnxruntime-web@1.30.0/jspi") : import("npm:onnxruntime-web@1.30.0/webgpu");
};

/** Where the WebAssembly of {@linkcode importWasm} lies under Deno. */
export const wasmUrl = (): string => import.meta.resolve("npm:onnxruntime-web@1.30.0/ort-wasm-simd-threaded.wasm");

/** Where the WebAssembly of {@linkcode importWebgpu} lies under Deno. */
export const webgpuUrl = (): string => {
  return CAN_SUSPEND
    ? import.meta.resolve("npm:onnxruntime-web@1.30.0/ort-wasm-simd-threaded.jspi.wasm")
    : import.meta.resolve("npm:onnxruntime-web@1.30.0/ort-wasm-simd-threaded.asyncify.wasm");
};
