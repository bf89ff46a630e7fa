import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel, type Progress } from "../../../mod.ts";
import { logSumExp } from "../../../src/base/numbers.ts";
import { checkpointCopy, FAMILY_NAMES, GOLDEN_NAMES, maxAbsDifference, openGolden } from "../../support/goldens.ts";
import { openSourceModel, SOURCE_NAMES } from "../../support/sources.ts";

const FILE = "predictions.safetensors";
/** Of logits, relative to the greatest where that is above 1. */
const LOGITS_BOUND = 1e-4;
/** Of entropies in nats, which reach 9. */
const NATS_BOUND = 1e-5;

/** The layers' arithmetic is held on both backends by the golden test; here one of them is enough for most. */
const CHECKPOINTS = {
  wasm: ["f32", "twelve_layers", "llama/grouped"],
  native: [...GOLDEN_NAMES, ...FAMILY_NAMES],
} as const;

for (const [backend, names] of Object.entries(CHECKPOINTS) as ["wasm" | "native", readonly string[]][]) {
  Deno.test(`candidates() on ${backend} equal transformers`, async () => {
    let cases = 0;
    for (const name of names) {
      const golden = await openGolden(name);
      await using copy = await checkpointCopy(name);
      await using model = await LanguageModel.fromPretrained(copy.directory, { backend });
      const V = model.config.vocabSize;
      for (const [key, { tokenIds }] of Object.entries(golden.prompts)) {
        const theirs = async (array: string) => (await golden.array(`${key}/surprise/${array}`, FILE)).data;
        const all = (await golden.array(`${key}/logits`)).data;
        const T = tokenIds.length - 1; // what the oracle says of the last token
        const alternatives = await theirs("alternatives");
        const K = alternatives.length / T;
        const sequence = model.sequence(tokenIds.slice(0, T));
        const { predictions, logits, entropy, sequence: own } = await model.candidates(sequence, { topK: K });
        equal(own, sequence);
        deepEqual(logits.shape, [V]);
        const row = all.subarray((T - 1) * V, T * V);
        const scale = Math.max(1, ...row.map(Math.abs));
        const difference = maxAbsDifference(logits.data, row);
        ok(difference <= LOGITS_BOUND * scale, `${name} ${key}: ${difference}`);
        deepEqual(predictions.map(({ tokenId }) => tokenId), [...alternatives.slice(-K)]);
        const nats = Math.abs(entropy - (await theirs("entropies")).at(-1)!);
        ok(nats <= NATS_BOUND, `${name} ${key}: entropy ${nats}`);
        const norm = logSumExp(logits.data);
        for (const { tokenId, token, logit, probability } of predictions) {
          deepEqual([token.id, logit], [tokenId, logits.data[tokenId]]);
          ok(Math.abs(probability - Math.exp(logit - norm)) <= 1e-9);
        }
        ++cases;
      }
    }
    equal(cases, 2 * names.length);
  });
}
Deno.test("candidates() are those of the first step, to the last bit", async () => {
  await using model = await LanguageModel.fromPretrained();
  for (const text of ["The keys to the cabinet", "Once", ""]) {
    const step = (await model.steps(text, { maxNewTokens: 1, candidates: 10 }).next()).value!;
    const { predictions, logits, entropy } = await model.candidates(model.sequence(text));
    deepEqual(predictions, step.candidates);
    equal(maxAbsDifference(logits.data, step.logits), 0);
    ok(entropy > 0 && entropy < Math.log(model.config.vocabSize));
  }
});

Deno.test("candidates() after a text with a source equal what the model writes after it", async () => {
  for (const name of SOURCE_NAMES) {
    await using golden = await openSourceModel(name);
    const { model } = golden;
    const { sourceIds } = golden.pairs.long!;
    const step = (await model.steps(sourceIds, { maxNewTokens: 1 }).next()).value!;
    const start = model.sequence([(model.config as { decoderStartTokenId?: number }).decoderStartTokenId!], {
      source: sourceIds,
    });
    const { logits } = await model.candidates(start);
    equal(maxAbsDifference(logits.data, step.logits), 0, name);
  }
});

Deno.test("candidates() keep within maxMemory in more runs, and say how far they are", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const sequence = model.sequence("The keys to the cabinet are on the table, and the dogs sleep in the garden");
  const { tokenIds } = sequence;
  const [free, least] = [model.cost.candidates(sequence), model.cost.candidates(sequence, { maxMemory: 1 })];
  deepEqual([free.runs, least.runs], [1, tokenIds.length]);
  equal(free.resultBytes, 4 * model.config.vocabSize + 10 * 256);
  const told: Progress[] = [];
  const whole = await model.candidates(sequence, { onProgress: (progress) => told.push(progress) });
  const T = tokenIds.length;
  deepEqual(told, [{ task: "candidates", completed: T, total: T, message: `Read ${T} of ${T} tokens` }]);
  const maxMemory = Math.ceil((free.bytes + least.bytes) / 2);
  const { runs, bytes } = model.cost.candidates(sequence, { maxMemory });
  ok(runs > 1 && bytes <= maxMemory, `${runs} runs, ${bytes} bytes`);
  const completed: number[] = [];
  const cut = await model.candidates(sequence, {
    maxMemory,
    onProgress: (progress) => completed.push(progress.completed),
  });
  equal(completed.length, runs);
  ok(maxAbsDifference(cut.logits.data, whole.logits.data) <= 1e-5);
  await rejects(model.candidates(sequence, { maxMemory: least.bytes - 1 }), {
    name: "RangeError",
    message: new RegExp(`^Cannot list candidates after ${T} tokens within .*; raise maxMemory or shorten the text$`),
  });
  const controller = new AbortController();
  const onProgress = () => controller.abort(new Error("enough"));
  await rejects(model.candidates(sequence, { maxMemory, onProgress, signal: controller.signal }), {
    message: "enough",
  });
});

Deno.test("candidates() refuse what they cannot list", async () => {
  await using copy = await checkpointCopy("f32");
  await using model = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  const sequence = model.sequence([1, 2, 3]);
  for (const topK of [0, 98, 2.5]) {
    const message = `Cannot list topK ${topK} tokens as it must be a whole number from 1 to 97`;
    await rejects(model.candidates(sequence, { topK }), { name: "RangeError", message });
  }
  await rejects(model.candidates("The keys" as never), {
    name: "TypeError",
    message: "Cannot use string as a sequence; pass what sequence() or await generate() returned",
  });
  const full = model.sequence(Array<number>(model.config.nPositions).fill(5));
  equal((await model.candidates(full)).predictions.length, 10);
  await model.dispose();
  await rejects(model.candidates(sequence), { name: "Error", message: /disposed/ });
});
