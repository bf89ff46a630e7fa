/**
 * Checks a gradient as a property: for any u and v, ⟨u, Jv⟩ = ⟨Jᵀu, v⟩. The left side is a directional derivative by
 * differences, the right side is what `backward` writes; both are computed in float64.
 *
 * @module
 */
import { backward, type VjpTable } from "../../src/autodiff/mod.ts";
import { Graph, type Value } from "../../src/onnx/mod.ts";
import { random } from "../checkpoint/random.ts";
import { type Feed, numbersOf, runnerOf } from "./run_graph.ts";

/** One operand of a function: how its numbers are drawn, and whether it is differentiated. */
export interface Operand {
  readonly shape: readonly number[];
  /** @default {true} */
  readonly active?: boolean;
  /** The least absolute value. @default {0} */
  readonly from?: number;
  /** The greatest absolute value. @default {1} */
  readonly to?: number;
  /** Whether half of the numbers are negative. @default {true} */
  readonly signed?: boolean;
}

/** A function of some operands; the active ones are differentiated together. */
export interface GradientCase {
  readonly operands: readonly Operand[];
  readonly build: (g: Graph, operands: readonly Value[]) => Value;
}

/** ⟨u, Jv⟩ and ⟨Jᵀu, v⟩ for each of two random u. */
export interface InnerProducts {
  readonly jvp: readonly number[];
  readonly vjp: readonly number[];
}

const COTANGENTS = 2;

/** With five points the truncation error is h⁴ f⁗′ / 30, about 1e-12, and the rounding error ε / h about 2e-13. */
const STEP = 1e-3;
const STENCIL = [[-2, 1 / 12], [-1, -8 / 12], [1, 8 / 12], [2, -1 / 12]] as const;

/** Computes both inner products. `rules` stands in for the rules under test, to test the check itself. */
export async function innerProducts(
  { operands, build }: GradientCase,
  options: { readonly seed?: number; readonly rules?: VjpTable } = {},
): Promise<InnerProducts> {
  const { seed = 7, rules } = options;
  const uniform = random(seed);
  const g = new Graph({ float: "float64" });
  const { packed, values, feeds } = declare(g, operands, uniform);
  const output = build(g, values);
  const u = g.input("u", "float64", ["N", ...output.shape]);
  const nodes = g.nodes.slice();
  const gradient = backward(g, {
    steps: nodes,
    cotangents: new Map([[output, u]]),
    wrt: [packed.value],
    ...(rules && { rules }),
  })[0]!;
  g.output(output);
  g.output(gradient);

  const v = packed.data.map(() => 2 * uniform() - 1);
  const size = (output.shape as number[]).reduce((product, dim) => product * dim, 1);
  const us = Array.from({ length: COTANGENTS * size }, () => 2 * uniform() - 1);
  const uFeed = { value: u, dims: [COTANGENTS, ...output.shape as number[]], data: us };

  await using runner = await runnerOf(g);
  const at = async (step: number) => {
    const moved = { ...packed, data: packed.data.map((x, i) => x + step * STEP * v[i]!) };
    return (await runner.run([moved, uFeed, ...feeds], [output, gradient])).map(numbersOf);
  };
  const jv = new Array<number>(size).fill(0);
  for (const [step, weight] of STENCIL) (await at(step))[0]!.forEach((y, i) => jv[i]! += weight / STEP * y);
  const jtu = (await at(0))[1]!;
  const each = (left: readonly number[], right: readonly number[]) =>
    Array.from({ length: COTANGENTS }, (_, n) => dot(left.slice(n * right.length), right));
  return { jvp: each(us, jv), vjp: each(jtu, v) };
}

/** The greatest error of the pairs, relative to their size. */
export function relativeError({ jvp, vjp }: InnerProducts): number {
  return Math.max(...jvp.map((a, n) => Math.abs(a - vjp[n]!) / Math.max(Math.abs(a), Math.abs(vjp[n]!))));
}

/** Declares the operands. The active ones are cut out of one input `[1, n]`, by products with columns of the identity. */
function declare(g: Graph, operands: readonly Operand[], uniform: () => number) {
  const sizes = operands.map(({ shape }) => shape.reduce((product, dim) => product * dim, 1));
  const total = sizes.reduce((sum, size, i) => operands[i]!.active === false ? sum : sum + size, 0);
  const value = g.input("packed", "float64", [1, total]);
  const data: number[] = [];
  const feeds: Feed[] = [];
  const values = operands.map((operand, i) => {
    const numbers = Array.from({ length: sizes[i]! }, () => draw(operand, uniform));
    if (operand.active === false) {
      const input = g.input(`inactive_operand_${i}`, "float64", operand.shape);
      feeds.push({ value: input, dims: operand.shape, data: numbers });
      return input;
    }
    const start = data.length;
    data.push(...numbers);
    const columns = Array.from({ length: total * numbers.length }, (_, at) => {
      return Number(Math.floor(at / numbers.length) === start + at % numbers.length);
    });
    return g.reshape(g.gemm(value, g.floats(columns, [total, numbers.length])), operand.shape);
  });
  return { packed: { value, dims: [1, total], data }, values, feeds };
}

function draw({ from = 0, to = 1, signed = true }: Operand, uniform: () => number): number {
  const size = from + (to - from) * uniform();
  return signed && uniform() < 0.5 ? -size : size;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return b.reduce((sum, y, i) => sum + a[i]! * y, 0);
}
