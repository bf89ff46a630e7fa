import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { LanguageModel, type LoadOptions } from "../../mod.ts";
import { checkpointCopy, openGolden } from "../support/goldens.ts";
import { NO_WEBGPU } from "../support/webgpu.ts";
import { watchWorkers } from "../support/workers.ts";

const BACKENDS = ["wasm", "native"] as const;

/** A hash, as comparing large arrays number by number takes all memory when they differ. */
async function hashOf(data: ArrayLike<number>): Promise<string> {
  const bytes = new Uint8Array(Float64Array.from(data).buffer);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Everything that a model computes in another way: decoding, the lens, the gradient, captures, texts side by side. */
async function numbersOf(id: string | undefined, promptIds: readonly number[], options: LoadOptions) {
  await using model = await LanguageModel.fromPretrained(id, options);
  const sequence = await model.generate(promptIds, { maxNewTokens: 12 });
  const logProbs: number[] = [];
  for await (const { logProb } of model.steps(promptIds, { maxNewTokens: 5 })) logProbs.push(logProb);
  const tree = await model.tree(promptIds, { maxNewTokens: 4 });
  const [, second] = tree.data.branches[0]!.steps;
  const { logProb } = await tree.fork(second!, second!.candidates[1]!.tokenId);
  const trace = await model.trace(sequence, { capture: ["hiddenStates", "attention", "activations", "logits"] });
  const { ranks } = await model.rankings(sequence);
  const { perplexity } = await model.surprise(sequence);
  const explained = [];
  if (options.dtype !== "q8") {
    const saliency = await model.saliency(sequence);
    const { deletionGain } = await model.faithfulness(saliency, { randomOrders: 2 });
    explained.push(await hashOf(saliency.scores.data), deletionGain);
  }
  const captured = [trace.hiddenStates, trace.attention, trace.activations, trace.logits, { ...ranks }];
  const hashes = await Promise.all(captured.map((tensor) => hashOf(tensor!.data)));
  return { backend: model.backend, ids: sequence.tokenIds, logProbs, logProb, perplexity, explained, hashes };
}

/** How weights are read, and families; what a worker is told is the same for both backends, so wasm takes some. */
const CHECKPOINTS = {
  wasm: ["bundled", "bf16", "llama/grouped"],
  native: ["bundled", "f32", "f16", "bf16", "twelve_layers", "llama/grouped", "gpt_neox/parallel", "opt/pre_norm"],
};

for (const backend of BACKENDS) {
  for (const name of CHECKPOINTS[backend]) {
    Deno.test(`a worker computes the same numbers, to the last bit: ${name} on ${backend}`, async () => {
      await using copy = name === "bundled" ? undefined : await checkpointCopy(name);
      const golden = copy && (await openGolden(name)).prompts.long!;
      const promptIds = golden ? golden.tokenIds.slice(0, golden.promptLength) : [40, 41, 42, 300, 301, 302, 303];
      const options = { backend, threads: 1 };
      const [expected, actual] = [
        await numbersOf(copy?.directory, promptIds, options),
        await numbersOf(copy?.directory, promptIds, { ...options, worker: true }),
      ];
      equal(actual.backend, backend);
      deepEqual(actual, expected);
    });
  }
}

Deno.test("a worker computes the same numbers with 8-bit weights", async () => {
  await using copy = await checkpointCopy("twelve_layers");
  const cacheDir = `${copy.directory}/hub`;
  const prompt = (await openGolden("twelve_layers")).prompts.long!.tokenIds.slice(0, 10);
  const options = { dtype: "q8", cacheDir, threads: 1 } as const;
  const expected = await numbersOf(copy.directory, prompt, options);
  deepEqual(await numbersOf(copy.directory, prompt, { ...options, worker: true }), expected);
});

Deno.test(
  "a worker computes the same numbers on webgpu, after it has checked the GPU",
  { ignore: NO_WEBGPU },
  async () => {
    await using copy = await checkpointCopy("f16");
    const prompt = (await openGolden("f16")).prompts.long!.tokenIds.slice(0, 10);
    const outcomes = [];
    for (const worker of [false, true]) {
      using workers = watchWorkers();
      await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "webgpu", worker });
      const sequence = await model.generate(prompt, { maxNewTokens: 4 });
      const { scores } = await model.saliency(sequence);
      outcomes.push([model.backendReason, sequence.tokenIds, await hashOf(scores.data)]);
      equal(workers.posted.filter(({ kind }) => kind === "start").length, worker ? 3 : 0);
    }
    deepEqual(outcomes[1], outcomes[0]);
  },
);

for (const backend of BACKENDS) {
  Deno.test(`calls are stopped in the middle of a run in a worker, and the model is usable on ${backend}`, async () => {
    let controller = new AbortController();
    let stopAfter = Infinity;
    using workers = watchWorkers((kind) =>
      kind === "run" && --stopAfter === 0 && controller.abort(new Error("enough"))
    );
    await using model = await LanguageModel.fromPretrained(undefined, { backend, worker: true, threads: 1 });
    const prompt = "The keys to the cabinet";
    const expected = await model.generate(prompt, { maxNewTokens: 8 });
    const { scores } = await model.saliency(expected);
    const maxMemory = model.cost.saliency(expected, { maxMemory: 1 }).bytes;
    const tree = await model.tree(prompt, { maxNewTokens: 4 });
    const [, second] = tree.data.branches[0]!.steps;
    const calls: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
      generate: (signal) => model.generate(prompt, { maxNewTokens: 8, signal }),
      saliency: (signal) => model.saliency(expected, { maxMemory, signal }),
      trace: (signal) => model.trace(expected, { signal }),
      rankings: (signal) => model.rankings(expected, { signal }),
      fork: (signal) => tree.fork(second!, second!.candidates[1]!.tokenId, { signal }),
    };
    for (const [name, call] of Object.entries(calls)) {
      controller = new AbortController();
      stopAfter = name === "generate" || name === "saliency" ? 2 : 1;
      await rejects(call(controller.signal), { name: "Error", message: "enough" });
      equal(stopAfter, 0, name);
      deepEqual((await model.generate(prompt, { maxNewTokens: 8 })).tokenIds, expected.tokenIds);
    }
    equal(await hashOf((await model.saliency(expected)).scores.data), await hashOf(scores.data));
    equal((await tree.fork(second!, second!.candidates[1]!.tokenId)).parent, 0);
    ok(workers.posted.length > 0);
  });

  Deno.test(`a model in a worker refuses what it refuses without one on ${backend}`, async () => {
    await using copy = await checkpointCopy("f32");
    const reasons = await Promise.all([false, true].map(async (worker) => {
      const model = await LanguageModel.fromPretrained(copy.directory, { backend, worker, threads: 1 });
      const said: string[] = [];
      const keep = (error: unknown) => void said.push(String(error));
      await model.generate([1], { temperature: -1 }).catch(keep);
      await model.generate([100_000]).catch(keep);
      await model.saliency(model.sequence([1, 2]), { maxMemory: 1 }).catch(keep);
      await model.dispose();
      await model.dispose();
      await model.generate([1]).catch(keep);
      return said;
    }));
    equal(reasons[0]!.length, 4);
    deepEqual(reasons[1], reasons[0]);
  });

  Deno.test(`numbers that overflow in a worker are refused on ${backend}`, async () => {
    await using copy = await checkpointCopy("f32", async (directory) => {
      const bytes = await Deno.readFile(`${directory}/model.safetensors`);
      const view = new DataView(bytes.buffer);
      const start = 8 + Number(view.getBigUint64(0, true));
      for (let at = start; at < bytes.length; at += 4) view.setFloat32(at, 1e30 * view.getFloat32(at, true), true);
      await Deno.writeFile(`${directory}/model.safetensors`, bytes);
    });
    await using model = await LanguageModel.fromPretrained(copy.directory, { backend, worker: true, threads: 1 });
    const message = "Cannot use the logits as they overflow float32, although all weights are finite";
    await rejects(model.generate([1, 2]), { name: "RangeError", message });
  });

  Deno.test(`80 loads and disposals in a worker on ${backend} leave nothing behind`, async () => {
    await using copy = await checkpointCopy("f32");
    const script = new URL("../support/load_in_worker.ts", import.meta.url);
    const args = ["run", "-A", "--v8-flags=--expose-gc", script.href, copy.directory, backend];
    const { stdout, success } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
    ok(success);
    const { settled, ended } = JSON.parse(new TextDecoder().decode(stdout));
    equal(ended.files, settled.files);
    equal(ended.threads, settled.threads);
    const grown = (ended.rss - settled.rss) / 2 ** 20;
    // Without a worker V8 takes as much before it settles; 30 workers or sessions would take hundreds.
    ok(grown < 40, `resident memory grew by ${grown.toFixed(1)} MiB`);
  });

  Deno.test(`a program ends whose model in a worker was not disposed on ${backend}`, async () => {
    const code = `import { LanguageModel } from "${new URL("../../mod.ts", import.meta.url)}";
      const model = await LanguageModel.fromPretrained(undefined, { backend: "${backend}", worker: true });
      model.generate("One, two", { maxNewTokens: 2 }).then(({ tokenIds }) => console.log(tokenIds.length));`;
    const args = ["eval", "--quiet", code];
    const { stdout, code: status } = await new Deno.Command(Deno.execPath(), { args, stderr: "null" }).output();
    equal(status, 0);
    match(new TextDecoder().decode(stdout), /^\d+\n$/);
  });
}
