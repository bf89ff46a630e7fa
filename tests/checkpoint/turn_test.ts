import { equal, ok } from "@std/assert";
import { bestTurn, quantizeColumns } from "../../src/checkpoint/quantize.ts";
import { turnColumns, turnMatrix, turnSize } from "../../src/checkpoint/turn.ts";
import { random } from "./random.ts";

/** Numbers drawn from a normal distribution. */
function normals(count: number, seed: number): Float32Array {
  const uniform = random(seed);
  return Float32Array.from({ length: count }, () => {
    return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  });
}

/** The product of two matrices, `[rows, inner]` and `[inner, columns]`. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, inner: number): Float64Array {
  const [rows, columns] = [a.length / inner, b.length / inner];
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < inner; ++k) sum += a[Math.floor(i / columns) * inner + k]! * b[k * columns + i % columns]!;
    return sum;
  });
}

const most = (x: ArrayLike<number>) => Array.from(x).reduce((greatest, y) => Math.max(greatest, Math.abs(y)), 0);

Deno.test("turnSize() is the greatest power of two up to 64 that divides, none below 16", () => {
  const expected = [[576, 64], [768, 64], [3072, 64], [96, 32], [48, 16], [40, undefined], [8, undefined], [
    7,
    undefined,
  ]];
  for (const [count, size] of expected) equal(turnSize(count!), size);
});

for (const size of [16, 32, 64]) {
  Deno.test(`turnMatrix() of ${size} is symmetric, orthogonal and what turnColumns() multiplies by`, () => {
    const matrix = turnMatrix(size);
    const square = product(matrix, matrix, size);
    square.forEach((x, i) => ok(Math.abs(x - (i % (size + 1) === 0 ? 1 : 0)) < 1e-12));
    matrix.forEach((x, i) => equal(x, matrix[i % size * size + Math.floor(i / size)]));
    const [rows, columns] = [2 * size, 70];
    const numbers = normals(rows * columns, size);
    const rowMajor = numbers.slice();
    turnColumns(rowMajor, [rows, columns], [columns, 1], size);
    const columnMajor = numbers.map((_, i) => numbers[i % rows * columns + Math.floor(i / rows)]!);
    turnColumns(columnMajor, [rows, columns], [1, rows], size);
    const parts = [0, 1].map((part) =>
      product(matrix, numbers.subarray(part * size * columns, (part + 1) * size * columns), size)
    );
    const expected = parts.flatMap((part) => [...part]);
    ok(most(rowMajor.map((x, i) => x - expected[i]!)) < 1e-5);
    rowMajor.forEach((x, i) => equal(columnMajor[i % columns * rows + Math.floor(i / columns)], x));
  });
}

for (const transpose of [false, true]) {
  Deno.test(`bestTurn() turns ${transpose ? "the transpose of " : ""}a matrix with a few large rows, and none drawn at random`, () => {
    const [inner, columns] = [256, 100];
    const shape = transpose ? [columns, inner] as const : [inner, columns] as const;
    const place = (k: number, n: number) => transpose ? n * inner + k : k * columns + n;
    const even = normals(inner * columns, 3);
    equal(bestTurn(even, shape, transpose), undefined);
    const uneven = even.slice();
    for (const k of [17, 90]) for (let n = 0; n < columns; ++n) uneven[place(k, n)]! *= 6;
    equal(bestTurn(uneven, shape, transpose), 64);
    equal(bestTurn(uneven.subarray(0, 8 * 4), transpose ? [4, 8] : [8, 4], transpose), undefined);
    // As codes they are nearer to what they are made of.
    const error = (turned?: number) => {
      const { codes, scales } = quantizeColumns(uneven, shape, transpose, turned);
      const numbers = Float32Array.from(codes, (code, i) => code * scales[i % columns]!);
      if (turned !== undefined) turnColumns(numbers, [inner, columns], [columns, 1], turned);
      return Math.hypot(...numbers.map((x, i) => x - uneven[place(Math.floor(i / columns), i % columns)]!));
    };
    ok(error(64) < 0.7 * error(), `${error(64)} for ${error()}`);
  });
}
