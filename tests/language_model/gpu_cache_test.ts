/** The cache of keys and values on a GPU, in whatever way it is used, against the one in memory. */
import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { findModelFiles } from "../../src/hub/model_files.ts";
import { loadModel } from "../../src/model/load/load.ts";
import { checkpointCopy, maxAbsDifference } from "../support/goldens.ts";
import { GpuWatch } from "../support/gpu_watch.ts";
import { NO_WEBGPU } from "../support/webgpu.ts";

/** Absolute, of log-probabilities and logits of tiny models; 4.3e-6 measured. */
const BOUND = 2e-5;
const PROMPT = [5, 17, 3, 29, 11, 2];
const OTHER = [5, 17, 3, 8, 1, 30];

/** A test that needs a GPU. */
function gpuTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: NO_WEBGPU, fn });
}

gpuTest("ModelRunner.read() on webgpu moves no keys and values, however many there are", async () => {
  await using copy = await checkpointCopy("f32");
  const { runner } = await loadModel(await findModelFiles(copy.directory), { backend: "webgpu" }, () => undefined);
  await using _ = runner;
  using watch = new GpuWatch();
  using cache = runner.emptyCache();
  const step = () => watch.during(() => runner.read([7], cache, [0]));
  await runner.read(PROMPT, cache, [0]);
  const early = await step();
  await runner.read(Array(15).fill(9), cache, [0]);
  equal(cache.length, 22);
  const late = await step();
  equal(late.down, early.down);
  // Three flags for each token before it say whether it may be looked at; numbers of the cache have 4 bytes each.
  equal(late.up - early.up, 3 * 16);
  equal(late.down, 16 * Math.ceil(runner.config.vocabSize / 4), "the logits");
});

/** What is asked that reads, keeps, copies, moves or forgets rows of a cache. */
const ASKED: Readonly<Record<string, (model: LanguageModel) => Promise<{ ids: unknown; numbers: readonly number[] }>>> =
  {
    "generate()": async (model) => {
      const numbers = [];
      const ids = [];
      for await (const { tokenId, logProb } of model.steps(PROMPT, { maxNewTokens: 6 })) {
        ids.push(tokenId);
        numbers.push(logProb);
      }
      return { ids, numbers };
    },
    "generateBatch()": async (model) => {
      const prompts = [PROMPT, OTHER, PROMPT.slice(0, 2)];
      const stopped = await model.generateBatch(prompts, {
        maxNewTokens: 5,
        temperature: 2,
        seed: 3,
        stop: ["e", "a", "s"],
      });
      return { ids: stopped.map(({ tokenIds }) => tokenIds), numbers: [] };
    },
    "beams()": async (model) => {
      const { branches } = await model.beams(PROMPT, { beams: 4, best: 3, maxNewTokens: 7 });
      return {
        ids: branches.map(({ sequence }) => sequence.tokenIds),
        numbers: branches.map(({ logProb }) => logProb),
      };
    },
    "tree()": async (model) => {
      const tree = await model.tree(PROMPT, { maxNewTokens: 4 });
      const fork = await tree.fork(PROMPT.length + 2, 12, { maxNewTokens: 3 });
      const again = await tree.fork(fork.steps[1]!, 13, { maxNewTokens: 2 });
      const { branches } = tree.data;
      equal(branches.length, 3);
      return {
        ids: branches.map(({ sequence }) => sequence.tokenIds),
        numbers: [fork, again].flatMap(({ steps }) => steps.map(({ logProb }) => logProb)),
      };
    },
    "reading()": async (model) => {
      using reading = model.reading();
      const numbers = [];
      for (const ids of [PROMPT, [...PROMPT, 4], OTHER]) {
        const { predictions } = await reading.candidates(ids, { topK: 3 });
        numbers.push(...predictions.map(({ logit }) => logit));
      }
      return { ids: [], numbers };
    },
    "patch()": async (model) => {
      const { values } = await model.patch(model.sequence(PROMPT), model.sequence(OTHER), { at: "mlp_out" });
      return { ids: [], numbers: [...values!.data] };
    },
    "logitAttribution()": async (model) => {
      const { heads } = await model.logitAttribution(model.sequence(PROMPT), { tokens: true });
      return { ids: [], numbers: [...heads.data] };
    },
  };

/** What of it a model with an encoder can be asked: the source has a cache too. */
const WITH_SOURCE: readonly string[] = ["generate()", "generateBatch()", "beams()"];

/** The answers of a model. */
async function answers(name: string, backend: "wasm" | "webgpu", worker: boolean) {
  await using copy = await checkpointCopy(name);
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend, worker });
  const asked = Object.entries(ASKED).filter(([question]) => name === "f32" || WITH_SOURCE.includes(question));
  const found = new Map<string, Awaited<ReturnType<typeof ASKED[string]>>>();
  for (const [question, ask] of asked) found.set(question, await ask(model));
  return found;
}

for (const [name, worker] of [["f32", false], ["f32", true], ["bart/scaled", false]] as const) {
  const where = worker ? "webgpu in a worker" : "webgpu";
  gpuTest(
    `what reads with a cache says the same on ${where} as on wasm, on ${name}`,
    async () => {
      const expected = await answers(name, "wasm", false);
      using watch = new GpuWatch();
      const actual = await answers(name, "webgpu", worker);
      for (const [question, { ids, numbers }] of expected) {
        deepEqual(actual.get(question)!.ids, ids, question);
        const difference = maxAbsDifference(actual.get(question)!.numbers, numbers);
        ok(difference <= BOUND, `${question}: ${difference}`);
      }
      equal(watch.kept, 0);
    },
  );
}

gpuTest("calls on webgpu leave no buffers, no matter how they end", async () => {
  await using copy = await checkpointCopy("f32");
  await using first = await LanguageModel.fromPretrained(copy.directory, { backend: "webgpu" });
  const second = await LanguageModel.fromPretrained(copy.directory, { backend: "webgpu" });
  using watch = new GpuWatch();
  const write = (model: LanguageModel) => model.generate(PROMPT, { maxNewTokens: 6 });
  /** The buffers for keys and values, and all of them; those of ONNX Runtime too, which keeps some for later. */
  const open = async () => {
    await first.generate(PROMPT, { maxNewTokens: 1 }); // what is freed is freed before that
    return [watch.kept, watch.open.size];
  };
  for (const model of [first, second]) {
    await write(model);
    await write(model);
  }
  const before = await open();
  const { tokenIds } = await write(first);
  for (let i = 0; i < 3; ++i) {
    for await (const { position } of first.steps(PROMPT, { maxNewTokens: 6 })) if (position === 8) break;
    const controller = new AbortController();
    const stop = ({ completed }: { readonly completed: number }) =>
      completed === 3 && controller.abort(new Error("enough"));
    const stopped = first.generate(PROMPT, { maxNewTokens: 6, signal: controller.signal, onProgress: stop });
    await rejects(stopped, Error, "enough");
    const both = await Promise.all([write(first), write(second)]);
    for (const sequence of both) deepEqual(sequence.tokenIds, tokenIds);
  }
  deepEqual(await open(), before);
  await second.dispose();
  const [kept] = await open();
  equal(kept, before[0]! / 2, "each model had as many, to write new rows to");
  deepEqual((await write(first)).tokenIds, tokenIds);
});
