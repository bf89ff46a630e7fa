import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { type DecodeOptions, LanguageModel, type Progress } from "../../../mod.ts";
import { ask } from "../../../src/ask/question.ts";
import { planBatch } from "../../../src/ask/write/batch_plan.ts";
import { choose } from "../../../src/ask/write/decode.ts";
import { GENERATE_BATCH } from "../../../src/ask/write/generate.ts";
import { readGenerationConfig } from "../../../src/ask/write/generation_config.ts";
import { logitsRow } from "../../../src/base/numbers.ts";
import { findModelFiles } from "../../../src/hub/model_files.ts";
import { loadModel } from "../../../src/model/load/load.ts";
import { Reader } from "../../../src/model/reader.ts";
import { checkpointCopy, FAMILY_NAMES, GOLDEN_NAMES, maxAbsDifference, openGolden } from "../../support/goldens.ts";
import { NO_WEBGPU } from "../../support/webgpu.ts";

const noInside = () => Promise.reject(new Error("no question here needs another program"));

interface BatchGolden {
  readonly maxNewTokens: number;
  readonly stop: number;
  readonly prompts: readonly (readonly number[])[];
  readonly written: readonly (readonly number[])[];
}

async function readGolden(name: string): Promise<BatchGolden> {
  const { directory } = await openGolden(name);
  return JSON.parse(await Deno.readTextFile(new URL("batch.json", directory)));
}

async function open(name = "f32", backend: "wasm" | "native" | "webgpu" = "wasm") {
  const copy = await checkpointCopy(name);
  const model = await LanguageModel.fromPretrained(copy.directory, { backend });
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { model, ...await readGolden(name), [Symbol.asyncDispose]: dispose };
}

/** A decoder whose runs are listed: what is read, how many tokens are in the cache, and the scores. */
async function openListed(name = "twelve_layers", eosTokenIds: readonly number[] = []) {
  const copy = await checkpointCopy(name);
  const { runner, tokenizer } = await loadModel(
    await findModelFiles(copy.directory),
    { backend: "wasm" },
    readGenerationConfig,
  );
  const runs: { texts: readonly number[]; cached: number; logits: Float32Array }[] = [];
  const read = runner.read.bind(runner);
  runner.read = async (ids, cache, rows, options) => {
    const cached = cache.length;
    const results = await read(ids, cache, rows, options);
    runs.push({ texts: options?.texts ?? ids.map(() => 0), cached, logits: results[0]!.slice() });
    return results;
  };
  const reader = new Reader(tokenizer, runner.config);
  const decoder = { runner, reader, eosTokenIds, defaults: {}, expectUsable: () => {}, inside: noInside };
  const write = async (prompts: readonly (readonly number[])[], options: DecodeOptions) => {
    const sequences = await ask(decoder, GENERATE_BATCH, prompts, options);
    return sequences.map(({ tokenIds, promptLength }) => tokenIds.slice(promptLength));
  };
  const dispose = async () => {
    await runner.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { write, runs, decoder, ...await readGolden(name), [Symbol.asyncDispose]: dispose };
}

for (const backend of ["wasm", "native", "webgpu"] as const) {
  for (const name of [...GOLDEN_NAMES, ...FAMILY_NAMES]) {
    if (backend === "webgpu" && name !== "twelve_layers") continue; // slow in software
    const title = `generateBatch() on ${backend} equals Hugging Face with left padding, and generate(), on ${name}`;
    Deno.test(title, { ignore: backend === "webgpu" && NO_WEBGPU }, async () => {
      await using opened = await open(name, backend);
      const { model, prompts, written, stop, maxNewTokens } = opened;
      const options = { maxNewTokens, stop: [stop] };
      const sequences = await model.generateBatch(prompts, options);
      deepEqual(sequences.map(({ tokenIds }) => tokenIds), prompts.map((prompt, i) => [...prompt, ...written[i]!]));
      const alone = backend === "webgpu" ? prompts.slice(0, 1) : prompts; // software compiles anew for each length
      for (const [i, prompt] of alone.entries()) deepEqual(sequences[i], await model.generate(prompt, options));
    });
  }
}

for (const backend of ["wasm", "native"] as const) {
  for (const name of ["twelve_layers", "the bundled model"]) {
    Deno.test(`generateBatch() on ${backend} writes what generate() writes, with ${name}`, async () => {
      await using copy = await checkpointCopy("twelve_layers");
      const directory = name === "twelve_layers" ? copy.directory : undefined;
      await using model = await LanguageModel.fromPretrained(directory, { backend });
      const { nPositions, vocabSize } = model.config;
      const ids = (length: number) => Array.from({ length }, (_, i) => (7 * i * i + 3 * i + length) % vocabSize);
      const prompts = directory
        ? ["keys&more", "", ids(5), [], ids(nPositions - 1), ids(nPositions - 3), ids(5)]
        : ["The keys to the cabinet", "日本語 and 🦕🇪🇺!", "", ids(1), "Once upon a time, there was a", "The keys"];
      const text = (await model.generate(prompts[0]!, { maxNewTokens: 4 })).text.slice(-2);
      for (
        const options of [
          { maxNewTokens: 12 },
          { maxNewTokens: 8, temperature: 1.3, seed: 5 },
          { maxNewTokens: 8, topK: 20, topP: 0.9, stop: ["e", text], candidates: 3 },
          { maxNewTokens: 1 },
        ]
      ) {
        const sequences = await model.generateBatch(prompts, options);
        equal(sequences.length, prompts.length);
        for (const [i, prompt] of prompts.entries()) deepEqual(sequences[i], await model.generate(prompt, options));
      }
    });
  }
}

Deno.test("generateBatch() takes the model's own sampling, draws alike for equal prompts, and takes one prompt", async () => {
  await using copy = await checkpointCopy("f32", (directory) => {
    const settings = { "do_sample": true, temperature: 1.5, "top_k": 50 };
    return Deno.writeTextFile(`${directory}/generation_config.json`, JSON.stringify(settings));
  });
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const [a, b, c] = await model.generateBatch(["ab", "cde", "ab"], { seed: 3 });
  deepEqual(a, c);
  deepEqual(a, await model.generate("ab", { seed: 3 }));
  equal(b!.decoding!.temperature, 1.5);
  deepEqual(await model.generateBatch(["cde"], { seed: 3 }), [b]);
});

Deno.test("generateBatch() reads each token once, one of each text in a run, and forgets texts that have ended", async () => {
  await using opened = await openListed();
  const { write, runs, prompts, written, stop, maxNewTokens } = opened;
  deepEqual(await write(prompts, { maxNewTokens, stop: [0, stop] }), written);
  const lengths = prompts.map(({ length }) => length);
  const [first, ...rest] = runs;
  deepEqual([first!.texts.length, first!.cached], [lengths.reduce((a, b) => a + b), 0]);
  equal(rest.length, Math.max(...written.map(({ length }) => length)) - 1);
  rest.forEach(({ texts, cached }, step) => {
    const open = [...prompts.keys()].filter((text) => written[text]!.length > step + 1);
    deepEqual(texts, open);
    equal(cached, open.reduce((sum, text) => sum + lengths[text]! + step, 0));
  });
  ok(rest.some(({ texts }) => texts.length > 1) && rest.at(-1)!.texts.length < prompts.length);
});

Deno.test("generateBatch() tells of the tokens of all texts, also where they are written in groups", async () => {
  await using opened = await open();
  const { model, prompts } = opened;
  const alone = prompts.map((prompt) => model.cost.generateBatch([prompt], { maxNewTokens: 4 }).bytes);
  for (const maxMemory of [undefined, 1.2 * Math.max(...alone)]) {
    const told: Progress[] = [];
    const options = { maxNewTokens: 4, stop: [], ...maxMemory && { maxMemory } };
    const sequences = await model.generateBatch(prompts, { ...options, onProgress: (one) => told.push(one) });
    const written = sequences.reduce((sum, { tokenIds, promptLength }) => sum + tokenIds.length - promptLength, 0);
    const completed = told.map((one) => one.completed);
    deepEqual(completed, completed.toSorted((a, b) => a - b));
    equal(completed.at(-1), written);
    ok(completed.length >= 4);
    ok(told.every(({ task, total }) => task === "decode" && total === 4 * prompts.length));
  }
});

Deno.test("generateBatch() chooses by the numbers of generate(): alone to the last bit, together within 1e-5", async () => {
  await using opened = await openListed();
  const { write, runs, decoder, prompts } = opened;
  const options = { maxNewTokens: 6 };
  await write(prompts, options);
  const together = runs.splice(0);
  for (const [text, prompt] of prompts.entries()) {
    const choices = await Array.fromAsync(choose(decoder, decoder.reader.read(prompt), options));
    runs.splice(0);
    await write([prompt], options);
    const alone = runs.splice(0);
    deepEqual([alone.length, together.length], [choices.length, choices.length]);
    choices.forEach(({ logits }, step) => {
      deepEqual(alone[step]!.logits, logits);
      const row = logitsRow(together[step]!.logits, text, prompts.length);
      const off = maxAbsDifference(row, logits) / Math.max(...logits.map(Math.abs));
      ok(off <= 1e-5, `text ${text}, step ${step}: ${off}`);
    });
  }
});

Deno.test("generateBatch() writes the same in smaller groups, and refuses what not even one prompt fits into", async () => {
  await using opened = await openListed();
  const { write, runs, decoder: { runner }, prompts } = opened;
  const options = { maxNewTokens: 9 };
  const whole = await write(prompts, options);
  const lengths = prompts.map(({ length }) => length);
  const free = planBatch(runner, lengths, options);
  equal(free.groups.length, 1);
  equal(free.cost.runs, runs.splice(0).length);
  const least = planBatch(runner, lengths, { ...options, maxMemory: 1 });
  deepEqual(least.groups, [[0], [1], [2], [3], [4]]);
  for (const maxMemory of [least.cost.bytes, (least.cost.bytes + free.cost.bytes) / 2, free.cost.bytes]) {
    const plan = planBatch(runner, lengths, { ...options, maxMemory });
    ok(plan.cost.bytes <= maxMemory);
    deepEqual(await write(prompts, { ...options, maxMemory }), whole);
    equal(runs.splice(0).length, plan.cost.runs);
  }
  await rejects(write(prompts, { ...options, maxMemory: least.cost.bytes - 1 }), {
    name: "RangeError",
    message: /^Cannot continue 5 prompts within .* as it takes about .*; raise maxMemory or ask for fewer tokens$/,
  });
  equal(runs.length, 0);
});

Deno.test("generateBatch() refuses what it cannot read before it computes, and says which prompt it is", async () => {
  await using opened = await open();
  const { model } = opened;
  type Prompts = Parameters<typeof model.generateBatch>[0];
  const refuses = async (prompts: unknown, name: string, message: string | RegExp) => {
    await rejects(model.generateBatch(prompts as Prompts), { name, message });
    throws(() => model.cost.generateBatch(prompts as Prompts), { name, message });
  };
  const array = "pass an array of them, or use generate() for a single one";
  await refuses("ab", "TypeError", `Cannot take string as prompts; ${array}`);
  await refuses(undefined, "TypeError", `Cannot take undefined as prompts; ${array}`);
  await refuses(null, "TypeError", `Cannot take null as prompts; ${array}`);
  await refuses([], "RangeError", "Cannot continue an empty list of prompts; pass one at least");
  await refuses(Array(2), "TypeError", /^In prompts\[0\]: Cannot read undefined as a text/);
  await refuses([1, 2], "TypeError", /^In prompts\[0\]: Cannot read number as a text; pass a string or an array/);
  await refuses(["a", null], "TypeError", /^In prompts\[1\]: Cannot read null as a text/);
  const vocabulary = "as the vocabulary holds 97 tokens";
  await refuses([[1], [2, 97]], "RangeError", `In prompts[1]: Cannot read token id 97 ${vocabulary}`);
  await refuses([[-1]], "RangeError", `In prompts[0]: Cannot read token id -1 ${vocabulary}`);
  const full = Array(48).fill(1);
  const long = "Cannot continue a prompt of 48 tokens as the context holds 48; shorten it";
  await refuses(["a", "b", full], "RangeError", `In prompts[2]: ${long}`);
  const tooLong = "Cannot read 49 tokens as the context holds 48; shorten the text";
  await refuses([[...full, 1]], "RangeError", `In prompts[0]: ${tooLong}`);
  const option = (options: unknown, message: RegExp) =>
    rejects(model.generateBatch(["a", "b"], options as DecodeOptions), { name: "RangeError", message });
  await option({ maxNewTokens: 0 }, /^Cannot decode with maxNewTokens 0/);
  await option({ candidates: -1 }, /candidates -1/);
  await option({ temperature: -1 }, /temperature -1/);
  await option({ stop: [97] }, /stop at 97/);
  await option({ maxMemory: 0 }, /maxMemory 0/);
});

Deno.test("generateBatch() stops between two runs when it is aborted, and leaves the model usable", async () => {
  await using opened = await openListed();
  const { write, runs, decoder: { runner }, prompts } = opened;
  const reason = new Error("enough");
  await rejects(write(prompts, { signal: AbortSignal.abort(reason) }), reason);
  equal(runs.length, 0);
  const controller = new AbortController();
  const read = runner.read.bind(runner);
  runner.read = async (...request) => {
    const results = await read(...request);
    if (runs.length === 3) controller.abort(reason);
    return results;
  };
  await rejects(write(prompts, { signal: controller.signal }), reason);
  equal(runs.splice(0).length, 3);
  equal((await write(prompts, { maxNewTokens: 2 })).length, prompts.length);
});

Deno.test("generateBatch() of a model that is disposed before or meanwhile is refused", async () => {
  await using opened = await open();
  const { model, prompts } = opened;
  const writing = model.generateBatch(prompts, { maxNewTokens: 10, stop: [] });
  const refused = rejects(writing, { name: "Error", message: "Cannot run the model as it is disposed" });
  await model.dispose();
  await refused;
  await rejects(model.generateBatch(prompts), { name: "Error", message: /as it is disposed; load it again$/ });
});

Deno.test("generateBatch() calls at the same time do not disturb each other", async () => {
  await using opened = await open();
  const { model, prompts } = opened;
  const options = { maxNewTokens: 6 };
  const expected = await model.generateBatch(prompts, options);
  const [batch, reversed, one] = await Promise.all([
    model.generateBatch(prompts, options),
    model.generateBatch(prompts.toReversed(), options),
    model.generate(prompts[2]!, options),
  ]);
  deepEqual(batch, expected);
  deepEqual(reversed.toReversed(), expected);
  deepEqual(one, expected[2]);
});
