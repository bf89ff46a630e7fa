import { deepEqual, equal, rejects, throws } from "@std/assert";
import { openBlob } from "../../src/checkpoint/blob_source.ts";
import { openBytes } from "../../src/checkpoint/byte_source.ts";
import { readFloat32 } from "../../src/checkpoint/values.ts";
import { widened } from "../../src/checkpoint/widened.ts";

/** F32 1.5, F16 -0.25 and 2, BF16 -3, at an odd offset. */
function stored() {
  const bytes = new Uint8Array(11);
  const view = new DataView(bytes.buffer);
  view.setFloat32(1, 1.5, true);
  view.setFloat16(5, -0.25, true);
  view.setFloat16(7, 2, true);
  view.setUint16(9, 0xc040, true);
  const source = openBytes("weights", bytes);
  const entry = (name: string, dtype: string, start: number, end: number, count: number) =>
    [name, { name, dtype, shape: [count], start, end, source }] as const;
  const entries = new Map([entry("a", "F32", 1, 5, 1), entry("b", "F16", 5, 9, 2), entry("c", "BF16", 9, 11, 1)]);
  return { source, entries };
}

Deno.test("widened() reads F16 and BF16 as F32, from one source for each type", async () => {
  const wide = widened(stored().entries);
  deepEqual([...wide.values()].map(({ dtype, shape }) => [dtype, shape]), [["F32", [1]], ["F32", [2]], ["F32", [1]]]);
  deepEqual(
    await Promise.all([...wide.values()].map(readFloat32)),
    [[1.5], [-0.25, 2], [-3]].map((numbers) => {
      return Float32Array.from(numbers);
    }),
  );
  const names = [...wide.values()].map(({ source }) => source.name);
  deepEqual(names, ["weights", "weights (F16 as F32)", "weights (BF16 as F32)"]);
});

Deno.test("widened() reads files of a page, which are not in memory", async () => {
  const { source, entries } = stored();
  const blob = openBlob("weights", new Blob([await source.read(0, source.size)]));
  const wide = widened(new Map([...entries].map(([name, entry]) => [name, { ...entry, source: blob }])));
  deepEqual([...await readFloat32(wide.get("b")!)], [-0.25, 2]);
  deepEqual([...await readFloat32(wide.get("c")!)], [-3]);
});

Deno.test("widened() leaves F32 as it is and shares the source of tensors of one type", () => {
  const { entries } = stored();
  const wide = widened(new Map([...entries, ["d", { ...entries.get("b")!, name: "d" }]]));
  equal(wide.get("a"), entries.get("a"));
  equal(wide.get("b")!.source, wide.get("d")!.source);
});

Deno.test("widened() reads F64 as F32 at any byte, many numbers at a time", async () => {
  const count = 300_000;
  const bytes = new Uint8Array(13 + 8 * (count + 1));
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; ++i) view.setFloat64(5 + 8 * i, i / 3, true);
  view.setFloat64(13 + 8 * count, -0.1, true);
  const source = openBytes("doubles", bytes);
  const many = { name: "a", dtype: "F64", shape: [count], start: 5, end: 5 + 8 * count, source };
  const one = { name: "b", dtype: "F64", shape: [1], start: 13 + 8 * count, end: 21 + 8 * count, source };
  const other = { ...one, name: "c", start: 6, end: 14 };
  const wide = widened(new Map([["a", many], ["b", one], ["c", other]]));
  deepEqual(await readFloat32(wide.get("a")!), Float32Array.from({ length: count }, (_, i) => i / 3));
  deepEqual([...await readFloat32(wide.get("b")!)], [Math.fround(-0.1)]);
  const names = [...wide.values()].map(({ source }) => source.name);
  deepEqual(names, [
    "doubles (F64 from byte 5 as F32)",
    "doubles (F64 from byte 5 as F32)",
    "doubles (F64 from byte 6 as F32)",
  ]);
  for (const { start, end, source } of wide.values()) equal(start % 4 === 0 && end <= source.size, true);
});

Deno.test("widened() closes the file with the tensor, and refuses what is outside of it", async () => {
  const { source, entries } = stored();
  const { source: wide } = widened(entries).get("c")!;
  equal(wide.size, 2 * source.size);
  throws(() => wide.readInto(20, new Uint8Array(4)), { name: "RangeError" });
  wide.close();
  await rejects(source.read(0, 1), { message: "Cannot read weights as it is closed" });
  await rejects(wide.read(0, 4), { message: "Cannot read weights as it is closed" });
});
