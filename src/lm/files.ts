/**
 * Reads the files of a model, on disk or on the web.
 *
 * @module
 */
import { type ByteSource, openBytes, openFile } from "../checkpoint/byte_source.ts";
import { readSafetensors, type TensorEntry } from "../checkpoint/safetensors.ts";
import { readShards, readWeightMap } from "../checkpoint/shards.ts";
import type { ModelFiles } from "../hub/model_files.ts";

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
  const index = await isMissing(files, WEIGHTS) ? await readOptionalJson(files, INDEX) : undefined;
  const weightMap = index === undefined ? undefined : readWeightMap(index);
  const sources = new Map<string, ByteSource>();
  try {
    for (const name of new Set(weightMap?.values() ?? [WEIGHTS])) {
      sources.set(name, await openUrl(new URL(name, files.base)));
    }
    const entries = weightMap ? await readShards(sources, weightMap) : await readSafetensors(sources.get(WEIGHTS)!);
    return { sources: [...sources.values()], entries };
  } catch (error) {
    for (const source of sources.values()) source.close();
    throw error;
  }
}

/** Whether a file is known not to be there. A web server is not asked: only the bundled model is on one. */
async function isMissing({ base }: ModelFiles, name: string): Promise<boolean> {
  return base.protocol === "file:" && await Deno.stat(new URL(name, base)).then(() => false, () => true);
}

/** Opens a file on disk or on the web. */
export async function openUrl(url: URL): Promise<ByteSource> {
  if (url.protocol === "file:") return await openFile(url);
  const source = await openRemote(url);
  if (!source) throw new Error(`Cannot download ${url.href} as it is not there`);
  return source;
}

/** Opens a file of a model, or undefined when there is none. */
export async function openOptional(files: ModelFiles, name: string): Promise<ByteSource | undefined> {
  const url = new URL(name, files.base);
  if (url.protocol !== "file:") return await openRemote(url);
  return await isMissing(files, name) ? undefined : await openFile(url);
}

async function openRemote(url: URL): Promise<ByteSource | undefined> {
  const response = await fetchFile(url);
  return response && openBytes(url.href, new Uint8Array(await response.arrayBuffer()));
}

/** A parsed file; it is an error when there is none. */
export async function readJson(files: ModelFiles, name: string, advice = "it must be there"): Promise<unknown> {
  const json = await readOptionalJson(files, name);
  if (json === undefined) {
    throw new Error(`Cannot load "${files.id}" as ${name} is missing from ${files.base}; ${advice}`);
  }
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
export async function readText({ base }: ModelFiles, name: string): Promise<string | undefined> {
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
