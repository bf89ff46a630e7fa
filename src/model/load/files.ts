/**
 * Reads the files of a model, on disk or on the web.
 *
 * @module
 */
import { type JsonLimits, LARGE_JSON, parseJsonWithin } from "../../base/json.ts";
import { formatBytes, messageOf } from "../../base/words.ts";
import { openBlob } from "../../checkpoint/blob_source.ts";
import { type ByteSource, openBytes, openFile } from "../../checkpoint/byte_source.ts";
import { readSafetensors, type TensorEntry } from "../../checkpoint/safetensors.ts";
import { readShards, readWeightMap } from "../../checkpoint/shards.ts";
import type { ModelFiles } from "../../hub/model_files.ts";

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

  /**
   * The text of a file; undefined when there is none.
   *
   * @throws {RangeError} When it is larger than such a file can be.
   */
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
    const { base, read, absent } = this.files;
    if (absent?.includes(name)) return undefined;
    if (read) {
      const blob = await read(name);
      if (blob) expectSize(name, base, blob.size);
      return blob && new Uint8Array(await blob.arrayBuffer());
    }
    const url = new URL(name, base);
    try {
      expectSize(name, base, (await Deno.stat(url)).size);
      return await Deno.readFile(url);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      if (error instanceof RangeError) throw error;
      throw new Error(`Cannot read ${name} in ${base}: ${messageOf(error)}`);
    }
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

function expectSize(name: string, base: URL, bytes: number): void {
  const most = LARGE.has(name) ? MOST_LARGE_BYTES : MOST_BYTES;
  if (bytes <= most) return;
  throw new RangeError(
    `Cannot read ${name} in ${base} as it has ${formatBytes(bytes)}, more than ${formatBytes(most)}`,
  );
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
