import { deepEqual, ok, rejects } from "@std/assert";
import type { ClippedActivations } from "../../../src/analysis/factors/clipped.ts";
import { DescentKernel } from "../../../src/analysis/factors/descent_kernel.ts";
import { Pace } from "../../../src/analysis/pace.ts";
import { random } from "../../checkpoint/random.ts";

/** Activations of which about half are above 0; those of the first neuron nowhere. */
function activations(tokens: number, neurons: number): ClippedActivations {
  const draw = random(tokens * neurons);
  const lists = Array.from({ length: neurons }, (_, m) => {
    return Array.from({ length: tokens }, (_, token) => ({ token, value: draw() })).filter(({ value }) => {
      return m > 0 && value > 0.5;
    });
  });
  const starts = Uint32Array.from({ length: neurons + 1 }, (_, m) => lists.slice(0, m).flat().length);
  const entries = lists.flat();
  const token = Uint32Array.from(entries, ({ token }) => token);
  const value = Float32Array.from(entries, ({ value }) => value);
  return { tokens, neurons, width: neurons, layers: [0], starts, token, value };
}

/** One number after the other by the definition, in place; returns the sum of the sizes of the projected gradient. */
function improved(own: number[][], other: number[][], x: (i: number, j: number) => number): number {
  let violation = 0;
  own.forEach((row, i) => {
    for (let k = 0; k < row.length; ++k) {
      let [gradient, curvature] = [0, 0];
      other.forEach((factor, j) => {
        const left = row.reduce((sum, value, r) => sum + value * factor[r]!, 0) - x(i, j);
        gradient += left * factor[k]!;
        curvature += factor[k]! ** 2;
      });
      violation += row[k] === 0 ? Math.max(0, -gradient) : Math.abs(gradient);
      if (curvature !== 0) row[k] = Math.max(0, row[k]! - gradient / curvature);
    }
  });
  return violation;
}

// One block of registers, padded ones, and several.
for (const factors of [1, 2, 3, 10, 12, 13, 25]) {
  Deno.test(`DescentKernel steps as defined with ${factors} factors`, async () => {
    const [N, M] = [29, 33];
    const x = activations(N, M);
    const dense = Array.from({ length: N }, () => new Array<number>(M).fill(0));
    for (let m = 0; m < M; ++m) {
      for (let entry = x.starts[m]!; entry < x.starts[m + 1]!; ++entry) dense[x.token[entry]!]![m] = x.value[entry]!;
    }
    const draw = random(factors);
    const start = (rows: number) => {
      return Array.from({ length: rows }, () => {
        return Array.from({ length: factors }, (_, k) => k === 1 ? 0 : Math.max(0, draw() - 0.3)); // one is nowhere active
      });
    };
    const [w, h] = [start(N), start(M)];
    const kernel = await DescentKernel.create(x, factors, new Pace());
    const { stride } = kernel;
    w.forEach((row, n) => kernel.activity.set(row, n * stride));
    h.forEach((row, m) => kernel.neurons.set(row, m * stride));
    kernel.clear();
    kernel.addNeurons(0, 5);
    kernel.addNeurons(5, M);
    const near = (actual: number, expected: number) => {
      ok(Math.abs(actual - expected) <= 1e-10 * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);
    };
    const rowsNear = (actual: Float64Array, expected: number[][]) => {
      expected.forEach((row, i) => {
        row.forEach((value, k) => near(actual[i * stride + k]!, value));
        ok(actual.subarray(i * stride + factors, (i + 1) * stride).every((padding) => padding === 0));
      });
    };
    near(kernel.improveTokens(), improved(w, h, (n, m) => dense[n]![m]!));
    rowsNear(kernel.activity, w);
    kernel.takeTokens();
    near(kernel.improveNeurons(0, 7) + kernel.improveNeurons(7, M), improved(h, w, (m, n) => dense[n]![m]!));
    rowsNear(kernel.neurons, h);
    kernel.gather(0, M);
    rowsNear(
      kernel.neurons,
      h.map((row, m) => row.map((_, k) => w.reduce((sum, own, n) => sum + own[k]! * dense[n]![m]!, 0))),
    );
    deepEqual(kernel.neurons.length, M * stride);
  });
}

Deno.test("DescentKernel.create() refuses what WebAssembly cannot address", async () => {
  const [tokens, neurons] = [40_000, 50_000];
  const none = { starts: new Uint32Array(neurons + 1), token: new Uint32Array(), value: new Float32Array() };
  await rejects(DescentKernel.create({ tokens, neurons, width: neurons, layers: [0], ...none }, 10_000, new Pace()), {
    name: "RangeError",
    message:
      "Cannot explain 40000 tokens x 50000 neurons by 10000 factors as that takes 11.2 GiB and WebAssembly can " +
      "address 4.0 GiB; give fewer texts, layers or factors",
  });
});
