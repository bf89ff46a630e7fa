import { deepStrictEqual as deepEqual, rejects, strictEqual as equal, throws } from "@std/assert";
import { openBytes } from "../../src/checkpoint/byte_source.ts";
import type { TensorEntry } from "../../src/checkpoint/safetensors.ts";
import { firstNonFinite, isCheckpointDType, readFloat32, widenFloat32 } from "../../src/checkpoint/values.ts";
import { random } from "./random.ts";

/** A tensor at an odd place of its file. */
function tensor(dtype: string, values: ArrayBufferView<ArrayBuffer>): TensorEntry {
  const bytes = new Uint8Array(values.byteLength + 3);
  bytes.set(new Uint8Array(values.buffer), 3);
  const source = openBytes("x.safetensors", bytes);
  return { name: "w", dtype, shape: [values.byteLength], start: 3, end: bytes.length, source };
}

/** What 16 bits mean, from the definition in IEEE 754: sign, exponent, fraction. */
function half(bits: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> fractionBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  if (exponent === 2 ** exponentBits - 1) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

const EVERY_HALF = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
for (const [dtype, exponentBits] of [["F16", 5], ["BF16", 8]] as const) {
  Deno.test(`readFloat32() converts every ${dtype} exactly`, async () => {
    const expected = Array.from(EVERY_HALF, (bits) => half(bits, exponentBits));
    deepEqual([...await readFloat32(tensor(dtype, EVERY_HALF))], expected);
  });

  Deno.test(`firstNonFinite() knows every ${dtype}`, async () => {
    for (const bits of EVERY_HALF) {
      const expected = Number.isFinite(half(bits, exponentBits)) ? undefined : 0;
      if (bits % 31 === 0 || expected === 0) equal(await firstNonFinite(tensor(dtype, Uint16Array.of(bits))), expected);
    }
  });
}

Deno.test("readFloat32() reads F32 bit by bit", async () => {
  const values = Float32Array.of(0, -0, 1.5, 1e-45, 3.4e38, -Infinity, NaN);
  deepEqual(await readFloat32(tensor("F32", values)), values);
});

Deno.test("readFloat32() reads nothing from an empty tensor", async () => {
  for (const dtype of ["F32", "F16", "BF16"]) {
    deepEqual(await readFloat32(tensor(dtype, new Uint8Array(0))), new Float32Array(0));
    equal(await firstNonFinite(tensor(dtype, new Uint8Array(0))), undefined);
  }
});

Deno.test("readFloat32() reads tensors larger than a chunk", async () => {
  const next = random(3);
  const halves = Uint16Array.from({ length: 5_000_001 }, () => next() * 0x7c00);
  const expected = new Float32Array(new Float16Array(halves.buffer));
  deepEqual(await readFloat32(tensor("F16", halves)), expected);
});

Deno.test("readFloat32() refuses what is no weight", async () => {
  await rejects(readFloat32(tensor("BOOL", new Uint8Array(1))), {
    name: "TypeError",
    message: "Cannot read tensor w of x.safetensors as weights: its dtype is BOOL, not F32, F16 or BF16",
  });
  await rejects(firstNonFinite(tensor("I64", new Uint8Array(8))), {
    name: "TypeError",
    message: "Cannot read tensor w of x.safetensors as weights: its dtype is I64, not F32, F16 or BF16",
  });
});

for (const [dtype, size] of [["F32", 4], ["F16", 2], ["BF16", 2]] as const) {
  Deno.test(`firstNonFinite() finds the first of many, in any chunk, in ${dtype}`, async () => {
    const count = 2_200_000;
    const exponent = { F32: 0x7f80_0000, F16: 0x7c00, BF16: 0x7f80 }[dtype];
    const bits = size === 4 ? new Uint32Array(count) : new Uint16Array(count);
    equal(await firstNonFinite(tensor(dtype, bits)), undefined);
    for (const index of [count - 1, 2_097_152, 2_097_151, 1_048_576, 5, 0]) {
      bits[index] = exponent;
      equal(await firstNonFinite(tensor(dtype, bits)), index);
    }
  });
}

Deno.test("firstNonFinite() takes the largest and the smallest numbers", async () => {
  const values = Float32Array.of(3.4028234663852886e38, -3.4028234663852886e38, 1e-45, -0);
  equal(await firstNonFinite(tensor("F32", values)), undefined);
  equal(await firstNonFinite(tensor("F32", Float32Array.of(1, NaN, -Infinity))), 1);
  equal(await firstNonFinite(tensor("F32", Float32Array.of(1, -Infinity, NaN))), 1);
});

Deno.test("widenFloat32() writes into a part of a larger array, from bytes at any place", () => {
  const target = new Float32Array(4);
  const bytes = Uint8Array.of(9, 0xc0, 0x3f, 0x00, 0xbf).subarray(1);
  widenFloat32(bytes, "BF16", target.subarray(1, 3));
  deepEqual([...target], [0, 1.5, -0.5, 0]);
});

Deno.test("widenFloat32() refuses a target of another length", () => {
  throws(() => widenFloat32(new Uint8Array(6), "F16", new Float32Array(2)), {
    name: "RangeError",
    message: "Cannot write 6 bytes of F16 as 2 numbers",
  });
});

Deno.test("isCheckpointDType() knows three formats", () => {
  deepEqual(["F32", "F16", "BF16", "F64", "toString", ""].filter(isCheckpointDType), ["F32", "F16", "BF16"]);
});
