import { type ByteSource, openBytes, openFile } from "../checkpoint/byte_source.ts";
import { readSafetensors, type TensorEntry } from "../checkpoint/safetensors.ts";
import { type GPT2Config, parseConfig, tokenIds } from "../gpt2/config.ts";
import { buildProgram } from "../gpt2/program.ts";
import { selectWeights, weightLocation } from "../gpt2/weights.ts";
import type { ModelFiles } from "../hub/model_files.ts";
import type { Backend } from "../runtime/backend.ts";
import { Session } from "../runtime/session.ts";
import { Tokenizer } from "../tokenizer/tokenizer.ts";
import { expectFiniteWeights, ModelRunner } from "./model_runner.ts";
import type { Progress } from "./types.ts";

/** Weights up to this size are checked for NaN while they load; larger ones when a result is not finite. */
const CHECKED_BYTES = 64 * 2 ** 20;

/** Options of {@linkcode LanguageModel.fromPretrained}. */
export interface LoadOptions {
  /**
   * Where the model runs. `native` (onnxruntime-node, needs `--allow-ffi`) is the fastest and maps the weights from
   * their file; `wasm` (onnxruntime-web) runs everywhere. `auto` takes `native` when it is available.
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
   * Stores weights twice to decode faster, on wasm about twice as fast.
   *
   * @default {false}
   */
  readonly prepack?: boolean;
  /** Called after each part of the loading. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the loading between two parts. */
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
  /** The size of its weights in memory, in bytes. */
  readonly weightBytes: number;
}

/** Loads the files of a model and makes it ready to run. Everything that can be checked is checked before it runs. */
export async function loadModel(files: ModelFiles, options: LoadOptions): Promise<LoadedModel> {
  const { backend = "auto", threads, prepack = false, onProgress, signal } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new RangeError(`Cannot compute with ${threads} threads as it must be a whole number >= 1`);
  }
  const report = (completed: number, message: string) => {
    signal?.throwIfAborted();
    onProgress?.({ task: "load", completed, total: 4, message });
  };
  report(0, `Loading ${files.id}`);
  const config = parseConfig(await readJson(files, "config.json"));
  const generation = await readOptionalJson(files, "generation_config.json");
  const tokenizer = await loadTokenizer(files);
  report(1, "Read the configuration and the tokenizer");
  const source = await openWeights(files);
  try {
    const weights = selectWeights(config, await readSafetensors(source));
    if (source.size <= CHECKED_BYTES) await expectFiniteWeights(weights.values());
    report(2, "Checked the weights");
    const program = buildProgram(config, weights);
    report(3, backend === "wasm" ? "Starting onnxruntime-web" : "Starting ONNX Runtime; the first use downloads it");
    const location = weightLocation(weights.values().next().value!);
    const choice = { backend, prepack, ...(threads === undefined ? {} : { threads }) };
    const session = await Session.create(program.graph, new Map([[location, source]]), choice);
    report(4, `Ready on ${session.backend}: ${session.reason}`);
    return {
      runner: new ModelRunner(config, program, session, weights),
      tokenizer,
      eosTokenIds: eosTokenIds(config, generation),
      weightBytes: floatBytes(weights.values()),
    };
  } catch (error) {
    source.close();
    throw error;
  }
}

function eosTokenIds(config: GPT2Config, generation: unknown): readonly number[] {
  const fields = generation as Readonly<Record<string, unknown>> | undefined;
  return fields && "eos_token_id" in fields ? tokenIds(fields, "eos_token_id", config.vocabSize) : config.eosTokenIds;
}

function floatBytes(weights: Iterable<TensorEntry>): number {
  let bytes = 0;
  for (const { shape } of weights) bytes += 4 * shape.reduce((count, size) => count * size, 1);
  return bytes;
}

async function openWeights(files: ModelFiles): Promise<ByteSource> {
  const url = new URL("model.safetensors", files.base);
  if (url.protocol === "file:") return await openFile(url);
  return openBytes(url.href, await fetchBytes(url));
}

async function loadTokenizer(files: ModelFiles): Promise<Tokenizer> {
  const json = await readOptionalJson(files, "tokenizer.json");
  if (json !== undefined) return Tokenizer.fromJson(json, await readOptionalJson(files, "tokenizer_config.json"));
  const vocab = await readJson(files, "vocab.json", "tokenizer.json, or vocab.json and merges.txt, must be there");
  const merges = await readText(files, "merges.txt");
  if (merges === undefined) throw new Error(`Cannot load "${files.id}" as merges.txt is missing from ${files.base}`);
  return Tokenizer.fromVocab(vocab, merges);
}

async function readJson(files: ModelFiles, name: string, advice = "it must be there"): Promise<unknown> {
  const json = await readOptionalJson(files, name);
  if (json === undefined) {
    throw new Error(`Cannot load "${files.id}" as ${name} is missing from ${files.base}; ${advice}`);
  }
  return json;
}

async function readOptionalJson(files: ModelFiles, name: string): Promise<unknown> {
  const text = await readText(files, name);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new SyntaxError(`Cannot read ${name} of "${files.id}" as it is not JSON: ${reason}`);
  }
}

/** The text of a file, or undefined when there is none. */
async function readText({ base }: ModelFiles, name: string): Promise<string | undefined> {
  const url = new URL(name, base);
  if (url.protocol !== "file:") return await fetchFile(url).then((response) => response?.text());
  return await Deno.readTextFile(url).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Error(`Cannot read ${name} in ${base}: ${error instanceof Error ? error.message : error}`);
  });
}

async function fetchBytes(url: URL): Promise<Uint8Array> {
  const response = await fetchFile(url);
  if (!response) throw new Error(`Cannot download ${url.href} as it is not there`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The response to a request for a file, or undefined when there is none. */
async function fetchFile(url: URL): Promise<Response | undefined> {
  const response = await fetch(url).catch((error) => {
    throw new Error(`Cannot download ${url.href}: ${error instanceof Error ? error.message : error}`);
  });
  if (response.ok) return response;
  await response.body?.cancel();
  if (response.status === 404) return undefined;
  throw new Error(`Cannot download ${url.href} as the server answered ${response.status}`);
}
