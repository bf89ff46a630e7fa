import { deepStrictEqual as deepEqual, rejects, strictEqual as equal, throws } from "@std/assert";
import { openBytes } from "../../src/checkpoint/byte_source.ts";
import type { TensorEntry } from "../../src/checkpoint/safetensors.ts";
import {
  firstNonFinite,
  holdSameNumbers,
  isCheckpointDType,
  readFloat32,
  widenFloat32,
} from "../../src/checkpoint/values.ts";
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
  for (const dtype of ["F64", "F32", "F16", "BF16"]) {
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
    message: "Cannot read tensor w of x.safetensors as weights: its dtype is BOOL, not F64, F32, F16 or BF16",
  });
  await rejects(firstNonFinite(tensor("I64", new Uint8Array(8))), {
    name: "TypeError",
    message: "Cannot read tensor w of x.safetensors as weights: its dtype is I64, not F64, F32, F16 or BF16",
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

Deno.test("readFloat32() rounds F64 to the nearest, ties to even, as IEEE 754 has it", async () => {
  const doubles = Float64Array.of(
    ...[0.1, 1 + 2 ** -24, 1 + 3 * 2 ** -24, 1 + 2 ** -24 + 2 ** -50, -1e-46, 1e-45, 3.4028235677973362e38, -0],
  );
  const rounded = [
    0.10000000149011612,
    1,
    1 + 2 ** -22,
    1 + 2 ** -23,
    -0,
    1.401298464324817e-45,
    3.4028234663852886e38,
  ];
  deepEqual([...await readFloat32(tensor("F64", doubles))], [...rounded, -0]);
});

Deno.test("firstNonFinite() finds what is no finite float32 in F64, in any chunk", async () => {
  const doubles = new Float64Array(1_200_000);
  equal(await firstNonFinite(tensor("F64", doubles)), undefined);
  for (const [index, value] of [[1_199_999, 1e39], [524_288, -Infinity], [524_287, NaN], [3, 3.4028235677973366e38]]) {
    doubles[index!] = value!;
    equal(await firstNonFinite(tensor("F64", doubles)), index);
  }
});

Deno.test("holdSameNumbers() compares numbers, whatever they are stored in, in all chunks", async () => {
  const halves = Float16Array.from({ length: 2_200_000 }, (_, i) => i % 999);
  const f16 = tensor("F16", halves);
  for (const [dtype, values] of [["F32", new Float32Array(halves)], ["F64", new Float64Array(halves)]] as const) {
    equal(await holdSameNumbers(f16, tensor(dtype, values)), true);
    for (const index of [0, 1_048_577, 2_199_999]) {
      const [before] = [values[index]!];
      values[index] = before + 2 ** -10;
      equal(await holdSameNumbers(f16, tensor(dtype, values)), false, `${dtype} ${index}`);
      values[index] = before;
    }
  }
  equal(await holdSameNumbers(f16, tensor("F16", halves.subarray(1).slice())), false);
  equal(await holdSameNumbers(tensor("F32", Float32Array.of(-0)), tensor("F32", Float32Array.of(0))), true);
  equal(await holdSameNumbers(tensor("F32", Float32Array.of(NaN)), tensor("F32", Float32Array.of(NaN))), false);
  equal(await holdSameNumbers(tensor("F32", Float32Array.of(1)), tensor("F64", Float64Array.of(1 + 1e-12))), true);
});

Deno.test("isCheckpointDType() knows four formats", () => {
  const known = ["F64", "F32", "F16", "BF16"];
  deepEqual([...known, "F8_E4M3", "I64", "toString", ""].filter(isCheckpointDType), known);
});
