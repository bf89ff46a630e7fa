import { deepEqual, equal, throws } from "@std/assert";
import { openBytes } from "../../src/checkpoint/byte_source.ts";
import { readSafetensorsFile } from "../../src/checkpoint/safetensors.ts";
import { layOutSafetensors, type StorableTensor } from "../../src/checkpoint/write_safetensors.ts";

const join = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

Deno.test("layOutSafetensors() writes a header padded to 8 bytes, and wide numbers first", () => {
  const memory = Float32Array.of(9, 1, 2, 9);
  const { header, data } = layOutSafetensors(
    new Map<string, StorableTensor>([
      ["é", { data: memory.subarray(1, 3), shape: [2, 1] }],
      ["wide", { data: Float64Array.of(0.5), shape: [] }],
      ["ids", { data: Int32Array.of(-1), shape: [1] }],
    ]),
    (bytes) => ({ bytes: String(bytes.map(({ length }) => length)) }),
  );
  const text = '{"__metadata__":{"bytes":"8,8,4"},"wide":{"dtype":"F64","shape":[],"data_offsets":[0,8]},' +
    '"é":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]},"ids":{"dtype":"I32","shape":[1],"data_offsets":[16,20]}}';
  const length = Math.ceil(new TextEncoder().encode(text).length / 8) * 8;
  equal(new DataView(header.buffer).getBigUint64(0, true), BigInt(length));
  equal(header.length, 8 + length);
  equal(new TextDecoder().decode(header.subarray(8)).trimEnd(), text);
  deepEqual(join(data).toHex(), "000000000000e03f0000803f00000040ffffffff");
});

Deno.test("readSafetensorsFile() gives back texts and tensors, none of them too", async () => {
  const tensors = new Map<string, StorableTensor>([["empty", { data: new Float32Array(0), shape: [0, 3] }]]);
  const { header, data } = layOutSafetensors(tensors, () => ({ quote: '"\u2028\ud800' }));
  const file = await readSafetensorsFile(openBytes("x", join([header, ...data])));
  deepEqual([...file.metadata], [["quote", '"\u2028\ud800']]);
  deepEqual(file.tensors.get("empty")!.shape, [0, 3]);
  equal(file.dataStart, header.length);
  const none = layOutSafetensors(new Map(), () => ({}));
  equal((await readSafetensorsFile(openBytes("x", none.header))).tensors.size, 0);
});

Deno.test("layOutSafetensors() refuses a header that no reader takes", () => {
  throws(() => layOutSafetensors(new Map(), () => ({ long: "x".repeat(100_000_000) })), {
    name: "RangeError",
    message:
      /^Cannot write a safetensors header of 1000000\d\d bytes as readers accept 100000000; write several files$/,
  });
});
