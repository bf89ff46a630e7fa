/** The file format against Python's safetensors and zlib: scripts/oracles/results_goldens.py. */
import { deepEqual, equal } from "@std/assert";
import { decodeResults, encodeResults, loadResults } from "../../../src/analysis/mod.ts";
import { openBytes } from "../../../src/checkpoint/byte_source.ts";
import { readSafetensorsFile } from "../../../src/checkpoint/safetensors.ts";
import { FIRST_RESULTS } from "./fixtures.ts";

const ROOT = new URL("../../goldens/results/", import.meta.url);
const DTYPES: Readonly<Record<string, string>> = { F32: "float32", F64: "float64", I32: "int32" };

const json = async (name: string) => JSON.parse(await Deno.readTextFile(new URL(name, ROOT)));

/** The header's texts, its document apart, and everything after the header. */
async function partsOf(bytes: Uint8Array) {
  const { metadata, tensors, dataStart } = await readSafetensorsFile(openBytes("results", bytes));
  const { package: _, ...document } = JSON.parse(metadata.get("document")!);
  const entries = [...tensors].map(([name, { dtype, shape, start }]) => [name, dtype, shape, start - dataStart]);
  return { document, entries, data: bytes.slice(dataStart) };
}

Deno.test("loadResults() reads a file of version 1", async () => {
  const { results, kinds, package: version } = await loadResults(new URL("version_1.safetensors", ROOT));
  deepEqual(results, FIRST_RESULTS);
  deepEqual(kinds, (await json("python.json")).kinds);
  equal(version, "0.1.0");
});

Deno.test("encodeResults() still writes version 1, byte for byte but for the package's version", async () => {
  const before = await Deno.readFile(new URL("version_1.safetensors", ROOT));
  deepEqual(await partsOf(await encodeResults({ ...FIRST_RESULTS })), await partsOf(before));
});

Deno.test("encodeResults() writes the tensors that Python's safetensors reads, and the CRC-32 that zlib computes", async () => {
  const bytes = await Deno.readFile(new URL("version_1.safetensors", ROOT));
  const { metadata, tensors } = await readSafetensorsFile(openBytes("results", bytes));
  const python = await json("python.json");
  const seen = [...tensors].sort(([a], [b]) => a < b ? -1 : 1).map(([name, { dtype, shape, start, end }]) => {
    return [name, { dtype: DTYPES[dtype], shape, bytes: bytes.slice(start, end).toHex() }];
  });
  deepEqual(Object.fromEntries(seen), python.tensors);
  equal(metadata.get("crc32"), python.crc32);
});

Deno.test("decodeResults() reads what Python's safetensors wrote", async () => {
  const bytes = await Deno.readFile(new URL("python.safetensors", ROOT));
  const { results, created, package: made } = await decodeResults(bytes, { map: "saliency", numbers: "data" });
  const expected = await json("expected.json");
  const { map, numbers } = results;
  const tokens = map.sequence.tokens.map((token) => ({ ...token, bytes: { $bytes: token.bytes.toHex() } }));
  deepEqual({ ...map.sequence, tokens }, expected.sequence);
  const hex = ({ buffer }: { readonly buffer: ArrayBufferLike }) => new Uint8Array(buffer).toHex();
  equal(hex(map.scores.data), expected.scores);
  deepEqual([map.scores.shape, map.convergenceGaps], [[1, 2], [-Infinity]]);
  const [exact, ...rest] = numbers as [Float64Array, number, number];
  equal(hex(exact), expected.numbers);
  deepEqual([rest, made, created], [[0.1, 1e-7], "python", "2026-11-21T00:00:00Z"]);
});
