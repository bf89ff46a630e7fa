/** Whatever happens to a file on its way, it is read as it was saved, or refused with a sentence about the file. */
import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { decodeResults, encodeResults } from "../../../src/analysis/mod.ts";
import type { StorableTensor } from "../../../src/checkpoint/write_safetensors.ts";
import { random } from "../../checkpoint/random.ts";
import { KINDS, RESULTS, SALIENCY } from "./fixtures.ts";
import { documentOf, fileOf, partsOf } from "./raw_file.ts";

const ERRORS = ["SyntaxError", "RangeError", "TypeError"];

async function refusal(bytes: Uint8Array): Promise<string | undefined> {
  try {
    await decodeResults(bytes);
  } catch (error) {
    ok(error instanceof Error && ERRORS.includes(error.constructor.name), String(error));
    match(error.message, /^Cannot read (the bytes|tensor .* of the bytes) as (safetensors|results): /);
    return error.message;
  }
}

Deno.test("decodeResults() refuses a file that ends early, wherever it ends", async () => {
  const bytes = await encodeResults({ map: SALIENCY });
  for (let length = 0; length < bytes.length; ++length) {
    ok(await refusal(bytes.subarray(0, length)), `${length} of ${bytes.length} bytes are read`);
  }
  match((await refusal(Uint8Array.from([...bytes, 0])))!, /1 bytes at its end belong to no tensor/);
});

Deno.test("decodeResults() reads a file with a changed byte as it was, or refuses it", async () => {
  const bytes = await encodeResults({ ...RESULTS });
  const next = random(5);
  let refused = 0;
  for (let run = 0; run < 1500; ++run) {
    const damaged = bytes.slice();
    const at = run < 500 ? run : Math.floor(next() * bytes.length); // the beginning of the header, and anywhere
    damaged[at] = damaged[at]! ^ (1 + Math.floor(next() * 255));
    if (await refusal(damaged) !== undefined) refused += 1;
    else deepEqual((await decodeResults(damaged)).results, RESULTS, `byte ${at}`);
  }
  ok(refused > 1400, `${refused} of 1500 refused`);
});

Deno.test("decodeResults() reads a changed document without a checksum as something whole, or refuses it", async () => {
  const { document, tensors } = await partsOf(await encodeResults({ ...RESULTS }));
  const next = random(6);
  let refused = 0;
  for (let run = 0; run < 1000; ++run) {
    const at = Math.floor(next() * document.length);
    const letter = '"{}[],:0129$eN'[Math.floor(next() * 14)]!;
    const bytes = fileOf(document.slice(0, at) + letter + document.slice(at + 1), tensors);
    if (await refusal(bytes) !== undefined) refused += 1;
    else {
      const { results, kinds } = await decodeResults(bytes); // whatever it says, it holds together
      for (const name of Object.keys(results)) ok(KINDS.includes(kinds[name]!));
      await encodeResults({ all: results });
    }
  }
  ok(refused > 300, `${refused} of 1000 refused`);
});

Deno.test("decodeResults() reads a file of another program, which has no checksum", async () => {
  const tensors = { numbers: { data: Int32Array.of(1, -2), shape: [2, 1] } };
  const bytes = fileOf(documentOf({ $tensor: "numbers", dtype: "I32", shape: [2, 1] }, "tensor"), tensors);
  deepEqual((await decodeResults(bytes, { x: "tensor" })).results.x, tensors.numbers);
  const later = await decodeResults(fileOf({ ...documentOf({ y: 1 }, "hologram"), more: 1 }, {}, { more: "1" }));
  deepEqual([later.results, later.kinds], [{ x: { y: 1 } }, { x: "data" }]);
});

Deno.test("decodeResults() refuses other files and other versions", async () => {
  match(
    (await refusal(fileOf(documentOf(1), {}, { version: "2" })))!,
    /: its format has version "2" and this package reads "1"; use the version of the package that wrote it$/,
  );
  for (const more of [{ format: "pt" }, { document: undefined }]) {
    equal(
      await refusal(fileOf(documentOf(1), {}, more)),
      "Cannot read the bytes as results: it is a safetensors file of something else",
    );
  }
  const weights = await Deno.readFile("tests/goldens/gpt2/f32/golden.safetensors");
  match((await refusal(weights))!, /it is a safetensors file of something else$/);
  match((await refusal(await Deno.readFile("mod.ts")))!, /^Cannot read the bytes as safetensors/);
  match((await refusal(fileOf(documentOf(1), {}, { crc32: "00000000" })))!, /it is damaged, as its CRC-32 is/);
});

Deno.test("decodeResults() refuses documents that lie", async () => {
  const f32 = { data: Float32Array.of(1, 2), shape: [2] };
  const t = { $tensor: "t", dtype: "F32", shape: [2] };
  const refused: readonly (readonly [unknown, Readonly<Record<string, StorableTensor>>, string])[] = [
    ["nonsense", {}, 'its document is not JSON: "nonsense"'],
    ["[]", {}, "its document is not an object: []"],
    [{ results: {}, kinds: {} }, {}, "its document lacks results, kinds or shared"],
    [{ ...documentOf(1), package: 1 }, {}, "its package is 1, not a text"],
    [{ ...documentOf(1), created: 1 }, {}, "created is 1, not a time as ISO 8601"],
    [{ ...documentOf(1), model: { id: "gpt2" } }, {}, "model has no files"],
    [documentOf(t), {}, 'x is tensor "t", which is not in the file'],
    [documentOf([t, t]), { t: f32 }, 'tensor "t" is used twice'],
    [documentOf(1), { t: f32 }, 'tensor "t" belongs to no result'],
    [
      documentOf({ ...t, dtype: "I32" }),
      { t: f32 },
      'x should be "I32" of shape [2], and tensor "t" is F32 of shape [2]',
    ],
    [
      documentOf({ ...t, shape: [1, 2] }),
      { t: f32 },
      'x should be "F32" of shape [1,2], and tensor "t" is F32 of shape [2]',
    ],
    [
      documentOf({ ...t, shape: "2" }),
      { t: f32 },
      'x is {"$tensor":"t","dtype":"F32","shape":"2"}, which has no meaning',
    ],
    [
      documentOf({ a: { $array: "t", dtype: "F32", length: -2 } }),
      { t: f32 },
      'x.a is {"$array":"t","dtype":"F32","length":-2}, which has no meaning',
    ],
    [documentOf({ $number: "1" }), {}, 'x is {"$number":"1"}, which has no meaning'],
    [documentOf({ $bytes: "abc" }), {}, 'x is {"$bytes":"abc"}, which has no meaning'],
    [documentOf({ $eval: "1" }), {}, 'x is {"$eval":"1"}, which has no meaning'],
    [documentOf({ $shared: 1 }, "data", [1]), {}, 'x is {"$shared":1}, which has no meaning'],
    [documentOf(1, "data", [1]), {}, "a shared object belongs to no result"],
    [documentOf({ $shared: 0 }, "data", [{ y: { $shared: 0 } }]), {}, "x.y contains itself"],
    [documentOf({}, "saliency"), {}, "x has no sequence, which is wrong for saliency"],
    [documentOf({ ...t }, "trace"), { t: f32 }, "x has no sequence, which is wrong for trace"],
    [documentOf([], "sequence"), {}, "x is [], not an object, which is wrong for sequence"],
  ];
  for (const [document, tensors, problem] of refused) {
    equal(await refusal(fileOf(document, tensors)), `Cannot read the bytes as results: ${problem}`);
  }
  const deep = `{"package":"","kinds":{},"shared":[],"results":{"x":${"[".repeat(9999)}${"]".repeat(9999)}}}`;
  match((await refusal(fileOf(deep)))!, /its document cannot be read, as it is nested deeper than 128 levels$/);
  const levels = Array.from({ length: 131 }, (_, i) => [{ $shared: i + 1 }]);
  match(
    (await refusal(fileOf(documentOf({ $shared: 0 }, "data", [...levels, 1]))))!,
    /x(\.0)+.* is nested deeper than 130 levels$/,
  );
  const proto = fileOf('{"package":"","kinds":{},"shared":[],"results":{"x":{"__proto__":{"polluted":1}}}}');
  const { results } = await decodeResults(proto);
  equal(Reflect.get(results.x as object, "polluted"), undefined);
});

Deno.test("decodeResults() refuses tensors of other types", async () => {
  const header = (dtype: string, bytes: number) => {
    const document = JSON.stringify(documentOf({ $tensor: "t", dtype, shape: [2] }));
    const metadata = { format: "looking-glass-results", version: "1", document };
    const text = JSON.stringify({ __metadata__: metadata, t: { dtype, shape: [2], data_offsets: [0, bytes] } });
    const file = new Uint8Array(8 + text.length + bytes);
    new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
    file.set(new TextEncoder().encode(text), 8);
    return file;
  };
  for (const [dtype, bytes] of [["F16", 4], ["BOOL", 2], ["I64", 16]] as const) {
    const message = `Cannot read the bytes as results: tensor "t" is ${dtype}; results are F32, F64 or I32`;
    await rejects(decodeResults(header(dtype, bytes)), { name: "SyntaxError", message });
  }
});
