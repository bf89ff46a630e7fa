import { LONG_WORK, type OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import type { Backend } from "../../runtime/backend.ts";

/** Options of {@linkcode LanguageModel.fromPretrained}. */
export interface LoadOptions {
  /**
   * Where the model runs. `native` (onnxruntime-node, needs `--allow-ffi`) is the fastest without a GPU and maps the
   * weights from their file; `wasm` (onnxruntime-web) runs everywhere; `webgpu` (onnxruntime-web) runs on the GPU,
   * which is compared with the CPU on a tiny model first. `auto` takes `native` when it is available and else `wasm`;
   * `webgpu` must be asked for, as its numbers depend on the GPU and its driver.
   *
   * @default {"auto"}
   */
  readonly backend?: "auto" | Backend;
  /**
   * How many threads compute; by default one for each core, and at most 8 on wasm, where the first model of a process
   * decides for all.
   */
  readonly threads?: number;
  /**
   * Whether products read matrices in the order that is fastest: one token after another is written faster, and several
   * texts side by side most of all; `bench/README.md` says by how much. Numbers differ by rounding.
   *
   * On `native` they stand in a file of their own, four bytes for each number, in the folder `cacheDir` with `-panels`
   * after its name. The first load makes it, in one to three seconds for GPT-2 small; later ones map it, and take as long
   * and as much memory as without. Gradients read the matrices of the checkpoint, and what was read of them is given
   * back after each call. So it is for weights of more than 64 MiB by default, where such a file can be kept. Where it
   * cannot, the default goes on without, and `true` stores the matrices in memory at each load. On `wasm`, `true` does
   * that too, and holds them twice.
   *
   * @default {true on native for weights of more than 64 MiB, else false}
   */
  readonly prepack?: boolean;
  /**
   * Whether ONNX Runtime computes in a worker, so that a page stays responsive, and a program or a notebook cell can do
   * other things meanwhile: timers run, progress is drawn, and an abort or the Stop button of a notebook is heard in the
   * middle of a run. Numbers, errors and options are the same. An abort then rejects at once; the run that has begun
   * ends in the background, for at most one decode step or one part of an explanation, and the next call begins after
   * it. Each run costs a message to the worker and back, and the keys and values of a text that is written are held
   * twice. Under Deno all models share one worker, which does not keep a program from ending; in a page each has its
   * own, which ends with {@linkcode LanguageModel.dispose}. Where this package was imported over https, the module of the
   * worker is fetched from there when it is first needed, with the permission that the import itself needed.
   *
   * @default {false}
   *
   * @example A clock that goes on
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * await using model = await LanguageModel.fromPretrained(undefined, { worker: true });
   * let ticks = 0;
   * const clock = setInterval(() => ++ticks, 1);
   * const { scores } = await model.saliency(await model.generate("The keys to the cabinet"));
   * clearInterval(clock);
   * console.log(ticks > 0, scores.shape);
   * ```
   */
  readonly worker?: boolean;
  /**
   * How matrices are stored. `q8` keeps the linear layers and the unembedding in 8 bits, 32 numbers to a scale:
   * decoding is faster, by the ratio in `bench/README.md`, and numbers differ in the third digit. It runs on `native`
   * only. Gradients go back through what the codes stand for, in float32: `docs/precision.md`. The first load makes a file of them in the folder `cacheDir`
   * with `-q8` after its name, which may be deleted at any time.
   *
   * On `native`, float32 of a checkpoint in half precision of more than 64 MiB is kept in the same way, in the folder
   * `cacheDir` with `-float32` after its name; where that cannot be written, each load widens the numbers again.
   *
   * @default {"float32"}
   */
  readonly dtype?: "float32" | "q8";
  /**
   * The branch, the tag or the commit of a model of a hub.
   *
   * @default {"main"}
   */
  readonly revision?: string;
  /**
   * The folder of downloaded models, in the layout of Python's `huggingface_hub`; by default its own, which
   * `HF_HUB_CACHE`, `HF_HOME` and `XDG_CACHE_HOME` change, and else `~/.cache/huggingface/hub`. In a page, a folder of
   * the origin private file system.
   */
  readonly cacheDir?: string;
  /** Whether only downloaded models are used; by default when `HF_HUB_OFFLINE` is set. */
  readonly localFilesOnly?: boolean;
  /** The access token for private and gated models; by default `HF_TOKEN`, or the one that `hf auth login` saved. */
  readonly token?: string;
  /** The address of the hub; by default `HF_ENDPOINT`, and else `https://huggingface.co`. */
  readonly endpoint?: string;
  /**
   * What is said about writing in the place of the model's `generation_config.json`: fields by their names there, which go
   * before those of the file, `null` for none; or `false`, so that only the end of a text is taken from it. So a
   * model loads whose file asks for what is not built.
   *
   * @example Without what its authors set
   * ```ts
   * import { LanguageModel } from "@looking-glass/looking-glass";
   *
   * const generationConfig = { guidance_scale: null, repetition_penalty: 1.2 };
   * await using model = await LanguageModel.fromPretrained(undefined, { generationConfig });
   * console.log((await model.generate("The keys to the cabinet")).decoding?.repetitionPenalty); // 1.2
   * ```
   */
  readonly generationConfig?: Readonly<Record<string, unknown>> | false;
  /** Called while files are downloaded, and after each part of the loading. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the download is, and then the loading when it takes more than a second, in a notebook or
   * a terminal. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops a download at once, the next one goes on from there, and the loading between two parts. */
  readonly signal?: AbortSignal;
}

export const LOAD: OptionTable<LoadOptions> = {
  task: "load a model",
  kinds: {
    backend: ["auto", "native", "wasm", "webgpu"],
    threads: "a number",
    prepack: "true or false",
    worker: "true or false",
    dtype: ["float32", "q8"],
    revision: "a text",
    cacheDir: "a text",
    localFilesOnly: "true or false",
    token: "a text",
    endpoint: "a text",
    generationConfig: "an object or false",
    ...LONG_WORK,
  },
};

/**
 * Refuses options that do not go together, before anything is downloaded.
 *
 * @throws {TypeError | RangeError} When one has a value that does not exist, or that does not go with the others.
 */
export function expectLoadOptions({ backend = "auto", dtype, threads }: LoadOptions): void {
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new RangeError(`Cannot compute with ${threads} threads as it must be a whole number >= 1`);
  }
  if (dtype === "q8" && (backend === "wasm" || backend === "webgpu")) {
    const advice = 'use backend "native", or leave dtype out';
    throw new TypeError(`Cannot use dtype "q8" on ${backend} as only native is fast in 8 bits; ${advice}`);
  }
}
