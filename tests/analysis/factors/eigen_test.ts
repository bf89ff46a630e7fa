import { ok, rejects } from "@std/assert";
import { symmetricEigen } from "../../../src/analysis/factors/eigen.ts";
import { Pace } from "../../../src/analysis/pace.ts";
import { random } from "../../checkpoint/random.ts";

/** Gram matrices of random vectors, of fewer than n, and diagonal ones, whose eigenvalues are known. */
function matrices(): readonly (readonly [string, Float64Array])[] {
  const draw = random(3);
  const gram = (n: number, rank: number) => {
    const rows = Array.from({ length: n }, () => Array.from({ length: rank }, () => draw() - 0.3));
    return Float64Array.from({ length: n * n }, (_, i) => {
      return rows[Math.floor(i / n)]!.reduce((sum, value, k) => sum + value * rows[i % n]![k]!, 0);
    });
  };
  const diagonal = (...values: number[]) =>
    Float64Array.from(
      { length: values.length ** 2 },
      (_, i) => i % (values.length + 1) === 0 ? values[i % values.length]! : 0,
    );
  return [
    ["one number", Float64Array.of(7)],
    ["zeros", new Float64Array(16)],
    ["a diagonal", diagonal(3, -1, 3, 0, 2)],
    ["two neighbours", Float64Array.of(2, 1, 1, 2)],
    ["full rank", gram(40, 60)],
    ["rank 3", gram(33, 3)],
    ["equal rows", gram(20, 20).fill(2)],
  ];
}

for (const [name, matrix] of matrices()) {
  Deno.test(`symmetricEigen() gives orthonormal vectors with A v = value v: ${name}`, async () => {
    const n = Math.sqrt(matrix.length);
    const { vectors, values } = await symmetricEigen(matrix.slice(), new Pace());
    const scale = Math.max(1, ...matrix.map(Math.abs)) * n;
    const at = (row: number, k: number) => vectors[row * n + k]!;
    for (let i = 0; i < n; ++i) {
      for (let j = 0; j < n; ++j) {
        let [product, image] = [0, 0];
        for (let k = 0; k < n; ++k) {
          product += at(i, k) * at(j, k);
          image += matrix[j * n + k]! * at(i, k);
        }
        ok(Math.abs(product - (i === j ? 1 : 0)) <= 1e-12, `${i}, ${j}: ${product}`);
        ok(Math.abs(image - values[i]! * at(i, j)) <= 1e-13 * scale, `${i}, ${j}: ${image}`);
      }
    }
  });
}

Deno.test("symmetricEigen() can be stopped in each of its parts", async () => {
  const n = 300;
  const draw = random(9);
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; ++i) for (let j = 0; j <= i; ++j) matrix[i * n + j] = matrix[j * n + i] = draw();
  let turns = 0;
  /** A pace at which a turn is always due. */
  const paceUntil = (last: number, reason: Error) => {
    return new class extends Pace {
      override isDue(): boolean {
        return true;
      }
      override turn(): Promise<void> {
        return ++turns === last ? Promise.reject(reason) : Promise.resolve();
      }
    }();
  };
  const reason = new Error("enough");
  await symmetricEigen(matrix.slice(), paceUntil(Infinity, reason));
  const all = turns;
  ok(all > 2 * (n - 1), `${all} turns`); // reductions, then vectors, then rotations
  for (const last of [1, n, 2 * n, all]) {
    turns = 0;
    await rejects(symmetricEigen(matrix.slice(), paceUntil(last, reason)), reason);
  }
});
