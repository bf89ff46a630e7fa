import { deepEqual, ok, rejects } from "@std/assert";
import type { ClippedActivations } from "../../../src/analysis/factors/clipped.ts";
import { DescentKernel } from "../../../src/analysis/factors/descent_kernel.ts";
import { Pace } from "../../../src/analysis/pace.ts";
import { random } from "../../checkpoint/random.ts";

/** Activations of which about half are above 0; those of the first neuron nowhere. */
function activations(tokens: number, neurons: number): ClippedActivations {
  const draw = random(tokens * neurons);
  const starts = new Uint32Array(neurons + 1);
  const entries: { readonly token: number; readonly value: number }[] = [];
  for (let m = 0; m < neurons; ++m) {
    for (let token = 0; token < tokens; ++token) {
      const value = draw();
      if (m > 0 && value > 0.5) entries.push({ token, value });
    }
    starts[m + 1] = entries.length;
  }
  const token = Uint32Array.from(entries, ({ token }) => token);
  const value = Float32Array.from(entries, ({ value }) => value);
  return { tokens, neurons, width: neurons, layers: [0], starts, token, value };
}

/** The same, zeros included. */
function denseOf({ tokens, neurons, starts, token, value }: ClippedActivations): number[][] {
  const dense = Array.from({ length: tokens }, () => new Array<number>(neurons).fill(0));
  for (let m = 0; m < neurons; ++m) {
    for (let entry = starts[m]!; entry < starts[m + 1]!; ++entry) dense[token[entry]!]![m] = value[entry]!;
  }
  return dense;
}

/** Factors of which one is nowhere active. */
function factorsOf(rows: number, factors: number, draw: () => number): number[][] {
  return Array.from({ length: rows }, () => {
    return Array.from({ length: factors }, (_, k) => k === 1 ? 0 : Math.max(0, draw() - 0.3));
  });
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** One number after the other by the definition, in place; returns the sum of the sizes of the projected gradient. */
function improved(own: number[][], other: number[][], x: (i: number, j: number) => number): number {
  let violation = 0;
  const factors = other[0]!.length;
  // Σ of the products of two numbers of all rows, as the definition's Σ of Σ takes minutes for many neurons.
  const gram = Array.from({ length: factors }, (_, k) => {
    return Array.from({ length: factors }, (_, r) => other.reduce((sum, row) => sum + row[k]! * row[r]!, 0));
  });
  own.forEach((row, i) => {
    const cross = new Array<number>(factors).fill(0);
    other.forEach((factor, j) => {
      const value = x(i, j);
      if (value !== 0) factor.forEach((weight, k) => cross[k]! += weight * value);
    });
    for (let k = 0; k < row.length; ++k) {
      const [gradient, curvature] = [dot(row, gram[k]!) - cross[k]!, gram[k]![k]!];
      violation += row[k] === 0 ? Math.max(0, -gradient) : Math.abs(gradient);
      if (curvature !== 0) row[k] = Math.max(0, row[k]! - gradient / curvature);
    }
  });
  return violation;
}

const near = (actual: number, expected: number) => {
  ok(Math.abs(actual - expected) <= 1e-10 * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);
};

// One block of registers, padded ones, and several; an odd and an even number of tokens; one part, and several.
const SIZES = [
  ...[1, 2, 3, 10, 12, 13, 25].map((factors) => ({ factors, tokens: 29, neurons: 33 })),
  { factors: 2, tokens: 80, neurons: 20_000 },
  { factors: 14, tokens: 80, neurons: 2_000 },
];
for (const { factors, tokens, neurons } of SIZES) {
  Deno.test(`DescentKernel steps as defined with ${factors} factors, ${tokens} tokens x ${neurons} neurons`, async () => {
    const x = activations(tokens, neurons);
    const dense = denseOf(x);
    const draw = random(factors);
    const [w, h] = [factorsOf(tokens, factors, draw), factorsOf(neurons, factors, draw)];
    using kernel = await DescentKernel.create(x, factors, { pace: new Pace(), threads: 2 });
    const { stride } = kernel;
    w.forEach((row, n) => kernel.activity.set(row, n * stride));
    h.forEach((row, m) => kernel.neurons.set(row, m * stride));
    const rowsNear = (actual: Float64Array, expected: number[][]) => {
      expected.forEach((row, i) => {
        row.forEach((value, k) => near(actual[i * stride + k]!, value));
        ok(actual.subarray(i * stride + factors, (i + 1) * stride).every((padding) => padding === 0));
      });
    };
    await kernel.addNeurons();
    near(kernel.improveTokens(), improved(w, h, (n, m) => dense[n]![m]!));
    rowsNear(kernel.activity, w);
    kernel.takeTokens();
    near(await kernel.improveNeurons(), improved(h, w, (m, n) => dense[n]![m]!));
    rowsNear(kernel.neurons, h);
    near(kernel.improveTokens(), improved(w, h, (n, m) => dense[n]![m]!)); // by what was added up on the way
    rowsNear(kernel.activity, w);
    const { error, norm } = await kernel.error();
    const left = dense.map((row, n) => row.map((value, m) => value - dot(w[n]!, h[m]!)));
    near(error, Math.sqrt(left.flat().reduce((sum, value) => sum + value ** 2, 0)));
    near(norm, Math.sqrt(x.value.reduce((sum, value) => sum + value ** 2, 0)));
    await kernel.project();
    rowsNear(
      kernel.neurons,
      h.map((row, m) => row.map((_, k) => w.reduce((sum, own, n) => sum + own[k]! * dense[n]![m]!, 0))),
    );
    deepEqual(kernel.neurons.length, neurons * stride);
  });
}

for (const [tokens, neurons, threads] of [[1, 5, 1], [30, 41, 1], [31, 300, 2], [90, 25_000, 3]] as const) {
  Deno.test(`DescentKernel.tokenProducts() of ${tokens} tokens x ${neurons} neurons in ${threads} threads`, async () => {
    const x = activations(tokens, neurons);
    const dense = denseOf(x);
    using kernel = await DescentKernel.create(x, 1, { pace: new Pace(), threads, square: true });
    const products = await kernel.tokenProducts();
    for (let i = 0; i < tokens; ++i) {
      for (let j = 0; j <= i; ++j) near(products[i * tokens + j]!, dot(dense[i]!, dense[j]!));
    }
    ok(kernel.neurons.every((value) => value === 0));
  });
}

Deno.test("DescentKernel.create() refuses what WebAssembly cannot address", async () => {
  const [tokens, neurons] = [40_000, 50_000];
  const none = { starts: new Uint32Array(neurons + 1), token: new Uint32Array(), value: new Float32Array() };
  await rejects(
    DescentKernel.create({ tokens, neurons, width: neurons, layers: [0], ...none }, 10_000, { pace: new Pace() }),
    {
      name: "RangeError",
      message:
        "Cannot explain 40000 tokens x 50000 neurons by 10000 factors as that takes 11.2 GiB and WebAssembly can " +
        "address 4.0 GiB; give fewer texts, layers or factors",
    },
  );
});
