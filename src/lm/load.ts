import { shown } from "../checkpoint/shown.ts";
import { parseConfig } from "../gpt2/config.ts";
import { buildProgram } from "../gpt2/program.ts";
import { weightLocation } from "../gpt2/weights.ts";
import type { ModelFiles } from "../hub/model_files.ts";
import type { Backend } from "../runtime/backend.ts";
import { Session } from "../runtime/session.ts";
import type { AddedToken } from "../tokenizer/added_tokens.ts";
import { gpt2TokenizerJson, parseTokenizer } from "../tokenizer/definition.ts";
import { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { BeamSearchOptions } from "./beam_types.ts";
import { OpenedFiles, parseJson, readJson, readOptionalJson } from "./files.ts";
import { readGenerationConfig } from "./generation_config.ts";
import type { Fields } from "./generation_lists.ts";
import { ModelRunner } from "./model_runner.ts";
import { expectRoom } from "./memory.ts";
import { findMoved, isConverted, type MadeProof, readWeights } from "./read_weights.ts";
import { checkWebgpu } from "./self_check.ts";
import type { Progress } from "./types.ts";

const END_OF_TEXT = "<|endoftext|>";

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
   * Stores weights twice to decode faster; `bench/README.md` says by how much.
   *
   * @default {false}
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
   * only and has no gradients: `saliency` refuses it. The first load makes a file of them in the folder `cacheDir`
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

/** A model that is ready to run. */
export interface LoadedModel {
  /** Runs it. */
  readonly runner: ModelRunner;
  /** Its tokenizer. */
  readonly tokenizer: Tokenizer;
  /** The tokens that end a text. */
  readonly eosTokenIds: readonly number[];
  /** How texts are written when a caller says nothing; by default, greedily. */
  readonly defaults: BeamSearchOptions;
  /** What was read, still open. */
  readonly opened: OpenedFiles;
  /** The file of weights in another form that runs instead of them, if one does. */
  readonly made?: MadeProof;
}

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

/** Where a model may run: 8-bit weights on native only. */
function backendFor({ backend = "auto", dtype }: LoadOptions): "auto" | Backend {
  return dtype === "q8" ? "native" : backend;
}

/** Loads the files of a model and makes it ready to run. Everything that can be checked is checked before it runs. */
export async function loadModel(files: ModelFiles, options: LoadOptions): Promise<LoadedModel> {
  const opened = new OpenedFiles(files);
  try {
    return await loadOpened(opened, options);
  } catch (error) {
    opened[Symbol.dispose]();
    throw error;
  }
}

async function loadOpened(opened: OpenedFiles, options: LoadOptions): Promise<LoadedModel> {
  const { files } = opened;
  const { threads, prepack = false, worker = false, dtype, onProgress, signal } = options;
  const backend = backendFor(options);
  const report = (completed: number, message: string) => {
    signal?.throwIfAborted();
    onProgress?.({ task: "load", completed, total: 4, message });
  };
  report(0, `Loading ${files.id}`);
  const json = await readJson(opened, "config.json");
  const stated = parseConfig(json);
  expectRoom(files.id, stated, { backend, prepack });
  const generation = await readOptionalJson(opened, "generation_config.json");
  const writing = readGenerationConfig({ generation, config: json as Fields }, stated, options.generationConfig);
  const tokenizer = await loadTokenizer(opened);
  report(1, "Read the configuration and the tokenizer");
  const { config, weights, made } = await readWeights(opened, stated, options, (message) => report(1, message));
  if (config !== stated) expectRoom(files.id, config, { backend, prepack });
  const located = new Map([...weights.values()].map((entry) => [weightLocation(entry), entry.source]));
  try {
    report(2, "Checked the weights");
    if (backend === "webgpu") await checkWebgpu(config, worker);
    const program = buildProgram(config, weights);
    const onWeb = backend === "wasm" || backend === "webgpu";
    report(3, onWeb ? "Starting onnxruntime-web" : "Starting ONNX Runtime; the first use downloads it");
    // The 8-bit products are computed from prepacked weights only.
    const stored = { prepack: prepack || dtype === "q8", foldConstants: weights.values().some(isConverted) };
    const choice = { backend, worker, ...stored, ...(threads === undefined ? {} : { threads }) };
    const session = await Session.create(program.graph, located, choice);
    const moved = await findMoved(session, located.values());
    if (moved && !made) {
      await session.dispose();
      throw moved;
    }
    report(4, `Ready on ${session.backend}: ${session.reason}`);
    const runner = new ModelRunner(config, program, session, weights);
    return {
      runner,
      tokenizer,
      ...writing,
      opened,
      ...made && { made: moved ? { ...made, isSound: () => Promise.reject(moved) } : made },
    };
  } catch (error) {
    for (const source of located.values()) source.close();
    throw error;
  }
}

/** Refuses a model that does not fit, by its config.json as the hub has it, before its weights are downloaded. */
export function acceptConfig(id: string, text: string, options: LoadOptions): void {
  expectRoom(id, parseConfig(parseJson({ id }, "config.json", text)), { ...options, backend: backendFor(options) });
}

async function loadTokenizer(opened: OpenedFiles): Promise<Tokenizer> {
  const { files } = opened;
  const text = await opened.text("tokenizer.json");
  if (text !== undefined) {
    const json = parseTokenizer(text, (text) => parseJson(files, "tokenizer.json", text));
    return Tokenizer.fromJson(json, await readOptionalJson(opened, "tokenizer_config.json"));
  }
  const vocab = await readJson(opened, "vocab.json", "tokenizer.json, or vocab.json and merges.txt, must be there");
  const merges = await opened.text("merges.txt");
  if (merges === undefined) throw new Error(`Cannot load "${files.id}" as merges.txt is missing from ${files.base}`);
  const added = await readOptionalJson(opened, "added_tokens.json");
  const settings = await readOptionalJson(opened, "tokenizer_config.json");
  const more = added === undefined ? undefined : addedTokens(vocab, added);
  return Tokenizer.fromJson(gpt2TokenizerJson(vocab, merges, more, startToken(settings)), settings);
}

/** Hugging Face heeds `add_bos_token` where there is no tokenizer.json, which says itself what begins a text. */
function startToken(settings: unknown): string | undefined {
  const { add_bos_token: added, bos_token: token = END_OF_TEXT } = Object(settings);
  if (added !== true) return undefined;
  return String(typeof token === "object" ? token?.content : token);
}

/** The tokens of added_tokens.json, `{"<pad>": 50257}`, and the one that GPT-2 has of itself. */
function addedTokens(vocab: unknown, json: unknown): readonly AddedToken[] {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TypeError(`Cannot read added_tokens.json as it is not an object: ${shown(json)}`);
  }
  const end: unknown = typeof vocab === "object" && vocab !== null ? Reflect.get(vocab, END_OF_TEXT) : undefined;
  const ids = { ...(typeof end === "number" ? { [END_OF_TEXT]: end } : {}), ...json as Record<string, number> };
  return Object.entries(ids).map(([content, id]) => ({
    id,
    content,
    special: content === END_OF_TEXT,
    normalized: true,
  }));
}
