import { deepEqual, equal, ok } from "@std/assert";
import { distributionValues, LENS } from "../../src/models/lens.ts";
import { Graph } from "../../src/onnx/mod.ts";
import { Session } from "../../src/runtime/session.ts";
import { random } from "../checkpoint/random.ts";
import { maxAbsDifference } from "../support/goldens.ts";
import { type TinyModel, tinyModel, type TinyRequest } from "../support/tiny_gpt2.ts";

const IDS = [5, 22, 7, 0, 7, 13, 1];
const ROWS = [4, 1, 6];
const TARGETS = [13, 3, 9];
const [L, V] = [2, 23];

/** Entropy, divergence from the last distribution and ln Σ exp of each of `rows`, in double precision. */
function measured(rows: readonly Float32Array[]): number[][] {
  const logProbs = rows.map((row) => {
    const greatest = row.reduce((a, b) => Math.max(a, b));
    const total = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - greatest), 0));
    return { total, values: Float64Array.from(row, (logit) => logit - greatest - total) };
  });
  const last = logProbs.at(-1)!.values;
  return logProbs.map(({ total, values }) => [
    values.reduce((sum, value) => sum - Math.exp(value) * value, 0),
    last.reduce((sum, value, i) => sum + Math.exp(value) * (value - values[i]!), 0),
    total,
  ]);
}

for (const backend of ["wasm", "native"] as const) {
  Deno.test(`distributionValues() on ${backend} keeps five digits over the vocabulary of GPT-2`, async () => {
    const size = 50257;
    const uniform = random(3);
    const noise = () => 2 * uniform() - 1;
    const own = Float32Array.from({ length: size }, () => -100 + 6 * (noise() + noise() + noise()));
    const rows = [
      own.map((logit) => logit + 8 * noise()), // another distribution
      own.map((logit) => 40 * logit), // all but certain
      own.map((_, i) => i === 7 ? 5000 : -5000), // certain of what the last one does not expect
      own.map(() => 3), // no idea
      own.map((logit) => logit + 1e-3 * noise()), // all but the last one
      own,
    ];
    const g = new Graph();
    const logits = g.input("logits", g.float, [1, rows.length, size]);
    const values = distributionValues(g, logits, g.greatest(logits, -1), size);
    for (const value of values) g.output(value);
    await using session = await Session.create(g, new Map(), { backend, threads: 1 });
    const data = Float32Array.from(rows.flatMap((row) => [...row]));
    const [total, mean, shift] = await session.run([{ value: logits, data, dims: [1, rows.length, size] }], values);
    const expected = measured(rows);
    rows.forEach((_, d) => {
      const sum = Math.log(total![d]!);
      const divergence = sum - Math.log(total!.at(-1)!) - shift![d]!;
      [sum - mean![d]!, divergence, sum].forEach((number, i) => {
        const bound = 1e-5 * Math.max(1, expected[d]![i]!);
        ok(Math.abs(number - expected[d]![i]!) <= bound, `row ${d}: ${number} is not ${expected[d]![i]}`);
      });
    });
    equal(shift!.at(-1), 0);
    ok(expected[4]![1]! < 1e-6 && expected[1]![0]! < 0.1 && expected[2]![1]! > 1000, "the rows are what they say");
  });
}

async function look(model: TinyModel, request: Omit<TinyRequest, "tokenIds">) {
  const { lens, logits } = model.program.outputs;
  const [own, ...values] = await model.run({ tokenIds: IDS, ...request }, [logits, ...LENS.map((name) => lens![name])]);
  return { own: own!, seen: Object.fromEntries(LENS.map((name, i) => [name, values[i]!])) };
}

Deno.test("lens(): the last block's numbers are those of the model's logits", async () => {
  await using model = await tinyModel();
  const { own, seen } = await look(model, { rows: ROWS, targets: TARGETS, best: 4 });
  ROWS.forEach((_, r) => {
    const logits = own.subarray(r * V, (r + 1) * V);
    const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!);
    const at = (L - 1) * ROWS.length + r;
    equal(seen.greater![at], order.indexOf(TARGETS[r]!));
    deepEqual([...seen.tokenIds!.subarray(4 * at, 4 * at + 4)], order.slice(0, 4));
    ok(maxAbsDifference(seen.logits!.subarray(4 * at, 4 * at + 4), order.slice(0, 4).map((id) => logits[id]!)) <= 1e-5);
    equal(seen.target![at], logits[TARGETS[r]!]);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - logits[order[0]!]!), 0);
    ok(Math.abs(seen.total![at]! - total) <= 1e-4);
    ok(seen.gap![r]! <= 1e-5, `${seen.gap![r]}`);
  });
  ok(seen.greater!.length === L * ROWS.length && seen.gap!.length === ROWS.length);
});

Deno.test("lens(): ln_f is applied to the blocks that are named, and to no other", async () => {
  await using model = await tinyModel();
  const request = { rows: ROWS, targets: TARGETS, best: 3 };
  const [both, last, none] = await Promise.all(
    [[true, true], [false, true], [false, false]].map((normed) => look(model, { ...request, normed })),
  );
  const half = 3 * ROWS.length;
  deepEqual(both!.seen.logits!.subarray(half), last!.seen.logits!.subarray(half));
  deepEqual(last!.seen.logits!.subarray(0, half), none!.seen.logits!.subarray(0, half));
  ok(maxAbsDifference(both!.seen.logits!.subarray(0, half), last!.seen.logits!.subarray(0, half)) > 0.1);
  ok(none!.seen.gap!.every((gap) => gap > 0.1), "the gap tells a wrong norm");
});

Deno.test("lens(): halves are read where they are named, and the order is that of the names", async () => {
  await using model = await tinyModel();
  const request = { rows: ROWS, targets: TARGETS, best: 3 };
  const all = (await look(model, { ...request, depths: [0, 1, 2, 3] })).seen;
  const some = (await look(model, { ...request, depths: [2, 1, 3] })).seen;
  const width = 3 * ROWS.length;
  const part = (depth: number) => all.logits!.subarray(depth * width, (depth + 1) * width);
  deepEqual([...some.logits!], [2, 1, 3].flatMap((depth) => [...part(depth)]));
  for (const [a, b] of [[0, 1], [1, 2], [2, 3]] as const) ok(maxAbsDifference(part(a), part(b)) > 0.01);
  const ownOnly = (await look(model, { ...request, depths: [3] })).seen;
  deepEqual([...ownOnly.logits!], [...part(3)]);
  deepEqual([...ownOnly.shift!], [0, 0, 0]);
});

Deno.test("lens() is left out when no tokens are asked for", async () => {
  await using model = await tinyModel();
  const { seen } = await look(model, { rows: ROWS, targets: TARGETS });
  for (const name of LENS) equal(seen[name]!.length, 0);
});

Deno.test("lens() lists the whole vocabulary on request", async () => {
  await using model = await tinyModel();
  const { seen } = await look(model, { rows: [0], targets: [2], best: V });
  deepEqual([...seen.tokenIds!.subarray(V)].sort((a, b) => a - b), [...Array(V).keys()]);
});
