import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { type Change, type FloatTensor, LanguageModel, type LogitAttribution } from "../../../mod.ts";
import {
  checkpointCopy,
  ENCODER_NAMES,
  FAMILY_NAMES,
  folderOf,
  GOLDEN_NAMES,
  maxAbsDifference,
  openGolden,
  openGoldenFile,
  SOURCE_NAMES,
} from "../../support/goldens.ts";

/** Of all parts, relative to the greatest of their kind where that is above 1. */
const BOUND = 1e-5;

async function open(name: string, backend: "wasm" | "native" = "wasm", dtype?: "q8") {
  const copy = await checkpointCopy(name);
  const model = await LanguageModel.fromPretrained(copy.directory, { backend, ...dtype && { dtype } });
  const { prompts, array } = await openGolden(name).catch(() => ({ prompts: {}, array: undefined }) as never);
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  const theirs = async (key: string) => await array(key, "logit_attribution.safetensors");
  const { directory } = copy;
  return { model, directory, tokenIds: prompts.long?.tokenIds ?? [], theirs, [Symbol.asyncDispose]: dispose };
}

/** The parts of an attribution by the names of the goldens. */
function partsOf(seen: LogitAttribution): Record<string, FloatTensor> {
  const one = (value: number) => ({ data: Float32Array.of(value), shape: [1] });
  const { heads, attentionBiases, mlps, neurons, tokens, positionEmbedding } = seen;
  return {
    ...{ logit: one(seen.logit), embedding: one(seen.embedding), bias: one(seen.bias) },
    ...positionEmbedding === undefined ? {} : { positionEmbedding: one(positionEmbedding) },
    ...{ heads, attentionBiases, mlps, neurons: neurons!, tokens: tokens! },
  };
}

function sumOf(seen: LogitAttribution): number {
  const { heads, attentionBiases, mlps, positionEmbedding = 0 } = seen;
  const lists = [heads, attentionBiases, mlps].flatMap(({ data }) => [...data]);
  return lists.reduce((sum, part) => sum + part, seen.embedding + positionEmbedding + seen.bias);
}

for (const backend of ["wasm", "native"] as const) {
  for (const name of [...GOLDEN_NAMES, ...FAMILY_NAMES]) {
    const path = name.includes("/") ? name : `gpt2/${name}`;
    Deno.test(`logitAttribution() on ${backend} equals PyTorch on ${path}`, async () => {
      await using opened = await open(name, backend);
      const { model, tokenIds, theirs } = opened;
      const file = new URL(`../../goldens/${path}/logit_attribution.json`, import.meta.url);
      const { position, targets, contrast } = JSON.parse(await Deno.readTextFile(file));
      const sequence = model.sequence(tokenIds);
      const options = { neurons: true, tokens: true };
      const next = await model.logitAttribution(sequence, options);
      const rather = await model.logitAttribution(sequence, { ...options, position, contrast });
      equal(next.position, tokenIds.length);
      equal(rather.position, position);
      equal(next.target.rank, 1);
      deepEqual([next.contrast, rather.contrast?.tokenId], [undefined, contrast]);
      for (const [question, seen] of Object.entries({ next, contrast: rather })) {
        equal(seen.sequence, sequence);
        equal(seen.target.tokenId, targets[question]);
        const parts = Object.entries(partsOf(seen));
        equal(parts.length, path.startsWith("gpt2") || path.startsWith("opt") ? 9 : 8);
        for (const [part, ours] of parts) {
          const golden = await theirs(`${question}/${part}`);
          deepEqual(ours.shape, golden.shape, part);
          const largest = golden.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          const difference = maxAbsDifference(ours.data, golden.data) / largest;
          ok(difference <= BOUND, `${question}/${part}: ${difference}`);
        }
        const size = Math.max(1, Math.abs(seen.target.logit), Math.abs(seen.contrast?.logit ?? 0));
        ok(Math.abs(sumOf(seen) - seen.logit) <= 1e-5 * size, `${question}: ${sumOf(seen)} is not ${seen.logit}`);
      }
    });
  }
}

Deno.test("logitAttribution() gives heads as sums of tokens, MLPs as sums of neurons, and only what is asked for", async () => {
  await using opened = await open("twelve_layers");
  const { model, tokenIds } = opened;
  const sequence = model.sequence(tokenIds);
  const seen = await model.logitAttribution(sequence, { neurons: true, tokens: true });
  const T = tokenIds.length;
  const rowsOf = ({ data }: FloatTensor, width: number) =>
    Array.from({ length: data.length / width }, (_, i) => data.subarray(i * width, (i + 1) * width));
  const sums = rowsOf(seen.tokens!, T).map((row) => row.reduce((a, b) => a + b, 0));
  ok(maxAbsDifference(sums, seen.heads.data) <= 1e-5);
  const bare = await model.logitAttribution(sequence);
  deepEqual([bare.neurons, bare.tokens], [undefined, undefined]);
  deepEqual([bare.heads, bare.mlps, bare.logit], [seen.heads, seen.mlps, seen.logit]);
});

Deno.test("logitAttribution() is of the token that stands at a position, and takes words by text and by id", async () => {
  await using opened = await open("f32");
  const { model, tokenIds } = opened;
  const sequence = model.sequence(tokenIds);
  const [third] = model.tokenizer.encode("#$");
  const byDefault = await model.logitAttribution(sequence, { position: 5 });
  equal(byDefault.target.tokenId, tokenIds[5]);
  const cut = await model.logitAttribution(model.sequence(tokenIds.slice(0, 5)), { target: tokenIds[5]! });
  deepEqual({ ...cut, sequence }, byDefault); // what stands behind is not read
  const byText = await model.logitAttribution(sequence, { target: "#$" }); // the first of two tokens
  equal(byText.target.tokenId, third);
  const { logit } = await model.logitAttribution(sequence, { target: "#", contrast: tokenIds[0]! });
  const own = await model.logitAttribution(sequence, { target: tokenIds[0]! });
  ok(Math.abs(byText.logit - own.logit - logit) <= 1e-5);
});

Deno.test("logitAttribution() reads long texts in pieces that take no more than they may, to the same answer", async () => {
  await using opened = await open("scaled");
  const { model, tokenIds } = opened;
  const sequence = model.sequence(tokenIds);
  const least = model.cost.logitAttribution(sequence, { maxMemory: 1 });
  const free = model.cost.logitAttribution(sequence);
  deepEqual([free.runs, least.runs], [2, tokenIds.length]);
  const completed: number[] = [];
  const onProgress = (progress: { completed: number }) => completed.push(progress.completed);
  const cut = await model.logitAttribution(sequence, { maxMemory: least.bytes, onProgress });
  deepEqual(completed, [1, 2, 3]);
  const whole = await model.logitAttribution(sequence);
  ok(maxAbsDifference(cut.heads.data, whole.heads.data) <= 1e-5);
  await rejects(model.logitAttribution(sequence, { maxMemory: 1 }), {
    name: "RangeError",
    message: /^Cannot take a logit at position 28 apart within .* as it takes about/,
  });
  const controller = new AbortController();
  const reason = new Error("enough");
  const stop = () => controller.abort(reason);
  await rejects(model.logitAttribution(sequence, { onProgress: stop, signal: controller.signal }), reason);
});

Deno.test("logitAttribution() refuses what makes no sense, and says what is there", async () => {
  await using opened = await open("f32");
  const { model, tokenIds } = opened;
  const sequence = model.sequence(tokenIds);
  const cases: readonly (readonly [unknown, string, RegExp])[] = [
    [{ position: 0 }, "RangeError", /position 0 as a sequence of 28 tokens has the positions 1 to 28, the last of/],
    [{ position: 29 }, "RangeError", /^Cannot take a logit apart at position 29 as a sequence of 28 tokens has/],
    [{ position: 1.5 }, "RangeError", /position 1.5/],
    [{ target: 97 }, "RangeError", /97/],
    [{ target: "" }, "RangeError", /^Cannot ask about an empty word/],
    [{ contrast: -1 }, "RangeError", /-1/],
    [{ target: 3, contrast: 3 }, "RangeError", /^Cannot contrast token 3 with itself; pass another token/],
    [{ position: 5, contrast: tokenIds[5] }, "RangeError", /^Cannot contrast token \d+ with itself/],
    [{ target: null }, "TypeError", /target null/],
    [{ neurons: 1 }, "TypeError", /neurons 1 as it must be true or false/],
    [{ head: 1 }, "TypeError", /"head" as there is no such option; use position, target, contrast, neurons, tokens/],
  ];
  equal(cases.length, 11);
  for (const [options, name, message] of cases) {
    await rejects(model.logitAttribution(sequence, options as never), { name, message });
    throws(() => model.cost.logitAttribution(sequence, options as never), { name, message });
  }
  const { target } = await model.logitAttribution(sequence);
  await rejects(model.logitAttribution(sequence, { contrast: target.tokenId }), {
    name: "RangeError",
    message: /^Cannot contrast token \d+ with itself, as it is the likeliest; pass a target$/,
  });
  await rejects(model.logitAttribution({ tokenIds: "x" } as never), { name: "TypeError", message: /as a sequence/ });
});

for (const name of [...ENCODER_NAMES, ...SOURCE_NAMES]) {
  Deno.test(`logitAttribution() is refused for ${name}, by the name of its family`, async () => {
    await using opened = await open(name);
    const { model } = opened;
    const sequence = { tokenIds: [1, 2], tokens: [], promptLength: 1, text: "" };
    await rejects(model.logitAttribution(sequence), { name: "TypeError" });
    throws(() => model.cost.logitAttribution(sequence), {
      name: "TypeError",
      message: name.startsWith("bert/")
        ? /^Cannot take a logit apart with \w+ as each token sees the whole text and none predicts the next one/
        : /^Cannot take a logit apart with \w+ as its blocks normalise the residual stream, .*; load a model such as/,
    });
  });
}

Deno.test("logitAttribution() is refused for weights in 8 bits before anything is read", async () => {
  await using opened = await open("f32", "native", "q8");
  const { model, tokenIds } = opened;
  await rejects(model.logitAttribution(model.sequence(tokenIds)), {
    name: "Error",
    message: 'Cannot take a logit apart with 8-bit weights as the weights themselves are read; load without dtype "q8"',
  });
});

Deno.test("logitAttribution() refuses to give parts that do not add up to the model's own logit", async () => {
  await using opened = await open("f32"); // wasm has read its weights; the file is read again
  const { model, tokenIds, directory } = opened;
  const sequence = model.sequence(tokenIds);
  await model.logitAttribution(sequence);
  const path = `${directory}/model.safetensors`;
  const file = await Deno.readFile(path);
  const start = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  const numbers = new Float32Array(file.slice(start).buffer);
  file.set(new Uint8Array(numbers.map((x) => x * 1.01).buffer), start);
  await Deno.writeFile(path, file);
  await rejects(model.logitAttribution(sequence), {
    name: "Error",
    message: /^Cannot take the logit apart as its parts add up to -?[\d.]+, and the model's own is -?[\d.]+$/,
  });
});

Deno.test("logitAttribution() of the bundled model adds up on both backends, whatever the tokens", async () => {
  for (const backend of ["wasm", "native"] as const) {
    await using model = await LanguageModel.fromPretrained(undefined, { backend });
    const sequence = model.sequence("The keys to the cabinet are on the table");
    for (const options of [{}, { position: 1 }, { position: 5, target: " are", contrast: " is" }]) {
      const seen = await model.logitAttribution(sequence, options);
      ok(Math.abs(sumOf(seen) - seen.logit) <= 1e-5 * Math.max(1, Math.abs(seen.target.logit)), `${sumOf(seen)}`);
    }
  }
});

for (const name of ["f32", "twelve_layers"]) {
  Deno.test(`logitAttribution() and headCircuit() equal TransformerLens on gpt2/${name}`, async () => {
    await using opened = await open(name, "native");
    const { model, tokenIds } = opened;
    const theirs = (key: string) => openGoldenFile(new URL("transformer_lens.safetensors", folderOf(name)), key);
    const seen = await model.logitAttribution(model.sequence(tokenIds), { neurons: true });
    const parts = ["embedding", "positionEmbedding", "heads", "attentionBiases", "mlps", "neurons"];
    for (const part of parts) {
      const golden = await theirs(`next/${part}`);
      const largest = golden.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      const difference = maxAbsDifference(partsOf(seen)[part]!.data, golden.data) / largest;
      ok(difference <= BOUND, `${part}: ${difference}`);
    }
    const { circuit } = JSON.parse(await Deno.readTextFile(new URL("logit_attribution.json", folderOf(name))));
    const { head, from, stride } = circuit;
    const { qk, ov } = await model.headCircuit({ layer: model.config.nLayer - 1, head }, { from, to: 2 * stride });
    const [allQk, allOv] = [await theirs("qk"), await theirs("ov")];
    ok(Math.abs(ov - allOv.data[2 * stride]!) <= BOUND * Math.max(1, Math.abs(ov)), `ov: ${ov}`);
    const other = await model.headCircuit({ layer: model.config.nLayer - 1, head }, { from: stride, to: 2 * stride });
    ok(Math.abs(other.qk - allQk.data[2 * allQk.shape[1]! + 1]!) <= BOUND * Math.max(1, Math.abs(qk)), `qk: ${qk}`);
  });
}

Deno.test("logitAttribution() of a changed model adds up, with what is added as parts of their own", async () => {
  await using model = await LanguageModel.fromPretrained();
  const sequence = model.sequence("The keys to the cabinet");
  const { attention } = await model.trace(model.sequence("The cats in the garden are"), {
    capture: ["attention"],
    layers: [2],
  });
  const T = attention!.shape[3]!;
  const rows = { data: attention!.data.slice(0, T * T), shape: [T, T] };
  await using changed = await model.with([
    { site: "neurons.1", neurons: [3, 4], set: [2, -1] },
    { site: "pattern.2", heads: [0], set: rows },
  ]);
  const { logit } = await changed.logitAttribution(sequence, { target: " are" }); // the sum is checked
  ok(logit !== (await model.logitAttribution(sequence, { target: " are" })).logit);
  await using off = await model.with([{ site: "z.4", heads: [7], scale: 0 }]);
  const without = await off.logitAttribution(sequence, { target: " are" });
  deepEqual([without.heads.data[4 * model.config.nHead + 7], without.added], [0, undefined]);
  const row = sequence.tokenIds.length - 1;
  const add = Float32Array.from({ length: model.config.nEmbd }, (_, c) => Math.cos(c));
  await using steered = await model.with([{ site: "resid.3", positions: [row], add }, {
    site: "resid.1",
    positions: [0],
    add,
  }]);
  const { added } = await steered.logitAttribution(sequence, { target: " are" });
  deepEqual(added!.map(({ site }) => site), ["resid.3"]); // elsewhere nothing is added at this token
  ok(added![0]!.value !== 0);
});

/** What changed_attribution.json holds. */
interface ChangedParts {
  readonly tokenIds: readonly number[];
  readonly changes: readonly Change[];
  readonly target: number;
  readonly logit: number;
  readonly embedding: number;
  readonly positionEmbedding?: number;
  readonly heads: readonly (readonly number[])[];
  readonly attentionBiases: readonly number[];
  readonly mlps: readonly number[];
  readonly bias: number;
  readonly added: Readonly<Record<string, number>>;
}

for (
  const [name, backend] of [["f32", "wasm"], ["llama/grouped", "native"], ["gpt_neox/parallel", "native"]] as const
) {
  Deno.test(`logitAttribution() of a model changed at every place equals PyTorch on ${backend}, on ${name}`, async () => {
    await using opened = await open(name, backend);
    const golden: ChangedParts = JSON.parse(
      await Deno.readTextFile(new URL("changed_attribution.json", folderOf(name))),
    );
    await using changed = await opened.model.with(golden.changes);
    const found = await changed.logitAttribution(changed.sequence(golden.tokenIds));
    equal(found.target.tokenId, golden.target);
    const close = (actual: readonly number[], expected: readonly number[], what: string) => {
      equal(actual.length, expected.length, what);
      const greatest = Math.max(1, ...expected.map(Math.abs));
      ok(maxAbsDifference(Float32Array.from(actual), Float32Array.from(expected)) <= BOUND * greatest, what);
    };
    close([found.logit], [golden.logit], "logit");
    close([found.embedding, found.bias], [golden.embedding, golden.bias], "embedding and bias");
    close([found.positionEmbedding ?? 0], [golden.positionEmbedding ?? 0], "position");
    close([...found.heads.data], golden.heads.flat(), "heads");
    close([...found.attentionBiases.data], golden.attentionBiases, "attention biases");
    close([...found.mlps.data], golden.mlps, "MLPs");
    const added = Object.fromEntries(found.added!.map(({ site, value }) => [site, value]));
    const sites = ["attn_out.0", "mlp_out.1", "resid.2"];
    deepEqual(Object.keys(added), sites);
    deepEqual(Object.keys(golden.added), sites);
    close(Object.values(added), Object.values(golden.added), "added");
  });
}
