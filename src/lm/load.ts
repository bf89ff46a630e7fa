import type { ByteSource } from "../checkpoint/byte_source.ts";
import type { TensorEntry } from "../checkpoint/safetensors.ts";
import { widened } from "../checkpoint/widened.ts";
import { type GPT2Config, parseConfig } from "../gpt2/config.ts";
import { buildProgram } from "../gpt2/program.ts";
import { selectWeights, weightLocation } from "../gpt2/weights.ts";
import type { ModelFiles } from "../hub/model_files.ts";
import { inPage } from "../hub/platform.ts";
import { cacheFolder } from "../hub/settings.ts";
import type { Backend } from "../runtime/backend.ts";
import { availableBackend, Session } from "../runtime/session.ts";
import type { AddedToken } from "../tokenizer/added_tokens.ts";
import { gpt2TokenizerJson, parseTokenizer } from "../tokenizer/definition.ts";
import { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { BeamSearchOptions } from "./beam_types.ts";
import { openWeights, parseJson, readJson, readOptionalJson, readText } from "./files.ts";
import { readGenerationConfig } from "./generation_config.ts";
import type { Fields } from "./generation_lists.ts";
import { expectFiniteWeights, ModelRunner } from "./model_runner.ts";
import { expectRoom } from "./memory.ts";
import { openQuantized } from "./quantized_weights.ts";
import { checkWebgpu } from "./self_check.ts";
import type { Progress } from "./types.ts";
import { openWidened } from "./widened_weights.ts";

/**
 * Weights up to this size are checked for NaN while they load; larger ones when a result is not finite. Native widens
 * half precision up to this size each time it starts; larger ones once, into a file.
 */
const SMALL_BYTES = 64 * 2 ** 20;

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
  /** Called while files are downloaded, instead of showing a bar, and after each part of the loading. */
  readonly onProgress?: (progress: Progress) => void;
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
  const { threads, prepack = false, worker = false, dtype, onProgress, signal } = options;
  const backend = backendFor(options);
  const report = (completed: number, message: string) => {
    signal?.throwIfAborted();
    onProgress?.({ task: "load", completed, total: 4, message });
  };
  report(0, `Loading ${files.id}`);
  const json = await readJson(files, "config.json");
  const config = parseConfig(json);
  expectRoom(files.id, config, { backend, prepack });
  const generation = await readOptionalJson(files, "generation_config.json");
  const writing = readGenerationConfig({ generation, config: json as Fields }, config, options.generationConfig);
  const tokenizer = await loadTokenizer(files);
  report(1, "Read the configuration and the tokenizer");
  const { weights, located } = await readWeights(files, config, options, (message) => report(1, message));
  try {
    report(2, "Checked the weights");
    if (backend === "webgpu") await checkWebgpu(config, worker);
    const program = buildProgram(config, weights);
    const onWeb = backend === "wasm" || backend === "webgpu";
    report(3, onWeb ? "Starting onnxruntime-web" : "Starting ONNX Runtime; the first use downloads it");
    // The 8-bit products are computed from prepacked weights only.
    const stored = { prepack: prepack || dtype === "q8", foldConstants: weights.values().some(isHalf) };
    const choice = { backend, worker, ...stored, ...(threads === undefined ? {} : { threads }) };
    const session = await Session.create(program.graph, located, choice);
    report(4, `Ready on ${session.backend}: ${session.reason}`);
    const runner = new ModelRunner(config, program, session, weights);
    return { runner, tokenizer, ...writing };
  } catch (error) {
    for (const source of located.values()) source.close();
    throw error;
  }
}

/** The weights as they go into the graph, and the files that hold them, by the location that the graph has for them. */
async function readWeights(
  files: ModelFiles,
  config: GPT2Config,
  options: LoadOptions,
  say: (message: string) => void,
): Promise<{ weights: ReadonlyMap<string, TensorEntry>; located: ReadonlyMap<string, ByteSource> }> {
  const { sources, entries } = await openWeights(files);
  try {
    const stored = selectWeights(config, entries);
    const storedBytes = sources.reduce((bytes, { size }) => bytes + size, 0);
    if (storedBytes <= SMALL_BYTES) await expectFiniteWeights(stored.values());
    const { weights, copied } = await convertWeights(config, stored, storedBytes, options, say);
    const kept = copied ? [] : [...stored.values()].map(({ source }) => source);
    sources.filter((one) => !kept.includes(one)).forEach(close);
    return { weights, located: new Map([...weights.values()].map((entry) => [weightLocation(entry), entry.source])) };
  } catch (error) {
    sources.forEach(close);
    throw error;
  }
}

/** The weights in the form that their backend runs best, and whether the files of the checkpoint are done with. */
async function convertWeights(
  config: GPT2Config,
  stored: ReadonlyMap<string, TensorEntry>,
  storedBytes: number,
  { backend: wanted = "auto", worker, dtype, cacheDir, signal }: LoadOptions,
  say: (message: string) => void,
): Promise<{ weights: ReadonlyMap<string, TensorEntry>; copied: boolean }> {
  if (dtype === "q8") {
    await availableBackend("native", worker);
    const onMake = () => say("Making 8-bit weights, which later loads find");
    const folder = `${cacheFolder(cacheDir)}-q8`;
    return { weights: await openQuantized(config, stored, { folder, signal, onMake }), copied: true };
  }
  if (!stored.values().some(isHalf)) return { weights: stored, copied: false };
  // Not every GPU computes in half precision, and ONNX Runtime does not widen bfloat16 there. wasm would hold both.
  if (!await isNative(wanted, worker)) return { weights: widened(stored), copied: false };
  if (storedBytes <= SMALL_BYTES) return { weights: stored, copied: false };
  const onMake = () => say("Widening weights to float32, which later loads find");
  const made = await openWidened(stored, { folder: `${cacheFolder(cacheDir)}-float32`, signal, onMake });
  return made ? { weights: made, copied: true } : { weights: stored, copied: false };
}

/** Whether a session would run on native. A page is not asked, as it would start a worker to answer. */
async function isNative(wanted: "auto" | Backend, worker?: boolean): Promise<boolean> {
  if (inPage || wanted === "wasm" || wanted === "webgpu") return false;
  return await availableBackend(wanted, worker) === "native";
}

function isHalf({ dtype }: TensorEntry): boolean {
  return dtype === "F16" || dtype === "BF16";
}

function close(source: ByteSource): void {
  source.close();
}

/** Refuses a model that does not fit, by its config.json as the hub has it, before its weights are downloaded. */
export function acceptConfig(id: string, text: string, options: LoadOptions): void {
  expectRoom(id, parseConfig(parseJson({ id }, "config.json", text)), { ...options, backend: backendFor(options) });
}

async function loadTokenizer(files: ModelFiles): Promise<Tokenizer> {
  const text = await readText(files, "tokenizer.json");
  if (text !== undefined) {
    const json = parseTokenizer(text, (text) => parseJson(files, "tokenizer.json", text));
    return Tokenizer.fromJson(json, await readOptionalJson(files, "tokenizer_config.json"));
  }
  const vocab = await readJson(files, "vocab.json", "tokenizer.json, or vocab.json and merges.txt, must be there");
  const merges = await readText(files, "merges.txt");
  if (merges === undefined) throw new Error(`Cannot load "${files.id}" as merges.txt is missing from ${files.base}`);
  const added = await readOptionalJson(files, "added_tokens.json");
  const settings = await readOptionalJson(files, "tokenizer_config.json");
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
    throw new TypeError(`Cannot read added_tokens.json as it is not an object: ${JSON.stringify(json)}`);
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
