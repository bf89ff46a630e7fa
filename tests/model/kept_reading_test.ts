/** On native a text is read once for several explanations of it: they are those of runs that each read it. */
import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { LanguageModel, type Progress, type Saliency, type SaliencyOptions, type Sequence } from "../../mod.ts";
import { ASKED } from "../../src/ask/question.ts";
import { KEY_BLOCKS } from "../../src/models/key_blocks.ts";
import { watchRuntime } from "../support/default_graphs.ts";
import { checkpointCopy, FAMILY_NAMES, maxAbsDifference, openGolden } from "../support/goldens.ts";

const IDS = Array.from({ length: 23 }, (_, i) => (7 * i * i + 3 * i + 5) % 97);
const FETCH = ["gradientXInputL2", "gradientXInputSum", "gradientL2", "gradients"] as const;

/** How far the numbers of an explanation are from those of another, as a share of the greatest. */
function distance(found: readonly Float32Array[], expected: readonly Float32Array[]): number {
  return Math.max(...found.map((numbers, i) => {
    const greatest = expected[i]!.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    return maxAbsDifference(numbers, expected[i]!) / greatest;
  }));
}

/** Those whose weights are widened when a session starts, which two programs would both hold. */
const WIDENED = ["llama/odd"];

for (const name of ["f32", "scaled", "gelu", ...FAMILY_NAMES.filter((name) => !WIDENED.includes(name))]) {
  Deno.test(`ModelRunner.explain() of what keep() has read is that of a run that reads it, on ${name}`, async () => {
    await using copy = await checkpointCopy(name);
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "native" });
    const { runner, inside } = model[ASKED];
    const halves = await inside({ blocks: KEY_BLOCKS });
    const kept = await halves.keep({ tokenIds: IDS });
    for (const length of [1, 2, 3, 11, 23]) {
      // each by itself, all together, and the difference of two
      const mixes = [[1, 0, 0, 0, 1, 0, 0, 0, 1], [1, 1, 1], ...(length > 1 ? [[1, 0, -1]] : [])];
      const tokenIds = IDS.slice(0, length);
      const rows = [length - 1, Math.floor(length / 2), 0];
      const targets = rows.map((row) => (row + 40) % 97);
      for (const mix of mixes) {
        const explanation = { tokenIds, rows, targets, mix: Float32Array.from(mix), ofLogit: mix.length === 3 };
        const expected = await runner.explain({ ...explanation, fetch: FETCH });
        const found = await halves.explain({ ...explanation, fetch: FETCH, kept });
        const far = distance([found.logits, ...found.numbers], [expected.logits, ...expected.numbers]);
        ok(far <= 2e-5, `${length} tokens, ${mix}: ${far}`);
      }
    }
    kept.free();
  });
}

/** So much memory that some targets share a run, and not all. */
function memoryForSome(model: LanguageModel, sequence: Sequence, options: SaliencyOptions = {}): number {
  return 2 * model.cost.saliency(sequence, { ...options, maxMemory: 1 }).bytes;
}

Deno.test("saliency() in several runs on native reads a text once, starts what does so once, and equals PyTorch", async () => {
  using given = watchRuntime("native");
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "native" });
  const golden = await openGolden("f32");
  const { tokenIds, promptLength, positions } = golden.prompts.long!;
  const sequence = model.sequence(tokenIds, { promptLength });
  const options = { of: "logProb", reduce: "l2", normalize: false, positions } as const;
  const whole = await model.saliency(sequence, options);
  equal(given.models.length, 2);
  const least = { ...options, maxMemory: memoryForSome(model, sequence, options) };
  const { runs } = model.cost.saliency(sequence, least);
  ok(runs > 2, `${runs} runs`);
  const completed: number[] = [];
  const cut = await model.saliency(sequence, {
    ...least,
    onProgress: (progress) => completed.push(progress.completed),
  });
  deepEqual([given.models.length, completed.length], [3, runs - 1]); // a run reads
  await model.saliency(sequence, least);
  equal(given.models.length, 3);
  const { data } = await golden.array("long/saliency/logProb/gradientXInput/l2");
  for (const map of [whole, cut] satisfies Saliency[]) {
    ok(maxAbsDifference(map.scores.data, data) <= 1e-5 * Math.max(1, ...data.map(Math.abs)));
  }
});

Deno.test("saliency() in several runs in int8 is what it is in one", async () => {
  await using copy = await checkpointCopy("f32");
  for (const dtype of ["float32", "q8"] as const) {
    const cacheDir = `${copy.directory}/cache`;
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "native", cacheDir, dtype });
    const sequence = model.sequence(IDS, { promptLength: 12 });
    const options = { precision: "int8", normalize: false } as const;
    const maxMemory = memoryForSome(model, sequence, options);
    const { runs } = model.cost.saliency(sequence, { ...options, maxMemory });
    const completed: number[] = [];
    const onProgress = (progress: Progress) => completed.push(progress.completed);
    const { scores: { data } } = await model.saliency(sequence, { ...options, maxMemory, onProgress });
    equal(completed.length, runs - 1); // a run reads
    const whole = await model.saliency(sequence, options);
    const greatest = whole.scores.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const far = maxAbsDifference(data, whole.scores.data) / greatest;
    ok(far <= 1e-3, `${dtype}: ${far}`); // rounding to 8 bits turns on the last bits of what is rounded
  }
});

Deno.test("saliency() in several runs is stopped between reading and the first of them, and works again", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "native" });
  const sequence = model.sequence(IDS, { promptLength: 12 });
  const least = { maxMemory: memoryForSome(model, sequence) };
  const expected = await model.saliency(sequence, least);
  const runner = await model[ASKED].inside({ blocks: KEY_BLOCKS });
  const stop = new AbortController();
  const keep = runner.keep.bind(runner);
  runner.keep = async (...given) => {
    const kept = await keep(...given);
    stop.abort(new Error("enough"));
    return kept;
  };
  await rejects(model.saliency(sequence, { ...least, signal: stop.signal }), { name: "Error", message: "enough" });
  runner.keep = keep;
  deepEqual(await model.saliency(sequence, least), expected);
});

Deno.test("saliency() reads a text in each run where there is no memory to keep it", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "native" });
  const sequence = model.sequence(IDS, { promptLength: 12 });
  const { bytes: maxMemory } = model.cost.saliency(sequence, { maxMemory: 1 });
  const { runs } = model.cost.saliency(sequence, { maxMemory });
  const completed: number[] = [];
  const onProgress = (progress: Progress) => completed.push(progress.completed);
  const { scores } = await model.saliency(sequence, { maxMemory, onProgress });
  deepEqual([completed.length, completed.at(-1)], [runs, 11]);
  ok(maxAbsDifference(scores.data, (await model.saliency(sequence)).scores.data) <= 1e-5);
});

Deno.test("saliency() reads a text in each run where its program cannot be cut: on wasm, in a worker, of a changed model", async () => {
  await using copy = await checkpointCopy("f32");
  const asks: (readonly [boolean, Saliency])[] = [];
  const ask = async (model: LanguageModel) => {
    const sequence = model.sequence(IDS, { promptLength: 12 });
    const maxMemory = memoryForSome(model, sequence);
    asks.push([model[ASKED].runner.keepsReadings, await model.saliency(sequence, { maxMemory })]);
  };
  for (const options of [{ backend: "native" }, { backend: "wasm" }, { backend: "native", worker: true }] as const) {
    await using model = await LanguageModel.fromPretrained(copy.directory, options);
    await ask(model);
    if ("worker" in options) continue;
    await using changed = await model.with([{ site: "z.0", scale: 1 }]);
    await ask(changed);
  }
  deepEqual(asks.map(([keeps]) => keeps), [true, false, false, false, false]);
  for (const [, { scores }] of asks) ok(maxAbsDifference(scores.data, asks[0]![1].scores.data) <= 1e-5);
});

Deno.test("ModelRunner.keep() refuses a program that is not in halves", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "native" });
  await rejects(model[ASKED].runner.keep({ tokenIds: IDS }), {
    name: "Error",
    message: "Cannot read a text once for several runs as the program is not in halves",
  });
});

Deno.test("Program refuses halves where attention goes back at once, and blocks where something is changed", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "native" });
  throws(() => model[ASKED].runner.program.halves(), {
    name: "Error",
    message: "Cannot cut a program whose attention goes back at once; write it with blocks",
  });
  await using changed = await model.with([{ site: "z.0", scale: 0 }]);
  await rejects(changed[ASKED].inside({ blocks: KEY_BLOCKS }), {
    name: "Error",
    message: "Cannot go back in blocks in a program with changes as patterns may be given; leave blocks out",
  });
});
