/**
 * How much longer prompts take one after another than together: prints the ratio for 1, 4, 8 and 16 of them. The
 * ratios are of processor time, on one thread, as that does not depend on what else a machine does.
 *
 *     deno run -A bench/batch.ts CHECKPOINT native|wasm [prepack] [tokens of a prompt, 16]
 *
 * @module
 */
import process from "node:process";
import { LanguageModel } from "../mod.ts";

const NEW_TOKENS = 16;
const REPEAT = 3;

const [checkpoint, backend, ...more] = Deno.args as [string, "native" | "wasm", ...string[]];
const prepack = more.includes("prepack");
const promptLength = Number(more.find((word) => Number(word) > 0) ?? 16);

/** Milliseconds of all threads of this process. */
async function processorTime(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

await using model = await LanguageModel.fromPretrained(checkpoint, { backend, prepack, threads: 1 });
const prompts = Array.from({ length: 16 }, (_, i) => {
  return Array.from({ length: promptLength }, (_, t) => (7919 * (t + 1) * (i + 3) + 31 * t) % model.config.vocabSize);
});
const options = { maxNewTokens: NEW_TOKENS };
for (const count of [1, 4, 8, 16]) {
  const [alone, together]: [number[], number[]] = [[], []];
  for (let round = 0; round < REPEAT; ++round) {
    together.push(await processorTime(() => model.generateBatch(prompts.slice(0, count), options)));
    alone.push(await processorTime(() => model.generate(prompts[round]!, options))); // as long as each of the others
  }
  const [one, all] = [Math.min(...alone), Math.min(...together)];
  const report = { backend, prepack, promptLength, count, alone: one, together: all, ratio: count * one / all };
  // deno-lint-ignore no-console -- the result of this script
  console.log(JSON.stringify(report));
}
