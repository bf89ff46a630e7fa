import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { type Capture, LanguageModel, type TraceOptions } from "../../../mod.ts";
import { expectRowSum } from "../../../src/ask/trace/recorders.ts";
import { checkpointCopy, maxAbsDifference, openGolden } from "../../support/goldens.ts";

const ALL: readonly Capture[] = ["hiddenStates", "attention", "activations", "logits"];

/** The golden checkpoint of twelve layers, its longer prompt, and a model of it. */
async function open(backend: "wasm" | "native" = "wasm") {
  const golden = await openGolden("twelve_layers");
  const copy = await checkpointCopy("twelve_layers");
  const model = await LanguageModel.fromPretrained(copy.directory, { backend });
  const { tokenIds, promptLength } = golden.prompts.long!;
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  const sequence = model.sequence(tokenIds, { promptLength });
  return { golden, model, sequence, [Symbol.asyncDispose]: dispose };
}

for (const backend of ["wasm", "native"] as const) {
  Deno.test(`trace() of some layers on ${backend} is PyTorch's of these, in numeric order`, async () => {
    await using opened = await open(backend);
    const { model, sequence, golden } = opened;
    const T = sequence.tokenIds.length;
    const trace = await model.trace(sequence, { capture: ALL, layers: [10, 2, 11, 2] });
    deepEqual(trace.layers, [2, 10, 11]);
    for (const capture of ["hiddenStates", "attention", "activations"] as const) {
      const { data, shape } = await golden.array(`long/${capture}`);
      const size = data.length / shape[0]!;
      // The residual stream begins with what enters the first block, so what leaves block i is entry i + 1.
      const entries = capture === "hiddenStates" ? [0, 3, 11, 12] : [2, 10, 11];
      deepEqual(trace[capture]!.shape, [entries.length, ...shape.slice(1)]);
      entries.forEach((entry, k) => {
        const own = trace[capture]!.data.subarray(k * size, (k + 1) * size);
        const expected = data.subarray(entry * size, (entry + 1) * size);
        const scale = Math.max(1, ...expected.map(Math.abs));
        ok(maxAbsDifference(own, expected) <= 1e-4 * scale, `${capture} of layer ${entry}`);
      });
    }
    deepEqual(trace.logits!.shape, [T, model.config.vocabSize]);
  });
}

Deno.test("trace() says that it recorded all layers, and records one token", async () => {
  await using opened = await open();
  const { model, sequence } = opened;
  const layers = [...Array(12).keys()];
  deepEqual((await model.trace(sequence)).layers, layers);
  const { attention, hiddenStates } = await model.trace(model.sequence([5]), {
    capture: ["attention", "hiddenStates"],
    layers: [11],
  });
  deepEqual(hiddenStates!.shape, [2, 1, model.config.nEmbd]);
  ok(attention!.data.every((weight) => weight === 1));
});

Deno.test("trace() gives the same numbers in smaller runs, and refuses what does not fit with the numbers", async () => {
  await using opened = await open();
  const { model, sequence } = opened;
  const whole = await model.trace(sequence, { capture: ALL });
  const least = model.cost.trace(sequence, { capture: ALL, maxMemory: 1 });
  equal(least.runs, sequence.tokenIds.length);
  const completed: number[] = [];
  const onProgress = (progress: { readonly completed: number }) => completed.push(progress.completed);
  const cut = await model.trace(sequence, { capture: ALL, maxMemory: least.bytes, onProgress });
  deepEqual(completed, Array.from({ length: 28 }, (_, t) => t + 1));
  for (const capture of ALL) ok(maxAbsDifference(whole[capture]!.data, cut[capture]!.data) <= 1e-4, capture);
  await rejects(model.trace(sequence, { capture: ALL, maxMemory: least.bytes - 1 }), {
    name: "RangeError",
    message:
      /^Cannot record hiddenStates, attention, activations, logits of 28 tokens in 12 layers within \d+ bytes as it takes about \d+ bytes, \d+ bytes for a run and \d+ bytes for the result; raise maxMemory or record fewer layers or a shorter text$/,
  });
  ok((await model.trace(sequence, { capture: ALL, layers: [3], maxMemory: least.bytes - 1 })).attention);
});

Deno.test("trace() refuses layers that the model does not have", async () => {
  await using opened = await open();
  const { model, sequence } = opened;
  const refusals: readonly [unknown, string, RegExp][] = [
    [[], "RangeError", /^Cannot record an empty list of layers; pass some, or leave layers out for all$/],
    [[12], "RangeError", /^Cannot record layer 12 as the model has the layers 0 to 11$/],
    [[0, -1], "RangeError", /layer -1/],
    [[0.5], "RangeError", /layer 0.5/],
    [[NaN], "RangeError", /layer NaN/],
    [3, "TypeError", /^Cannot record layers 3; pass an array such as \[0, 11\]$/],
  ];
  for (const [layers, name, message] of refusals) {
    await rejects(model.trace(sequence, { layers } as TraceOptions), { name, message });
    throws(() => model.cost.trace(sequence, { layers } as TraceOptions), { name, message });
  }
  await rejects(model.trace(sequence, { capture: ["scores" as Capture] }), {
    name: "TypeError",
    message: 'Cannot capture "scores"; use "hiddenStates", "attention", "activations", "logits", "queries", "keys", ' +
      '"values", "headSums", "attentionOutputs", "mlpOutputs", "attentionSteps"',
  });
});

Deno.test("trace() that is aborted in the middle leaves the model usable", async () => {
  await using opened = await open();
  const { model, sequence } = opened;
  const { bytes: maxMemory } = model.cost.trace(sequence, { maxMemory: 1 });
  const whole = await model.trace(sequence, { maxMemory });
  const reason = new Error("enough");
  const controller = new AbortController();
  let heard = 0;
  const onProgress = () => ++heard === 3 && controller.abort(reason);
  await rejects(model.trace(sequence, { maxMemory, onProgress, signal: controller.signal }), reason);
  equal(heard, 3);
  deepEqual(await model.trace(sequence, { maxMemory }), whole);
});

Deno.test("trace() asserts that the rows of attention sum to 1", () => {
  expectRowSum(Float32Array.of(0.25, 0.75), 0, 0, 1);
  expectRowSum(Float32Array.of(0.25, 0.75005), 0, 0, 1);
  const message =
    /^Cannot trust the attention of layer 3, head 2: the row of token 1 sums to (1\.25|NaN|1\.00019\d*) instead of 1$/;
  for (const weights of [[0.5, 0.75], [NaN, 1], [0.25, 0.7502]]) {
    throws(() => expectRowSum(Float32Array.from(weights), 3, 2, 1), { name: "Error", message });
  }
});
