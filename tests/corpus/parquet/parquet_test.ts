/** Parquet that is written here is what pyarrow and DuckDB read, and theirs is read here; a file that lies is refused. */
import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { openParquet, type ParquetFile } from "../../../src/corpus/parquet/read.ts";
import { writeParquet } from "../../../src/corpus/parquet/write.ts";
import type { ColumnType, TableRows } from "../../../src/corpus/types.ts";
import { ABOUT, EVERY_TYPE } from "./every_type.ts";
import { cpuTime } from "../../support/cpu_time.ts";

const GOLDENS = new URL("../../goldens/corpus/", import.meta.url);
const golden = (name: string) => Deno.readFile(new URL(name, GOLDENS));
const JSON_GOLDEN = JSON.parse(await Deno.readTextFile(new URL("every_type.json", GOLDENS)));

function inMemory(bytes: Uint8Array, name = "rows.parquet"): ParquetFile {
  return { name, size: bytes.length, read: (start, end) => Promise.resolve(bytes.slice(start, end)) };
}

/** All rows of a file, column by column. */
async function columnsOf(bytes: Uint8Array): Promise<Record<string, unknown[]>> {
  const table = await openParquet(inMemory(bytes));
  const all: Record<string, unknown[]> = Object.fromEntries(table.columns.map((name) => [name, []]));
  for (const group of table.groups.keys()) {
    const rows = await table.read(group, table.columns);
    for (const name of table.columns) all[name]!.push(...rows[name]!);
  }
  return all;
}

/** A value as the golden of Python has it. */
function plain(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    return { float: String(value).toLowerCase().replace("infinity", "inf") };
  }
  if (typeof value === "bigint" && (value > 2n ** 53n || value < -(2n ** 53n))) return { int: String(value) };
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  return ArrayBuffer.isView(value) ? Array.from(value as Float32Array, plain) : value;
}

const oneColumn = (type: ColumnType, values: ArrayLike<unknown>): TableRows => ({
  table: { name: "t", columns: [{ name: "x", type, about: "a column" }] },
  columns: { x: values },
});

Deno.test("writeParquet() writes the bytes that pyarrow and DuckDB were given", async () => {
  deepEqual(await writeParquet(EVERY_TYPE, ABOUT), await golden("every_type.parquet"));
});

Deno.test("writeParquet() writes all types of columns as pyarrow and DuckDB read them", () => {
  const written = Object.entries(EVERY_TYPE.columns).map(([name, values]) => [name, Array.from(values, plain)]);
  equal(written.length, 8);
  deepEqual(JSON_GOLDEN.columns, Object.fromEntries(written));
  deepEqual(Object.values(JSON_GOLDEN.duckdb), [
    ...["VARCHAR", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "BOOLEAN", "FLOAT[]", "INTEGER[]"],
  ]);
});

Deno.test("writeParquet() says in the metadata what columns hold, and what it is given", () => {
  deepEqual(JSON.parse(JSON_GOLDEN.metadata["looking_glass.table"]), EVERY_TYPE.table);
  deepEqual(JSON.parse(JSON_GOLDEN.metadata["looking_glass.model"]), ABOUT.model);
  deepEqual(JSON.parse(JSON_GOLDEN.metadata["looking_glass.options"]), ABOUT.options);
});

Deno.test("openParquet() reads what writeParquet() wrote", async () => {
  const found = await columnsOf(await writeParquet(EVERY_TYPE));
  const expected = Object.entries(EVERY_TYPE.columns).map(([name, values]) => [name, Array.from(values, plain)]);
  deepEqual(
    Object.fromEntries(Object.entries(found).map(([name, values]) => [name, values.map(plain)])),
    Object.fromEntries(expected),
  );
});

Deno.test("openParquet() reads groups of rows by themselves, with their bounds", async () => {
  const rows = Int32Array.from({ length: 150_000 }, (_, i) => i);
  const table = await openParquet(inMemory(await writeParquet(oneColumn("int32", rows))));
  deepEqual(table.groups, [{ start: 0, end: 65536 }, { start: 65536, end: 131072 }, { start: 131072, end: 150_000 }]);
  deepEqual(table.bounds(1, "x"), { least: 65536, greatest: 131071 });
  deepEqual((await table.read(2, ["x"])).x, Array.from(rows.subarray(131072)));
  equal(table.rows, 150_000);
});

Deno.test("openParquet() reads no rows", async () => {
  const table = await openParquet(inMemory(await writeParquet(oneColumn("string", []))));
  deepEqual([table.rows, table.columns], [0, ["x"]]);
});

const THEIRS = [
  ...["none", "snappy", "gzip", "zstd", "brotli", "lz4", "pages_2", "plain", "groups"].map((name) => `pyarrow_${name}`),
  "duckdb",
];
Deno.test("openParquet() reads what pyarrow and DuckDB write, of each codec", async (t) => {
  equal(THEIRS.length, 10);
  const texts = Array.from({ length: 300 }, (_, row) => row % 50 === 49 ? null : `text ${row % 7}`.repeat(row % 3));
  for (const name of THEIRS) {
    await t.step(name, async () => {
      const { id, text, number } = await columnsOf(await golden(`${name}.parquet`));
      deepEqual(text, texts);
      deepEqual(id, texts.map((_, row) => `row-${row}`));
      deepEqual(number, texts.map((_, row) => row));
    });
  }
});

Deno.test("writeParquet() refuses what a column cannot hold, by its place", async (t) => {
  const wrong: [ColumnType, unknown, RegExp][] = [
    ["string", 3, /^Cannot write 3 in row 1 of t\.x; it must be a text$/],
    ["int32", 2 ** 31, /^Cannot write 2147483648 in row 1 of t\.x; it must be a whole number of 32 bits$/],
    ["int32", 0.5, /it must be a whole number of 32 bits$/],
    ["int64", 2 ** 53, /it must be a whole number of 64 bits$/],
    ["int64", 2n ** 63n, /it must be a whole number of 64 bits$/],
    ["float", "1", /it must be a number$/],
    ["double", {}, /it must be a number$/],
    ["boolean", 1, /it must be true or false$/],
    ["float[]", [1, null], /it must be an array of numbers$/],
    ["int32[]", [0.5], /it must be an array of whole numbers of 32 bits$/],
  ];
  equal(wrong.length, 10);
  for (const [type, value, message] of wrong) {
    await t.step(`${type}: ${value}`, async () => {
      await rejects(writeParquet(oneColumn(type, [null, value])), { name: "TypeError", message });
    });
  }
});

Deno.test("writeParquet() refuses columns that are missing, unknown or of unequal length", async () => {
  const { table } = EVERY_TYPE;
  const columns = { ...EVERY_TYPE.columns };
  await rejects(writeParquet({ table, columns: { ...columns, other: [] } }), {
    name: "TypeError",
    message: /^Cannot write table every_type with a column "other"; it has text, small, /,
  });
  await rejects(writeParquet({ table, columns: { ...columns, flag: [true] } }), {
    name: "RangeError",
    message: "Cannot write table every_type as column flag has 1 rows where text has 5; pass columns of equal length",
  });
  delete (columns as Partial<typeof columns>).flag;
  await rejects(writeParquet({ table, columns }), {
    name: "TypeError",
    message: "Cannot write table every_type with undefined as column flag; pass an array",
  });
});

Deno.test("writeParquet() stores half of a pair of surrogates as U+FFFD", async () => {
  deepEqual((await columnsOf(await writeParquet(oneColumn("string", ["a\ud83d"])))).x, ["a\ufffd"]);
});

Deno.test("openParquet() refuses what is no Parquet, and what was cut off", async (t) => {
  const bytes = await golden("pyarrow_snappy.parquet");
  const cases: [string, Uint8Array, RegExp][] = [
    ["nothing", new Uint8Array(0), /^Cannot read rows\.parquet as Parquet: it has 0 bytes; check that/],
    ["a text", new TextEncoder().encode("no parquet at all"), /it does not end in PAR1/],
    ["cut off", bytes.subarray(0, bytes.length - 9), /it does not end in PAR1/],
    [
      "a footer of 4 GB",
      patched(bytes, bytes.length - 8, [255, 255, 255, 255]),
      /footer is said to have 4294967295 bytes/,
    ],
    ["a footer of zeros", patched(bytes, bytes.length - 8, [4, 0, 0, 0]), /^Cannot read rows\.parquet as Parquet: /],
  ];
  equal(cases.length, 5);
  for (const [name, file, message] of cases) {
    await t.step(name, () => rejects(openParquet(inMemory(file)), { name: "SyntaxError", message }));
  }
});

Deno.test("openParquet() hands on why bytes could not be had, as the file is not to blame", async () => {
  const bytes = await golden("pyarrow_snappy.parquet");
  const cut = new Error("the network is gone");
  const file = { ...inMemory(bytes), read: () => Promise.reject(cut) };
  equal(await openParquet(file).catch((error) => error), cut);
  let isGone = false;
  const leaving: ParquetFile = { ...file, read: (from, to) => isGone ? file.read() : inMemory(bytes).read(from, to) };
  const table = await openParquet(leaving);
  isGone = true;
  equal(await table.read(0, ["text"]).catch((error) => error), cut);
});

Deno.test("openParquet() answers damage by an error, wherever it is, and never by making room for it", async () => {
  const bytes = await golden("pyarrow_zstd.parquet");
  let refused = 0;
  for (let at = 4; at < bytes.length; at += 13) {
    for (const value of [0, 0x7f, 0xff]) {
      const before = cpuTime();
      const error = await columnsOf(patched(bytes, at, [value])).then(() => undefined, (error) => error);
      ok(cpuTime() - before < 5000, `byte ${at} as ${value} takes too long`);
      if (error === undefined) continue;
      equal(error.name, "SyntaxError", `byte ${at} as ${value}: ${error.stack}`);
      match(error.message, /^Cannot read rows\.parquet as Parquet: .*; check that it is a whole Parquet file$/s);
      ++refused;
    }
  }
  ok(refused > 100, `only ${refused} damages were noticed`);
});

Deno.test("openParquet() refuses a page that says more than the footer", async () => {
  const bytes = await writeParquet(oneColumn("int32", new Int32Array(1000).fill(7)));
  const table = await openParquet(inMemory(bytes));
  deepEqual((await table.read(0, ["x"])).x, new Array(1000).fill(7));
  // 1000 values and 1000 rows, as zigzag varints one behind another in a header of the second version.
  const at = bytes.findIndex((byte, i) => byte === 0xd0 && bytes[i + 1] === 0x0f && i > 20);
  ok(at > 0 && at < 100, "the header of a page was not found");
  await rejects(columnsOf(patched(bytes, at, [0xfe, 0x7f])), {
    name: "SyntaxError",
    message: /a page of column x says 8191 values where 1000 can be/,
  });
});

Deno.test("ParquetTable.read() names the columns and groups that there are", async () => {
  const table = await openParquet(inMemory(await golden("duckdb.parquet"), "duckdb.parquet"));
  await rejects(table.read(0, ["body"]), {
    name: "RangeError",
    message: 'Cannot read column "body" of duckdb.parquet as its columns are id, text, number',
  });
  await rejects(table.read(1, ["text"]), {
    name: "RangeError",
    message: "Cannot read group 1 of duckdb.parquet as it has 1",
  });
});

function patched(bytes: Uint8Array, at: number, values: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}
