import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel, type Progress, type SaliencyOptions } from "../../../mod.ts";
import { checkpointCopy, maxAbsDifference, openGolden } from "../../support/goldens.ts";

const BOUND = 1e-5;

/** The `f32` golden checkpoint, its longer prompt, and a model of it. */
async function open(name = "f32") {
  const golden = await openGolden(name);
  const copy = await checkpointCopy(name);
  const model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const { tokenIds, promptLength } = golden.prompts.long!;
  const sequence = model.sequence(tokenIds, { promptLength });
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { golden, model, sequence, [Symbol.asyncDispose]: dispose };
}

const sum = (numbers: ArrayLike<number>) => Array.from(numbers).reduce((a, b) => a + b, 0);

Deno.test("saliency() of the ecco preset equals Ecco 0.1.2 itself", async () => {
  for (const name of ["f32", "twelve_layers"]) {
    await using opened = await open(name);
    const { data } = await opened.golden.array("long/saliency", "ecco_0_1_2.safetensors");
    for (const options of [{}, { preset: "ecco" }, { preset: "inseq" }, { of: "logProb" }] as SaliencyOptions[]) {
      const { scores } = await opened.model.saliency(opened.sequence, options);
      const difference = maxAbsDifference(scores.data, data);
      ok(difference <= BOUND, `${name} ${JSON.stringify(options)}: ${difference}`);
    }
  }
});

Deno.test("saliency() of the inseq preset equals inseq 0.7.1 itself", async () => {
  for (const name of ["f32", "twelve_layers"]) {
    await using opened = await open(name);
    const url = new URL(`../../goldens/gpt2/${name}/inseq_0_7_1.json`, import.meta.url);
    const { prompts } = JSON.parse(await Deno.readTextFile(url));
    for (
      const { tokenIds, promptLength, rows } of Object.values<
        { tokenIds: number[]; promptLength: number; rows: number[][] }
      >(prompts)
    ) {
      const sequence = opened.model.sequence(tokenIds, { promptLength });
      const { scores } = await opened.model.saliency(sequence, { preset: "inseq" });
      deepEqual(scores.shape, [rows.length, rows[0]!.length]);
      ok(maxAbsDifference(scores.data, rows.flat()) <= BOUND, name);
    }
  }
});

Deno.test("saliency() of the captum preset equals captum's LayerGradientXActivation on wte", async () => {
  await using opened = await open();
  const { data } = await opened.golden.array("long/saliency/logProb/gradientXInput/sum");
  const { scores, options } = await opened.model.saliency(opened.sequence, { preset: "captum" });
  ok(maxAbsDifference(scores.data, data) <= BOUND);
  deepEqual([options.of, options.reduce, options.normalize], ["logProb", "sum", false]);
});

Deno.test("saliency() of the lit preset explains the targets together, by either of LIT's scores", async () => {
  await using opened = await open();
  const { model, sequence, golden } = opened;
  for (const [reduce, name] of [["l2", "gradient/l2"], ["sum", "gradientXInput/sum"]] as const) {
    const { scores, positions } = await model.saliency(sequence, { preset: "lit", reduce });
    const { data } = await golden.array(`long/together/${name}`);
    deepEqual(scores.shape, [1, sequence.tokenIds.length]);
    equal(positions.length, 8);
    ok(maxAbsDifference(scores.data, data) <= 2 * BOUND, `${name}: ${maxAbsDifference(scores.data, data)}`);
  }
});

Deno.test("saliency() of the lit preset is the same whatever the chunks", async () => {
  await using opened = await open();
  const { model, sequence } = opened;
  const options: readonly SaliencyOptions[] = [
    {},
    { normalize: true },
    { reduce: "sum", completeness: true },
    { method: "integratedGradients", steps: 3 },
    { contrast: 5, reduce: "sum" },
  ];
  for (const option of options) {
    const lit = { preset: "lit", ...option } as const;
    const whole = await model.saliency(sequence, lit);
    const least = model.cost.saliency(sequence, { ...lit, maxMemory: 1 });
    ok(least.runs > model.cost.saliency(sequence, lit).runs);
    const cut = await model.saliency(sequence, { ...lit, maxMemory: least.bytes });
    ok(maxAbsDifference(whole.scores.data, cut.scores.data) <= BOUND);
    deepEqual(whole.scores.shape, [1, 28]);
    ok(maxAbsDifference(whole.convergenceGaps ?? [], cut.convergenceGaps ?? []) <= BOUND);
  }
});

Deno.test("saliency() differs between the logit and the probability, not between probability and log-probability", async () => {
  await using opened = await open();
  const maps = await Promise.all((["probability", "logProb", "logit"] as const).map(async (of) => {
    return (await opened.model.saliency(opened.sequence, { of })).scores.data;
  }));
  ok(maxAbsDifference(maps[0]!, maps[1]!) <= 1e-7);
  ok(maxAbsDifference(maps[0]!, maps[2]!) > 1e-3);
});

Deno.test("saliency() rows sum to 1 and are zero from the explained token on", async () => {
  await using opened = await open();
  const { scores, positions } = await opened.model.saliency(opened.sequence);
  const T = scores.shape[1]!;
  positions.forEach((position, n) => {
    const row = scores.data.subarray(n * T, (n + 1) * T);
    ok(Math.abs(sum(row) - 1) <= 1e-6);
    ok(row.every((score, t) => t < position ? score > 0 : score === 0));
  });
});

Deno.test("saliency() normalises signed rows by their absolute values", async () => {
  await using opened = await open();
  const { scores } = await opened.model.saliency(opened.sequence, { preset: "captum", normalize: true });
  const row = scores.data.subarray(0, scores.shape[1]);
  ok(Math.abs(sum(row.map(Math.abs)) - 1) <= 1e-6);
  ok(row.some((score) => score < 0));
});

Deno.test("saliency() gives the same rows whatever the chunks and the order of positions", async () => {
  await using opened = await open();
  const { model, sequence } = opened;
  const whole = await model.saliency(sequence);
  const steps: Progress[] = [];
  const onProgress = (progress: Progress) => steps.push(progress);
  const least = model.cost.saliency(sequence, { maxMemory: 1 }); // one target at a time
  const chunked = await model.saliency(sequence, { maxMemory: least.bytes, onProgress });
  deepEqual([steps.length, least.runs], [8, 8]);
  deepEqual(steps.at(-1), { task: "saliency", completed: 8, total: 8, message: "Explained 8 of 8 tokens" });
  ok(maxAbsDifference(whole.scores.data, chunked.scores.data) <= 1e-6);

  const positions = [...whole.positions].reverse();
  const reversed = await model.saliency(sequence, { positions });
  deepEqual(reversed.positions, positions);
  const T = sequence.tokenIds.length;
  const last = whole.scores.data.subarray(-T);
  ok(maxAbsDifference(reversed.scores.data.subarray(0, T), last) <= 1e-6);
});

Deno.test("saliency() explains text that the model did not write, and the first token after one", async () => {
  await using opened = await open();
  const sequence = opened.model.sequence([1, 2, 3, 4]);
  const { positions, scores } = await opened.model.saliency(sequence);
  deepEqual(positions, [1, 2, 3]);
  deepEqual([...scores.data.subarray(0, 4)], [1, 0, 0, 0]);
});

Deno.test("saliency() refuses what it cannot explain", async () => {
  await using opened = await open();
  const { model, sequence } = opened;
  const refuses = (options: unknown, error: { name: string; message: RegExp }) =>
    rejects(model.saliency(sequence, options as SaliencyOptions), error);

  await refuses({ positions: [] }, { name: "RangeError", message: /^Cannot explain an empty list of positions$/ });
  await refuses({ positions: [0] }, { name: "RangeError", message: /^Cannot explain position 0 as a sequence of 28/ });
  await refuses({ positions: [28] }, { name: "RangeError", message: /no token stands there yet: the text has 28/ });
  await refuses({ positions: [29] }, { name: "RangeError", message: /positions 1 to 27/ });
  await refuses({ positions: [1.5] }, { name: "RangeError", message: /position 1.5/ });
  await refuses({ preset: "shap" }, {
    name: "TypeError",
    message: /preset "shap"; use "ecco", "inseq", "captum", "lit"$/,
  });
  await refuses({ of: "loss" }, { name: "TypeError", message: /of "loss"; use "probability", "logProb", "logit"$/ });
  await refuses({ reduce: "mean" }, { name: "TypeError", message: /reduce "mean"/ });
  await refuses({ method: "lime" }, { name: "TypeError", message: /method "lime"/ });
  await refuses({ preset: "lit", of: "probability" }, {
    name: "TypeError",
    message: /together by their probabilities/,
  });
  await refuses({ method: "gradient", reduce: "sum" }, {
    name: "TypeError",
    message: /sum of the gradient .* always 0/,
  });
  await refuses({ maxMemory: 0 }, { name: "RangeError", message: /maxMemory 0/ });
  await refuses({ maxMemory: 1000 }, {
    name: "RangeError",
    message:
      /^Cannot explain position 27 within 1 KiB as it takes about \d+ KiB, \d+ KiB for a run and 1 KiB for the result; raise maxMemory or explain earlier positions$/,
  });
  const prompt = model.sequence([1, 2], { promptLength: 2 });
  await rejects(model.saliency(prompt), { name: "RangeError", message: /all prompt \(2 tokens\); pass positions/ });
  equal((await model.saliency(sequence)).positions.length, 8);
});
