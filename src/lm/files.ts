/**
 * Reads the files of a model, on disk or on the web.
 *
 * @module
 */
import { openBlob } from "../checkpoint/blob_source.ts";
import { type ByteSource, openBytes, openFile } from "../checkpoint/byte_source.ts";
import { readSafetensors, type TensorEntry } from "../checkpoint/safetensors.ts";
import { readShards, readWeightMap } from "../checkpoint/shards.ts";
import type { ModelFiles } from "../hub/model_files.ts";
import { inPage } from "../hub/platform.ts";

/** The weights of a model, in one file or several. */
export interface WeightFiles {
  /** The files. */
  readonly sources: readonly ByteSource[];
  /** All tensors by name. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** Opens the weights: `model.safetensors`, or the files that `model.safetensors.index.json` names. */
export async function openWeights(files: ModelFiles): Promise<WeightFiles> {
  const sources = new Map<string, ByteSource>();
  try {
    const whole = await open(files, WEIGHTS);
    if (whole) {
      sources.set(WEIGHTS, whole);
      return { sources: [whole], entries: await readSafetensors(whole) };
    }
    const index = await readOptionalJson(files, INDEX);
    if (index === undefined) {
      throw missing(files, WEIGHTS, "weights of another kind are to be converted first, as docs/models.md says");
    }
    const weightMap = readWeightMap(index);
    for (const name of new Set(weightMap.values())) {
      const source = await open(files, name);
      if (!source) throw missing(files, name);
      sources.set(name, source);
    }
    return { sources: [...sources.values()], entries: await readShards(sources, weightMap) };
  } catch (error) {
    for (const source of sources.values()) source.close();
    throw error;
  }
}

/** Opens a file; undefined when there is none. */
async function open(files: ModelFiles, name: string): Promise<ByteSource | undefined> {
  const url = new URL(name, files.base);
  if (files.read) return await files.read(name).then((blob) => blob && openBlob(name, blob));
  if (url.protocol === "file:") return await isThere(url) ? await openFile(url) : undefined;
  const response = await fetchFile(url);
  if (!response) return undefined;
  try {
    // A page may keep a blob on the disk; in Deno it is in memory, and would be there twice.
    return inPage ? openBlob(url.href, await response.blob()) : openBytes(url.href, await response.bytes());
  } catch (error) {
    throw new Error(`Cannot download ${url.href} to its end: ${error instanceof Error ? error.message : error}`);
  }
}

/** Whether there is something; what is there and may not be read is told when it is opened. */
async function isThere(url: URL): Promise<boolean> {
  return await Deno.stat(url).then(() => true, (error) => !(error instanceof Deno.errors.NotFound));
}

function missing({ id, base }: ModelFiles, name: string, advice = "it must be there"): Error {
  return new Error(`Cannot load "${id}" as ${name} is missing from ${base}; ${advice}`);
}

/** A parsed file; it is an error when there is none. */
export async function readJson(files: ModelFiles, name: string, advice = "it must be there"): Promise<unknown> {
  const json = await readOptionalJson(files, name);
  if (json === undefined) throw missing(files, name, advice);
  return json;
}

/** A parsed file, or undefined when there is none. */
export async function readOptionalJson(files: ModelFiles, name: string): Promise<unknown> {
  const text = await readText(files, name);
  return text === undefined ? undefined : parseJson(files, name, text);
}

/** Parses the text of a file. */
export function parseJson({ id }: Pick<ModelFiles, "id">, name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new SyntaxError(`Cannot read ${name} of "${id}" as it is not JSON: ${reason}`);
  }
}

/** The text of a file, or undefined when there is none. */
export async function readText({ base, read }: ModelFiles, name: string): Promise<string | undefined> {
  if (read) return await read(name).then((blob) => blob?.text());
  const url = new URL(name, base);
  if (url.protocol !== "file:") return await fetchFile(url).then((response) => response?.text());
  return await Deno.readTextFile(url).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Error(`Cannot read ${name} in ${base}: ${error instanceof Error ? error.message : error}`);
  });
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
