import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { type BeamSearchOptions, type EarlyStopping, LanguageModel, type Progress } from "../../../../mod.ts";
import { planBatch } from "../../../../src/ask/write/batch_plan.ts";
import { expectAffordable } from "../../../../src/ask/question.ts";
import { planSearch, searchBeams } from "../../../../src/ask/write/beams/run.ts";
import { readGenerationConfig } from "../../../../src/ask/write/generation_config.ts";
import { findModelFiles } from "../../../../src/hub/model_files.ts";
import { loadModel } from "../../../../src/model/load/load.ts";
import { Reader } from "../../../../src/model/reader.ts";
import { treeView } from "../../../../widgets/mod.ts";
import { type BeamGolden, type BeamRun, expectFound, readBeamGolden } from "../../../support/beam_goldens.ts";
import { counted } from "../../../support/counted.ts";
import { checkpointCopy, GOLDEN_NAMES } from "../../../support/goldens.ts";

const PLAIN = ["num_beams", "length_penalty", "early_stopping", "max_new_tokens", "eos_token_id"];

/** The runs whose settings change no scores. */
function plainRuns({ runs }: Pick<BeamGolden, "runs">): readonly BeamRun[] {
  return runs.filter(({ settings }) => Object.keys(settings).every((name) => PLAIN.includes(name)));
}

/** The options that settings of a run mean for a model whose texts end at token 0. */
function optionsOf({ settings }: BeamRun): BeamSearchOptions {
  const { num_beams: beams, length_penalty: lengthPenalty, early_stopping: earlyStopping } = settings;
  const { max_new_tokens: maxNewTokens, eos_token_id: [, ...stop] } = settings;
  return {
    beams,
    maxNewTokens,
    stop,
    ...lengthPenalty !== undefined && { lengthPenalty },
    ...earlyStopping !== undefined && { earlyStopping },
  };
}

async function open(name = "f32", options: { backend?: "wasm" | "native"; worker?: boolean } = {}) {
  const copy = await checkpointCopy(name);
  const model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm", ...options });
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { model, golden: await readBeamGolden(name), [Symbol.asyncDispose]: dispose };
}

/** What the others are about, how weights are stored, is held by their other goldens. */
const CHECKPOINTS = counted(GOLDEN_NAMES.filter((name) => name !== "f64" && name !== "stored_head"), 9);

for (const backend of ["native", "wasm"] as const) {
  for (const name of CHECKPOINTS) {
    Deno.test(`beams() and generate() on ${backend} find what Hugging Face finds, on ${name}`, async () => {
      await using opened = await open(name, { backend });
      const { model, golden } = opened;
      const all = plainRuns(golden);
      equal(all.length, name === "f32" ? 120 : 11);
      const runs = backend === "native" ? all : all.filter((_, i) => i % 4 === 0);
      let texts = 0;
      for (const [n, run] of runs.entries()) {
        const options = optionsOf(run);
        for (const [i, prompt] of golden.prompts.entries()) {
          const { branches } = await model.beams(prompt, options);
          texts += expectFound(branches, run, i);
          if (i === n % 20) deepEqual(await model.generate(prompt, options), branches[0]!.sequence);
        }
        if (n % 4 > 0) continue;
        const together = await model.generateBatch(golden.prompts, options);
        deepEqual(
          together.map(({ tokenIds, promptLength }) => tokenIds.slice(promptLength)),
          run.texts.map(([best]) => best),
        );
      }
      ok(texts >= 2 * golden.prompts.length * runs.length);
    });
  }
}

for (const name of ["f32", "twelve_layers"]) {
  Deno.test(`beams() applies settings that change scores as Hugging Face does, from options and from the file, on ${name}`, async () => {
    const golden = await readBeamGolden(name);
    const plain = plainRuns(golden);
    const all = golden.runs.filter((run) => !plain.includes(run));
    equal(all.length, 25);
    const runs = name === "f32" ? all : all.filter((_, i) => i % 4 === 0);
    const eos = runs[0]!.settings.eos_token_id;
    await using ended = await openWith(name, { "eos_token_id": eos });
    for (const [n, run] of runs.entries()) {
      deepEqual(run.settings.eos_token_id, eos);
      await using filed = await openWith(name, { ...run.settings, "num_return_sequences": run.settings.num_beams });
      const { stop: _, ...options } = { ...processedOptions(run), ...optionsOf(run) };
      for (const [i, prompt] of golden.prompts.entries()) {
        expectFound((await filed.model.beams(prompt)).branches, run, i);
        if (i === n % 3) expectFound((await ended.model.beams(prompt, options)).branches, run, i);
      }
      const [best] = await filed.model.generateBatch([golden.prompts[1]!]);
      deepEqual(best!.tokenIds.slice(best!.promptLength), run.texts[1]![0]);
    }
  });
}

/** A checkpoint whose generation_config.json has some fields. */
async function openWith(name: string, fields: Readonly<Record<string, unknown>>) {
  const copy = await checkpointCopy(name, (directory) => {
    return Deno.writeTextFile(`${directory}/generation_config.json`, JSON.stringify(fields));
  });
  const model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { model, [Symbol.asyncDispose]: dispose };
}

/** The settings of a run that change scores, as options. */
function processedOptions({ settings }: BeamRun): BeamSearchOptions {
  const entries = Object.entries(settings).filter(([name]) => !PLAIN.includes(name));
  return Object.fromEntries(entries.map(([name, value]) => {
    const camel = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    return [name === "bad_words_ids" ? "badWords" : camel, value];
  }));
}

Deno.test("generation_config.json with num_beams is searched with, unless a call says otherwise", async () => {
  const fields = { "num_beams": 3, "length_penalty": 2, "early_stopping": "never", "num_return_sequences": 2 };
  await using filed = await openWith("f32", { ...fields, "max_new_tokens": 5 });
  await using plain = await open("f32");
  const prompt = plain.golden.prompts[2]!;
  const settings = { beams: 3, lengthPenalty: 2, earlyStopping: "never", maxNewTokens: 5 } as const;
  const search = await plain.model.beams(prompt, { ...settings, best: 2 });
  deepEqual(await filed.model.beams(prompt), search);
  deepEqual(await filed.model.generate(prompt), search.branches[0]!.sequence);
  deepEqual((await filed.model.generateBatch([prompt]))[0], search.branches[0]!.sequence);
  deepEqual(filed.model.cost.generate(prompt), plain.model.cost.generate(prompt, settings));
  deepEqual(filed.model.cost.beams(prompt), plain.model.cost.beams(prompt, settings));
  equal((await filed.model.beams(prompt, { best: 3 })).branches.length, 3);
  equal((await filed.model.beams(prompt, { beams: 2 })).branches.length, 2);
  deepEqual(await filed.model.generate(prompt, { beams: 1 }), await plain.model.generate(prompt, { maxNewTokens: 5 }));
  await rejects(Array.fromAsync(filed.model.steps(prompt)), {
    name: "TypeError",
    message: /with 3 beams .* pass beams: 1$/,
  });
  equal((await Array.fromAsync(filed.model.steps(prompt, { beams: 1 }))).length, 5);
  await rejects(filed.model.tree(prompt), { name: "TypeError", message: /^Cannot grow a tree with 3 beams/ });
});

Deno.test("generation_config.json with beams that cannot be used is refused by name", async () => {
  const refused: [Record<string, unknown>, string, string | RegExp][] = [
    [
      { "num_beams": 0 },
      "RangeError",
      "Cannot use num_beams 0 of generation_config.json as it must be a whole number >= 1",
    ],
    [{ "num_beams": 2.5 }, "RangeError", /^Cannot use num_beams 2.5 of generation_config.json/],
    [{ "num_beams": "4" }, "RangeError", /^Cannot use num_beams "4" of generation_config.json/],
    [
      { "length_penalty": "1" },
      "TypeError",
      'Cannot use length_penalty "1" of generation_config.json as it must be a number',
    ],
    [
      { "early_stopping": "soon" },
      "TypeError",
      /^Cannot use early_stopping "soon" .* as it must be true, false or "never"$/,
    ],
    [{ "num_return_sequences": 5 }, "RangeError", /^Cannot use num_return_sequences 5 .* from 1 to num_beams, 4$/],
    [
      { "num_beam_groups": 2 },
      "RangeError",
      /num_beam_groups 2, which is not built; .* generationConfig: \{ num_beam_groups: null \}$/,
    ],
    [{ constraints: [1] }, "RangeError", /asks for constraints .* not built/],
    [{ "force_words_ids": [[1]] }, "RangeError", /asks for force_words_ids .* not built/],
  ];
  equal(refused.length, 9);
  for (const [fields, name, message] of refused) {
    await rejects(openWith("f32", { "num_beams": 4, ...fields }), { name, message });
  }
  const unused = {
    "num_beams": 1,
    "length_penalty": "x",
    "early_stopping": 7,
    "num_beam_groups": 2,
    "diversity_penalty": 1,
  };
  await using opened = await openWith("f32", unused);
  equal((await opened.model.generate([5], { maxNewTokens: 2 })).tokenIds.length, 3);
});

Deno.test("beams() finds what Hugging Face finds where the context ends the texts", async () => {
  await using opened = await open("f32");
  const { model, golden: { full } } = opened;
  equal(full.runs.length, 3);
  for (const run of full.runs) {
    const { branches } = await model.beams(full.prompt, { ...optionsOf(run), maxNewTokens: 20 });
    equal(expectFound(branches, run, 0), 3);
    ok(branches.some(({ sequence }) => sequence.tokenIds.length === model.config.nPositions));
  }
});

Deno.test("beams() in a worker finds the same, to the last bit", async () => {
  await using here = await open("twelve_layers", { backend: "native" });
  await using there = await open("twelve_layers", { backend: "native", worker: true });
  for (const run of plainRuns(here.golden).slice(0, 3)) {
    for (const prompt of here.golden.prompts) {
      deepEqual(await there.model.beams(prompt, optionsOf(run)), await here.model.beams(prompt, optionsOf(run)));
    }
  }
});

Deno.test("beams() with 8-bit weights adds up what its steps say", async () => {
  await using cache = await temporaryFolder();
  await using model = await LanguageModel.fromPretrained(undefined, { dtype: "q8", cacheDir: cache.path });
  const { branches } = await model.beams("The keys to the cabinet", { beams: 3, maxNewTokens: 5 });
  equal(branches.length, 3);
  for (const { id, start, steps, logProb, score, sequence } of branches) {
    equal(start + steps.length, sequence.tokenIds.length);
    const written = sequence.tokenIds.length - sequence.promptLength;
    ok(Math.abs(score - logProb / written) < 1e-5);
    if (id === 0) ok(Math.abs(steps.reduce((sum, step) => sum + step.logProb, 0) - logProb) < 1e-6);
  }
});

Deno.test("beams() on the bundled model finds what Hugging Face finds", async () => {
  const golden = await readBeamGolden("bundled");
  await using model = await LanguageModel.fromPretrained();
  const runs = plainRuns(golden);
  equal(runs.length, 4);
  for (const run of runs) {
    for (const [i, text] of golden.texts!.entries()) {
      expectFound((await model.beams(text, optionsOf(run))).branches, run, i);
    }
  }
});

Deno.test("beams() gives a tree whose branches leave the earlier one that they share most with, and treeView draws it", async () => {
  await using opened = await open();
  const { model, golden: { prompts } } = opened;
  const search = await model.beams(prompts[1]!, { beams: 5, maxNewTokens: 6, candidates: 2 });
  const { branches, prompt } = search;
  deepEqual(prompt.tokenIds, prompts[1]);
  deepEqual(branches.map(({ id }) => id), [0, 1, 2, 3, 4]);
  ok(branches.some(({ start }) => start > prompt.tokenIds.length));
  for (const { id, parent, start, steps, sequence, logProb } of branches) {
    const shared = branches.slice(0, id).map((other) => {
      const at = sequence.tokenIds.findIndex((token, i) => other.sequence.tokenIds[i] !== token);
      return at < 0 ? sequence.tokenIds.length : at;
    });
    equal(parent, id === 0 ? undefined : shared.indexOf(Math.max(...shared)));
    equal(start, id === 0 ? prompt.tokenIds.length : Math.max(...shared));
    deepEqual(steps.map(({ position }) => position), sequence.tokenIds.map((_, t) => t).slice(start));
    deepEqual(steps.map(({ tokenId }) => tokenId), sequence.tokenIds.slice(start));
    ok(steps.every(({ candidates }) => candidates.length === 2));
    const { logProbs } = await model.surprise(sequence, {
      positions: [...sequence.tokenIds.keys()].slice(prompt.tokenIds.length),
    });
    ok(Math.abs(logProbs.data.reduce((sum, one) => sum + one, 0) - logProb) < 1e-5);
    deepEqual(
      steps.map((step) => Math.abs(step.logProb - logProbs.data[step.position - prompt.tokenIds.length]!) < 1e-5),
      steps.map(() => true),
    );
  }
  deepEqual(treeView(search).data, search);
  deepEqual(
    (await model.beams(prompts[1]!, { beams: 5, maxNewTokens: 6, candidates: 2, best: 2 })).branches,
    branches.slice(0, 2),
  );
});

/** A decoder whose runs are listed: how many tokens are read, and how many rows are in the cache before. */
async function openListed() {
  const copy = await checkpointCopy("twelve_layers");
  const { runner, tokenizer } = await loadModel(
    await findModelFiles(copy.directory),
    { backend: "wasm" },
    readGenerationConfig,
  );
  const runs: { read: number; cached: number }[] = [];
  const read = runner.read.bind(runner);
  runner.read = (ids, cache, rows, options) => {
    runs.push({ read: ids.length, cached: cache.length });
    return read(ids, cache, rows, options);
  };
  const decoder = { runner, reader: new Reader(tokenizer, runner.config), eosTokenIds: [0] };
  const search = async (prompts: readonly (readonly number[])[], beams: number, options: BeamSearchOptions = {}) => {
    const settings = { beams, lengthPenalty: 1, earlyStopping: false };
    const plan = planSearch(runner, prompts.map((prompt) => decoder.reader.read(prompt)), options, settings);
    expectAffordable(plan);
    return await searchBeams(decoder, plan, { signal: new AbortController().signal });
  };
  const dispose = async () => {
    await runner.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { search, runs, runner, [Symbol.asyncDispose]: dispose };
}

Deno.test("beams() reads a prompt once, and what beams have in common once", async () => {
  await using opened = await openListed();
  const { search, runs, runner } = opened;
  const prompt = Array.from({ length: 20 }, (_, i) => 1 + i);
  const [beams, maxNewTokens] = [5, 20];
  await search([prompt], beams, { maxNewTokens, stop: [] });
  const [first, ...rest] = runs.splice(0);
  deepEqual(first, { read: 20, cached: 0 });
  ok(rest.length <= maxNewTokens - 1 && rest.length >= 10);
  for (const [step, { read, cached }] of rest.entries()) {
    equal(read, beams);
    ok(cached >= 20 + step && cached <= 1.25 * (20 + beams * step), `${cached} rows at step ${step}`);
  }
  ok(rest.at(-1)!.cached < 1.25 * (20 + maxNewTokens + 3 * beams), "rows of beams that were given up are forgotten");
  const plan = planBatch(runner, [3, 2], { maxNewTokens: 3, beams: 2 });
  equal(plan.groups.length, 1);
  await search([[1, 2, 3], [4, 5]], 2, { maxNewTokens: 3 });
  deepEqual(runs.map(({ read }) => read), [5, 4, 4]);
  equal(plan.cost.runs, 3);
});

Deno.test("beams() finds the same in smaller groups, and refuses what not even one prompt fits into", async () => {
  await using opened = await openListed();
  const { search, runs, runner } = opened;
  const prompts = [[5, 6, 7], [8], [9, 10, 11, 12, 13]];
  const options = { maxNewTokens: 6 };
  const whole = await search(prompts, 3, options);
  const lengths = prompts.map(({ length }) => length);
  const least = planBatch(runner, lengths, { ...options, beams: 3, maxMemory: 1 });
  deepEqual(least.groups, [[0], [1], [2]]);
  runs.splice(0);
  const again = await search(prompts, 3, { ...options, maxMemory: least.cost.bytes });
  deepEqual(
    again.map((found) => found.map(({ written }) => written)),
    whole.map((found) => found.map(({ written }) => written)),
  );
  equal(runs.filter(({ cached }) => cached === 0).length, 3);
  await rejects(search(prompts, 3, { ...options, maxMemory: least.cost.bytes - 1 }), {
    name: "RangeError",
    message: /^Cannot continue 3 prompts with 3 beams within .*; raise maxMemory or ask for fewer beams or tokens$/,
  });
});

Deno.test("beams() reads as many beams in a run as a chunk holds", async () => {
  await using opened = await openListed();
  const { search, runs, runner } = opened;
  const [found] = await search([[5]], 300, { maxNewTokens: 3 });
  deepEqual(runs.map(({ read }) => read), [1, 256, 44, 256, 44]);
  equal(planBatch(runner, [1], { maxNewTokens: 3, beams: 300 }).cost.runs, 5);
  equal(found!.length, 300);
  equal(new Set(found!.map(({ written }) => written.join())).size, 300);
});

Deno.test("model.cost says what beams() and generate() with beams take", async () => {
  await using opened = await open();
  const { model, golden: { prompts: [prompt] } } = opened;
  const plain = model.cost.generate(prompt!);
  const some = model.cost.generate(prompt!, { beams: 4 });
  const more = model.cost.generate(prompt!, { beams: 8 });
  ok(plain.runBytes < some.runBytes && some.runBytes < more.runBytes);
  deepEqual(model.cost.generateBatch([prompt!], { beams: 4 }), some);
  const kept = model.cost.beams(prompt!, { beams: 4 });
  equal(kept.runBytes, some.runBytes);
  equal(kept.resultBytes - some.resultBytes, 2 * 4 * 20 * 97 * 4);
  deepEqual(model.cost.beams(prompt!), kept);
  await rejects(model.beams(prompt!, { maxMemory: kept.bytes - 1 }), { name: "RangeError" });
  equal((await model.beams(prompt!, { maxMemory: kept.bytes })).branches.length, 4);
});

Deno.test("beams() tells of its tokens, and stops between two steps", async () => {
  await using opened = await open();
  const { model, golden: { prompts } } = opened;
  const told: Progress[] = [];
  const controller = new AbortController();
  const options = { beams: 3, maxNewTokens: 8 };
  await model.generateBatch(prompts, { ...options, onProgress: (one) => told.push(one) });
  const completed = told.map((one) => one.completed);
  deepEqual(completed, completed.toSorted((a, b) => a - b));
  ok(completed.length > 3 && told.every(({ task, total }) => task === "decode" && total === 24));
  const onProgress = ({ completed }: Progress) => completed === 2 && controller.abort(new Error("enough"));
  await rejects(model.beams(prompts[0]!, { ...options, onProgress, signal: controller.signal }), { message: "enough" });
  equal((await model.beams(prompts[0]!, options)).branches.length, 3);
});

Deno.test("beams() that draws is repeatable, and finds what it finds without drawing where it is cold", async () => {
  await using opened = await open();
  const { model, golden: { prompts } } = opened;
  const written = async (options: BeamSearchOptions) => {
    const { branches } = await model.beams(prompts[2]!, { beams: 3, maxNewTokens: 6, ...options });
    return branches.map(({ sequence, score }) => ({ text: sequence.tokenIds.join(), score }));
  };
  const plain = await written({});
  for (const seed of [1, 2, 3]) {
    const cold = await written({ temperature: 1e-4, seed });
    deepEqual(cold.map(({ text }) => text), plain.map(({ text }) => text));
    for (const [i, { score }] of cold.entries()) ok(Math.abs(score / 1e4 - plain[i]!.score) < 1e-5);
  }
  const drawn = await Promise.all([5, 5, 6].map((seed) => written({ temperature: 1.5, topK: 40, seed })));
  deepEqual(drawn[0], drawn[1]);
  ok(JSON.stringify(drawn[0]) !== JSON.stringify(drawn[2]));
  const options = { beams: 3, maxNewTokens: 6, temperature: 1.5, topK: 40, seed: 5 };
  const [together] = await model.generateBatch([prompts[2]!, prompts[0]!], options);
  equal(together!.tokenIds.join(), drawn[0]![0]!.text);
});

Deno.test("what beams cannot do is refused by name", async () => {
  await using opened = await open();
  const { model } = opened;
  const refuses = async (call: () => Promise<unknown>, name: string, message: string | RegExp) => {
    await rejects(call(), { name, message });
  };
  for (const beams of [0, -1, 1.5, NaN, Infinity]) {
    const message = `Cannot search with ${beams} beams as it must be a whole number >= 1`;
    await refuses(() => model.generate("a", { beams }), "RangeError", message);
    await refuses(() => model.beams("a", { beams }), "RangeError", message);
    throws(() => model.cost.generate("a", { beams }), { name: "RangeError", message });
  }
  for (const lengthPenalty of [NaN, Infinity]) {
    const message = `Cannot search with lengthPenalty ${lengthPenalty} as it must be a finite number`;
    await refuses(() => model.generate("a", { beams: 2, lengthPenalty }), "RangeError", message);
  }
  const early = 'Cannot search with earlyStopping "always" as it must be true, false or "never"';
  const earlyStopping = "always" as EarlyStopping;
  await refuses(() => model.generateBatch(["a"], { beams: 2, earlyStopping }), "TypeError", early);
  for (const options of [{ lengthPenalty: 2 }, { beams: 1, earlyStopping: true }]) {
    const name = "beams" in options ? "earlyStopping" : "lengthPenalty";
    const message = `Cannot use ${name} without beams; pass beams, 2 or more, or leave it out`;
    await refuses(() => model.generate("a", options), "TypeError", message);
    await refuses(() => Array.fromAsync(model.steps("a", options)), "TypeError", message);
  }
  const single = "Cannot search with 1 beam as that is no search; pass beams, 2 or more, or use generate()";
  await refuses(() => model.beams("a", { beams: 1 }), "RangeError", single);
  for (const best of [0, 5, 1.5]) {
    const message = `Cannot return the best ${best} texts of 4 beams; use 1 to 4, or more beams`;
    await refuses(() => model.beams("a", { best }), "RangeError", message);
  }
  const advice = "as the best text is known at the end only; use beams() or generate(), or pass beams: 1";
  const steps = `Cannot write step by step with 2 beams ${advice}`;
  await refuses(() => Array.fromAsync(model.steps("a", { beams: 2 })), "TypeError", steps);
  await refuses(() => model.tree("a", { beams: 3 }), "TypeError", `Cannot grow a tree with 3 beams ${advice}`);
  const tree = await model.tree("a", { maxNewTokens: 1 });
  await refuses(() => tree.fork(1, 5, { beams: 2 }), "TypeError", `Cannot fork with 2 beams ${advice}`);
  await refuses(
    () => model.generate("a", { beams: 1e9 }),
    "RangeError",
    /^Cannot continue a prompt with 1000000000 beams/,
  );
  const full = Array(48).fill(5);
  const message = "Cannot continue a prompt of 48 tokens as the context holds 48; shorten it";
  await refuses(() => model.generate(full, { beams: 2 }), "RangeError", message);
  await refuses(() => model.beams(full), "RangeError", message);
  await refuses(() => model.generate("a", { best: 2 } as never), "TypeError", /^Cannot decode with "best"/);
});

async function temporaryFolder() {
  const path = await Deno.makeTempDir({ prefix: "looking-glass-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
