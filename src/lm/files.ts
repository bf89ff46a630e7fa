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

/** The weights of a model, in one file or several. */
export interface WeightFiles {
  /** The files. */
  readonly sources: readonly ByteSource[];
  /** All tensors by name. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** The files that a model is loaded from. All of them stay as they were read, so that it can be told what was loaded. */
export class OpenedFiles implements Disposable {
  /** Where they are. */
  readonly files: ModelFiles;
  readonly #sources = new Map<string, ByteSource>();

  /** Nothing is read yet. */
  constructor(files: ModelFiles) {
    this.files = files;
  }

  /** What was read, by name in alphabetical order. */
  get sources(): ReadonlyMap<string, ByteSource> {
    return new Map([...this.#sources].sort(([a], [b]) => a < b ? -1 : 1));
  }

  /** Opens a file, to be read in parts; undefined when there is none. */
  async open(name: string): Promise<ByteSource | undefined> {
    const { base, read } = this.files;
    const url = new URL(name, base);
    if (read) return await read(name).then((blob) => blob && this.#keep(name, openBlob(url.href, blob)));
    return await isThere(url) ? this.#keep(name, await openFile(url)) : undefined;
  }

  /** The text of a file; undefined when there is none. */
  async text(name: string): Promise<string | undefined> {
    const bytes = await this.#bytes(name);
    if (bytes === undefined) return undefined;
    this.#keep(name, openBytes(name, bytes));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }

  /** Closes all files. */
  [Symbol.dispose](): void {
    for (const source of this.#sources.values()) source.close();
  }

  #keep(name: string, source: ByteSource): ByteSource {
    this.#sources.set(name, source);
    return source;
  }

  async #bytes(name: string): Promise<Uint8Array | undefined> {
    const { base, read } = this.files;
    if (read) {
      return await read(name).then((blob) => blob?.arrayBuffer()).then((bytes) => bytes && new Uint8Array(bytes));
    }
    return await Deno.readFile(new URL(name, base)).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw new Error(`Cannot read ${name} in ${base}: ${error instanceof Error ? error.message : error}`);
    });
  }
}

/** Opens the weights: `model.safetensors`, or the files that `model.safetensors.index.json` names. */
export async function openWeights(opened: OpenedFiles): Promise<WeightFiles> {
  const { files } = opened;
  const whole = await opened.open(WEIGHTS);
  if (whole) return { sources: [whole], entries: await readSafetensors(whole) };
  const index = await readOptionalJson(opened, INDEX);
  if (index === undefined) {
    throw missing(files, WEIGHTS, "weights of another kind are to be converted first, as docs/models.md says");
  }
  const weightMap = readWeightMap(index);
  const sources = new Map<string, ByteSource>();
  for (const name of new Set(weightMap.values())) {
    const source = await opened.open(name);
    if (!source) throw missing(files, name);
    sources.set(name, source);
  }
  return { sources: [...sources.values()], entries: await readShards(sources, weightMap) };
}

/** Whether there is something; what is there and may not be read is told when it is opened. */
async function isThere(url: URL): Promise<boolean> {
  return await Deno.stat(url).then(() => true, (error) => !(error instanceof Deno.errors.NotFound));
}

function missing({ id, base }: ModelFiles, name: string, advice = "it must be there"): Error {
  return new Error(`Cannot load "${id}" as ${name} is missing from ${base}; ${advice}`);
}

/** A parsed file; it is an error when there is none. */
export async function readJson(opened: OpenedFiles, name: string, advice = "it must be there"): Promise<unknown> {
  const json = await readOptionalJson(opened, name);
  if (json === undefined) throw missing(opened.files, name, advice);
  return json;
}

/** A parsed file, or undefined when there is none. */
export async function readOptionalJson(opened: OpenedFiles, name: string): Promise<unknown> {
  const text = await opened.text(name);
  return text === undefined ? undefined : parseJson(opened.files, name, text);
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
