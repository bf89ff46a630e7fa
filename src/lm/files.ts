/**
 * Reads the files of a model, on disk or on the web.
 *
 * @module
 */
import { openBlob } from "../checkpoint/blob_source.ts";
import { type ByteSource, openFile } from "../checkpoint/byte_source.ts";
import { readSafetensors, type TensorEntry } from "../checkpoint/safetensors.ts";
import { readShards, readWeightMap } from "../checkpoint/shards.ts";
import { formatBytes } from "../hub/bytes.ts";
import { type JsonLimits, LARGE_JSON, parseJsonWithin } from "../hub/json.ts";
import { messageOf } from "../hub/message.ts";
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

/** Files that are large by nature. */
const LARGE: ReadonlySet<string> = new Set(["tokenizer.json", "vocab.json", "merges.txt"]);
const [MOST_BYTES, MOST_LARGE_BYTES] = [2 ** 24, 2 ** 27];

/** Opens the weights: `model.safetensors`, or the files that `model.safetensors.index.json` names. */
export async function openWeights(files: ModelFiles): Promise<WeightFiles> {
  const sources = new Map<string, ByteSource>();
  try {
    const whole = await openOptional(files, WEIGHTS);
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
      const source = await openOptional(files, name);
      if (!source) throw missing(files, name);
      sources.set(name, source);
    }
    return { sources: [...sources.values()], entries: await readShards(sources, weightMap) };
  } catch (error) {
    for (const source of sources.values()) source.close();
    throw error;
  }
}

/** Opens a file of a model; undefined when there is none. */
export async function openOptional({ base, read }: ModelFiles, name: string): Promise<ByteSource | undefined> {
  const url = new URL(name, base);
  if (read) return await read(name).then((blob) => blob && openBlob(url.href, blob));
  return await isThere(url) ? await openFile(url) : undefined;
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

/**
 * Parses the text of a file.
 *
 * @throws {SyntaxError} When it is not JSON.
 * @throws {RangeError} When it holds more than such a file can.
 */
export function parseJson({ id }: Pick<ModelFiles, "id">, name: string, text: string): unknown {
  const limits: JsonLimits = LARGE.has(name) ? LARGE_JSON : {};
  try {
    return parseJsonWithin(text, limits);
  } catch (error) {
    if (error instanceof RangeError) throw new RangeError(`Cannot read ${name} of "${id}" as ${error.message}`);
    throw new SyntaxError(`Cannot read ${name} of "${id}" as it is not JSON: ${messageOf(error)}`);
  }
}

/**
 * The text of a file, or undefined when there is none.
 *
 * @throws {RangeError} When it is larger than such a file can be.
 */
export async function readText({ base, read }: ModelFiles, name: string): Promise<string | undefined> {
  if (read) {
    const blob = await read(name);
    if (blob) expectSize(name, base, blob.size);
    return await blob?.text();
  }
  const url = new URL(name, base);
  try {
    expectSize(name, base, (await Deno.stat(url)).size);
    return await Deno.readTextFile(url);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof RangeError) throw error;
    throw new Error(`Cannot read ${name} in ${base}: ${messageOf(error)}`);
  }
}

function expectSize(name: string, base: URL, bytes: number): void {
  const most = LARGE.has(name) ? MOST_LARGE_BYTES : MOST_BYTES;
  if (bytes <= most) return;
  throw new RangeError(
    `Cannot read ${name} in ${base} as it has ${formatBytes(bytes)}, more than ${formatBytes(most)}`,
  );
}
