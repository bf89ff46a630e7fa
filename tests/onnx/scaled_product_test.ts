import { ok, throws } from "@std/assert";
import { productInInt8 } from "../../src/autodiff/mod.ts";
import { openBytes } from "../../src/checkpoint/byte_source.ts";
import { quantizeColumns } from "../../src/checkpoint/quantize.ts";
import { Graph, type ScaledMatrix, type Value } from "../../src/onnx/mod.ts";
import { Session } from "../../src/runtime/session.ts";
import { random } from "../checkpoint/random.ts";

interface Made {
  readonly codes: Int8Array;
  readonly scales: Float32Array;
  readonly turned?: number;
}

type Product = (g: Graph, rows: Value, matrix: ScaledMatrix) => Value;

/** What a product of rows `[M, in]` with a matrix in 8 bits gives. */
async function run(product: Product, x: Float32Array, { codes, scales, turned }: Made, backend: "native" | "wasm") {
  const outer = scales.length;
  const inner = codes.length / outer;
  const g = new Graph();
  const bytes = new Uint8Array([...new Uint8Array(scales.slice().buffer), ...new Uint8Array(codes.slice().buffer)]);
  const at = (offset: number, length: number) => ({ location: "w", offset, length });
  const matrix = {
    codes: g.external("codes", "int8", [inner, outer], at(4 * outer, codes.length)),
    scales: g.external("scales", "float32", [outer], at(0, 4 * outer)),
    ...turned !== undefined && { turned },
  };
  const rows = g.input("x", "float32", ["M", inner]);
  const y = g.output(product(g, rows, matrix));
  await using session = await Session.create(g, new Map([["w", openBytes("w", bytes)]]), { backend, threads: 1 });
  const [data] = await session.run([{ value: rows, data: x, dims: [x.length / inner, inner] }], [y]);
  return data!;
}

const plain: Product = (g, rows, matrix) => g.scaledProduct(rows, matrix);

function numbers(count: number, seed: number): Float32Array {
  const uniform = random(seed);
  return Float32Array.from({ length: count }, () => 2 * uniform() - 1);
}

/** x W in double precision, `[M, outer]`, with W `[inner, outer]`. */
function exact(x: Float32Array, w: ArrayLike<number>, inner: number): Float64Array {
  const outer = w.length / inner;
  return Float64Array.from({ length: x.length / inner * outer }, (_, i) => {
    const [m, n] = [Math.floor(i / outer), i % outer];
    let sum = 0;
    for (let k = 0; k < inner; ++k) sum += x[m * inner + k]! * w[k * outer + n]!;
    return sum;
  });
}

/** How far each of some rows is off, as a part of its length. */
function errors(actual: Float32Array, expected: Float64Array, M: number): number[] {
  const N = expected.length / M;
  return Array.from({ length: M }, (_, m) => {
    const own = [...expected.subarray(m * N, (m + 1) * N)];
    return Math.hypot(...own.map((y, n) => y - actual[m * N + n]!)) / Math.hypot(...own);
  });
}

for (const backend of ["native", "wasm"] as const) {
  Deno.test(`Graph.scaledProduct() adds up the greatest codes without overflow on ${backend}`, async () => {
    const [inner, outer] = [768, 40];
    // All of x is 0 or 1, which are the codes 0 and 255, and all of W is +1 or -1: 64 or -64. Pairs overflow 16 bits beyond.
    const w = Float32Array.from({ length: inner * outer }, (_, i) => i % outer % 2 === 0 ? 1 : -1);
    const x = Float32Array.from({ length: 2 * inner }, (_, i) => i < inner ? 1 : i % 2);
    const made = quantizeColumns(w, [inner, outer], false);
    ok(made.codes.every((code) => Math.abs(code) === 64));
    const actual = await run(plain, x, made, backend);
    const expected = exact(x, w, inner);
    expected.forEach((y, i) => ok(Math.abs(actual[i]! - y) <= 1e-4 * Math.abs(y), `${actual[i]}, not ${y}`));
  });

  Deno.test(`productInInt8() keeps rows that are 10,000 times smaller, where one scale loses them on ${backend}`, async () => {
    const [M, inner, outer] = [24, 256, 70];
    const x = numbers(M * inner, 5).map((number, i) => number * 10 ** (-4 * Math.floor(i / inner) / (M - 1)));
    const w = numbers(inner * outer, 6);
    const expected = exact(x, w, inner);
    const made = quantizeColumns(w, [inner, outer], false);
    const own = errors(await run(productInInt8, x, made, backend), expected, M);
    const common = errors(await run(plain, x, made, backend), expected, M);
    ok(Math.max(...own) <= 0.02, `${Math.max(...own)} of a row`);
    ok(
      common.at(-1)! >= 0.5 && common[0]! <= 0.02,
      `by one scale ${common[0]} of the first, ${common.at(-1)} of the last`,
    );
  });
}

for (const backend of ["native", "wasm"] as const) {
  Deno.test(`productInInt8() turns rows as the columns of its matrix, and is nearer where some are large on ${backend}`, async () => {
    const [M, inner, outer] = [24, 256, 70];
    const x = numbers(M * inner, 7).map((number, i) => i % inner === 9 ? 30 * number : number);
    const w = numbers(inner * outer, 8).map((number, i) => Math.floor(i / outer) === 200 ? 12 * number : number);
    const expected = exact(x, w, inner);
    const off = async (turned?: number) => {
      const made = { ...quantizeColumns(w, [inner, outer], false, turned), ...turned !== undefined && { turned } };
      return Math.max(...errors(await run(productInInt8, x, made, backend), expected, M));
    };
    const [plain, turned] = [await off(), await off(64)];
    ok(turned <= 0.025 && turned < 0.5 * plain, `${turned} of a row, not turned ${plain}`);
  });
}

Deno.test("productInInt8() gives zeros for rows of zeros", async () => {
  const made = quantizeColumns(numbers(64 * 8, 1), [64, 8], false);
  const x = numbers(3 * 64, 2).fill(0, 64, 128);
  const y = await run(productInInt8, x, made, "native");
  ok(y.subarray(8, 16).every((number) => number === 0) && y.subarray(16).some((number) => number !== 0));
  ok((await run(productInInt8, x.fill(0), made, "native")).every((number) => number === 0));
});

Deno.test("Graph.scaledProduct() refuses what does not fit", () => {
  const g = new Graph();
  const at = { location: "w", offset: 0, length: 0 };
  const codes = g.external("codes", "int8", [64, 8], at);
  const scales = g.external("scales", "float32", [8], at);
  const x = g.input("x", "float32", ["M", 32]);
  throws(() => g.scaledProduct(x, { codes, scales }), {
    name: "RangeError",
    message: "Cannot multiply float32 [M,32] by 8-bit [64,8] with scales [8]",
  });
  const bytes = g.external("bytes", "uint8", [32, 8], at);
  throws(() => g.scaledProduct(x, { codes: bytes, scales }), {
    name: "TypeError",
    message: "Cannot use uint8 where DynamicQuantizeMatMul needs int8",
  });
});
