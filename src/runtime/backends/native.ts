/**
 * The `native` backend: onnxruntime-node. The only file that names it.
 *
 * @module
 */
import type { InferenceSession, Tensor } from "npm:onnxruntime-common@1.30.0";
import { inPage } from "../../base/platform.ts";
import type { ByteSource } from "../../checkpoint/byte_source.ts";
import { cpuOptions, type Runtime, type SessionOptions } from "../backend.ts";
import { openCHeap } from "../c_heap.ts";
import { openMappedPages } from "../mapped_pages.ts";

/** Not a literal, so that the 288 MB package is downloaded only where this backend is asked for. */
const PACKAGE = ["npm:onnxruntime-node", "1.30.0"].join("@");

/** The build of the `native` backend. */
export const importNative = (): Promise<NativeLibrary> => import(PACKAGE);

/** What is used of onnxruntime-node. */
export interface NativeLibrary {
  /** What makes sessions. */
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  /** The library's tensor. */
  readonly Tensor: typeof Tensor;
}

/** Loads onnxruntime-node, which needs `--allow-ffi`. */
export async function loadNative(): Promise<Runtime> {
  if (inPage) throw new Error("a page has no onnxruntime-node");
  const ort = await importNative();

  const heap = openCHeap();
  const pages = openMappedPages();

  async function create(model: Uint8Array, files: ReadonlyMap<string, ByteSource>, options: SessionOptions) {
    const intraOpNumThreads = options.threads ?? navigator.hardwareConcurrency;
    const folder = commonFolder(files);
    if (folder === undefined) {
      const externalData = await Promise.all([...files].map(async ([path, source]) => {
        return { path, data: await source.read(0, source.size) };
      }));
      return await ort.InferenceSession.create(model, { ...cpuOptions(options), intraOpNumThreads, externalData });
    }
    const entries = { "model_external_initializers_file_folder_path": folder };
    return await ort.InferenceSession.create(model, { ...cpuOptions(options, entries), intraOpNumThreads });
  }

  return { create, Tensor: ort.Tensor, ...heap && { heap }, ...pages && { pages } };
}

/**
 * The folder that all locations begin at, from which files are memory-mapped; undefined when one is in memory only, or
 * there is no such folder.
 */
function commonFolder(files: ReadonlyMap<string, ByteSource>): string | undefined {
  const folders = new Set(Array.from(files, ([location, { path }]) => {
    return path?.endsWith(location) ? path.slice(0, -location.length) : undefined;
  }));
  const [folder] = folders;
  if (folders.size !== 1 || folder === undefined) return undefined;
  const isRoot = /^([A-Za-z]:)?[\\/]$/.test(folder);
  return isRoot ? folder : folder.slice(0, -1);
}
