import { deepEqual, equal, ok, throws } from "@std/assert";
import { BLOCK_SIZE, quantize, type QuantizedRows } from "../../src/checkpoint/quantize.ts";
import { openBytes } from "../../src/checkpoint/byte_source.ts";
import { Graph, type Value } from "../../src/onnx/mod.ts";
import { Session } from "../../src/runtime/session.ts";
import { random } from "../checkpoint/random.ts";

const R = 3;

/** `x W` with W `[inner, outer]` in 8 bits, as `MatMulNBits` defines it: rows of x are in 8 bits too, by block. */
function reference(x: Float32Array, { codes, scales }: QuantizedRows, inner: number, outer: number): Float64Array {
  const blocks = Math.ceil(inner / BLOCK_SIZE);
  return Float64Array.from({ length: R * outer }, (_, i) => {
    const [r, n] = [Math.floor(i / outer), i % outer];
    let sum = 0;
    for (let block = 0; block < blocks; ++block) {
      const part = x.subarray(r * inner + block * BLOCK_SIZE, r * inner + Math.min(inner, (block + 1) * BLOCK_SIZE));
      const scale = Math.max(...part.map(Math.abs)) / 127;
      const at = n * blocks + block;
      let whole = 0;
      part.forEach((number, k) => whole += Math.round(number / scale) * (codes[at * BLOCK_SIZE + k]! - 128));
      sum += whole * scale * scales[at]!;
    }
    return sum;
  });
}

/** A graph of one product with an 8-bit weight, and a session's result for it. */
async function product(x: Float32Array, quantized: QuantizedRows, inner: number, outer: number, transposed: boolean) {
  const g = new Graph();
  const { input, weight, files } = declare(g, quantized, [inner, outer], transposed);
  const y = g.output(g.gemm(input, weight, { transposed, bias: g.floats(Array.from({ length: outer }, (_, n) => n)) }));
  deepEqual(y.shape, ["R", outer]);
  await using session = await Session.create(g, files, { backend: "native", threads: 1, prepack: true });
  const [data] = await session.run([{ value: input, data: x, dims: [R, inner] }], [y]);
  return data!;
}

function declare(
  g: Graph,
  { codes, scales }: QuantizedRows,
  [inner, outer]: readonly [number, number],
  transposed: boolean,
) {
  const blocks = codes.length / outer / BLOCK_SIZE;
  const bytes = new Uint8Array([...codes, ...new Uint8Array(scales.buffer)]);
  const at = (offset: number, length: number) => ({ location: "w", offset, length });
  const weight: Value = {
    name: "weight",
    dtype: "float32",
    shape: transposed ? [outer, inner] : [inner, outer],
    quantized: {
      codes: g.external("codes", "uint8", [outer, blocks, BLOCK_SIZE], at(0, codes.length)),
      scales: g.external("scales", "float32", [scales.length], at(codes.length, 4 * scales.length)),
      transposed,
      only: true,
    },
  };
  return { input: g.input("x", "float32", ["R", inner]), weight, files: new Map([["w", openBytes("w", bytes)]]) };
}

function numbers(count: number, seed: number): Float32Array {
  const uniform = random(seed);
  return Float32Array.from({ length: count }, () => 2 * uniform() - 1);
}

for (const [inner, outer] of [[64, 5], [70, 33], [16, 7], [768, 16]] as const) {
  for (const transposed of [false, true]) {
    const name = `[${inner},${outer}]${transposed ? " transposed" : ""}`;
    Deno.test(`Graph.gemm() multiplies by 8-bit codes of ${name} as MatMulNBits is defined`, async () => {
      const matrix = numbers(inner * outer, 1);
      const shape = transposed ? [outer, inner] as const : [inner, outer] as const;
      const quantized = quantize(matrix, shape, !transposed);
      const x = numbers(R * inner, 2);
      const actual = await product(x, quantized, inner, outer, transposed);
      const expected = reference(x, quantized, inner, outer);
      let [difference, fromFloat] = [0, 0];
      actual.forEach((number, i) => {
        const [r, n] = [Math.floor(i / outer), i % outer];
        difference = Math.max(difference, Math.abs(number - n - expected[i]!));
        let exact = 0;
        for (let k = 0; k < inner; ++k) {
          exact += x[r * inner + k]! * matrix[transposed ? n * inner + k : k * outer + n]!;
        }
        fromFloat = Math.max(fromFloat, Math.abs(number - n - exact));
      });
      const size = Math.sqrt(inner);
      ok(difference <= 1e-5 * size, `${difference} from the definition`);
      ok(fromFloat > 0 && fromFloat <= 0.02 * size, `${fromFloat} from float32`);
    });
  }
}

Deno.test("Graph refuses a matrix in 8 bits where it is not a factor of such a product", () => {
  const g = new Graph();
  const quantized = quantize(numbers(64 * 4, 1), [64, 4], true);
  const { input, weight } = declare(g, quantized, [64, 4], false);
  const message = 'Cannot use "weight" in Transpose as it is stored in 8 bits, for products with it only';
  throws(() => g.transpose(weight, [1, 0]), { name: "TypeError", message });
  const y = g.gemm(input, weight);
  throws(() => g.gemm(y, weight, { transposed: true }), { name: "TypeError", message: /^Cannot use "weight" in Gemm/ });
});

Deno.test("Graph.dequantized() refuses codes and scales that are not those of rows of so many numbers", () => {
  const g = new Graph();
  const { weight, input } = declare(g, quantize(numbers(64 * 4, 1), [64, 4], true), [64, 4], false);
  const { codes, scales } = weight.quantized!;
  equal(g.dequantized(codes, scales, 64, input).shape.join(), "4,64");
  const message = "Cannot read rows of 65 numbers from codes of [4,2,32] with scales [8]";
  throws(() => g.dequantized(codes, scales, 65, input), { name: "RangeError", message });
  throws(() => g.dequantized(codes, g.floats([1, 2, 3]), 64, input), { name: "RangeError", message: /scales \[3\]$/ });
  throws(() => g.dequantized(scales, scales, 64, input), { name: "TypeError" });
});

Deno.test("Graph.gemm() refuses codes that are not those of the matrix", () => {
  const g = new Graph();
  const quantized = quantize(numbers(64 * 4, 1), [64, 4], true);
  const { input, weight } = declare(g, quantized, [64, 4], false);
  const wrong = { ...weight, shape: [64, 5] };
  const message = "Cannot read [64,5] from codes of [4,2,32]";
  throws(() => g.gemm(input, wrong), { name: "RangeError", message });
});

Deno.test("a matrix in 8 bits that is stored in float32 too is read from there outside of products", () => {
  const g = new Graph();
  const { input, weight } = declare(g, quantize(numbers(64 * 4, 1), [4, 64], false), [64, 4], true);
  const both = { ...weight, quantized: { ...weight.quantized!, only: false } };
  g.gather(both, g.ints([0]));
  const y = g.gemm(input, both, { transposed: true });
  g.gemm(y, both);
  equal(g.nodes.map(({ op }) => op).join(), "Gather,MatMulNBits,Gemm");
});
