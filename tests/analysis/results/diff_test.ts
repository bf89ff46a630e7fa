import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { decodeResults, diffResults, encodeResults } from "../../../src/analysis/mod.ts";
import { counted } from "../../support/counted.ts";
import type { FloatTensor, Sequence } from "../../../mod.ts";
import { sequenceOf } from "../../widgets/fixtures.ts";
import { KINDS, RESULTS, SALIENCY, SEQUENCE } from "./fixtures.ts";

const { scores } = SALIENCY;

function changed(tensor: FloatTensor, ...changes: readonly (readonly [number, number])[]): FloatTensor {
  const data = tensor.data.slice();
  for (const [i, value] of changes) data[i] = value;
  return { ...tensor, data };
}

for (const kind of KINDS) {
  Deno.test(`diffResults() finds a ${kind} equal to itself, NaN and infinities too`, async () => {
    const { results } = await decodeResults(await encodeResults({ it: RESULTS[kind] }));
    const diff = diffResults(RESULTS[kind], results.it);
    deepEqual([diff.equal, diff.differences, diff.absolute, diff.relative], [true, [], 0, 0]);
    match(diff.text, /^equal within the tolerance; \d+ numbers compared, largest difference 0 absolute, 0 relative$/);
  });
}

Deno.test("diffResults() says where numbers differ most beyond the tolerance, and by how much", () => {
  const map = { ...SALIENCY, scores: { data: Float32Array.of(1, 2, 4, 0, 0, 0, 1, 2, 4, 8, 0, 0), shape: [2, 6] } };
  const other = { ...map, scores: changed(map.scores, [1, 2.5], [8, 3.875], [9, 8.25]) };
  const diff = diffResults(map, other, 0.125);
  equal(diff.equal, false);
  deepEqual(diff.differences, [{
    path: "saliency.scores",
    what: "numbers",
    a: 2,
    b: 2.5,
    index: [0, 1],
    count: 2,
    absolute: 0.5,
    relative: 0.2,
  }]);
  const extra = 4 + 2; // the token offsets and ids are numbers too
  ok(diff.compared >= 12 + extra);
  deepEqual([diff.absolute, diff.relative], [0.5, 0.2]);
  match(diff.text, /^1 difference; \d+ numbers compared, largest difference 0\.5 absolute, 0\.2 relative\n/);
  ok(diff.text.endsWith("\nsaliency.scores [0,1]: 2 and 2.5; 2 too far apart, at most 0.5 absolute, 0.2 relative"));
  deepEqual(diffResults(map, other, { absolute: 0.5 }).differences, []);
  deepEqual(diffResults(map, other, { relative: 0.2 }).differences, []);
  equal(diffResults(map, other, { relative: 0.199 }).differences[0]!.count, 1);
  deepEqual(diffResults(map, other, { absolute: 0.1, relative: 0.16 }).differences, []); // 0.1 + 0.16 x 2.5 = 0.5
  equal(diffResults(map, other, { absolute: 0.1, relative: 0.15 }).differences.length, 1);
  equal(diffResults(map, other).differences[0]!.count, 3);
});

Deno.test("diffResults() lets NaN equal NaN, and an infinity only itself, whatever the tolerance", () => {
  const tensor = (...values: number[]) => ({ data: Float32Array.from(values), shape: [values.length] });
  const a = tensor(NaN, Infinity, -Infinity, 0, 1);
  equal(diffResults(a, tensor(NaN, Infinity, -Infinity, -0, 1)).equal, true);
  for (const [i, value] of [[0, 1], [1, -Infinity], [1, 5], [2, NaN], [4, NaN]] as const) {
    const { differences } = diffResults(a, changed(a, [i, value]), { absolute: 1e30, relative: 1 });
    deepEqual(differences.map(({ index, count, absolute }) => [index, count, absolute]), [[[i], 1, Infinity]]);
  }
});

Deno.test("diffResults() compares what heads and neurons write, of the same ones", () => {
  const { headCircuit, neuronWrites } = RESULTS;
  deepEqual(diffResults(headCircuit, { ...headCircuit, qk: headCircuit.qk + 1 }).differences.map(({ path }) => path), [
    "headCircuit.qk",
  ]);
  const [first, ...rest] = neuronWrites.raised;
  const changed = { ...neuronWrites, raised: [{ ...first!, change: first!.change + 0.5 }, ...rest] };
  const { differences } = diffResults(neuronWrites, changed);
  deepEqual(differences.map(({ path, absolute }) => [path, absolute]), [["neuronWrites.raised.0.change", 0.5]]);
  const others: readonly (readonly [object, object, RegExp])[] = [
    [headCircuit, { ...headCircuit, head: 3 }, /^Cannot compare headCircuit of different heads: 7 and 3/],
    [headCircuit, { ...headCircuit, from: headCircuit.to }, /^Cannot compare headCircuit of different tokens: /],
    [neuronWrites, { ...neuronWrites, neuron: 3 }, /^Cannot compare neuronWrites of different neurons: 1021 and 3/],
    [headCircuit, neuronWrites, /^Cannot compare results of different kinds: headCircuit and neuronWrites/],
  ];
  for (const [a, b, message] of counted(others, 4)) throws(() => diffResults(a, b), { message });
});

Deno.test("diffResults() compares whole numbers, texts and options exactly", () => {
  const rankings = RESULTS.rankings;
  const ranks = { data: rankings.ranks.data.slice() as Int32Array, shape: rankings.ranks.shape };
  ranks.data[3]! += 1;
  const { differences } = diffResults(rankings, { ...rankings, ranks, norm: "final" }, 10);
  deepEqual(differences.map(({ path, what, index }) => [path, what, index]), [
    ["rankings.ranks", "numbers", [1, 1]],
    ["rankings.norm", "value", undefined],
  ]);
  const { options } = SALIENCY;
  const inseq = diffResults(SALIENCY, { ...SALIENCY, options: { ...options, preset: "inseq", steps: 20 } });
  deepEqual(inseq.differences, [
    { path: "saliency.options.preset", what: "value", a: "ecco", b: "inseq" },
    { path: "saliency.options.steps", what: "second", b: 20 },
  ]);
  ok(inseq.text.endsWith('saliency.options.preset: "ecco" and "inseq"\nsaliency.options.steps: only in the second'));
  const steps = RESULTS.steps;
  const [first, second] = steps;
  const later = [first!, { ...second!, position: 6, logProb: second!.logProb - 0.5 }];
  deepEqual(diffResults(steps, later, 0.5).differences.map(({ path }) => path), ["steps.1.position"]);
  deepEqual(diffResults(steps, later, 0.4).differences.map(({ path }) => path), [
    "steps.1.position",
    "steps.1.logProb",
  ]);
  deepEqual(diffResults(steps, [first!]).differences, [{ path: "steps", what: "length", a: 2, b: 1 }]);
  const text: Sequence = { ...SEQUENCE, decoding: { ...SEQUENCE.decoding!, stop: ["\n"], seed: 4 } };
  deepEqual(diffResults(SEQUENCE, text).differences, [
    { path: "sequence.decoding.seed", what: "value", a: 3, b: 4, absolute: 1, relative: 0.25 },
    { path: "sequence.decoding.stop", what: "length", a: 2, b: 1 },
  ]);
});

Deno.test("diffResults() compares files name by name, whatever machine they are of", async () => {
  const model = { id: "gpt2", files: [], package: "0.1.0", backend: "wasm" } as const;
  const first = await decodeResults(await encodeResults({ map: SALIENCY, text: SEQUENCE, n: 1.5 }, { model }));
  const moved = { ...SALIENCY, scores: changed(scores, [0, scores.data[0]! + 0.25]) };
  const second = await decodeResults(
    await encodeResults({ map: moved, n: 1.5, more: SEQUENCE }, { model: { ...model, backend: "native" } }),
  );
  deepEqual(diffResults(first, second, 1e-6).differences.map(({ path, what }) => [path, what]), [
    ["map.scores", "numbers"],
    ["text", "first"],
    ["more", "second"],
  ]);
  equal(diffResults(first, first).equal, true);
});

Deno.test("diffResults() refuses what cannot be compared", () => {
  const other = sequenceOf(["a", "b", "c", "d", "e", "f"], 4);
  const { trace } = RESULTS;
  const shorter: FloatTensor = { data: trace.attention!.data.slice(0, 72), shape: [1, 2, 6, 6] };
  const refused = [
    [SALIENCY, RESULTS.trace, "TypeError", "Cannot compare results of different kinds: saliency and trace"],
    [
      trace,
      { ...trace, sequence: other },
      "RangeError",
      /^Cannot compare trace of different texts: \{"text":"😀键\\n are \\"x\\"","tokenIds":.* and \{"text":"abcdef"/,
    ],
    [
      SALIENCY,
      { ...SALIENCY, positions: [4, 3] },
      "RangeError",
      "Cannot compare saliency of different positions: [4,5] and [4,3]",
    ],
    [
      RESULTS.neuronClusters,
      { ...RESULTS.neuronClusters, layer: 0 },
      "RangeError",
      "Cannot compare neuronClusters of different layers: 1 and 0",
    ],
    [
      RESULTS.factors,
      { ...RESULTS.factors, sequences: [SEQUENCE, sequenceOf(["b"], 1)] },
      "RangeError",
      /^Cannot compare factors of different texts: \[\{"text":"😀键/,
    ],
    [
      { sequence: SEQUENCE, attention: trace.attention },
      { sequence: SEQUENCE, attention: shorter },
      "RangeError",
      "Cannot compare trace.attention as its shapes are [2,2,6,6] and [1,2,6,6]",
    ],
    [
      SALIENCY,
      { ...SALIENCY, positions: [4] },
      "TypeError",
      "Cannot compare results: saliency.scores has 2 rows, not 1",
    ],
    [Promise.resolve(SALIENCY), Promise.resolve(SALIENCY), "TypeError", /is no result; await it first$/],
    [
      { results: {}, kinds: {} },
      { x: 1 },
      "TypeError",
      "Cannot compare results of different kinds: a loaded file and data",
    ],
  ] as const;
  for (const [a, b, name, message] of refused) {
    throws(() => diffResults(a, b), { name, message });
  }
  for (const tolerance of [-1, NaN, { relative: -1e-9 }]) {
    throws(() => diffResults(1, 1, tolerance), {
      name: "RangeError",
      message: /^Cannot compare with (abs|rel).* >= 0$/,
    });
  }
});
