import { deepEqual, equal, ok, throws } from "@std/assert";
import { BLOCK_SIZE, quantize, quantizeColumns } from "../../src/checkpoint/quantize.ts";
import { random } from "./random.ts";

Deno.test("quantize() scales each block by its greatest magnitude and takes the nearest codes", () => {
  const numbers = new Float32Array(2 * 40);
  numbers.set([127, -127, 63.4, 63.6, -0.6], 0);
  numbers[32] = -2; // the second block of the first row
  numbers[40] = 0.5; // the second row
  const { codes, scales } = quantize(numbers, [2, 40], false);
  equal(codes.length, 2 * 2 * BLOCK_SIZE);
  deepEqual([...scales], [1, Math.fround(2 / 127), Math.fround(0.5 / 127), 0]);
  deepEqual([...codes.subarray(0, 6)], [255, 1, 191, 192, 127, 128]);
  deepEqual([...codes.subarray(32, 34)], [1, 128]);
  ok(codes.subarray(40, 64).every((code) => code === 128), "what fills the last block is zero");
  equal(codes[64], 255);
  ok(codes.subarray(96).every((code) => code === 128), "a block of zeros is zero");
});

Deno.test("quantize() of the transpose is that of the transposed matrix", () => {
  const [height, width] = [37, 70];
  const uniform = random(3);
  const numbers = Float32Array.from({ length: height * width }, () => 2 * uniform() - 1);
  const transposed = numbers.map((_, i) => numbers[i % height * width + Math.floor(i / height)]!);
  deepEqual(quantize(numbers, [height, width], true), quantize(transposed, [width, height], false));
});

Deno.test("quantize() is off by at most half a step", () => {
  const uniform = random(4);
  const numbers = Float32Array.from(
    { length: 5 * 64 },
    () => (2 * uniform() - 1) * 10 ** Math.floor(6 * uniform() - 3),
  );
  const { codes, scales } = quantize(numbers, [5, 64], false);
  numbers.forEach((number, i) => {
    const scale = scales[Math.floor(i / BLOCK_SIZE)]!;
    ok(Math.abs((codes[i]! - 128) * scale - number) <= 0.5001 * scale, `element ${i}`);
  });
});

Deno.test("quantize() takes numbers for zero that are too small for a scale", () => {
  const { codes, scales } = quantize(Float32Array.of(1e-37, -1e-40), [1, 2], false);
  deepEqual([scales[0], codes[0], codes[1]], [0, 128, 128]);
});

for (const number of [NaN, Infinity, -Infinity]) {
  Deno.test(`quantize() refuses ${number}, also before finite numbers`, () => {
    const message = "Cannot quantise numbers that are NaN or infinite";
    throws(() => quantize(Float32Array.of(1, number, 2), [1, 3], false), { name: "RangeError", message });
  });
}

Deno.test("quantizeColumns() scales each column by its greatest magnitude and takes the nearest codes", () => {
  const { codes, scales } = quantizeColumns(Float32Array.of(64, -0.5, 0, -32.4, 0.25, 0, 31.6, 0, 0), [3, 3], false);
  deepEqual([...scales], [1, Math.fround(0.5 / 64), 0]);
  deepEqual([...codes], [64, -64, 0, -32, 32, 0, 32, 0, 0]);
});

Deno.test("quantizeColumns() of the transpose is that of the transposed matrix", () => {
  const [height, width] = [70, 133];
  const uniform = random(3);
  const numbers = Float32Array.from({ length: height * width }, () => 2 * uniform() - 1);
  const transposed = numbers.map((_, i) => numbers[i % height * width + Math.floor(i / height)]!);
  deepEqual(quantizeColumns(numbers, [height, width], true), quantizeColumns(transposed, [width, height], false));
});

for (const [rows, most] of [[1, 64], [131_586, 64], [151_936, 55]] as const) {
  Deno.test(`quantizeColumns() of ${rows} rows has codes up to ${most}, whose sums fit into 32 bits`, () => {
    const { codes } = quantizeColumns(new Float32Array(rows).fill(-2), [rows, 1], false);
    ok(codes.every((code) => code === -most));
    ok(255 * most * rows < 2 ** 31);
  });
}

for (const wrong of [NaN, -Infinity]) {
  Deno.test(`quantizeColumns() refuses ${wrong}`, () => {
    const numbers = Float32Array.of(1, 2, wrong, 4);
    const message = "Cannot quantise numbers that are NaN or infinite";
    throws(() => quantizeColumns(numbers, [2, 2], false), { name: "RangeError", message });
  });
}
