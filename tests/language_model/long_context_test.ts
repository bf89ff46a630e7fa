import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { logSumExp } from "../../src/base/numbers.ts";
import { CHUNK_TOKENS } from "../../src/model/prompts.ts";
import { parseConfig } from "../../src/models/families.ts";
import { maxAbsDifference } from "../support/goldens.ts";
import { randomCheckpoint, tensorSpecs, TINY } from "../support/tiny_gpt2.ts";

const CONTEXT = CHUNK_TOKENS + 60;
const IDS = Array.from({ length: CONTEXT }, (_, i) => (7 * i * i + 3 * i) % TINY.vocab_size);

/** A random model whose context is longer than what is read in one run. */
async function open() {
  const directory = await Deno.makeTempDir({ prefix: "looking-glass-" });
  const config = { ...TINY, "n_positions": CONTEXT, "eos_token_id": null };
  const [entry] = (await randomCheckpoint(tensorSpecs(parseConfig(config)))).values();
  const { source } = entry!;
  await Deno.writeFile(`${directory}/model.safetensors`, await source.read(0, source.size));
  await Deno.writeTextFile(`${directory}/config.json`, JSON.stringify(config));
  const vocab = Object.fromEntries(Array.from({ length: 23 }, (_, i) => [String.fromCharCode(97 + i), i]));
  await Deno.writeTextFile(`${directory}/vocab.json`, JSON.stringify(vocab));
  await Deno.writeTextFile(`${directory}/merges.txt`, "#version: 0.2\n");
  const model = await LanguageModel.fromPretrained(directory, { backend: "wasm" });
  const dispose = async () => {
    await model.dispose();
    await Deno.remove(directory, { recursive: true });
  };
  return { model, [Symbol.asyncDispose]: dispose };
}

Deno.test("a text longer than one run is read in chunks to the same numbers", async () => {
  await using opened = await open();
  const { model } = opened;
  const sequence = model.sequence(IDS);
  const completed: number[] = [];
  const { logits, attention, hiddenStates, activations } = await model.trace(sequence, {
    capture: ["logits", "attention", "hiddenStates", "activations"],
    onProgress: (progress) => completed.push(progress.completed),
  });
  deepEqual(completed, [CHUNK_TOKENS, CONTEXT]);

  const V = TINY.vocab_size;
  for (const length of [CHUNK_TOKENS - 1, CHUNK_TOKENS, CHUNK_TOKENS + 1, CONTEXT - 1]) {
    const step = await model.steps(IDS.slice(0, length), { maxNewTokens: 1 }).next();
    const row = logits!.data.subarray((length - 1) * V, length * V);
    ok(maxAbsDifference(step.value!.logits, row) <= 1e-4, `logits after ${length} tokens`);
  }
  checkAttention(attention!.data, CONTEXT);
  deepEqual(hiddenStates!.shape, [3, CONTEXT, 12]);
  deepEqual(activations!.shape, [2, CONTEXT, 20]);
  ok(hiddenStates!.data.every((state) => state !== 0), "a hidden state was left out");
});

Deno.test("surprise() of a text longer than one run is that of its logits, and stops between runs", async () => {
  await using opened = await open();
  const { model } = opened;
  const sequence = model.sequence(IDS);
  const V = TINY.vocab_size;
  const { logits } = await model.trace(sequence, { capture: ["logits"] });
  const completed: number[] = [];
  const { logProbs } = await model.surprise(sequence, { onProgress: (progress) => completed.push(progress.completed) });
  deepEqual(completed, [CHUNK_TOKENS, CONTEXT - 1]);
  const expected = IDS.slice(1).map((id, row) => {
    const own = logits!.data.subarray(row * V, (row + 1) * V);
    return own[id]! - logSumExp(own);
  });
  ok(maxAbsDifference(logProbs.data, expected) <= 1e-4);

  const controller = new AbortController();
  const reason = new Error("enough");
  const onProgress = () => controller.abort(reason);
  await rejects(model.surprise(sequence, { onProgress, signal: controller.signal }), reason);
});

Deno.test("generateBatch() reads prompts longer than one run as generate() does", async () => {
  await using opened = await open();
  const { model } = opened;
  const prompts = [CONTEXT - 1, 3, CHUNK_TOKENS, 100, 150, CHUNK_TOKENS + 5].map((length) => IDS.slice(-length));
  const options = { maxNewTokens: 7, temperature: 1.2 };
  const sequences = await model.generateBatch(prompts, options);
  for (const [i, prompt] of prompts.entries()) deepEqual(sequences[i], await model.generate(prompt, options));
  equal(sequences[0]!.tokenIds.length, CONTEXT);
  const [long, short] = [model.cost.generateBatch(prompts.slice(0, 1)), model.cost.generateBatch(prompts.slice(1, 2))];
  deepEqual([long.runs, short.runs], [2, 20]); // two chunks and no room for more; one chunk and 19 tokens
  deepEqual(long, model.cost.generate(prompts[0]!));
});

/** Rows sum to 1 and see nothing of the future. */
function checkAttention(data: Float32Array, T: number): void {
  for (let row = 0; row < data.length / T; ++row) {
    const from = row % T;
    const pattern = data.subarray(row * T, (row + 1) * T);
    const sum = pattern.reduce((total, weight) => total + weight, 0);
    ok(Math.abs(sum - 1) <= 1e-5, `attention row ${row} sums to ${sum}`);
    ok(pattern.subarray(from + 1).every((weight) => weight === 0), `attention row ${row} sees the future`);
  }
}

Deno.test("the last position of the context can be explained, and filled by writing", async () => {
  await using opened = await open();
  const { model } = opened;
  const { scores } = await model.saliency(model.sequence(IDS), { positions: [CONTEXT - 1, 1] });
  const sums = [0, 1].map((n) => scores.data.subarray(n * CONTEXT, (n + 1) * CONTEXT).reduce((a, b) => a + b, 0));
  ok(sums.every((sum) => Math.abs(sum - 1) <= 1e-5), `${sums}`);
  const { tokenIds } = await model.generate(IDS.slice(0, CONTEXT - 3));
  equal(tokenIds.length, CONTEXT);
});
