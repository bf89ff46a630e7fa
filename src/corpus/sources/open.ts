/**
 * Where the documents of a corpus come from.
 *
 * @module
 */
import { stoppable } from "../../base/kernel.ts";
import { expectOptions, type OptionTable } from "../../base/options.ts";
import { shown } from "../../base/words.ts";
import type { CorpusSource } from "../types.ts";
import { ArraySource, type GivenDocument } from "./array_source.ts";
import { CSV } from "./csv.ts";
import { FileSource, type SourceEntry } from "./file_source.ts";
import { hubFiles } from "./hub_files.ts";
import { JSONL } from "./jsonl.ts";
import { localFiles } from "./local_files.ts";
import { PARQUET } from "./parquet_rows.ts";
import type { Format } from "./piece.ts";
import { LINES, PARAGRAPHS, TEXT } from "./plain_text.ts";
import type { SourceFile } from "./source_file.ts";
import { stdinFile } from "./stdin.ts";
import { unpackedName } from "./unpack.ts";
import { webFile } from "./web_file.ts";

/**
 * How files are read: one JSON object a line; columns named by the first record; Parquet; a text a file; a text a line;
 * texts with blank lines between.
 */
export type SourceFormat = "jsonl" | "csv" | "parquet" | "text" | "lines" | "paragraphs";

/** How a source is read. */
export interface SourceOptions {
  /**
   * How its files are read.
   *
   * @default By their names, without .gz and .zst: .jsonl and .ndjson, .csv and .tsv, .parquet, and .txt as a text a file.
   */
  readonly format?: SourceFormat;
  /**
   * The field of a JSON object, or the column, that holds the text.
   *
   * @default {"text"}
   */
  readonly field?: string;
  /**
   * The field or the column that documents are called by.
   *
   * @default Their file and line, or row.
   */
  readonly id?: string;
  /**
   * How many bytes a record may have; a longer one is named and passed over, and never in memory.
   *
   * @default {2 ** 24}
   */
  readonly longest?: number;
  /**
   * The character between columns of CSV files.
   *
   * @default A comma; of .tsv files, a tab.
   */
  readonly separator?: string;
  /** A branch, a tag or a commit of a data set of a hub; as of models. */
  readonly revision?: string;
  /** The folder of the cache of the hub; as of models. */
  readonly cacheDir?: string;
  /** Whether only what is in the cache of the hub is used; as of models. */
  readonly localFilesOnly?: boolean;
  /** The access token of the hub; as of models. */
  readonly token?: string;
  /** The address of the hub; as of models. */
  readonly endpoint?: string;
  /** Stops the looking for files; reading has a signal of its own. */
  readonly signal?: AbortSignal;
}

/** The kinds of the options of a source, for those who pass them on. */
export const SOURCE_KINDS: OptionTable<SourceOptions>["kinds"] = {
  format: ["jsonl", "csv", "parquet", "text", "lines", "paragraphs"],
  field: "a text",
  id: "a text",
  longest: "a number",
  separator: "a text",
  revision: "a text",
  cacheDir: "a text",
  localFilesOnly: "true or false",
  token: "a text",
  endpoint: "a text",
  signal: "the signal of an AbortController",
};

const OPTIONS: OptionTable<SourceOptions> = { task: "read a corpus", kinds: SOURCE_KINDS };

const FORMATS: Readonly<Record<SourceFormat, Format>> = {
  jsonl: JSONL,
  csv: CSV,
  parquet: PARQUET,
  text: TEXT,
  lines: LINES,
  paragraphs: PARAGRAPHS,
};
const BY_NAME: Readonly<Record<string, SourceFormat>> = {
  jsonl: "jsonl",
  ndjson: "jsonl",
  csv: "csv",
  tsv: "csv",
  parquet: "parquet",
  txt: "text",
};

/**
 * Opens a source of documents. Files are found and no document is read; what cannot be read as a document later is a
 * record that says so.
 *
 * @param input A file, a folder with all files below it, or a pattern as in `texts/**\/*.jsonl.gz`; the address of a file
 * on the web; files of a data set of a hub, as in `hf://datasets/owner/name/train.parquet`; `"-"` for stdin, which is
 * written to a temporary file first; or texts in memory.
 * @param options How it is read.
 * @returns The source, which can be read again from any record.
 * @throws {TypeError} When an option cannot be what it should be.
 * @throws {Error} When there are no such files, or their names do not tell their format.
 *
 * @example
 * ```ts
 * import { openSource } from "./open.ts";
 *
 * const source = await openSource(["A first text.", { id: "second", text: "Another one." }]);
 * for await (const record of source.records(0, AbortSignal.timeout(60_000))) console.log(record.id); // 0, second
 * ```
 */
export async function openSource(
  input: string | URL | readonly GivenDocument[],
  options: SourceOptions = {},
): Promise<CorpusSource> {
  const given = expectOptions<SourceOptions>(options, OPTIONS);
  if (Array.isArray(input)) {
    expectNone(given, "texts in memory");
    return new ArraySource(input);
  }
  if (typeof input !== "string" && !(input instanceof URL) || String(input) === "") {
    throw new TypeError(`Cannot read ${shown(input)} as a corpus; pass a path, an address or an array of texts`);
  }
  const { field = "text", id, longest = 2 ** 24, separator } = given;
  if (!Number.isSafeInteger(longest) || longest < 1 || longest > 2 ** 28) {
    throw new RangeError(`Cannot read a corpus with longest ${longest}; pass a whole number from 1 to 2 ** 28`);
  }
  if (separator !== undefined && !/^[\t -~]$/.test(separator) || separator === '"') {
    throw new RangeError(`Cannot read a corpus with separator ${shown(separator)}; pass one ASCII character, no quote`);
  }
  const signal = stoppable(given.signal);
  signal.throwIfAborted();
  const { files, remove } = await filesOf(String(input), { ...given, signal });
  const entries = files.map((file) => entryOf(file, given.format));
  return new FileSource(String(input), entries, { field, id, longest, separator }, remove);
}

interface Files {
  readonly files: readonly SourceFile[];
  readonly remove?: () => Promise<void>;
}

async function filesOf(input: string, options: SourceOptions & { readonly signal: AbortSignal }): Promise<Files> {
  const { revision, cacheDir, localFilesOnly, token, endpoint, format, signal } = options;
  const hub = { revision, cacheDir, localFilesOnly, token, endpoint };
  if (input.startsWith("hf://")) return { files: await hubFiles(input, { ...hub, signal }) };
  const needless = Object.entries(hub).find(([, value]) => value !== undefined);
  if (needless) {
    throw new TypeError(`Cannot read ${input} with ${needless[0]} as it is no data set of a hub; leave it out`);
  }
  if (/^https?:/i.test(input)) return { files: [await webFile(input, signal)] };
  if (input !== "-") return { files: await localFiles(input.startsWith("file:") ? pathOf(input) : input) };
  if (format === undefined) throw new TypeError('Cannot read stdin without a format; pass one, as in format: "jsonl"');
  return await stdinFile(signal);
}

function pathOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname).replace(/^\/(?=[A-Za-z]:)/, "");
}

function entryOf(file: SourceFile, format: SourceFormat | undefined): SourceEntry {
  const [, ending = ""] = /\.([^./]+)$/.exec(unpackedName(file.name)) ?? [];
  const formatName = format ?? BY_NAME[ending.toLowerCase()];
  if (formatName !== undefined) return { file, formatName, format: FORMATS[formatName] };
  const known = Object.keys(BY_NAME).map((name) => `.${name}`).join(", ");
  throw new TypeError(
    `Cannot read ${file.name} as its name does not tell its format (${known}); pass format, or a pattern without it`,
  );
}

function expectNone({ signal: _, ...options }: SourceOptions, what: string): void {
  const [name] = Object.keys(options);
  if (name !== undefined) throw new TypeError(`Cannot read ${what} with ${name} as it is for files; leave it out`);
}
