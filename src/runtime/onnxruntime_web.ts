/**
 * The builds of onnxruntime-web. The only file that names it. Each is loaded when it is asked for.
 *
 * @module
 */

/** The build of the `wasm` backend, with threads in Deno. */
export const importWasm = () => import("npm:onnxruntime-web@1.30.0");

/** The build of the `webgpu` backend, which has CPU kernels too. */
export const importWebgpu = () => import("npm:onnxruntime-web@1.30.0/webgpu");
