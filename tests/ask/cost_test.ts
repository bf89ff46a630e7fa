import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { type Cost, LanguageModel, type Saliency } from "../../mod.ts";
import { costsOf } from "../../src/ask/cost_estimator.ts";
import { Reader } from "../../src/model/reader.ts";
import { parseConfig } from "../../src/models/families.ts";
import type { ModelConfig } from "../../src/models/config.ts";
import { Tokenizer } from "../../src/tokenizer/tokenizer.ts";
import { checkpointCopy, openGolden } from "../support/goldens.ts";

const GPT2_SMALL = parseConfig({ "model_type": "gpt2" });

/** Estimates for a model that is not there, and the text that fills its context. */
const noInside = () => Promise.reject(new Error("no question here needs another program"));

function estimates(config: ModelConfig, backend: "wasm" | "native" = "native", worker = false) {
  const reader = new Reader(Tokenizer.fromVocab({ a: 0 }, "#version: 0.2\n"), config);
  const tokenIds = Array.from({ length: config.nPositions }, (_, i) => i % 7);
  const runner = { config, backend, worker };
  const cost = costsOf({ runner, reader, eosTokenIds: [], defaults: {}, expectUsable: () => {}, inside: noInside });
  return { cost, sequence: { tokenIds, tokens: [], promptLength: 1, text: "" } };
}

Deno.test("a context of 1,024 tokens on GPT-2 small takes less than 2 GB beyond the weights, whatever is asked", () => {
  const { cost, sequence } = estimates(GPT2_SMALL);
  const maxMemory = 2e9;
  const T = sequence.tokenIds.length;
  const scores = { data: new Float32Array(64 * T), shape: [64, T] };
  const positions = sequence.tokenIds.map((_, t) => t).slice(-64);
  const options = { preset: "ecco", method: "gradientXInput", of: "probability", reduce: "l2" } as const;
  const saliency: Saliency = {
    ...{ sequence, positions, scores },
    options: { ...options, normalize: true, together: false },
  };
  const costs: Record<string, Cost> = {
    generate: cost.generate(sequence.tokenIds.slice(0, 1000)),
    generateBatch: cost.generateBatch(Array(16).fill(sequence.tokenIds.slice(0, 1000)), { maxMemory }),
    trace: cost.trace(sequence, { maxMemory }),
    attention: cost.trace(sequence, { maxMemory, capture: ["attention"] }),
    everything: cost.trace(sequence, { maxMemory, capture: ["hiddenStates", "attention", "activations", "logits"] }),
    saliency: cost.saliency(sequence, { maxMemory }),
    integrated: cost.saliency(sequence, { maxMemory, method: "integratedGradients", positions }),
    together: cost.saliency(sequence, { maxMemory, preset: "lit" }),
    contrast: cost.saliency(sequence, { maxMemory, contrast: 5, completeness: true, positions }),
    faithfulness: cost.faithfulness(saliency, { maxMemory }),
    layerPredictions: cost.layerPredictions(sequence, { maxMemory, position: T - 1 }),
    lens: cost.lens(sequence, { maxMemory }),
    rankings: cost.rankings(sequence, { maxMemory }),
    rankingsWatch: cost.rankingsWatch(sequence, { maxMemory, position: T - 1, watch: [1, 2, 3] }),
    surprise: cost.surprise(sequence, { maxMemory }),
    candidates: cost.candidates(sequence, { maxMemory }),
    logitAttribution: cost.logitAttribution(sequence, { maxMemory, neurons: true, tokens: true }),
  };
  for (const [name, { runs, runBytes, resultBytes, bytes }] of Object.entries(costs)) {
    ok(bytes <= maxMemory, `${name} takes ${bytes} bytes`);
    equal(bytes, runBytes + resultBytes, name);
    ok(Number.isSafeInteger(runs) && runs >= 1 && Number.isSafeInteger(bytes), name);
  }
  equal(costs.attention!.resultBytes, 4 * 12 * 12 * 1024 * 1024);
  equal(costs.trace!.resultBytes, 4 * 13 * 1024 * 768);
  equal(costs.saliency!.runs, 222);
  equal(costs.integrated!.runs, 32 * 52); // memory lets few targets share a run
  equal(costs.contrast!.runs, 32 * 2);
  equal(costs.together!.runs, 7); // 166 rows of the vocabulary each
  equal(costs.faithfulness!.runs, 64 * 65);
  equal(costs.generate!.runs, 4 + 19);
  equal(costs.generateBatch!.runs, 16 * 4 + 4 * 19); // memory lets four be written together
});

Deno.test("attention of 1,024 tokens is refused where its 604 MB do not fit, and delivered for some layers", () => {
  const { cost, sequence } = estimates(GPT2_SMALL);
  const [maxMemory, capture] = [900e6, ["attention"] as const];
  ok(cost.trace(sequence, { capture, maxMemory }).bytes > maxMemory);
  const some = cost.trace(sequence, { capture, layers: [0, 11], maxMemory });
  ok(some.bytes <= maxMemory && some.resultBytes === 4 * 2 * 12 * 1024 * 1024);
});

Deno.test("less memory means more and smaller runs, and never another result", () => {
  const { cost, sequence } = estimates(GPT2_SMALL);
  const positions = [10, 12, 14, 30, 31, 32];
  const calls: readonly ((maxMemory?: number) => Cost)[] = [
    (maxMemory) => cost.trace(sequence, { capture: ["logits"], ...maxMemory && { maxMemory } }),
    (maxMemory) => cost.saliency(sequence, { positions, ...maxMemory && { maxMemory } }),
    (maxMemory) => cost.lens(sequence, maxMemory ? { maxMemory } : {}),
    (maxMemory) => cost.rankings(sequence, maxMemory ? { maxMemory } : {}),
    (maxMemory) => cost.surprise(sequence, maxMemory ? { maxMemory } : {}),
    (maxMemory) => cost.candidates(sequence, maxMemory ? { maxMemory } : {}),
    (maxMemory) => cost.logitAttribution(sequence, { tokens: true, ...maxMemory && { maxMemory } }),
    (maxMemory) => cost.generateBatch([[1, 2], [3], [4, 5]], maxMemory ? { maxMemory } : {}),
  ];
  for (const call of calls) {
    const [free, least] = [call(), call(1)];
    ok(least.runs > free.runs && least.runBytes < free.runBytes);
    equal(least.resultBytes, free.resultBytes);
    const fitting = call(least.bytes);
    ok(fitting.bytes <= least.bytes && fitting.runs <= least.runs);
  }
  const [wasm, native] = (["wasm", "native"] as const).map((backend) => estimates(GPT2_SMALL, backend).cost);
  deepEqual(wasm!.trace(sequence), native!.trace(sequence));
});

Deno.test("in a worker keys and values count once more, with a quarter of room, where there are any", async () => {
  const [here, there] = [false, true].map((worker) => estimates(GPT2_SMALL, "native", worker));
  const { sequence } = here!;
  const held = 1.25 * 4 * 2 * 12 * 768; // bytes for each token
  const grown = (cost: (from: typeof here) => Cost) => cost(there).runBytes - cost(here).runBytes;
  const prompt = sequence.tokenIds.slice(0, 1000);
  equal(grown((from) => from!.cost.generate(prompt, { maxNewTokens: 1 })), held * 1000);
  equal(grown((from) => from!.cost.trace(sequence)), held * 1024);
  equal(grown((from) => from!.cost.rankings(sequence, { positions: [1023] })), held * 1023);
  equal(grown((from) => from!.cost.generateBatch([prompt])), held * 1000);
  equal(grown((from) => from!.cost.saliency(sequence)), 0);
  const limit = here!.cost.generate(prompt).bytes;
  ok(there!.cost.generate(prompt).bytes > limit);
  const calls = [false, true].map(async (worker) => {
    await using model = await LanguageModel.fromPretrained(undefined, { worker, backend: "native" });
    return model.cost.generate([1, 2, 3], { maxNewTokens: 100 }).runBytes;
  });
  const [one, other] = await Promise.all(calls);
  ok(other! > one!);
});

Deno.test("an estimate knows what a call would refuse", async () => {
  const { cost, sequence } = estimates(GPT2_SMALL);
  throws(() => cost.saliency(sequence, { positions: [0] }), { name: "RangeError", message: /position 0/ });
  throws(() => cost.rankings(sequence, { positions: [1024] }), { name: "RangeError", message: /position 1024/ });
  throws(() => cost.layerPredictions(sequence, { position: 0 }), { name: "RangeError", message: /position 0/ });
  throws(() => cost.surprise(sequence, { positions: [] }), { name: "RangeError", message: /empty list/ });
  throws(() => cost.generate([50257]), { name: "RangeError", message: /token id 50257/ });
  throws(() => cost.generate([1], { maxNewTokens: 0 }), { name: "RangeError", message: /maxNewTokens 0/ });
  throws(() => cost.trace(undefined as never), { name: "TypeError", message: /^Cannot use undefined as a sequence/ });
  for (const maxMemory of [0, -1, NaN]) {
    const refusal = {
      name: "RangeError",
      message: `Cannot work within maxMemory ${maxMemory} as it must be a number of bytes > 0`,
    };
    throws(() => cost.trace(sequence, { maxMemory }), refusal);
    throws(() => cost.rankings(sequence, { maxMemory }), refusal);
  }
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const small = model.sequence((await openGolden("f32")).prompts.long!.tokenIds);
  const { bytes } = model.cost.saliency(small, { preset: "lit", maxMemory: 1 });
  await rejects(model.saliency(small, { preset: "lit", maxMemory: bytes - 1 }), {
    name: "RangeError",
    message: /^Cannot explain position 27 within .* raise maxMemory or explain earlier positions$/,
  });
  ok(await model.saliency(small, { preset: "lit", maxMemory: bytes }));
});

Deno.test("an estimate is refused as the call is", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const { cost } = model;
  const sequence = model.sequence([1, 2, 3, 4]);
  const single = model.sequence([1]);
  const context = Array(model.config.nPositions).fill(1);
  const position = 2;
  const norm = "all" as "final";
  const holes: string[] = Array(2);
  const refused: readonly (readonly [() => Cost, () => Promise<unknown>])[] = [
    [() => cost.generate(context), () => model.generate(context)],
    [() => cost.generate([1], { maxMemory: 0 }), () => model.generate([1], { maxMemory: 0 })],
    [() => cost.generateBatch(holes), () => model.generateBatch(holes)],
    ...[{ maxNewTokens: 3, maxLength: 9 }, { maxLength: 1 }, { maxNewTokens: 0 }].map((options) => {
      return [() => cost.generate([1, 2], options), () => model.generate([1, 2], options)] as const;
    }),
    ...[{ best: 5 }, { candidates: -1 }, { beams: 1 }].map((options) => {
      return [() => cost.beams([1], options as object), () => model.beams([1], options)] as const;
    }),
    [() => cost.saliency(sequence, { positions: [0] }), () => model.saliency(sequence, { positions: [0] })],
    [() => cost.rankings(sequence, { positions: [4] }), () => model.rankings(sequence, { positions: [4] })],
    [() => cost.rankings(sequence, { norm }), () => model.rankings(sequence, { norm })],
    ...[{ positions: [5] }, { positions: [] }, { positions: holes }, { norm }].map((options) => {
      return [() => cost.lens(sequence, options as object), () => model.lens(sequence, options as object)] as const;
    }),
    [() => cost.surprise(sequence, { topK: 98 }), () => model.surprise(sequence, { topK: 98 })],
    [() => cost.surprise(sequence, { positions: [] }), () => model.surprise(sequence, { positions: [] })],
    ...[{ position, topK: 0 }, { position, norm }, { position: 5 }].map((options) => {
      return [() => cost.layerPredictions(sequence, options), () => model.layerPredictions(sequence, options)] as const;
    }),
    ...[[""], [97], [], holes].map((watch) => {
      const options = { position, watch };
      return [() => cost.rankingsWatch(sequence, options), () => model.rankingsWatch(sequence, options)] as const;
    }),
    [() => cost.saliency(single), () => model.saliency(single)],
    [() => cost.rankings(single), () => model.rankings(single)],
    [() => cost.candidates(single, { topK: 0 }), () => model.candidates(single, { topK: 0 })],
    [() => cost.surprise(single), () => model.surprise(single)],
    [() => cost.layerPredictions(single, { position: 2 }), () => model.layerPredictions(single, { position: 2 })],
  ];
  for (const [estimate, call] of refused) {
    const error = await call().then(() => undefined, (error: Error) => error);
    ok(error instanceof RangeError || error instanceof TypeError, `${estimate} is not refused`);
    ok(error.message.startsWith("Cannot ") || error.message.startsWith("In prompts[0]: Cannot "), error.message);
    throws(estimate, { name: error.name, message: error.message });
  }
  const message = "Cannot explain a sequence of 1 token as nothing stands before it; pass a longer one";
  await rejects(model.saliency(single, { positions: [0] }), { name: "RangeError", message });
});

Deno.test("a refusal tells apart what may be taken and what is", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const sequence = model.sequence([1, 2, 3, 4]);
  const { bytes, runBytes, resultBytes } = model.cost.trace(sequence, { maxMemory: 1 });
  await rejects(model.trace(sequence, { maxMemory: bytes - 1 }), {
    name: "RangeError",
    message: `Cannot record hiddenStates of 4 tokens in 2 layers within ${bytes - 1} bytes as it takes about ` +
      `${bytes} bytes, ${runBytes} bytes for a run and ${resultBytes} bytes for the result; raise maxMemory or record ` +
      "fewer layers or a shorter text",
  });
});

Deno.test("calls through the lens and generate() keep within maxMemory, or say what they need", async () => {
  await using model = await LanguageModel.fromPretrained();
  const sequence = model.sequence("The keys to the cabinet are on the table. The keys to the cabinet are");
  const position = sequence.tokenIds.length - 1;
  const watch = [" is", " are"];
  const calls = [
    [model.cost.lens(sequence), (maxMemory: number) => model.lens(sequence, { maxMemory })],
    [model.cost.rankings(sequence), (maxMemory: number) => model.rankings(sequence, { maxMemory })],
    [
      model.cost.rankingsWatch(sequence, { position, watch }),
      (maxMemory: number) => model.rankingsWatch(sequence, { position, watch, maxMemory }),
    ],
    [
      model.cost.layerPredictions(sequence, { position, halves: true }),
      (maxMemory: number) => model.layerPredictions(sequence, { position, halves: true, maxMemory }),
    ],
    [model.cost.surprise(sequence), (maxMemory: number) => model.surprise(sequence, { maxMemory })],
    [model.cost.generate("Once upon a time"), (maxMemory: number) => model.generate("Once upon a time", { maxMemory })],
    [
      model.cost.generateBatch(["Once upon a time", "The keys"]),
      (maxMemory: number) => model.generateBatch(["Once upon a time", "The keys"], { maxMemory }),
    ],
  ] as const;
  for (const [{ bytes }, call] of calls) {
    await call(bytes);
    await rejects(() => call(2000), {
      name: "RangeError",
      message:
        /^Cannot .* within 2 KiB as it takes about .* for a run and .* for the result; raise maxMemory or ask for/,
    });
  }
  const whole = await model.rankings(sequence);
  const cut = await model.rankings(sequence, { maxMemory: model.cost.rankings(sequence).bytes / 3 });
  deepEqual(cut.ranks, whole.ranks);
});
