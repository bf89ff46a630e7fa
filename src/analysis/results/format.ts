/**
 * The file format of results; docs/results.md describes it.
 *
 * @module
 */
import { crc32 } from "../../base/crc32.ts";
import { parseJsonWithin } from "../../base/json.ts";
import { expectOptions, LONG_WORK, type OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { PACKAGE_VERSION } from "../../base/version.ts";
import { messageOf, shown } from "../../base/words.ts";
import { type ByteSource, openBytes } from "../../checkpoint/byte_source.ts";
import { readSafetensorsFile } from "../../checkpoint/safetensors.ts";
import { layOutSafetensors, type SafetensorsParts } from "../../checkpoint/write_safetensors.ts";
import type { IdentityOptions, ModelIdentity } from "../../model/identity.ts";
import { watched } from "../../model/watch.ts";
import { showing } from "../../show/showing.ts";
import { newScope, type Scope } from "./checks.ts";
import {
  type ExpectedKinds,
  kindOf,
  type NamedResults,
  problemOf,
  type ResultKind,
  type ResultKinds,
} from "./kinds.ts";
import { expectUndamaged, LOAD_RESULTS, type LoadResultsOptions } from "./integrity.ts";
import { checkedKinds, expectKinds } from "./loaded_kinds.ts";
import { pack } from "./pack.ts";
import { isRecord, MAX_DEPTH, MAX_VALUES, type PlainRecord } from "./plain.ts";
import { modelIdentity } from "./records.ts";
import { Unpacker } from "./unpack.ts";

/** What a file says that it is. */
const FORMAT = "looking-glass-results";

/** The version of the format that is written, and the only one that is read. */
const VERSION = "1";

/** A document may be as long as the header that holds it, and is as deep as results are, with marks and shared parts. */
const LIMITS = { length: 2 ** 27, values: MAX_VALUES, depth: 2 * MAX_DEPTH };

/** The form of results' names. */
const NAME = /^(?!__)[\p{L}\p{N}_-]+$/u;

/** ISO 8601. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** Something that knows which model it is: a {@linkcode LanguageModel}. */
export interface Identifiable {
  /** Says which model it is. */
  identity(options?: IdentityOptions): Promise<ModelIdentity>;
}

/** Options of {@linkcode saveResults} and {@linkcode encodeResults}. */
export interface SaveOptions {
  /** The model that made the results, or its identity: their provenance. */
  readonly model?: Identifiable | ModelIdentity;
  /** When the results were made. Without it, the same results give the same bytes. */
  readonly created?: Date;
  /** Called while the files of `model` are read, and while the results are written. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two parts of a file; nothing is left then. */
  readonly signal?: AbortSignal;
}

export const SAVE: OptionTable<SaveOptions> = {
  task: "save results",
  kinds: { model: "an object", created: "anything", ...LONG_WORK },
};

/** What a file of results holds. */
export interface SavedResults<Results = NamedResults> {
  /** The results by their names. */
  readonly results: Results;
  /** What kind each of them is. */
  readonly kinds: Readonly<Record<string, ResultKind>>;
  /** The model that made them, where the file says it. */
  readonly model?: ModelIdentity;
  /** The version of this package that wrote the file. */
  readonly package: string;
  /** The version of the file format. */
  readonly version: number;
  /** When the results were made, as ISO 8601, where the file says it. */
  readonly created?: string;
}

/** The results that expected kinds stand for. */
export type ResultsOf<Expected extends ExpectedKinds> = {
  readonly [Name in keyof Expected]: ResultKinds[Expected[Name]];
};

/** The parts of a file of results, in the order of the file. */
export async function layOutResults(results: NamedResults, options: SaveOptions): Promise<SafetensorsParts> {
  options = expectOptions(options, SAVE);
  const kinds = kindsOf(results);
  const { value, shared, tensors } = pack(results);
  const model = await identityOf(options);
  const document = JSON.stringify({
    package: PACKAGE_VERSION,
    ...options.created && { created: isoDate(options.created) },
    ...model && { model },
    kinds,
    results: value,
    shared,
  });
  return layOutSafetensors(tensors, (data) => {
    const crc = data.reduce((before, bytes) => crc32(bytes, before), crc32(new TextEncoder().encode(document)));
    return { format: FORMAT, version: VERSION, document, crc32: crc.toString(16).padStart(8, "0") };
  });
}

/** Reads results from a file or from memory. */
export async function readResults<Expected extends ExpectedKinds>(
  source: ByteSource,
  expected: Expected | undefined,
  options: LoadResultsOptions,
): Promise<SavedResults<ResultsOf<Expected>>> {
  const fail = (problem: string) => new SyntaxError(`Cannot read ${source.name} as results: ${problem}`);
  const header = await readSafetensorsFile(source);
  const text = expectVersion(source, header.metadata);
  await expectUndamaged(source, header, text, options);
  const document = parse(text, fail);
  const { results, kinds, shared, package: version, model, created } = document;
  if (!isRecord(results) || !isRecord(kinds) || !Array.isArray(shared)) {
    throw fail("its document lacks results, kinds or shared");
  }
  if (typeof version !== "string") throw fail(`its package is ${shown(version)}, not a text`);
  const nameless = Object.keys(results).find((name) => !NAME.test(name));
  if (nameless !== undefined) throw fail(`a result has the name ${shown(nameless)}`);
  const unpacker = new Unpacker(shared, header.tensors, fail);
  const named = Object.fromEntries(Object.entries(results).map(([name, json]) => [name, unpacker.unpack(json, name)]));
  unpacker.finish();
  const scope = newScope(true);
  const checked = checkedKinds(named, kinds, scope, fail);
  if (expected) expectKinds(source.name, named, checked, expected, scope);
  return {
    results: named as ResultsOf<Expected>, // expectKinds() has looked
    kinds: checked,
    ...readProvenance(model, created, scope, fail),
    package: version,
    version: Number(VERSION),
  };
}

/**
 * Packs results as the bytes of a file: what {@linkcode saveResults} writes, for where there are no files.
 *
 * @throws {TypeError} When something is no plain data.
 * @throws {RangeError} When shapes do not fit.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@looking-glass/looking-glass";
 * import { decodeResults, encodeResults } from "@looking-glass/looking-glass/analysis";
 *
 * await using model = await LanguageModel.fromPretrained();
 * const bytes = await encodeResults({ sequence: model.sequence("The keys") });
 * const { results } = await decodeResults(bytes, { sequence: "sequence" });
 * console.log(bytes.length, results.sequence.text);
 * ```
 */
export async function encodeResults(
  results: NamedResults,
  options: SaveOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { header, data } = await layOutResults(results, options);
  const bytes = new Uint8Array(data.reduce((sum, { length }) => sum + length, header.length));
  let end = 0;
  for (const part of [header, ...data]) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}

/**
 * Unpacks what {@linkcode encodeResults} packed, with the rules of {@linkcode loadResults}.
 *
 * @throws {SyntaxError | RangeError} When the bytes are damaged, or no results.
 * @throws {TypeError} When a result is not there or not of the expected kind.
 *
 * @example
 * ```ts
 * import { decodeResults, encodeResults } from "@looking-glass/looking-glass/analysis";
 *
 * const bytes = await encodeResults({ numbers: { data: Float32Array.of(NaN, -0), shape: [2] } });
 * const { results } = await decodeResults(bytes, { numbers: "tensor" });
 * console.log(results.numbers.data); // Float32Array [NaN, -0]
 * ```
 */
export async function decodeResults<const Expected extends ExpectedKinds = Readonly<Record<string, "data">>>(
  bytes: Uint8Array,
  expected?: Expected,
  options: LoadResultsOptions = {},
): Promise<SavedResults<ResultsOf<Expected>>> {
  options = expectOptions(options, LOAD_RESULTS);
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(`Cannot decode ${shown(bytes)} as results; pass a Uint8Array`);
  }
  const read = (asked: LoadResultsOptions) => readResults(openBytes("the bytes", bytes), expected, asked);
  return showing("SavedResults", await watched(options, read));
}

/** What kind each result is; refuses what is wrong before any of it is packed. */
function kindsOf(results: NamedResults): Readonly<Record<string, ResultKind>> {
  if (!isRecord(results) || Object.keys(results).length === 0) {
    throw new TypeError(`Cannot save ${shown(results)}; pass an object of results by name, as in { saliency }`);
  }
  const kind = kindOf(results);
  if (kind !== "data" && problemOf(kind, results, kind) === undefined) {
    throw new TypeError(`Cannot save a ${kind} without a name; pass it in an object, as in { ${kind} }`);
  }
  const scope = newScope();
  return Object.fromEntries(
    Object.entries(results).map(([name, result]) => {
      if (!NAME.test(name)) {
        throw new TypeError(`Cannot save a result by the name ${shown(name)}; use letters, digits, "-" and "_"`);
      }
      const kind = kindOf(result);
      const problem = result === undefined ? `${name} is undefined` : problemOf(kind, result, name, scope);
      if (problem) throw new TypeError(`Cannot save ${name} as ${kind === "data" ? "a result" : kind}: ${problem}`);
      return [name, kind];
    }),
  );
}

async function identityOf({ model, onProgress, progress, signal }: SaveOptions): Promise<ModelIdentity | undefined> {
  if (model === undefined) return undefined;
  const options = {
    ...onProgress && { onProgress },
    ...progress !== undefined && { progress },
    ...signal && { signal },
  };
  const identity = "identity" in model ? await model.identity(options) : model;
  const problem = modelIdentity(identity, "model", newScope());
  if (problem) {
    throw new TypeError(`Cannot save results with this model: ${problem}; pass the model, or its identity()`);
  }
  const { id, revision, files, package: version, backend, changes } = identity;
  return { id, ...revision !== undefined && { revision }, files, package: version, backend, ...changes && { changes } };
}

function isoDate(created: Date): string {
  if (created instanceof Date && Number.isFinite(created.getTime())) return created.toISOString();
  throw new TypeError(`Cannot save results as created ${shown(created)}; pass a Date`);
}

/** The document of a file of the right version. */
function expectVersion({ name }: ByteSource, metadata: ReadonlyMap<string, string>): string {
  const document = metadata.get("document");
  if (metadata.get("format") !== FORMAT || document === undefined) {
    throw new SyntaxError(`Cannot read ${name} as results: it is a safetensors file of something else`);
  }
  const version = metadata.get("version");
  if (version === VERSION) return document;
  const found = `its format has version ${shown(version)} and this package reads ${shown(VERSION)}`;
  throw new SyntaxError(`Cannot read ${name} as results: ${found}; use the version of the package that wrote it`);
}

function parse(text: string, fail: (problem: string) => Error): PlainRecord {
  let document: unknown;
  try {
    document = parseJsonWithin(text, LIMITS);
  } catch (error) {
    if (error instanceof RangeError) throw fail(`its document cannot be read, as ${messageOf(error)}`);
    throw fail(`its document is not JSON: ${shown(text)}`);
  }
  if (isRecord(document)) return document;
  throw fail(`its document is not an object: ${shown(document)}`);
}

function readProvenance(model: unknown, created: unknown, scope: Scope, fail: (problem: string) => Error) {
  const problem = model !== undefined && modelIdentity(model, "model", scope);
  if (problem) throw fail(problem);
  if (created !== undefined && !(typeof created === "string" && TIME.test(created))) {
    throw fail(`created is ${shown(created)}, not a time as ISO 8601`);
  }
  return {
    ...model !== undefined && { model: model as ModelIdentity },
    ...created !== undefined && { created },
  };
}
