import { deepStrictEqual as deepEqual, ok, rejects, strictEqual as equal } from "@std/assert";
import { openBytes } from "../../src/checkpoint/byte_source.ts";
import { readSafetensors } from "../../src/checkpoint/safetensors.ts";
import { random } from "./random.ts";
import { safetensorsBytes, safetensorsFile } from "./safetensors_file.ts";

const read = (bytes: Uint8Array) => readSafetensors(openBytes("x.safetensors", bytes));
const byte = (offsets: unknown, more: object = {}) => ({ dtype: "U8", shape: [1], data_offsets: offsets, ...more });

Deno.test("readSafetensors() finds names, dtypes, shapes and absolute byte ranges", async () => {
  const header = {
    __metadata__: { format: "pt" },
    "h.0.bias": { dtype: "F32", shape: [2], data_offsets: [4, 12] },
    scale: { dtype: "BF16", shape: [], data_offsets: [0, 2] },
    "h.0.attn.masked_bias": { dtype: "BOOL", shape: [1, 2], data_offsets: [2, 4] },
    empty: { dtype: "F16", shape: [0, 5], data_offsets: [4, 4] },
  };
  const file = safetensorsFile(header, 12);
  const source = openBytes("x.safetensors", file);
  const tensors = await readSafetensors(source);
  const data = file.length - 12;
  deepEqual([...tensors.keys()], ["h.0.bias", "scale", "h.0.attn.masked_bias", "empty"]);
  deepEqual(tensors.get("h.0.bias"), {
    name: "h.0.bias",
    dtype: "F32",
    shape: [2],
    start: data + 4,
    end: data + 12,
    source,
  });
  deepEqual(tensors.get("scale")?.shape, []);
  equal(tensors.get("h.0.attn.masked_bias")?.dtype, "BOOL");
  equal(tensors.get("empty")?.start, data + 4);
});

// bytes of four numbers, as safetensors 0.8.0 counts them
const BYTES_OF_FOUR = {
  ...{ F4: 2, F6_E2M3: 3, F6_E3M2: 3, BOOL: 4, U8: 4, I8: 4 },
  ...{ F8_E4M3: 4, F8_E5M2: 4, F8_E8M0: 4, F8_E4M3FNUZ: 4, F8_E5M2FNUZ: 4 },
  ...{ I16: 8, U16: 8, F16: 8, BF16: 8, I32: 16, U32: 16, F32: 16 },
  ...{ I64: 32, U64: 32, F64: 32, C64: 32 },
};
for (const [dtype, bytes] of Object.entries(BYTES_OF_FOUR)) {
  Deno.test(`readSafetensors() knows the size of ${dtype}`, async () => {
    const header = { t: { dtype, shape: [2, 2], data_offsets: [0, bytes] } };
    equal((await read(safetensorsFile(header, bytes))).get("t")?.dtype, dtype);
  });
}

Deno.test("readSafetensors() reads a file without tensors, and a padded header", async () => {
  equal((await read(safetensorsFile("{}"))).size, 0);
  equal((await read(safetensorsFile('{"__metadata__":null}   '))).size, 0);
});

Deno.test("readSafetensors() takes names for names", async () => {
  const names = ["__proto__", "constructor", "toString", "", "日本", "7"];
  const entries = names.map((name, i) => `${JSON.stringify(name)}:${JSON.stringify(byte([i, i + 1]))}`);
  const tensors = await read(safetensorsFile(`{${entries.join(",")}}`, names.length));
  deepEqual([...tensors.keys()].sort(), names.toSorted());
  equal(tensors.get("__proto__")?.name, "__proto__");
});

Deno.test("readSafetensors() returns what was written, whatever it was", async () => {
  const next = random(1);
  const dtypes = { F32: 4, F16: 2, BF16: 2, I64: 8, U8: 1 };
  for (let round = 0; round < 200; ++round) {
    const header: Record<string, unknown> = {};
    let end = 0;
    for (let i = Math.floor(next() * 8); i > 0; --i) {
      const [dtype, size] = Object.entries(dtypes)[Math.floor(next() * 5)]!;
      const shape = Array.from({ length: Math.floor(next() * 4) }, () => Math.floor(next() * 4));
      const start = end;
      end += shape.reduce((product, n) => product * n, size);
      header[`t.${i}.${String.fromCodePoint(33 + Math.floor(next() * 5000))}`] = {
        dtype,
        shape,
        data_offsets: [start, end],
      };
    }
    const file = safetensorsFile(header, end);
    const tensors = await read(file);
    const data = file.length - end;
    const found = [...tensors].map(([name, { dtype, shape, start, end }]) => {
      return [name, { dtype, shape, data_offsets: [start - data, end - data] }];
    });
    deepEqual(Object.fromEntries(found), header);
  }
});

const text = (value: string) => new TextEncoder().encode(value);
const FILE = "Cannot read x.safetensors as safetensors: ";
const TENSOR = 'Cannot read tensor "a" of x.safetensors as safetensors: ';
const lie = (length: number | bigint) => safetensorsBytes(text("{}"), new Uint8Array(0), length);
const FILE_ERRORS: [string, Uint8Array, string, string][] = [
  ["an empty file", new Uint8Array(0), "RangeError", "it has 0 bytes, fewer than 8"],
  ["seven bytes", new Uint8Array(7), "RangeError", "it has 7 bytes, fewer than 8"],
  ["an empty header", lie(0), "RangeError", "it says that its header has 0 bytes, the file has 10"],
  ["a header longer than the file", lie(3), "RangeError", "it says that its header has 3 bytes, the file has 10"],
  [
    "a header of absurd length",
    lie(2n ** 64n - 1n),
    "RangeError",
    "it says that its header has 18446744073709551615 bytes, more than 100000000",
  ],
  [
    "a header that is not UTF-8",
    safetensorsBytes(Uint8Array.of(123, 0xff, 125), new Uint8Array(0)),
    "SyntaxError",
    "its header is not UTF-8",
  ],
  ["a header that is not JSON", safetensorsFile("{a}"), "SyntaxError", 'its header is not JSON: "{a}"'],
  [
    "a header after a byte order mark",
    safetensorsFile("\ufeff{}"),
    "SyntaxError",
    'its header is not JSON: "\ufeff{}"',
  ],
  ["an array for a header", safetensorsFile([1]), "SyntaxError", "its header is not an object: [1]"],
  ["null for a header", safetensorsFile("null"), "SyntaxError", "its header is not an object: null"],
  [
    "metadata that are no strings",
    safetensorsFile({ __metadata__: { a: 1 } }),
    "SyntaxError",
    'its __metadata__ is not an object of strings: {"a":1}',
  ],
  [
    "a file that broke off",
    safetensorsFile({ a: { dtype: "F32", shape: [3], data_offsets: [0, 12] } }, 5),
    "RangeError",
    "7 of 75 bytes are missing at its end; download it again",
  ],
  [
    "bytes after the last tensor",
    safetensorsFile({ a: byte([0, 1]) }, 3),
    "RangeError",
    "2 bytes at its end belong to no tensor",
  ],
];
for (const [title, file, name, problem] of FILE_ERRORS) {
  Deno.test(`readSafetensors() refuses ${title}`, async () => {
    await rejects(read(file), { name, message: FILE + problem });
  });
}

const ENTRY_ERRORS: [string, unknown, string][] = [
  ["an entry that is a number", 7, "its entry is not an object: 7"],
  ["an entry that is null", null, "its entry is not an object: null"],
  ["an entry without dtype", { shape: [], data_offsets: [0, 1] }, "its dtype is not a string: undefined"],
  ["a dtype that no library knows", byte([0, 1], { dtype: "F7" }), 'its dtype "F7" is unknown'],
  ["a dtype that an object would have", byte([0, 1], { dtype: "toString" }), 'its dtype "toString" is unknown'],
  ["an entry without shape", { dtype: "U8", data_offsets: [0, 1] }, "its shape is not an array of sizes: undefined"],
  ["a negative size", byte([0, 1], { shape: [-1] }), "its shape is not an array of sizes: [-1]"],
  ["a fractional size", byte([0, 1], { shape: [0.5] }), "its shape is not an array of sizes: [0.5]"],
  ["an unsafe size", byte([0, 1], { shape: [2 ** 53] }), "its shape is not an array of sizes: [9007199254740992]"],
  ["a shape of strings", byte([0, 1], { shape: ["1"] }), 'its shape is not an array of sizes: ["1"]'],
  ["an entry without offsets", { dtype: "U8", shape: [1] }, "its data_offsets are not two offsets: undefined"],
  ["three offsets", byte([0, 1, 2]), "its data_offsets are not two offsets: [0,1,2]"],
  ["a negative offset", byte([-1, 0]), "its data_offsets are not two offsets: [-1,0]"],
  ["reversed offsets", byte([1, 0]), "its data_offsets are reversed: [1,0]"],
  ["offsets that do not fit the shape", byte([0, 2]), "shape [1] of U8 needs 1 bytes, its data_offsets hold 2"],
  [
    "half a byte",
    { dtype: "F4", shape: [3], data_offsets: [0, 2] },
    "shape [3] of F4 needs 1.5 bytes, its data_offsets hold 2",
  ],
  [
    "a shape too large to count",
    byte([0, 1], { shape: [2 ** 52, 2 ** 52] }),
    "shape [4503599627370496,4503599627370496] of U8 needs 2.028240960365167e+31 bytes, its data_offsets hold 1",
  ],
  [
    "offsets too large to add",
    byte([2 ** 53 - 2, 2 ** 53 - 1]),
    "its data_offsets are too large: [9007199254740990,9007199254740991]",
  ],
];
for (const [title, entry, problem] of ENTRY_ERRORS) {
  Deno.test(`readSafetensors() refuses ${title}`, async () => {
    await rejects(read(safetensorsFile({ a: entry }, 1)), { name: "SyntaxError", message: TENSOR + problem });
  });
}

const RANGE_ERRORS: [string, Record<string, unknown>, string][] = [
  ["overlapping tensors", { b: byte([0, 2], { shape: [2] }), a: byte([1, 2]) }, "it overlaps the tensor before it"],
  ["a gap between tensors", { b: byte([0, 1]), a: byte([3, 4]) }, "it follows a gap of 2 bytes"],
  ["a gap before the first tensor", { a: byte([1, 2]) }, "it follows a gap of 1 bytes"],
];
for (const [title, header, problem] of RANGE_ERRORS) {
  Deno.test(`readSafetensors() refuses ${title}`, async () => {
    await rejects(read(safetensorsFile(header, 4)), { name: "RangeError", message: TENSOR + problem });
  });
}

Deno.test("readSafetensors() shows no more than the beginning of a long header", async () => {
  await rejects(read(safetensorsFile("x".repeat(10_000))), (error: Error) => {
    ok(error.message.length < 200 && error.message.endsWith("…"), error.message);
    return true;
  });
});

/** Reads what may be anything, and fails unless it is read or refused in our own words. */
async function readOrRefuse(file: Uint8Array): Promise<boolean> {
  try {
    await read(file);
    return true;
  } catch (error) {
    ok(/^(SyntaxError|RangeError): Cannot read (tensor ".*" of )?x\.safetensors as safetensors: /.test(String(error)));
    return false;
  }
}

Deno.test("readSafetensors() refuses every beginning of a file", async () => {
  const file = safetensorsFile({ a: byte([0, 1]), b: { dtype: "F32", shape: [2, 1], data_offsets: [1, 9] } }, 9);
  for (let length = 0; length < file.length; ++length) {
    equal(await readOrRefuse(file.slice(0, length)), false, `${length} bytes`);
  }
  equal(await readOrRefuse(file), true);
});

Deno.test("readSafetensors() reads or refuses a file with any byte changed", async () => {
  const file = safetensorsFile({ a: byte([0, 1]), b: { dtype: "F32", shape: [2, 1], data_offsets: [1, 9] } }, 9);
  const next = random(2);
  for (let round = 0; round < 3000; ++round) {
    const changed = file.slice();
    for (let n = Math.ceil(next() * 3); n > 0; --n) {
      changed[Math.floor(next() * file.length)] = Math.floor(next() * 256);
    }
    await readOrRefuse(changed);
  }
});
