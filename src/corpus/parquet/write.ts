/**
 * Tables of a corpus as Parquet. The same rows are the same bytes, so that a shard that is computed twice is written
 * twice alike.
 *
 * @module
 */
import type { parquetWriteBuffer as write } from "npm:hyparquet-writer@0.17.0";
import { PACKAGE_VERSION } from "../../base/version.ts";
import { shown } from "../../base/words.ts";
import type { ColumnType, TableRows } from "../types.ts";
import { zstd } from "./codecs.ts";

/** Rows of one group, of which a reader may leave out whole groups by their least and greatest values. */
const GROUP = 65_536;
const PREFIX = "looking_glass.";

type Element = NonNullable<Parameters<typeof write>[0]["schema"]>[number];

/** What a value of a column must be, and what is written for it. */
interface Kind {
  readonly says: string;
  readonly element: Omit<Element, "name">;
  readonly fits: (value: unknown) => boolean;
  /** An array that holds nothing but such values. */
  readonly array?: typeof Int32Array | typeof Float32Array | typeof Float64Array;
  readonly stored?: (value: unknown) => unknown;
}

const isInt32 = (value: unknown) => typeof value === "number" && (value | 0) === value;
const isInt64 = (value: unknown) =>
  typeof value === "bigint" ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);
const isNumber = (value: unknown) => typeof value === "number";
const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || ArrayBuffer.isView(value);

const KINDS: Readonly<Record<ColumnType, Kind>> = {
  string: {
    says: "a text",
    element: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
    fits: (value) => typeof value === "string",
    stored: (value) => String(value).toWellFormed(), // half of a pair of surrogates is no character in UTF-8
  },
  int32: { says: "a whole number of 32 bits", element: { type: "INT32" }, fits: isInt32, array: Int32Array },
  int64: {
    says: "a whole number of 64 bits",
    element: { type: "INT64" },
    fits: isInt64,
    stored: (value) => BigInt(value as number | bigint),
  },
  float: { says: "a number", element: { type: "FLOAT" }, fits: isNumber, array: Float32Array },
  double: { says: "a number", element: { type: "DOUBLE" }, fits: isNumber, array: Float64Array },
  boolean: { says: "true or false", element: { type: "BOOLEAN" }, fits: (value) => typeof value === "boolean" },
  "float[]": {
    says: "an array of numbers",
    element: { type: "FLOAT" },
    fits: (value) => value instanceof Float32Array || isList(value) && Array.from(value).every(isNumber),
    stored: (value) => Array.from(value as ArrayLike<number>),
  },
  "int32[]": {
    says: "an array of whole numbers of 32 bits",
    element: { type: "INT32" },
    fits: (value) => value instanceof Int32Array || isList(value) && Array.from(value).every(isInt32),
    stored: (value) => Array.from(value as ArrayLike<number>),
  },
};

/**
 * Writes rows as a Parquet file of zstd pages. Each value may be `null`, which stands for "there is none". What the
 * columns hold stands in the metadata as `looking_glass.table`, and all else that `about` says beside it.
 *
 * @param rows The rows, as columns of equal length.
 * @param about What the file's metadata is to say, each as JSON under `looking_glass.` and its name.
 * @returns The bytes of the file; texts are stored as UTF-8, in which half of a pair of surrogates becomes U+FFFD.
 * @throws {TypeError} When a column is missing, unknown, or holds a value that is not of its type.
 * @throws {RangeError} When columns are of different lengths.
 */
export async function writeParquet(
  rows: TableRows,
  about: Readonly<Record<string, unknown>> = {},
): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("npm:hyparquet-writer@0.17.0");
  const { table } = rows;
  expectColumns(rows);
  const schema: Element[] = [{ name: "schema", num_children: table.columns.length }];
  const columnData = table.columns.map(({ name, type }) => {
    const kind = KINDS[type];
    schema.push(...elements(name, type, kind));
    return { name, data: storedColumn(`${table.name}.${name}`, rows.columns[name]!, kind) };
  });
  const metadata = Object.entries({ table, version: PACKAGE_VERSION, ...about });
  const buffer = parquetWriteBuffer({
    columnData,
    schema,
    codec: "ZSTD",
    compressors: { ZSTD: await zstd() },
    rowGroupSize: GROUP,
    kvMetadata: metadata.map(([key, value]) => ({ key: PREFIX + key, value: JSON.stringify(value) })),
    createdBy: `looking-glass ${PACKAGE_VERSION}`,
  });
  return new Uint8Array(buffer);
}

function expectColumns({ table, columns }: TableRows): void {
  const names = table.columns.map(({ name }) => name);
  const unknown = Object.keys(columns).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`Cannot write table ${table.name} with a column ${shown(unknown)}; it has ${names.join(", ")}`);
  }
  const lengths = names.map((name) => {
    const column = columns[name];
    if (isList(column)) return column.length;
    throw new TypeError(`Cannot write table ${table.name} with ${shown(column)} as column ${name}; pass an array`);
  });
  const wrong = lengths.findIndex((length) => length !== lengths[0]);
  if (wrong < 0) return;
  const found = `column ${names[wrong]} has ${lengths[wrong]} rows where ${names[0]} has ${lengths[0]}`;
  throw new RangeError(`Cannot write table ${table.name} as ${found}; pass columns of equal length`);
}

/** The parts of a schema that make a column: a list is three of them, as the format's rules for lists say. */
function elements(name: string, type: ColumnType, { element }: Kind): Element[] {
  if (!type.endsWith("[]")) return [{ name, repetition_type: "OPTIONAL", ...element }];
  return [
    { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "REQUIRED", ...element },
  ];
}

/** The values of a column, each checked where its array does not say it of all. */
function storedColumn(
  column: string,
  values: ArrayLike<unknown>,
  kind: Kind,
): unknown[] | Int32Array | Float32Array | Float64Array {
  if (kind.array && values instanceof kind.array) return values;
  const data = new Array<unknown>(values.length);
  for (let row = 0; row < data.length; ++row) data[row] = stored(column, row, values[row], kind);
  return data;
}

function stored(column: string, row: number, value: unknown, kind: Kind): unknown {
  if (value === null || value === undefined) return null;
  if (kind.fits(value)) return kind.stored ? kind.stored(value) : value;
  throw new TypeError(`Cannot write ${shown(value)} in row ${row} of ${column}; it must be ${kind.says}`);
}
