/**
 * The builds of onnxruntime-web. The only file that names it. Each is loaded when it is asked for.
 *
 * @module
 */

/** The build of the `wasm` backend, with threads in Deno. */
export const importWasm = () => import("npm:onnxruntime-web@1.30.0");

/** The build of the `webgpu` backend, which has CPU kernels too. */
export const importWebgpu = () => import("npm:onnxruntime-web@1.30.0/webgpu");

/** Where the WebAssembly of {@linkcode importWasm} lies under Deno. */
export const wasmUrl = (): string => import.meta.resolve("npm:onnxruntime-web@1.30.0/ort-wasm-simd-threaded.wasm");

/** Where the WebAssembly of {@linkcode importWebgpu} lies under Deno. */
export const webgpuUrl = (): string =>
  import.meta.resolve("npm:onnxruntime-web@1.30.0/ort-wasm-simd-threaded.asyncify.wasm");
