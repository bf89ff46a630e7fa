/**
 * The pages of a column, looked at before they are read: a page of a few bytes may say that it holds two billion values,
 * and whoever believes it makes room for them.
 *
 * @module
 */
import { formatBytes } from "../../base/words.ts";
import type { parquetHeader } from "./library.ts";

/** What a file's footer says about a part of a column. */
export interface ChunkFacts {
  /** The name of the column. */
  readonly column: string;
  /** Where its bytes begin in the file. */
  readonly start: number;
  /** Where they end. */
  readonly end: number;
  /** How many values it holds, in all of its pages. */
  readonly values: number;
}

/** A column of a group of rows is held in memory at once; larger ones are refused. */
export const MOST_COLUMN: number = 2 ** 30;
/** As are more values than this, which may take no bytes at all where all are the same. */
export const MOST_VALUES: number = 2 ** 26;

/**
 * Holds the headers of pages to the footer.
 *
 * @param bytes The bytes of the part of a column.
 * @param chunk What the footer says about it.
 * @param headerAt Reads one header, and moves on behind it.
 * @throws {RangeError} When a page says more.
 */
export function expectHonestPages(bytes: Uint8Array, chunk: ChunkFacts, headerAt: typeof parquetHeader): void {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  let [left, held] = [chunk.values, 0];
  while (left > 0 && reader.offset < bytes.length) {
    const { type, uncompressed_page_size: size, compressed_page_size: stored, ...about } = headerAt(reader);
    const data = type === "DATA_PAGE" ? about.data_page_header : about.data_page_header_v2;
    const values = (type === "DICTIONARY_PAGE" ? about.dictionary_page_header : data)?.num_values ?? 0;
    if (!isCount(size) || !isCount(stored) || !isCount(values) || reader.offset + stored > bytes.length) {
      throw new RangeError(`a page of column ${chunk.column} says that it has ${stored} bytes and ${values} values`);
    }
    held += size;
    if (held > MOST_COLUMN) throw new RangeError(`pages of column ${chunk.column} have more than ${formatBytes(held)}`);
    // A value of a dictionary has a byte at least, as its length.
    const most = type === "DICTIONARY_PAGE" ? size : left;
    if (values > most) {
      throw new RangeError(`a page of column ${chunk.column} says ${values} values where ${most} can be`);
    }
    if (type !== "DICTIONARY_PAGE") left -= values;
    reader.offset += stored;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 2 ** 31;
}
