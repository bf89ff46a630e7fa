/**
 * Reads Parquet files, column by column and group of rows by group of rows. A file may be anybody's: what it says about
 * itself is held to its size before anything is made of it.
 *
 * @module
 */
import { formatBytes, messageOf, shown } from "../../base/words.ts";
import { type Inflate, inflaters } from "./codecs.ts";
import type * as library from "./library.ts";
import { type ChunkFacts, expectHonestPages, MOST_COLUMN, MOST_VALUES } from "./pages.ts";

/** Where the bytes of a file are. */
export interface ParquetFile {
  /** What it is called in messages. */
  readonly name: string;
  /** How many bytes it has. */
  readonly size: number;
  /** Reads the bytes from `start` up to, and not including, `end`. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** Rows that stand together in a file, from `start` up to `end`. */
export interface RowGroup {
  readonly start: number;
  readonly end: number;
}

/** What reads: hyparquet, and the codecs. */
interface Tools extends Pick<typeof library, "parquetReadColumn" | "parquetSchema" | "parquetHeader"> {
  readonly inflaters: Readonly<Record<string, Inflate>>;
}

type Metadata = Awaited<ReturnType<typeof library.parquetMetadataAsync>>;

const MOST_FOOTER = 2 ** 28;

/**
 * Opens a Parquet file: its footer is read, and none of its rows.
 *
 * @throws {SyntaxError} When it is no Parquet file, is cut off or lies about itself.
 */
export async function openParquet(file: ParquetFile): Promise<ParquetTable> {
  const tools = { ...await import("./library.ts"), inflaters: await inflaters() };
  return await reading(file, async (watched) => {
    await expectEnd(watched);
    const metadata = await tools.parquetMetadataAsync(asyncBuffer(watched));
    expectHonest(watched, metadata);
    return new ParquetTable(file, metadata, tools);
  });
}

/** A Parquet file whose footer was read. */
export class ParquetTable {
  /** How many rows there are. */
  readonly rows: number;
  /** The names of the columns. */
  readonly columns: readonly string[];
  /** The groups that rows stand in, one behind another. */
  readonly groups: readonly RowGroup[];
  /** What is written about the file. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly #file: ParquetFile;
  readonly #footer: Metadata;
  readonly #tools: Tools;

  /** Made by `openParquet`. */
  constructor(file: ParquetFile, footer: Metadata, tools: Tools) {
    this.#file = file;
    this.#footer = footer;
    this.#tools = tools;
    this.rows = Number(footer.num_rows);
    this.columns = tools.parquetSchema(footer).children.map(({ element }) => element.name);
    let start = 0;
    this.groups = footer.row_groups.map(({ num_rows: rows }) => ({ start, end: start += Number(rows) }));
    this.metadata = new Map((footer.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""]));
  }

  /** The least and greatest value of a column in a group, where the writer noted them. */
  bounds(group: number, column: string): { readonly least: unknown; readonly greatest: unknown } | undefined {
    const chunk = this.#footer.row_groups[group]?.columns.find(({ meta_data: about }) =>
      about?.path_in_schema.length === 1 && about.path_in_schema[0] === column
    );
    const { min_value: least, max_value: greatest } = chunk?.meta_data?.statistics ?? {};
    return least === undefined || greatest === undefined
      ? undefined
      : { least: plain(least), greatest: plain(greatest) };
  }

  /**
   * Reads columns of one group of rows; whole numbers of 64 bits come as numbers where these can hold them.
   *
   * @throws {RangeError} When there is no such group or column.
   * @throws {SyntaxError} When the file is damaged there.
   */
  async read(group: number, columns: readonly string[]): Promise<Record<string, readonly unknown[]>> {
    const range = this.groups[group];
    if (!range) {
      throw new RangeError(`Cannot read group ${group} of ${this.#file.name} as it has ${this.groups.length}`);
    }
    const missing = columns.find((name) => !this.columns.includes(name));
    if (missing !== undefined) {
      const names = this.columns.slice(0, 40).join(", ");
      throw new RangeError(`Cannot read column ${shown(missing)} of ${this.#file.name} as its columns are ${names}`);
    }
    const found: Record<string, readonly unknown[]> = {};
    for (const column of columns) found[column] = await this.#column(group, range, column);
    return found;
  }

  async #column(group: number, { start, end }: RowGroup, column: string): Promise<readonly unknown[]> {
    if (start === end) return [];
    return await reading(this.#file, async (watched) => {
      const chunks = await this.#honestChunks(watched, group, column);
      const data = await this.#tools.parquetReadColumn({
        file: asyncBuffer({ ...watched, read: held(chunks, watched) }),
        metadata: this.#footer,
        columns: [column],
        rowStart: start,
        rowEnd: end,
        compressors: this.#tools.inflaters,
      });
      if (data.length !== end - start) {
        throw new RangeError(`column ${column} has ${data.length} rows of group ${group} where it says ${end - start}`);
      }
      const values = new Array<unknown>(data.length);
      for (let i = 0; i < values.length; ++i) values[i] = plain(data[i]);
      return values;
    });
  }

  /** The bytes of a column, whose pages have been looked at. */
  async #honestChunks(file: ParquetFile, group: number, column: string): Promise<readonly Chunk[]> {
    const chunks: Chunk[] = [];
    for (const { meta_data: about } of this.#footer.row_groups[group]!.columns) {
      if (about?.path_in_schema[0] !== column) continue;
      const chunk = chunkFacts(about);
      const bytes = await file.read(chunk.start, chunk.end);
      expectHonestPages(bytes, chunk, this.#tools.parquetHeader);
      chunks.push({ ...chunk, bytes });
    }
    return chunks;
  }
}

/** The part of a file that a column is in, with its bytes. */
interface Chunk extends ChunkFacts {
  readonly bytes: Uint8Array;
}

/** Reads what is there already from memory. */
function held(chunks: readonly Chunk[], file: ParquetFile): ParquetFile["read"] {
  return async (start, end) => {
    const chunk = chunks.find((one) => start >= one.start && end <= one.end);
    return chunk ? chunk.bytes.subarray(start - chunk.start, end - chunk.start) : await file.read(start, end);
  };
}

type ColumnFacts = NonNullable<Metadata["row_groups"][number]["columns"][number]["meta_data"]>;

function chunkFacts(about: ColumnFacts): ChunkFacts {
  const start = Number(about.dictionary_page_offset || about.data_page_offset);
  const end = start + Number(about.total_compressed_size);
  return { column: about.path_in_schema.join("."), start, end, values: Number(about.num_values) };
}

/** The end says how long the footer is; a footer of gigabytes would be read before anything is known. */
async function expectEnd(file: ParquetFile): Promise<void> {
  if (file.size < 12) throw new RangeError(`it has ${file.size} bytes`);
  const end = await file.read(file.size - 8, file.size);
  if (new TextDecoder().decode(end.subarray(4)) !== "PAR1") throw new RangeError("it does not end in PAR1");
  const footer = new DataView(end.buffer, end.byteOffset).getUint32(0, true);
  if (footer <= Math.min(file.size - 12, MOST_FOOTER)) return;
  throw new RangeError(`its footer is said to have ${footer} bytes of ${file.size}`);
}

/** Holds what the footer says to the size of the file. */
function expectHonest(file: ParquetFile, { num_rows: rows, row_groups: groups }: Metadata): void {
  const counted = groups.reduce((sum, group) => sum + group.num_rows, 0n);
  if (counted !== rows || rows < 0n || rows > Number.MAX_SAFE_INTEGER || groups.some((group) => group.num_rows < 0n)) {
    throw new RangeError(`it says ${rows} rows, and ${counted} in its groups`);
  }
  for (const { meta_data: about, file_path: path } of groups.flatMap(({ columns }) => columns)) {
    if (path !== undefined) throw new RangeError(`rows of it are in another file, ${shown(path)}`);
    if (!about) throw new RangeError("columns of it are encrypted");
    const { column, start, end, values } = chunkFacts(about);
    const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
    if (!whole || start < 4 || end < start || end > file.size) {
      throw new RangeError(`column ${column} is said to be at bytes ${start} to ${end} of ${file.size}`);
    }
    const held = Number(about.total_uncompressed_size);
    if (held <= MOST_COLUMN && values <= MOST_VALUES) continue;
    const found = `a group has ${values} values of column ${column}, or ${formatBytes(held)}`;
    throw new RangeError(`${found}; write it in smaller groups of rows`);
  }
}

function asyncBuffer(
  file: ParquetFile,
): { byteLength: number; slice(start: number, end?: number): Promise<ArrayBuffer> } {
  return {
    byteLength: file.size,
    slice: async (start, end = file.size) => new Uint8Array(await file.read(start, end)).buffer,
  };
}

function plain(value: unknown): unknown {
  if (typeof value !== "bigint") return value ?? null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** What goes wrong is the file's fault, unless its bytes could not be had. */
async function reading<T>(file: ParquetFile, task: (watched: ParquetFile) => Promise<T>): Promise<T> {
  let failure: { readonly error: unknown } | undefined;
  const read = (start: number, end: number) =>
    file.read(start, end).catch((error: unknown) => {
      failure ??= { error };
      throw error;
    });
  try {
    return await task({ name: file.name, size: file.size, read });
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    const advice = "check that it is a whole Parquet file";
    throw new SyntaxError(`Cannot read ${file.name} as Parquet: ${messageOf(error)}; ${advice}`, { cause: error });
  }
}
