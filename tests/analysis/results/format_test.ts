import { deepEqual, equal, notEqual, ok, rejects } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { decodeResults, encodeResults } from "../../../src/analysis/mod.ts";
import { openBytes } from "../../../src/checkpoint/byte_source.ts";
import { readSafetensorsFile } from "../../../src/checkpoint/safetensors.ts";
import { saliencyView } from "../../../widgets/saliency/view.ts";
import { tokensView } from "../../../widgets/tokens/view.ts";
import { HOSTILE, KEYS, saliencyOf, sequenceOf } from "../../widgets/fixtures.ts";
import { floats, KINDS, RESULTS, SALIENCY, SEQUENCE } from "./fixtures.ts";

const MODEL = {
  id: "gpt2",
  revision: "607a30d783dfa663caf39e06633721c8d4cfcd7e",
  files: [{ name: "model.safetensors", bytes: 548105171, sha256: "24".repeat(32) }],
  package: "0.0.9",
  backend: "wasm",
} as const;

for (const kind of KINDS) {
  Deno.test(`decodeResults() gives back a ${kind} exactly, and knows what it is`, async () => {
    const bytes = await encodeResults({ it: RESULTS[kind] });
    const { results, kinds } = await decodeResults(bytes, { it: kind });
    deepEqual(results, { it: RESULTS[kind] });
    deepEqual(kinds, { it: kind });
    deepEqual(await encodeResults(results), bytes, "the same results give the same bytes");
  });
}

Deno.test("decodeResults() gives back all kinds together, and the bits of every number", async () => {
  const bytes = await encodeResults({ ...RESULTS });
  const { results, kinds } = await decodeResults(bytes);
  deepEqual(results, RESULTS);
  deepEqual(kinds, Object.fromEntries(KINDS.map((kind) => [kind, kind])));
  const bits = Uint32Array.of(0x7FC0_0001, 0xFFFF_FFFF, 0x8000_0000, 0x0000_0001, 0xFF80_0000); // NaNs too
  const odd = { data: new Float32Array(bits.buffer), shape: [5] };
  const { results: { x } } = await decodeResults(await encodeResults({ x: odd }), { x: "tensor" });
  deepEqual(new Uint32Array((x.data as Float32Array<ArrayBuffer>).buffer), bits);
});

Deno.test("encodeResults() stores what is shared once, and it is the same object again", async () => {
  const trace = { sequence: SEQUENCE, hiddenStates: floats(2, 6, 3) };
  const bytes = await encodeResults({ sequence: SEQUENCE, saliency: SALIENCY, trace });
  equal(new TextDecoder().decode(bytes).split("maxNewTokens").length, 2);
  const kinds = { sequence: "sequence", saliency: "saliency", trace: "trace" } as const;
  const { results } = await decodeResults(bytes, kinds);
  equal(results.sequence, results.saliency.sequence);
  equal(results.sequence, results.trace.sequence);
  notEqual(results.sequence, SEQUENCE);
  const { hiddenStates } = trace;
  const twice = await decodeResults(await encodeResults({ a: hiddenStates, b: [hiddenStates] }), {
    a: "tensor",
    b: "data",
  });
  equal((twice.results.b as readonly unknown[])[0], twice.results.a);
});

Deno.test("encodeResults() writes safetensors whose tensors are called by their places, aligned", async () => {
  const double = Float64Array.of(1, 2);
  const bytes = await encodeResults({ map: SALIENCY, steps: RESULTS.steps, other: { double } });
  const { tensors, metadata, dataStart } = await readSafetensorsFile(openBytes("results", bytes));
  deepEqual([...tensors].map(([name, { dtype, shape, start }]) => [name, dtype, shape, start - dataStart]), [
    ["other.double", "F64", [2], 0],
    ["map.scores", "F32", [2, 6], 16],
    ["steps.0.logits", "F32", [5], 64],
    ["steps.1.logits", "F32", [5], 84],
  ]);
  equal(dataStart % 8, 0);
  equal(bytes.length, dataStart + 104);
  deepEqual([...metadata.keys()], ["format", "version", "document", "crc32"]);
  deepEqual([metadata.get("format"), metadata.get("version")], ["looking-glass-results", "1"]);
  const document = JSON.parse(metadata.get("document")!);
  deepEqual(Object.keys(document), ["package", "kinds", "results", "shared"]);
  deepEqual(document.kinds, { map: "saliency", steps: "steps", other: "data" });
  deepEqual(document.results.map.scores, { $tensor: "map.scores", dtype: "F32", shape: [2, 6] });
  deepEqual(document.results.other.double, { $array: "other.double", dtype: "F64", length: 2 });
  deepEqual(document.results.map.sequence.tokens[0].bytes, { $bytes: "f09f" });
  deepEqual(document.results.steps[0].token, { $shared: 0 });
  deepEqual(document.shared[0].id, 104);
});

Deno.test("encodeResults() tells tensors apart whose places read the same", async () => {
  const data = { x: { "a.b": floats(1), a: { b: floats(2), "b#2": floats(3) } } };
  deepEqual((await decodeResults(await encodeResults(data))).results, data);
});

Deno.test("encodeResults() says which model and version made the results, and when only if asked", async () => {
  const plain = await decodeResults(await encodeResults({ SEQUENCE }));
  deepEqual(Object.keys(plain), ["results", "kinds", "package", "version"]);
  deepEqual([plain.package, plain.version], [JSON.parse(await Deno.readTextFile("deno.json")).version, 1]);
  const options = { model: MODEL, created: new Date(Date.UTC(2026, 10, 21)) };
  const { model, created } = await decodeResults(await encodeResults({ SEQUENCE }, options));
  deepEqual(model, MODEL);
  equal(created, "2026-11-21T00:00:00.000Z");
});

Deno.test("encodeResults() asks a model who it is", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const sequence = await model.generate("The keys to the", { maxNewTokens: 2, topK: 5, seed: 4 });
  const all = {
    sequence,
    trace: await model.trace(sequence, { capture: ["hiddenStates", "attention", "activations", "logits"] }),
    saliency: await model.saliency(sequence),
    layers: await model.layerPredictions(sequence, { position: 4 }),
    rankings: await model.rankings(sequence),
    watch: await model.rankingsWatch(sequence, { position: 4, watch: [" is", " are"] }),
    circuit: await model.headCircuit({ layer: 1, head: 2 }, { from: " keys", to: " are" }),
    writes: await model.neuronWrites({ layer: 2, neuron: 17 }),
    steps: await Array.fromAsync(model.steps("One", { maxNewTokens: 2 })),
  };
  const loaded = await decodeResults(await encodeResults(all, { model }));
  deepEqual(loaded.results, all);
  deepEqual(loaded.model, await model.identity());
  deepEqual(Object.values(loaded.kinds), [
    "sequence",
    "trace",
    "saliency",
    "layerPredictions",
    "rankings",
    "rankings",
    "headCircuit",
    "neuronWrites",
    "steps",
  ]);
  const { decoding } = loaded.results.sequence as typeof sequence;
  deepEqual(decoding, { temperature: 1, topK: 5, seed: 4, maxNewTokens: 2, stop: [] });
});

Deno.test("results draw as before when they are loaded", async () => {
  const maps = { keys: saliencyOf(KEYS), hostile: saliencyOf(HOSTILE) };
  const texts = { keysText: KEYS, hostileText: HOSTILE };
  const kinds = { keys: "saliency", hostile: "saliency", keysText: "sequence", hostileText: "sequence" } as const;
  const { results } = await decodeResults(await encodeResults({ ...maps, ...texts }), kinds);
  const stable = (html: string) => html.replaceAll(/lg-?[0-9a-f]{6,}/g, "id"); // a view has an id of its own
  for (const name of ["keys", "hostile"] as const) {
    const [before, after] = [saliencyView(maps[name]), saliencyView(results[name])];
    ok(before.html.length > 1000);
    equal(stable(after.html), stable(before.html));
    equal(after.svg, before.svg);
  }
  for (const name of ["keysText", "hostileText"] as const) {
    const [before, after] = [tokensView(texts[name]), tokensView(results[name])];
    equal(stable(after.html), stable(before.html));
    equal(after.text, before.text);
  }
});

Deno.test("encodeResults() refuses fields that a record does not have", async () => {
  const refused = [
    [{ ...SALIENCY, note: 1 }, 'x has "note", which is no field of it; leave it out, or give it a name of its own'],
    [{ ...SALIENCY, options: { ...SALIENCY.options, layer: 1 } }, /x\.options has "layer", which is no field of it/],
  ] as const;
  for (const [x, problem] of refused) {
    const message = typeof problem === "string" ? `Cannot save x as saliency: ${problem}` : problem;
    await rejects(encodeResults({ x }), { name: "TypeError", message });
  }
  await encodeResults({ x: { ...SALIENCY, note: undefined } });
});

Deno.test("decodeResults() refuses a result that is not what was expected", async () => {
  const bytes = await encodeResults({ map: SALIENCY, text: SEQUENCE, other: {} });
  const refused = [
    [{ mop: "saliency" }, "Cannot find mop in the bytes, which holds map, text, other"],
    [{ toString: "data" }, /^Cannot find toString in the bytes/],
    [{ text: "sequence", map: "rankings" }, "Cannot use map of the bytes as rankings: it is saliency"],
    [{ other: "saliency" }, "Cannot use other of the bytes as saliency: other has no sequence"],
  ] as const;
  for (const [expected, message] of refused) {
    await rejects(decodeResults(bytes, expected as unknown as { map: "data" }), { name: "TypeError", message });
  }
  const unknown = { map: "picture" } as unknown as { map: "data" };
  await rejects(decodeResults(bytes, unknown), { message: /^Cannot expect map to be "picture", which is no kind/ });
  await rejects(decodeResults("x" as unknown as Uint8Array), { name: "TypeError", message: /^Cannot decode "x"/ });
});

Deno.test("encodeResults() refuses what is no plain data, and says where it is", async () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.inner = [{ cyclic }];
  let deep: unknown = 1;
  for (let i = 0; i < 70; ++i) deep = [deep];
  const refused: readonly (readonly [unknown, string, RegExp])[] = [
    [{ a: { b: [() => 1] } }, "TypeError", /^Cannot save a\.b\.0 as it is a function; results are plain data/],
    [{ a: Promise.resolve() }, "TypeError", /^Cannot save a as it is a Promise; await it first$/],
    [{ a: [1n] }, "TypeError", /^Cannot save a\.0 as it is a bigint/],
    [{ a: [undefined] }, "TypeError", /^Cannot save a\.0 as it is undefined;/],
    [{ a: undefined }, "TypeError", /^Cannot save a as a result: a is undefined$/],
    [{ a: new Map() }, "TypeError", /^Cannot save a as it is a Map/],
    [{ a: new Float16Array(1) }, "TypeError", /^Cannot save a as it is a Float16Array/],
    [{ a: cyclic }, "RangeError", /^Cannot save a\.inner\.0\.cyclic as it contains itself$/],
    [{ a: deep }, "RangeError", /^Cannot save a\.0\.0\.0 as it is nested deeper than 64 levels$/],
    [
      { a: { data: new Float32Array(3), shape: [2] } },
      "RangeError",
      /^Cannot save a as shape \[2\] does not fit its 3/,
    ],
    [{ a: [{ data: new Float32Array(3), shape: [-3] }] }, "RangeError", /^Cannot save a\.0 as shape \[-3\]/],
    [{}, "TypeError", /^Cannot save \{\}; pass an object of results by name/],
    [null, "TypeError", /^Cannot save null; pass an object/],
    [[SEQUENCE], "TypeError", /pass an object of results by name/],
    [SALIENCY, "TypeError", /^Cannot save a saliency without a name; pass it in an object, as in \{ saliency \}$/],
    [{ "a.b": 1 }, "TypeError", /^Cannot save a result by the name "a\.b"; use letters/],
    [{ __metadata__: SALIENCY }, "TypeError", /^Cannot save a result by the name "__metadata__"/],
  ];
  for (const [results, name, message] of refused) {
    await rejects(encodeResults(results as Record<string, unknown>), { name, message });
  }
  await rejects(encodeResults({ SEQUENCE }, { model: { id: 1 } as never }), {
    name: "TypeError",
    message: /^Cannot save results with this model: model\.id is 1, not a text; pass the model, or its identity\(\)$/,
  });
  await rejects(encodeResults({ SEQUENCE }, { created: new Date(NaN) }), {
    name: "TypeError",
    message: /pass a Date$/,
  });
});

Deno.test("encodeResults() refuses records that contradict themselves", async () => {
  const { scores, options } = SALIENCY;
  const two = sequenceOf(["a", "b"], 1);
  const refused = [
    [{ ...SALIENCY, sequence: two }, "positions.0 is 4, and T is 2"],
    [{ ...SALIENCY, positions: [4] }, "scores has 2 rows, not 1"],
    [{ ...SALIENCY, options: { ...options, together: true } }, "scores has 2 rows, not 1"],
    [{ ...SALIENCY, scores: { ...scores, shape: [12] } }, "scores has shape [12], not [R,T]"],
    [{ ...SALIENCY, scores: { ...scores, shape: [6, 2] } }, "scores has shape [6,2], not [R,T], as T is 6"],
    [
      { ...SALIENCY, scores: { data: new Int32Array(12), shape: [2, 6] } },
      "scores is a tensor of Int32Array, not Float32Array",
    ],
    [{ ...SALIENCY, convergenceGaps: [1] }, "convergenceGaps has 1 entries, and R is 2"],
    [{ ...SALIENCY, sequence: { ...SEQUENCE, tokenIds: [1, 2, 3, 4, 5, 6] } }, "sequence.tokens.0.id is 100, not 1"],
    [{ ...SALIENCY, sequence: { ...SEQUENCE, promptLength: 7 } }, "sequence.promptLength is 7, and T is 6"],
    [{ ...SALIENCY, sequence: { ...SEQUENCE, tokenIds: "abc" } }, 'sequence.tokenIds is "abc", not an array'],
  ] as const;
  for (const [x, problem] of refused) {
    await rejects(encodeResults({ x }), { name: "TypeError", message: `Cannot save x as saliency: x.${problem}` });
  }
});
